"""Reading visits: for other features, the change feed, and the console's list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from server.accounts.queries import people, people_by_ids, region_names, scope_regions
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.clock import Clock, day_bounds, org_day
from server.kernel.ops import Reader
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.photos import queries as photos
from server.stores import queries as stores
from server.visits.flag_bits import bits_of
from server.visits.models import State, Visit, VisitNote
from server.visits.records import (
    ABANDONED,
    NO_PHOTOS,
    VISIT_COLUMNS,
    Row,
    note_record,
    visit_record,
)

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_NOTE: Table = VisitNote.__table__  # type: ignore[assignment]  # likewise
# By their ids alone, whoever's they are: given the author as well, a database without statistics
# reads everything that the author ever made.
_BY_ID = Lookup(_VISIT.c.id, [_VISIT.c[name] for name in VISIT_COLUMNS], told=True)
_NOTE_BY_ID = Lookup(_NOTE.c.id, told=True)


@dataclass(frozen=True, slots=True)
class VisitRef:
    """What another feature needs to know of a visit."""

    id: str
    author_id: str
    store_id: str
    region_id: str
    state: str


def visits_for_ops(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, VisitRef]:
    """The visits that exist, whoever's they are.

    An op about a visit that is not here is deferred; about one whose author_id is not the actor's
    it is rejected as visit_unknown.
    """
    del actor
    names = ("id", "author_id", "store_id", "region_id", "state")
    query = select(*(_VISIT.c[name] for name in names)).where(_VISIT.c.id.in_(set(ids)))
    return {row.id: VisitRef(*row) for row in session.execute(query)}


def read_visits(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the person's own visits."""
    rows = [row for row in _BY_ID(session, ids) if row["author_id"] == actor.user_id]
    counts = photos.counts(session, [row["id"] for row in rows])
    return {row["id"]: visit_record(row, counts.get(row["id"], NO_PHOTOS)) for row in rows}


def read_notes(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the person's own notes."""
    mine = (row for row in _NOTE_BY_ID(session, ids) if row["author_id"] == actor.user_id)
    return {row["id"]: note_record(row) for row in mine}


READERS: dict[str, Reader] = {"visit": read_visits, "note": read_notes}


@dataclass(frozen=True, slots=True)
class VisitFilters:
    """What a selection of visits is narrowed to; days are the organisation's, both inclusive."""

    first: date | None = None
    last: date | None = None
    region: str | None = None
    rep: str | None = None
    store: str | None = None
    verdicts: Sequence[str] = field(default_factory=tuple)
    flags: Sequence[str] = field(default_factory=tuple)
    state: str | None = None
    q: str | None = None


def today_start(clock: Clock) -> datetime:
    """When the organisation's day began, UTC."""
    today = org_day(clock.now())
    return day_bounds(today, today)[0]


def visit_scope(session: Session, actor: Actor, region: str | None) -> ColumnElement[bool]:
    """The visits that the actor may see, narrowed to a region's subtree.

    Raises the problem not_found if the region asked for lies outside the actor's.
    """
    regions = scope_regions(session, actor, region)
    if actor.is_rep:
        own = _VISIT.c.author_id == actor.user_id
        return own if region is None else and_(own, _VISIT.c.region_id.in_(regions))
    if actor.is_office and region is None:
        # The office sees every region; a list of them all would only slow the query down.
        return true()
    return _VISIT.c.region_id.in_(regions)


def visit_conditions(
    session: Session, actor: Actor, clock: Clock, wanted: VisitFilters
) -> list[ColumnElement[bool]]:
    """The WHERE of a selection of visits, scope included: the list and the map share it."""
    conditions = [visit_scope(session, actor, wanted.region)]
    if wanted.first:
        start = day_bounds(wanted.first, wanted.first)[0]
        conditions.append(_VISIT.c.checked_in_at >= start)
    if wanted.last:
        conditions.append(_VISIT.c.checked_in_at < day_bounds(wanted.last, wanted.last)[1])
    if wanted.rep:
        conditions.append(_VISIT.c.author_id == wanted.rep)
    if wanted.store:
        conditions.append(_VISIT.c.store_id == wanted.store)
    if wanted.verdicts:
        conditions.append(_VISIT.c.verdict.in_(wanted.verdicts))
    if wanted.flags:
        conditions.append(_VISIT.c.flag_bits.bitwise_and(bits_of(wanted.flags)) != 0)
    if wanted.state:
        conditions.append(_in_state(wanted.state, today_start(clock)))
    if wanted.q and wanted.q.strip():
        conditions.append(_matches(session, actor, wanted.q.strip()))
    return conditions


def _in_state(state: str, day_start: datetime) -> ColumnElement[bool]:
    is_open = _VISIT.c.state == State.IN_PROGRESS.value
    if state == ABANDONED:
        return and_(is_open, _VISIT.c.checked_in_at < day_start)
    if state == State.IN_PROGRESS:
        return and_(is_open, _VISIT.c.checked_in_at >= day_start)
    return _VISIT.c.state == state


def list_visits(
    session: Session,
    actor: Actor,
    clock: Clock,
    wanted: VisitFilters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of visits, newest first: {items, next, total}.

    Each item is a visit record with store_name, store_code, store_lat, store_lon, author_name,
    region_name and thumb, the id of its first photo that can be shown. Raises not_found for a
    region out of scope, validation_failed for a forged cursor.
    """
    conditions = visit_conditions(session, actor, clock, wanted)
    session.flush()
    connection = session.connection()
    total = connection.scalar(_COUNT.where(*conditions)) or 0
    query = _NEWEST_FIRST.where(*conditions).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(_VISIT.c.checked_in_at, _VISIT.c.id) < _after(cursor))
    found = connection.execute(query).all()
    page, more = found[:limit], len(found) > limit
    rows = {row["id"]: row for row in _BY_ID(session, [visit_id for visit_id, _ in page])}
    return {
        "items": list_items(session, clock, [rows[visit_id] for visit_id, _ in page]),
        "next": encode_cursor(page[-1][1].isoformat(), page[-1][0]) if more else None,
        "total": total,
    }


# Only what is put in order; what is told of a visit is then read by its id.
_NEWEST_FIRST = select(_VISIT.c.id, _VISIT.c.checked_in_at).order_by(
    _VISIT.c.checked_in_at.desc(), _VISIT.c.id.desc()
)
_COUNT = select(func.count()).select_from(_VISIT)


def _after(cursor: str) -> tuple[datetime, str]:
    at, visit_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(at).astimezone(UTC), str(visit_id)
    except (TypeError, ValueError, OverflowError) as error:
        raise problems.VALIDATION_FAILED.error(field="cursor") from error


def list_items(session: Session, clock: Clock, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows of the visit table with store, author, region and a photo named, as the console lists.

    Whether the caller may see them is the caller's to check.
    """
    ids = [row["id"] for row in rows]
    pictures = photos.of_visits(session, ids)
    authors = people_by_ids(session, {row["author_id"] for row in rows})
    places = stores.store_refs(session, {row["store_id"] for row in rows})
    regions = region_names(session)
    day_start = today_start(clock)
    items = []
    for row in rows:
        store, author = places.get(row["store_id"]), authors.get(row["author_id"])
        shots = pictures.get(row["id"])
        item = visit_record(row, shots.counts if shots else NO_PHOTOS, day_start=day_start)
        item["store_name"] = store.name if store else ""
        item["store_code"] = store.code if store else ""
        item["store_lat"] = store.lat if store else None
        item["store_lon"] = store.lon if store else None
        item["author_name"] = author["name"] if author else ""
        item["region_name"] = regions.get(row["region_id"], "")
        item["thumb"] = shots.shown if shots else None
        items.append(item)
    return items


def find_visit(session: Session, actor: Actor, visit_id: str) -> Row:
    """One visit in the actor's scope. Raises the problem not_found, also where it is not theirs."""
    query = select(_VISIT).where(_VISIT.c.id == visit_id, visit_scope(session, actor, None))
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        raise problems.NOT_FOUND.error(field="id")
    return row


def _matches(session: Session, actor: Actor, q: str) -> ColumnElement[bool]:
    """Visits to stores, or of people, found by the words."""
    authors = [person["id"] for person in people(session, actor, q=q)]
    return or_(_VISIT.c.store_id.in_(stores.store_ids_matching(q)), _VISIT.c.author_id.in_(authors))
