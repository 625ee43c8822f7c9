"""Pins learned from check-ins: proposed by the program, decided on by the office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from server.accounts.organisation import Rules
from server.accounts.queries import people_by_ids
from server.kernel import journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock, wire_time
from server.kernel.geo import great_circle_m
from server.kernel.ids import new_id
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.stores import problems
from server.stores.domain import change_store
from server.stores.learning import Learned, distance_from_pin_m
from server.stores.models import PinProposal, PinSource, ProposalState, Store, StorePin

_PROPOSAL: Table = PinProposal.__table__  # type: ignore[assignment]  # declared wider than it is
_STORE: Table = Store.__table__  # type: ignore[assignment]  # likewise

# What was declined is proposed again only where so much more speaks for it.
_MORE_AGAIN: Final = 1.5
# A proposal that moved by less is the same one, metres.
_SAME_M: Final = 1.0


def propose(
    session: Session, clock: Clock, rules: Rules, learned: Mapping[str, Learned | None]
) -> int:
    """Propose the places that were learned of these stores: {store id: place, or None}.

    Opens, renews or takes back the one open proposal of each store. The same places again change
    nothing. Returns how many proposals changed.
    """
    stores = {
        row.id: row
        for row in session.scalars(select(Store).where(Store.id.in_(list(learned)), Store.active))
    }
    open_ones, last_declined = _known(session, list(learned))
    changed = 0
    for store_id in sorted(learned):
        store, found = stores.get(store_id), learned[store_id]
        wanted = found if store and found and _matters(found, store, rules) else None
        declined = last_declined.get(store_id)
        if wanted and declined and not _says_more(wanted, declined):
            wanted = None
        changed += _settle(session, clock, store, wanted, open_ones.get(store_id))
    session.flush()
    return changed


def _known(
    session: Session, store_ids: Sequence[str]
) -> tuple[dict[str, PinProposal], dict[str, PinProposal]]:
    states = (ProposalState.OPEN.value, ProposalState.DECLINED.value)
    rows = session.scalars(
        select(PinProposal)
        .where(PinProposal.store_id.in_(store_ids), PinProposal.state.in_(states))
        .order_by(PinProposal.made_at, PinProposal.id)
    )
    open_ones: dict[str, PinProposal] = {}
    declined: dict[str, PinProposal] = {}
    for row in rows:
        (open_ones if row.state == ProposalState.OPEN else declined)[row.store_id] = row
    return open_ones, declined


def _matters(found: Learned, store: Store, rules: Rules) -> bool:
    """True if the pin is off by more than both it and the learned place may be off anyway."""
    off = distance_from_pin_m(found, store.lat, store.lon)
    if store.pin_quality_m > rules.max_pin_quality_m:
        # Such a pin judges nobody; any place that is known better is worth having.
        return True
    return off > max(rules.pin_off_min_m, found.quality_m + store.pin_quality_m)


def _says_more(found: Learned, declined: PinProposal) -> bool:
    """True if a place was not declined before, or far more check-ins speak for it now."""
    moved = great_circle_m(found.lat, found.lon, declined.lat, declined.lon)
    elsewhere = moved > found.quality_m + declined.quality_m
    return elsewhere or found.fixes >= _MORE_AGAIN * declined.fixes


def _settle(
    session: Session,
    clock: Clock,
    store: Store | None,
    wanted: Learned | None,
    there: PinProposal | None,
) -> int:
    if wanted is None or store is None:
        if there is None:
            return 0
        there.state = ProposalState.GONE.value
        there.rev += 1
        return 1
    values = asdict(wanted) | {
        "distance_m": round(distance_from_pin_m(wanted, store.lat, store.lon), 1),
        "pin_lat": store.lat,
        "pin_lon": store.lon,
    }
    del values["spread_m"]
    if there is None:
        session.add(
            PinProposal(
                id=new_id(),
                store_id=store.id,
                state=ProposalState.OPEN.value,
                made_at=clock.now(),
                rev=1,
                **values,
            )
        )
        return 1
    if all(getattr(there, name) == value for name, value in values.items()):
        return 0
    for name, value in values.items():
        setattr(there, name, value)
    there.made_at = clock.now()
    there.rev += 1
    return 1


def list_proposals(
    session: Session, actor: Actor, *, cursor: str | None = None, limit: int = LIMIT_DEFAULT
) -> dict[str, Any]:
    """A page of open proposals in the actor's scope, the farthest off first: {items, next, total}.

    Raises validation_failed for a forged cursor.
    """
    where = [_PROPOSAL.c.state == ProposalState.OPEN.value, _STORE.c.id == _PROPOSAL.c.store_id]
    if not actor.is_office:
        where.append(_STORE.c.region_id.in_(actor.region_ids))
    total = session.scalar(select(func.count()).select_from(_PROPOSAL, _STORE).where(*where)) or 0
    query = select(_PROPOSAL, *_STORE_COLUMNS).where(*where)
    if cursor is not None:
        query = query.where(_beyond(cursor))
    query = query.order_by(_PROPOSAL.c.distance_m.desc(), _PROPOSAL.c.id).limit(limit + 1)
    rows = session.execute(query).mappings().all()
    page = rows[:limit]
    after = encode_cursor(page[-1]["distance_m"], page[-1]["id"]) if len(rows) > limit else None
    return {"items": [proposal_record(row) for row in page], "next": after, "total": total}


_STORE_COLUMNS: Final = (
    _STORE.c.name.label("store_name"),
    _STORE.c.code.label("store_code"),
    _STORE.c.address.label("store_address"),
    _STORE.c.region_id.label("region_id"),
    _STORE.c.lat.label("store_lat"),
    _STORE.c.lon.label("store_lon"),
    _STORE.c.pin_quality_m.label("pin_quality_m"),
    _STORE.c.pin_source.label("pin_source"),
    _STORE.c.radius_m.label("radius_m"),
)


def _beyond(cursor: str) -> Any:
    distance, last_id = decode_cursor(cursor, 2)
    if not isinstance(distance, int | float) or not isinstance(last_id, str):
        raise common.VALIDATION_FAILED.error(field="cursor")
    column = _PROPOSAL.c.distance_m
    return (column < distance) | ((column == distance) & (_PROPOSAL.c.id > last_id))


def proposal_record(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A proposal with its store's name and present pin, as the API writes it."""
    names = ("id", "store_id", "state", "lat", "lon", "quality_m", "distance_m")
    counts = ("fixes", "left_out", "reps", "days", "rev")
    columns = [column.name for column in _STORE_COLUMNS]
    return {name: row[name] for name in (*names, *counts, *columns)} | {
        "made_at": wire_time(row["made_at"])
    }


def past_pins(session: Session, store_id: str) -> list[dict[str, Any]]:
    """The pins that the store had before, the newest first."""
    rows = session.scalars(
        select(StorePin)
        .where(StorePin.store_id == store_id)
        .order_by(StorePin.until.desc(), StorePin.id.desc())
    ).all()
    people = people_by_ids(session, {row.actor_id for row in rows if row.actor_id})
    return [
        {
            "lat": row.lat,
            "lon": row.lon,
            "quality_m": row.quality_m,
            "source": row.source,
            "until": wire_time(row.until),
            "actor_name": people[row.actor_id]["name"] if row.actor_id in people else None,
        }
        for row in rows
    ]


def find_proposal(session: Session, actor: Actor, proposal_id: str) -> PinProposal:
    """A proposal in the actor's scope, decided or not. Raises not_found."""
    query = select(PinProposal).join(Store, Store.id == PinProposal.store_id)
    if not actor.is_office:
        query = query.where(Store.region_id.in_(actor.region_ids))
    row = session.scalar(query.where(PinProposal.id == proposal_id))
    if row is None:
        raise common.NOT_FOUND.error(field="proposal_id")
    return row


def show_proposal(session: Session, actor: Actor, proposal_id: str) -> dict[str, Any]:
    """One proposal's record. Raises not_found."""
    found = find_proposal(session, actor, proposal_id)
    query = select(_PROPOSAL, *_STORE_COLUMNS).where(
        _PROPOSAL.c.id == found.id, _STORE.c.id == _PROPOSAL.c.store_id
    )
    return proposal_record(session.execute(query).mappings().one())


def decide_proposal(
    session: Session, actor: Actor, clock: Clock, proposal: PinProposal, *, accept: bool
) -> None:
    """Accept a proposal (its place becomes the pin, and visits are judged again) or decline it.

    The caller has held the revision against If-Match. Raises proposal_decided where it is no
    longer open.
    """
    if proposal.state != ProposalState.OPEN:
        raise problems.PROPOSAL_DECIDED.error()
    proposal.state = (ProposalState.ACCEPTED if accept else ProposalState.DECLINED).value
    proposal.decided_at, proposal.decided_by = clock.now(), actor.user_id
    proposal.rev += 1
    event = journal.Event.PIN_ACCEPTED if accept else journal.Event.PIN_DECLINED
    journal.record(
        session,
        clock,
        actor,
        event,
        "store",
        proposal.store_id,
        proposal_id=proposal.id,
        distance_m=proposal.distance_m,
        fixes=proposal.fixes,
    )
    if accept:
        store = session.get_one(Store, proposal.store_id)
        values = {
            "lat": proposal.lat,
            "lon": proposal.lon,
            "pin_quality_m": proposal.quality_m,
            "pin_source": PinSource.LEARNED.value,
        }
        change_store(session, actor, clock, store, values)
    session.flush()
