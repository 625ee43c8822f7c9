"""Deciding on a visit, and taking it back: entries that are only ever added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from server.audit.replies import replies_of
from server.audit.reviews import blind, problems
from server.audit.reviews.clearing import cleared, rejected_for_flags
from server.audit.reviews.models import Action, ReviewEntry, ReviewState, VisitReview
from server.kernel import changes, journal
from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock, wire_time
from server.kernel.ops import Reader
from server.kernel.problems import CONFLICT, Kind
from server.stores.queries import chunks
from server.visits.domain import when_doubt_changes
from server.visits.models import Visit
from server.visits.queries import find_visit
from server.visits.views import note_look_beside

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_REVIEW: Table = VisitReview.__table__  # type: ignore[assignment]  # likewise
_ENTRY: Table = ReviewEntry.__table__  # type: ignore[assignment]  # likewise
_BEGIN = BulkInsert(_REVIEW, keys=("visit_id",))
_WRITE = BulkInsert(_ENTRY, leave_out=("seq",))
ENTITY: Final = "review"

STATE_AFTER: Final[Mapping[str, ReviewState]] = {
    Action.ACCEPT: ReviewState.ACCEPTED,
    Action.REJECT: ReviewState.REJECTED,
    Action.ASK: ReviewState.ASKED,
}
_EVENT: Final = {
    Action.ACCEPT: journal.Event.REVIEW_ACCEPTED,
    Action.REJECT: journal.Event.REVIEW_REJECTED,
    Action.ASK: journal.Event.REVIEW_ASKED,
    Action.UNDO: journal.Event.REVIEW_UNDONE,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the next ones see it."""

    id: str
    actor_id: str
    at: datetime
    action: str
    text: str | None
    flag_bits: int
    undoes: str | None


def standing(entries: Iterable[Entry]) -> Entry | None:
    """The decision that stands after these entries, oldest first; None where none does. Pure."""
    stack: list[Entry] = []
    for entry in entries:
        if entry.action != Action.UNDO:
            stack.append(entry)
        elif stack and stack[-1].id == entry.undoes:
            stack.pop()
    return stack[-1] if stack else None


def decide(
    session: Session, actor: Actor, clock: Clock, visit_id: str, values: Mapping[str, Any]
) -> None:
    """Write one entry: {id, action, text, rev, undoes}; rev is the review's that was looked at.

    The same id again changes nothing. Raises not_found, review_own, review_under_reaudit,
    review_moved_on or review_answered for another rev, review_nothing_to_undo, conflict for an id
    that is taken.
    """
    visit = find_visit(session, actor, visit_id)
    if visit["author_id"] == actor.user_id:
        raise problems.REVIEW_OWN.error()
    if _is_there(session, actor, visit_id, values):
        return
    if blind.is_hidden(session, actor, visit_id):
        raise problems.REVIEW_UNDER_REAUDIT.error()
    [before] = lock_reviews(session, clock, [visit])
    if before["rev"] != values["rev"]:
        raise _news(session, visit_id).error(rev=before["rev"])
    undoes = values.get("undoes") if values["action"] == Action.UNDO else None
    if values["action"] == Action.UNDO:
        _check_undo(actor, before, undoes)
    entry = Entry(
        id=values["id"],
        actor_id=actor.user_id,
        at=clock.now(),
        action=values["action"],
        text=values["text"].strip() if values["action"] == Action.ASK else None,
        flag_bits=visit["flag_bits"],
        undoes=undoes,
    )
    write_entries(session, {visit_id: entry}, None)
    note_look_beside(session, actor, clock, visit_id, visit["author_id"])
    event = _EVENT[Action(entry.action)]
    journal.record(session, clock, actor, event, "review", visit_id, entry_id=entry.id)


def look(session: Session, actor: Actor, clock: Clock, visit_id: str) -> None:
    """The actor was shown a visit that had been fetched before. Raises not_found."""
    visit = find_visit(session, actor, visit_id)
    note_look_beside(session, actor, clock, visit_id, visit["author_id"])


def _is_there(session: Session, actor: Actor, visit_id: str, values: Mapping[str, Any]) -> bool:
    row = session.execute(select(_ENTRY).where(_ENTRY.c.id == values["id"])).one_or_none()
    if row is None:
        return False
    if (row.visit_id, row.actor_id, row.action) != (visit_id, actor.user_id, values["action"]):
        raise CONFLICT.error(field="id")
    return True


def _news(session: Session, visit_id: str) -> Kind:
    """What whoever decides has not seen: the rep's answer, or a later decision."""
    decided = session.scalar(select(func.max(_ENTRY.c.at)).where(_ENTRY.c.visit_id == visit_id))
    answers = replies_of(session, [visit_id]).get(visit_id, ())
    newest = answers[-1]["at"] if answers else ""
    return (
        problems.REVIEW_ANSWERED
        if newest > (wire_time(decided) or "")
        else problems.REVIEW_MOVED_ON
    )


def answered(session: Session, clock: Clock, visits: Collection[Mapping[Any, Any]]) -> None:
    """The rep has answered: who decides on these visits must have seen it.

    visits as lock_reviews takes them. Where the reviews stand does not change.
    """
    rows = lock_reviews(session, clock, visits)
    ids = [row["visit_id"] for row in rows]
    session.execute(
        update(_REVIEW).where(_REVIEW.c.visit_id.in_(ids)).values(rev=_REVIEW.c.rev + 1)
    )


def _check_undo(actor: Actor, before: Mapping[Any, Any], undoes: str | None) -> None:
    own = before["actor_id"] == actor.user_id or actor.is_office
    if before["entry_id"] is None or before["entry_id"] != undoes or not own:
        raise problems.REVIEW_NOTHING_TO_UNDO.error()


def lock_reviews(
    session: Session, clock: Clock, visits: Collection[Mapping[Any, Any]]
) -> list[Mapping[Any, Any]]:
    """The rows of visit_review of these visits, begun where there are none, locked until the end.

    visits are rows with id, author_id, store_id and region_id.
    """
    now = clock.now()
    _BEGIN(
        session,
        [
            {
                "visit_id": visit["id"],
                "author_id": visit["author_id"],
                "store_id": visit["store_id"],
                "region_id": visit["region_id"],
                "state": ReviewState.PENDING.value,
                "entry_id": None,
                "actor_id": None,
                "question": None,
                "flag_bits": 0,
                "decided_at": None,
                "changed_at": now,
                "rev": 0,
            }
            for visit in visits
        ],
    )
    ids = [visit["id"] for visit in visits]
    # In a fixed order, so that two bulks cannot wait for each other.
    query = select(_REVIEW).where(_REVIEW.c.visit_id.in_(ids)).order_by(_REVIEW.c.visit_id)
    return list(session.execute(query.with_for_update()).mappings())


def write_entries(session: Session, entries: Mapping[str, Entry], bulk_id: str | None) -> None:
    """Add one entry to each of these visits (locked before) by visit id, and tell the feed."""
    rows = [
        {
            "id": entry.id,
            "visit_id": visit_id,
            "actor_id": entry.actor_id,
            "at": entry.at,
            "action": entry.action,
            "text": entry.text,
            "flag_bits": entry.flag_bits,
            "undoes": entry.undoes,
            "bulk_id": bulk_id,
        }
        for visit_id, entry in entries.items()
    ]
    _WRITE(session, rows)
    history = _entries(session, list(entries))
    for visit_id, entry in entries.items():
        _update(session, visit_id, standing(history[visit_id]), entry.at)
    blind.close_of(session, list(entries), max(entry.at for entry in entries.values()))
    owners = session.execute(
        select(_REVIEW.c.author_id, _REVIEW.c.visit_id).where(_REVIEW.c.visit_id.in_(entries))
    )
    for author_id, visit_id in owners:
        changes.touch(session, changes.user_scope(author_id), ENTITY, [visit_id])


def _entries(session: Session, visit_ids: Sequence[str]) -> dict[str, list[Entry]]:
    names = ("id", "actor_id", "at", "action", "text", "flag_bits", "undoes")
    query = (
        select(_ENTRY.c.visit_id, *(_ENTRY.c[name] for name in names))
        .where(_ENTRY.c.visit_id.in_(visit_ids))
        .order_by(_ENTRY.c.seq)
    )
    found: dict[str, list[Entry]] = {}
    for visit_id, *values in session.execute(query):
        found.setdefault(visit_id, []).append(Entry(*values))
    return found


def _update(session: Session, visit_id: str, stands: Entry | None, at: datetime) -> None:
    values: dict[str, Any] = {
        "state": ReviewState.PENDING.value,
        "entry_id": None,
        "actor_id": None,
        "question": None,
        "flag_bits": 0,
        "decided_at": None,
    }
    if stands is not None:
        values = {
            "state": STATE_AFTER[stands.action].value,
            "entry_id": stands.id,
            "actor_id": stands.actor_id,
            "question": stands.text,
            "flag_bits": stands.flag_bits,
            "decided_at": stands.at,
        }
    session.execute(
        update(_REVIEW)
        .where(_REVIEW.c.visit_id == visit_id)
        .values(**values, changed_at=at, rev=_REVIEW.c.rev + 1)
    )


def read_reviews(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: where the reviews of the person's own visits stand.

    A rejection that is cleared is told as accepted, which every app knows, and as cleared.
    """
    query = (
        select(_REVIEW, cleared().label("cleared"))
        .join(_VISIT, _VISIT.c.id == _REVIEW.c.visit_id)
        .where(_REVIEW.c.visit_id.in_(ids), _REVIEW.c.author_id == actor.user_id)
    )
    return {
        row.visit_id: {
            "id": row.visit_id,
            "visit_id": row.visit_id,
            "state": ReviewState.ACCEPTED.value if row.cleared else row.state,
            "cleared": bool(row.cleared),
            "question": row.question,
            "at": wire_time(row.changed_at),
        }
        for row in session.execute(query)
    }


def tell_cleared(
    session: Session, actor: Actor | None, clock: Clock, visit_ids: Collection[str]
) -> None:
    """Tell reps and journal which of these visits' rejections count no more, or count again."""
    for part in chunks(visit_ids):
        query = (
            select(_REVIEW.c.visit_id, _REVIEW.c.author_id, cleared().label("cleared"))
            .join(_VISIT, _VISIT.c.id == _REVIEW.c.visit_id)
            .where(_REVIEW.c.visit_id.in_(part), rejected_for_flags())
            .order_by(_REVIEW.c.visit_id)
        )
        rows = session.execute(query).all()
        ids = [row.visit_id for row in rows]
        now = clock.now()
        session.execute(update(_REVIEW).where(_REVIEW.c.visit_id.in_(ids)).values(changed_at=now))
        for row in rows:
            changes.touch(session, changes.user_scope(row.author_id), ENTITY, [row.visit_id])
        gone = [row.visit_id for row in rows if row.cleared]
        blind.close_of(session, gone, now)
        event = journal.Event.REVIEW_CLEARED
        entries: list[journal.Row] = [(event, "review", visit_id, {}) for visit_id in gone]
        journal.record_many(session, clock, actor, entries)


when_doubt_changes(tell_cleared)


READERS: dict[str, Reader] = {ENTITY: read_reviews}
