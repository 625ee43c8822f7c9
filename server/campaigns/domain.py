"""Changing campaigns: the only write path, for the routes and the demo."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from server.accounts.problems import REGION_UNKNOWN
from server.accounts.queries import region_names
from server.campaigns import problems
from server.campaigns.choosing import tell_reps
from server.campaigns.models import Campaign, CampaignMaterial, CampaignStore, State
from server.kernel import journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.kernel.problems import Problem
from server.kernel.unique import save_coded
from server.materials.stock.queries import materials_by_id
from server.stores import choosing as stores
from server.stores.queries import chunks

# The board of one campaign is worked out in memory; more stores than this are several campaigns.
MAX_STORES: Final = 20_000
_NEXT: Final = {
    State.DRAFT: frozenset({State.RUNNING}),
    State.RUNNING: frozenset({State.ENDED}),
    # Ended too early: it may go on.
    State.ENDED: frozenset({State.RUNNING, State.CLOSED}),
    State.CLOSED: frozenset[State](),
}
_EVENTS: Final = {
    State.RUNNING: journal.Event.CAMPAIGN_STARTED,
    State.ENDED: journal.Event.CAMPAIGN_ENDED,
    State.CLOSED: journal.Event.CAMPAIGN_CLOSED,
}

_UNSAID: Final[Mapping[str, Any]] = {
    "photo_kinds": [],
    "target_kind": None,
    "target": None,
    "note": "",
    "materials": [],
}
_Lines = Collection[Mapping[str, Any]]


def create_campaign(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]
) -> Campaign:
    """Add a draft: {code, name, first_day, last_day, id?, photo_kinds?, target_kind?, target?,
    note?, materials?: [{material_id, per_store}]}.

    The same id sent again answers with the campaign that is there. Raises campaign_code_taken,
    campaign_period, campaign_target, material_unknown, record_exists (the id is another person's,
    or the campaign is no longer as it is said).
    """
    values = {**_UNSAID, "id": new_id(), **values}
    materials = values.pop("materials")
    there = _sent_before(session, actor, values, materials)
    if there is not None:
        return there
    campaign = Campaign(
        **values,
        state=State.DRAFT.value,
        created_by=actor.user_id,
        created_at=clock.now(),
        rev=1,
    )
    _check(campaign)
    try:
        save_coded(session, campaign, problems.CAMPAIGN_CODE_TAKEN)
    except Problem:
        # Perhaps the same one came twice at once, and the other is there by now.
        there = _sent_before(session, actor, values, materials)
        if there is None:
            raise
        return there
    _set_materials(session, campaign.id, materials)
    _told(session, actor, clock, campaign, journal.Event.CAMPAIGN_CREATED, name=campaign.name)
    return campaign


def change_campaign(
    session: Session, actor: Actor, clock: Clock, campaign: Campaign, values: Mapping[str, Any]
) -> Campaign:
    """Change what is named in values; materials replaces the plan.

    The caller has held the revision against If-Match. Raises as create_campaign does, and
    campaign_closed.
    """
    _open(campaign)
    values = dict(values)
    materials = values.pop("materials", None)
    before = {key: getattr(campaign, key) for key in values}
    for key, value in values.items():
        setattr(campaign, key, value)
    _check(campaign)
    campaign.rev += 1
    save_coded(session, campaign, problems.CAMPAIGN_CODE_TAKEN)
    if materials is not None:
        before["materials"] = plan_of(session, campaign.id)
        _set_materials(session, campaign.id, materials)
        values["materials"] = plan_of(session, campaign.id)
    tell_reps(session, campaign.id, store_ids(session, campaign.id))
    event = journal.Event.CAMPAIGN_CHANGED
    data = {"before": _plain(before), "after": _plain(values)}
    _told(session, actor, clock, campaign, event, **data)
    return campaign


def set_state(
    session: Session, actor: Actor, clock: Clock, campaign: Campaign, state: State
) -> Campaign:
    """Start, end, or close a campaign. Saying the same again changes nothing.

    Raises campaign_state, campaign_empty (it cannot start without stores and a plan).
    """
    now = State(campaign.state)
    if now is state:
        return campaign
    if state not in _NEXT[now]:
        raise problems.CAMPAIGN_STATE.error(field="state", state=now.value, to=state.value)
    taking_part = store_ids(session, campaign.id)
    planned = plan_of(session, campaign.id) or campaign.photo_kinds
    if state is State.RUNNING and not (taking_part and planned):
        raise problems.CAMPAIGN_EMPTY.error()
    campaign.state = state.value
    campaign.rev += 1
    session.flush()
    tell_reps(session, campaign.id, taking_part)
    _told(session, actor, clock, campaign, _EVENTS[state], before=now.value)
    return campaign


def choose_stores(
    session: Session, actor: Actor, clock: Clock, campaign: Campaign, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Add, remove or replace stores: {how, store_ids?, region_id?, chain?, codes?}.

    Region and chain together mean the chain's stores in the region. Returns {added, removed,
    total, unmatched: the codes and ids that no store has}. Raises campaign_closed, campaign_full,
    region_unknown, validation_failed where nothing is named.
    """
    _open(campaign)
    wanted, unknown = _named(session, values)
    before = store_ids(session, campaign.id)
    after = {"add": before | wanted, "remove": before - wanted, "replace": wanted}[values["how"]]
    if len(after) > MAX_STORES:
        raise problems.CAMPAIGN_FULL.error(limit=MAX_STORES)
    added, removed = after - before, before - after
    for part in chunks(sorted(removed)):
        session.execute(
            delete(CampaignStore).where(
                CampaignStore.campaign_id == campaign.id, CampaignStore.store_id.in_(part)
            )
        )
    if added:
        rows = [{"campaign_id": campaign.id, "store_id": one} for one in sorted(added)]
        session.execute(insert(CampaignStore), rows)
    if added or removed:
        campaign.rev += 1
        session.flush()
        tell_reps(session, campaign.id, added | removed)
        event = journal.Event.CAMPAIGN_STORES
        data = {"added": sorted(added), "removed": sorted(removed)}
        _told(session, actor, clock, campaign, event, **data)
    return {
        "added": len(added),
        "removed": len(removed),
        "total": len(after),
        "unmatched": sorted(unknown),
    }


def _named(session: Session, values: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The ids of the stores that are named, and the names that no store has."""
    region_id, chain = values.get("region_id"), values.get("chain")
    ids, codes = set(values.get("store_ids") or ()), set(values.get("codes") or ())
    if not (region_id or chain or ids or codes):
        raise common.VALIDATION_FAILED.error(field="store_ids")
    if region_id and region_id not in region_names(session):
        raise REGION_UNKNOWN.error(field="region_id")
    known, by_code = stores.known_ids(session, ids), stores.ids_by_code(session, codes)
    wanted = known | set(by_code.values())
    if region_id or chain:
        wanted |= stores.active_in(session, region_id=region_id, chain=chain)
    return wanted, (ids - known) | (codes - by_code.keys())


def store_ids(session: Session, campaign_id: str) -> set[str]:
    """The stores that take part."""
    query = select(CampaignStore.store_id).where(CampaignStore.campaign_id == campaign_id)
    return set(session.scalars(query))


def plan_of(session: Session, campaign_id: str) -> dict[str, int]:
    """Units for each store, by material id."""
    return plans_of(session, [campaign_id])[campaign_id]


def plans_of(session: Session, campaign_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Units for each store, by material id, by campaign id."""
    plans: dict[str, dict[str, int]] = {one: {} for one in campaign_ids}
    rows = session.execute(
        select(
            CampaignMaterial.campaign_id, CampaignMaterial.material_id, CampaignMaterial.per_store
        )
        .where(CampaignMaterial.campaign_id.in_(plans.keys()))
        .order_by(CampaignMaterial.material_id)
    )
    for campaign_id, material_id, per_store in rows:
        plans[campaign_id][material_id] = per_store
    return plans


def _plan_in(materials: _Lines) -> dict[str, int]:
    return {one["material_id"]: one["per_store"] for one in materials}


def _set_materials(session: Session, campaign_id: str, materials: _Lines) -> None:
    wanted = _plan_in(materials)
    if wanted.keys() - materials_by_id(session, wanted).keys():
        raise common.MATERIAL_UNKNOWN.error(field="materials")
    session.execute(delete(CampaignMaterial).where(CampaignMaterial.campaign_id == campaign_id))
    if wanted:
        rows = [
            {"campaign_id": campaign_id, "material_id": key, "per_store": quantity}
            for key, quantity in sorted(wanted.items())
        ]
        session.execute(insert(CampaignMaterial), rows)


def _sent_before(
    session: Session, actor: Actor, values: Mapping[str, Any], materials: _Lines
) -> Campaign | None:
    """The campaign of this id, or None. Raises record_exists where it says another thing."""
    there = session.get(Campaign, values["id"])
    if there is None:
        return None
    same = all(getattr(there, key) == value for key, value in values.items())
    same = same and plan_of(session, there.id) == _plan_in(materials)
    if not same or there.created_by != actor.user_id:
        raise common.RECORD_EXISTS.error(field="id")
    return there


def _check(campaign: Campaign) -> None:
    if campaign.first_day > campaign.last_day:
        raise problems.CAMPAIGN_PERIOD.error(field="last_day")
    if (campaign.target_kind is None) != (campaign.target is None):
        raise problems.CAMPAIGN_TARGET.error(field="target")


def _open(campaign: Campaign) -> None:
    if campaign.state == State.CLOSED:
        raise problems.CAMPAIGN_CLOSED.error()


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a journal keeps them."""
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in values.items()
    }


def _told(
    session: Session,
    actor: Actor,
    clock: Clock,
    campaign: Campaign,
    event: journal.Event,
    **data: Any,
) -> None:
    journal.record(session, clock, actor, event, "campaign", campaign.id, **data)
