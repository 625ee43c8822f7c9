"""Reading campaigns: lists, one of them, the board, and what a rep's phone is told."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids, region_names, scope_regions
from server.campaigns import numbers
from server.campaigns.choosing import TOLD
from server.campaigns.domain import plan_of, plans_of
from server.campaigns.execution import Done, StoreResult, totals
from server.campaigns.models import Campaign, CampaignStore, State
from server.campaigns.seen.queries import AtStore, authors, told
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.clock import Clock, day_bounds, org_day
from server.kernel.ops import Reader
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.materials.proofs import handed_of_many
from server.materials.stock.queries import materials_by_id
from server.photos.arrived import kinds_of_many
from server.stores.choosing import visible_ids
from server.stores.queries import StoreRef, current_reps


def _scope(actor: Actor) -> ColumnElement[bool]:
    """The office sees all; a supervisor what has begun at a store of theirs."""
    if actor.is_office:
        return true()
    mine = select(CampaignStore.campaign_id).where(CampaignStore.store_id.in_(visible_ids(actor)))
    return and_(Campaign.state != State.DRAFT.value, Campaign.id.in_(mine))


def find_campaign(
    session: Session, actor: Actor, campaign_id: str, *, lock: bool = False
) -> Campaign:
    """A campaign in the actor's scope. Raises the problem not_found."""
    query = select(Campaign).where(Campaign.id == campaign_id, _scope(actor))
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise problems.NOT_FOUND.error(field="campaign_id")
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """Which photos a campaign asks for: at these stores (a SELECT of ids), from start to before
    end, of these kinds; no kinds means of any.
    """

    stores: Select[tuple[str]]
    start: datetime
    end: datetime
    kinds: tuple[str, ...]


def photos_asked(session: Session, actor: Actor, campaign_id: str) -> Asked:
    """Which photos count for a campaign, as its board counts them. Raises not_found."""
    campaign = find_campaign(session, actor, campaign_id)
    stores = select(CampaignStore.store_id).where(CampaignStore.campaign_id == campaign.id)
    start, end = day_bounds(campaign.first_day, campaign.last_day)
    return Asked(stores, start, end, tuple(campaign.photo_kinds))


def list_campaigns(
    session: Session,
    actor: Actor,
    clock: Clock,
    *,
    state: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of campaigns, those first that end last: {items, next, total}."""
    where = [_scope(actor)]
    if q and q.strip():
        names = (Campaign.name, Campaign.code)
        where.append(or_(*(one.icontains(q.strip(), autoescape=True) for one in names)))
    if state:
        where.append(_shown_as(State(state), clock))
    total = session.scalar(select(func.count()).select_from(Campaign).where(*where)) or 0
    query = select(Campaign).where(*where)
    query = query.order_by(Campaign.last_day.desc(), Campaign.id.desc())
    if cursor:
        last = tuple_(Campaign.last_day, Campaign.id)
        query = query.where(last < _after(cursor))
    rows = session.scalars(query.limit(limit + 1)).all()
    page, more = rows[:limit], len(rows) > limit
    counts = _store_counts(session, actor, [row.id for row in page])
    return {
        "items": [campaign_record(row, clock) | {"stores": counts.get(row.id, 0)} for row in page],
        "next": encode_cursor(page[-1].last_day.isoformat(), page[-1].id) if more else None,
        "total": total,
    }


def _shown_as(state: State, clock: Clock) -> ColumnElement[bool]:
    today = org_day(clock.now())
    if state is State.RUNNING:
        return and_(Campaign.state == state.value, Campaign.last_day >= today)
    if state is State.ENDED:
        late = and_(Campaign.state == State.RUNNING.value, Campaign.last_day < today)
        return or_(Campaign.state == state.value, late)
    return Campaign.state == state.value


def _after(cursor: str) -> tuple[date, str]:
    day, key = decode_cursor(cursor, 2)
    try:
        return date.fromisoformat(str(day)), str(key)
    except ValueError as error:
        raise problems.VALIDATION_FAILED.error(field="cursor") from error


def _store_counts(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, int]:
    query = (
        select(CampaignStore.campaign_id, func.count())
        .where(CampaignStore.campaign_id.in_(ids))
        .group_by(CampaignStore.campaign_id)
    )
    if not actor.is_office:
        query = query.where(CampaignStore.store_id.in_(visible_ids(actor)))
    return {row[0]: row[1] for row in session.execute(query)}


def campaign_record(campaign: Campaign, clock: Clock) -> dict[str, Any]:
    """A campaign as the console's list has it."""
    return {
        "id": campaign.id,
        "code": campaign.code,
        "name": campaign.name,
        "first_day": campaign.first_day.isoformat(),
        "last_day": campaign.last_day.isoformat(),
        "state": numbers.shown_state(campaign, org_day(clock.now())).value,
        "photo_kinds": campaign.photo_kinds,
        "target_kind": campaign.target_kind,
        "target": campaign.target,
        "note": campaign.note,
        "rev": campaign.rev,
    }


def campaign_page(
    session: Session, actor: Actor, clock: Clock, campaign: Campaign
) -> dict[str, Any]:
    """A campaign with its plan, and how many of its stores the actor sees."""
    planned = plan_of(session, campaign.id)
    materials = materials_by_id(session, planned)
    counts = _store_counts(session, actor, [campaign.id])
    lines = [
        {
            "material_id": key,
            "material_code": materials[key].code,
            "material_name": materials[key].name,
            "unit": materials[key].unit,
            "per_store": quantity,
        }
        for key, quantity in planned.items()
    ]
    lines.sort(key=lambda line: str(line["material_code"]))
    record = campaign_record(campaign, clock)
    return record | {"stores": counts.get(campaign.id, 0), "materials": lines}


@dataclass(frozen=True, slots=True)
class BoardFilters:
    """What of a board is shown. q looks into name and code."""

    region: str | None = None
    rep: str | None = None
    state: str | None = None
    q: str | None = None


def board(
    session: Session,
    actor: Actor,
    clock: Clock,
    campaign: Campaign,
    wanted: BoardFilters,
    *,
    cursor: str | None = None,
    limit: int | None = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of the campaign's stores by name, each held against the plan: {items, next, total,
    counts}. counts are of the filtered stores of whatever state.

    Raises not_found for a region out of the actor's scope.
    """
    regions = scope_regions(session, actor, wanted.region)
    done = numbers.execution(session, actor, clock, campaign)
    reps = current_reps(session, done.stores)
    shown = [
        store
        for store in done.stores.values()
        if store.region_id in regions
        and (not wanted.rep or wanted.rep in reps.get(store.id, ()))
        and _matches(store, wanted.q)
    ]
    counts = totals(done.results[store.id] for store in shown)
    if wanted.state:
        shown = [one for one in shown if done.results[one.id].state == Done(wanted.state)]
    shown.sort(key=_board_key)
    start = 0
    if cursor:
        first, second = decode_cursor(cursor, 2)
        start = bisect_right([_board_key(one) for one in shown], (str(first), str(second)))
    page = shown[start : None if limit is None else start + limit]
    more = limit is not None and start + limit < len(shown)
    return {
        "items": _board_items(session, page, done, reps),
        "next": encode_cursor(*_board_key(page[-1])) if more else None,
        "total": len(shown),
        "counts": counts,
    }


def _board_key(store: StoreRef) -> tuple[str, str]:
    return store.name, store.id


def _matches(store: StoreRef, q: str | None) -> bool:
    text = (q or "").strip().lower()
    return text in store.name.lower() or text in store.code.lower()


def _board_items(
    session: Session,
    page: Sequence[StoreRef],
    done: numbers.Execution,
    reps: dict[str, set[str]],
) -> list[dict[str, Any]]:
    regions = region_names(session)
    people = people_by_ids(session, {one for store in page for one in reps.get(store.id, ())})
    used = {key for store in page for key in done.results[store.id].handed}
    materials = materials_by_id(session, used | done.plan.materials.keys())
    names = {key: (row.code, row.name, row.unit) for key, row in materials.items()}
    looks = {store.id: done.seen[store.id] for store in page if store.id in done.seen}
    said_by = authors(session, looks.values())
    return [
        {
            "store_id": store.id,
            "store_name": store.name,
            "store_code": store.code,
            "region_name": regions.get(store.region_id, ""),
            "reps": sorted(str(people[one]["name"]) for one in reps.get(store.id, ())),
        }
        | _result(done.results[store.id], done.plan.materials, names, looks.get(store.id))
        | {"seen": told(looks.get(store.id), said_by)}
        for store in page
    ]


def _result(
    result: StoreResult,
    planned: Any,
    names: dict[str, tuple[str, str, str]],
    look: AtStore | None,
) -> dict[str, Any]:
    lines = look.lines if look else {}
    keys = sorted(planned.keys() | result.handed.keys(), key=lambda key: names[key][0])
    return {
        "state": result.state.value,
        "complete": result.complete,
        "materials": [
            {
                "material_id": key,
                "name": names[key][1],
                "unit": names[key][2],
                "planned": planned.get(key, 0),
                "handed": result.handed.get(key, 0),
                "seen": lines[key].state.value if key in lines else None,
                "seen_quantity": lines[key].quantity if key in lines else None,
            }
            for key in keys
        ],
        "photos": list(result.photos),
        "lacking_photos": list(result.lacking_photos),
    }


def read_campaigns(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the campaigns that run (or ran) at the rep's own stores.

    stores names the rep's stores only, with what the server knows to be done there by anybody.
    """
    if not actor.is_rep:
        return {}
    rows = session.scalars(
        select(Campaign).where(Campaign.id.in_(ids), Campaign.state.in_(TOLD))
    ).all()
    mine: dict[str, list[str]] = {}
    query = select(CampaignStore.campaign_id, CampaignStore.store_id).where(
        CampaignStore.campaign_id.in_([one.id for one in rows]),
        CampaignStore.store_id.in_(visible_ids(actor)),
    )
    for campaign_id, store_id in session.execute(query.order_by(CampaignStore.store_id)):
        mine.setdefault(campaign_id, []).append(store_id)
    return _phone_records(session, [one for one in rows if one.id in mine], mine)


def _phone_records(
    session: Session, campaigns: Sequence[Campaign], mine: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """The campaigns by id, with their stores of mine. As many statements for all as for one."""
    periods = {one.id: numbers.period(one) for one in campaigns}
    at_stores = {store for one in campaigns for store in mine[one.id]}
    handed = handed_of_many(session, periods, at_stores)
    owed = ((one.id, kind, *periods[one.id]) for one in campaigns for kind in one.photo_kinds)
    kinds = kinds_of_many(session, at_stores, owed)
    plans = plans_of(session, periods)
    return {
        one.id: _phone_record(
            one, plans[one.id], mine[one.id], handed.get(one.id, {}), kinds.get(one.id, {})
        )
        for one in campaigns
    }


def _phone_record(
    campaign: Campaign,
    planned: Mapping[str, int],
    mine: Sequence[str],
    handed: Mapping[str, Mapping[str, int]],
    kinds: Mapping[str, Collection[str]],
) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "code": campaign.code,
        "name": campaign.name,
        "first_day": campaign.first_day.isoformat(),
        "last_day": campaign.last_day.isoformat(),
        "state": campaign.state,
        "note": campaign.note,
        "photo_kinds": campaign.photo_kinds,
        "materials": [
            {"material_id": key, "per_store": quantity} for key, quantity in planned.items()
        ],
        "stores": [
            {
                "store_id": one,
                "handed": [
                    {"material_id": key, "quantity": quantity}
                    for key, quantity in sorted(handed.get(one, {}).items())
                ],
                "photos": sorted(kinds.get(one, ())),
            }
            for one in mine
        ],
        "rev": campaign.rev,
    }


READERS: dict[str, Reader] = {"campaign": read_campaigns}
