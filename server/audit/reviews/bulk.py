"""Accepting many visits by a filter: looked at first, confirmed as seen, undone as one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from server.audit.reviews import problems
from server.audit.reviews.domain import Entry, lock_reviews, write_entries
from server.audit.reviews.models import Action, ReviewBulk, ReviewEntry, ReviewState, VisitReview
from server.audit.reviews.queue import (
    ReviewFilters,
    joined,
    queue_conditions,
    queue_items,
    ranked,
)
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock, wire_time
from server.kernel.ids import new_id
from server.kernel.problems import CONFLICT, NOT_FOUND
from server.visits.flag_bits import CODES, bits_of
from server.visits.models import Visit

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_REVIEW: Table = VisitReview.__table__  # type: ignore[assignment]  # likewise
_ENTRY: Table = ReviewEntry.__table__  # type: ignore[assignment]  # likewise
MAX_VISITS: Final = 500
SAMPLE: Final = 6
RECENT: Final = 20
_NAMES: Final = ("id", "author_id", "store_id", "region_id", "flag_bits", "verdict")

Row = Mapping[Any, Any]


def preview(session: Session, actor: Actor, clock: Clock, wanted: ReviewFilters) -> dict[str, Any]:
    """What a bulk of this filter would accept: the pending visits that match.

    {total, limit, by_flag, by_verdict, oldest, newest, sample, digest}. The sample goes evenly from
    the riskiest to the least. The digest stands for exactly these visits with these flags; it is
    null, and nothing but the total told, where they are none or more than the limit.
    """
    wanted = _pending(wanted)
    conditions = queue_conditions(session, actor, clock, wanted)
    count, oldest, newest = session.execute(
        select(func.count(), func.min(_VISIT.c.checked_in_at), func.max(_VISIT.c.checked_in_at))
        .select_from(joined())
        .where(*conditions)
    ).one()
    rows = _selected(session, clock, conditions) if 0 < count <= MAX_VISITS else []
    step = max(1, len(rows) // SAMPLE)
    shown = [row["id"] for row in rows[::step]][:SAMPLE]
    return {
        "total": count,
        "limit": MAX_VISITS,
        "by_flag": _by_flag(rows),
        "by_verdict": dict(Counter(row["verdict"] for row in rows)),
        "oldest": wire_time(oldest),
        "newest": wire_time(newest),
        "sample": queue_items(session, actor, clock, shown),
        "digest": _digest(rows) if rows else None,
    }


def accept_all(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any], wanted: ReviewFilters
) -> dict[str, Any]:
    """Accept what a preview has shown: values {id, digest}. The same id again changes nothing.

    Raises bulk_changed where the filter no longer gives the visits of the digest, bulk_empty,
    bulk_too_many, conflict for an id that is somebody else's.
    """
    found = session.get(ReviewBulk, values["id"])
    if found is not None:
        if found.actor_id != actor.user_id:
            raise CONFLICT.error(field="id")
        return bulk_record(found)
    wanted = _pending(wanted)
    conditions = queue_conditions(session, actor, clock, wanted)
    seen = _selected(session, clock, conditions)
    if not seen:
        raise problems.BULK_EMPTY.error()
    if len(seen) > MAX_VISITS:
        raise problems.BULK_TOO_MANY.error(limit=MAX_VISITS)
    lock_reviews(session, clock, seen)
    # Once more, now that nobody else can decide on them.
    rows = _selected(session, clock, conditions)
    if _digest(rows) != values["digest"] or _digest(seen) != values["digest"]:
        raise problems.BULK_CHANGED.error()
    bulk = ReviewBulk(
        id=values["id"],
        actor_id=actor.user_id,
        at=clock.now(),
        filters=_filters(wanted),
        visits=len(rows),
        by_flag=_by_flag(rows),
        undone_at=None,
        kept=None,
    )
    session.add(bulk)
    session.flush()
    _write(session, actor, clock, bulk.id, {row["id"]: (row, None) for row in rows})
    told = {"visits": bulk.visits, "by_flag": bulk.by_flag, "filters": bulk.filters}
    _journal(session, actor, clock, bulk, [row["id"] for row in rows], told, Action.ACCEPT)
    return bulk_record(bulk)


def undo_all(session: Session, actor: Actor, clock: Clock, bulk_id: str) -> dict[str, Any]:
    """Take a bulk back: all its acceptances that still stand. Again changes nothing.

    Raises not_found for a bulk that is not the actor's (the office may undo each).
    """
    bulk = find_bulk(session, actor, bulk_id)
    if bulk.undone_at is not None:
        return bulk_record(bulk)
    query = select(_ENTRY.c.id, *(_VISIT.c[name].label(f"v_{name}") for name in _NAMES))
    query = query.join(_VISIT, _VISIT.c.id == _ENTRY.c.visit_id)
    query = query.where(_ENTRY.c.bulk_id == bulk_id, _ENTRY.c.action == Action.ACCEPT.value)
    mine = {
        row.v_id: ({name: getattr(row, f"v_{name}") for name in _NAMES}, row.id)
        for row in session.execute(query)
    }
    locked = lock_reviews(session, clock, [row for row, _ in mine.values()])
    stands = {row["visit_id"]: row["entry_id"] for row in locked}
    open_still = {
        visit_id: (row, entry_id)
        for visit_id, (row, entry_id) in mine.items()
        if stands[visit_id] == entry_id
    }
    bulk.undone_at, bulk.kept = clock.now(), len(mine) - len(open_still)
    session.flush()
    if open_still:
        _write(session, actor, clock, bulk_id, open_still)
    told = {"visits": len(open_still), "kept": bulk.kept}
    _journal(session, actor, clock, bulk, list(open_still), told, Action.UNDO)
    return bulk_record(bulk)


def find_bulk(session: Session, actor: Actor, bulk_id: str) -> ReviewBulk:
    """One bulk of the actor's, or for the office anybody's, locked. Raises not_found."""
    query = select(ReviewBulk).where(ReviewBulk.id == bulk_id)
    bulk = session.scalars(query.with_for_update()).one_or_none()
    if bulk is None or not (actor.is_office or bulk.actor_id == actor.user_id):
        raise NOT_FOUND.error(field="id")
    return bulk


def recent_bulks(session: Session, actor: Actor) -> dict[str, Any]:
    """The actor's last bulks, for the office everybody's, the newest first: {items}."""
    query = select(ReviewBulk).order_by(ReviewBulk.at.desc(), ReviewBulk.id).limit(RECENT)
    if not actor.is_office:
        query = query.where(ReviewBulk.actor_id == actor.user_id)
    return {"items": [bulk_record(bulk) for bulk in session.scalars(query)]}


def bulk_record(bulk: ReviewBulk) -> dict[str, Any]:
    """A bulk as the API writes it."""
    return {
        "id": bulk.id,
        "actor_id": bulk.actor_id,
        "at": wire_time(bulk.at),
        "visits": bulk.visits,
        "by_flag": bulk.by_flag,
        "undone_at": wire_time(bulk.undone_at),
        "kept": bulk.kept,
    }


def _pending(wanted: ReviewFilters) -> ReviewFilters:
    """Only what nobody has touched: an answer of the rep's is to be read, not swept away."""
    return replace(wanted, states=(ReviewState.PENDING.value,))


def _selected(session: Session, clock: Clock, conditions: Sequence[Any]) -> list[Row]:
    """The visits, the riskiest first; one more than may be, so that too many are noticed."""
    query, _ = ranked(clock)
    query = query.where(*conditions).limit(MAX_VISITS + 1)
    wanted = (_VISIT.c[name] for name in _NAMES if name != "id")
    return list(session.execute(query.add_columns(*wanted)).mappings())


def _digest(rows: Sequence[Row]) -> str:
    lines = sorted(f"{row['id']} {row['flag_bits']} {row['verdict']}" for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _by_flag(rows: Sequence[Row]) -> dict[str, int]:
    counts = {code: sum(bool(row["flag_bits"] & bits_of([code])) for row in rows) for code in CODES}
    return {code: number for code, number in counts.items() if number}


def _filters(wanted: ReviewFilters) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, date):
            return value.isoformat()
        return list(value) if isinstance(value, tuple) else value

    return {key: plain(value) for key, value in asdict(wanted).items() if value}


def _write(
    session: Session,
    actor: Actor,
    clock: Clock,
    bulk_id: str,
    rows: Mapping[str, tuple[Row, str | None]],
) -> None:
    """An acceptance for each visit, or the undoing of the entry named with it."""
    now = clock.now()
    entries = {
        visit_id: Entry(
            id=new_id(),
            actor_id=actor.user_id,
            at=now,
            action=(Action.UNDO if undoes else Action.ACCEPT).value,
            text=None,
            flag_bits=row["flag_bits"],
            undoes=undoes,
        )
        for visit_id, (row, undoes) in rows.items()
    }
    write_entries(session, entries, bulk_id)


def _journal(
    session: Session,
    actor: Actor,
    clock: Clock,
    bulk: ReviewBulk,
    visit_ids: Sequence[str],
    told: dict[str, Any],
    action: Action,
) -> None:
    undone = action is Action.UNDO
    whole = journal.Event.REVIEWS_UNDONE if undone else journal.Event.REVIEWS_ACCEPTED
    each = journal.Event.REVIEW_UNDONE if undone else journal.Event.REVIEW_ACCEPTED
    rows: list[journal.Row] = [(whole, "review_bulk", bulk.id, told)]
    rows += [(each, "review", visit_id, {"bulk_id": bulk.id}) for visit_id in visit_ids]
    journal.record_many(session, clock, actor, rows)
