"""The queue: doubtful visits in the reviewer's scope, the riskiest first.

A visit is doubtful that has any flag, or a verdict other than on_site. Nobody finds their own
visits here, nor those that they are to re-audit without knowing the first decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Session

from server.audit.replies import replied_since
from server.audit.reviews.clearing import cleared
from server.audit.reviews.models import ReauditCase, ReviewState, VisitReview
from server.audit.reviews.risk import REPEAT_DAYS, risk_of, risk_points
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.clock import Clock, wire_time
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.visits.models import Visit
from server.visits.queries import VisitFilters, list_items, visit_conditions

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_REVIEW: Table = VisitReview.__table__  # type: ignore[assignment]  # likewise
_CASE: Table = ReauditCase.__table__  # type: ignore[assignment]  # likewise
_BY_ID = Lookup(_VISIT.c.id)
_MOST_POINTS: Final = 1_000_000
# Word for word as in the index ix_visit_doubtful: only so does SQLite know that it serves.
DOUBTFUL: ColumnElement[bool] = text(  # type: ignore[assignment]  # a text is a condition too
    "(visit.flag_bits <> 0 OR visit.verdict <> 'on_site')"
)


@dataclass(frozen=True, slots=True)
class ReviewFilters:
    """What the queue is narrowed to; days are the organisation's, both inclusive; no state: all."""

    first: date | None = None
    last: date | None = None
    region: str | None = None
    rep: str | None = None
    store: str | None = None
    verdicts: Sequence[str] = field(default_factory=tuple)
    flags: Sequence[str] = field(default_factory=tuple)
    states: Sequence[str] = field(default_factory=tuple)

    def visits(self) -> VisitFilters:
        """The part that speaks of visits."""
        return VisitFilters(
            first=self.first,
            last=self.last,
            region=self.region,
            rep=self.rep,
            store=self.store,
            verdicts=self.verdicts,
            flags=self.flags,
        )


def state_now() -> ColumnElement[str]:
    """The state of a visit's review, with visit_review joined from outside.

    Accepted is pending again once there is a flag that the decision did not know of; rejected is
    cleared once there is none left; whatever else is not accepted is explained once the rep has
    answered since.
    """
    stored = func.coalesce(_REVIEW.c.state, ReviewState.PENDING.value)
    accepted = stored == ReviewState.ACCEPTED.value
    new_flags = _VISIT.c.flag_bits.bitwise_or(_REVIEW.c.flag_bits) != _REVIEW.c.flag_bits
    answered = replied_since(_VISIT.c.id, _REVIEW.c.decided_at)
    return case(
        (and_(accepted, new_flags), literal(ReviewState.PENDING.value)),
        (cleared(), literal(ReviewState.CLEARED.value)),
        (and_(~accepted, answered), literal(ReviewState.EXPLAINED.value)),
        else_=stored,
    )


def joined() -> FromClause:
    """Visits with their reviews, where they have one."""
    return _VISIT.outerjoin(_REVIEW, _REVIEW.c.visit_id == _VISIT.c.id)


def hidden_from(actor: Actor) -> ColumnElement[bool]:
    """The condition that the actor may not know the decision on a visit: it waits for theirs."""
    return exists().where(
        _CASE.c.visit_id == _VISIT.c.id,
        _CASE.c.closed_at.is_(None),
        _CASE.c.first_actor_id != actor.user_id,
    )


def queue_conditions(
    session: Session, actor: Actor, clock: Clock, wanted: ReviewFilters
) -> list[ColumnElement[bool]]:
    """The WHERE of a part of the queue. Raises not_found for a region out of scope."""
    conditions = visit_conditions(session, actor, clock, wanted.visits())
    conditions += [DOUBTFUL, _VISIT.c.author_id != actor.user_id, ~hidden_from(actor)]
    if wanted.states:
        conditions.append(state_now().in_(list(wanted.states)))
    return conditions


def ranked(clock: Clock) -> tuple[Select[Any], ColumnElement[int]]:
    """SELECT id, points, checked_in_at, the riskiest first, then the newest; and the points."""
    repeats = (
        select(_REVIEW.c.author_id, func.count().label("number"))
        .join(_VISIT, _VISIT.c.id == _REVIEW.c.visit_id)
        .where(*_rejected_lately(clock))
        .group_by(_REVIEW.c.author_id)
        .subquery()
    )
    points = risk_points(_VISIT, repeats.c.number)
    source = joined().outerjoin(repeats, repeats.c.author_id == _VISIT.c.author_id)
    query = (
        select(_VISIT.c.id, points.label("points"), _VISIT.c.checked_in_at)
        .select_from(source)
        .order_by(points.desc(), _VISIT.c.checked_in_at.desc(), _VISIT.c.id.desc())
    )
    return query, points


def _rejected_lately(clock: Clock) -> list[ColumnElement[bool]]:
    return [
        _REVIEW.c.state == ReviewState.REJECTED.value,
        _REVIEW.c.decided_at >= clock.now() - timedelta(days=REPEAT_DAYS),
        ~cleared(),
    ]


def list_queue(
    session: Session,
    actor: Actor,
    clock: Clock,
    wanted: ReviewFilters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of the queue: {items, next, total}; each item as in the list of visits, with review
    and risk. Raises not_found for a region out of scope, validation_failed for a forged cursor.
    """
    session.flush()
    conditions = queue_conditions(session, actor, clock, wanted)
    count = select(func.count()).select_from(joined()).where(*conditions)
    query, points = ranked(clock)
    query = query.where(*conditions).limit(limit + 1)
    if cursor:
        seen, at, visit_id = _after(cursor)
        later = tuple_(_VISIT.c.checked_in_at, _VISIT.c.id) < (at, visit_id)
        query = query.where(or_(points < seen, and_(points == seen, later)))
    found = session.execute(query).all()
    page, more = found[:limit], len(found) > limit
    last = page[-1] if more else None
    return {
        "items": queue_items(session, actor, clock, [row.id for row in page]),
        "next": encode_cursor(last.points, last.checked_in_at.isoformat(), last.id)
        if last
        else None,
        "total": session.scalar(count) or 0,
    }


def _after(cursor: str) -> tuple[int, datetime, str]:
    points, at, visit_id = decode_cursor(cursor, 3)
    try:
        # A number too large for the database stands for one larger than all, as it did.
        number = max(0, min(int(points), _MOST_POINTS))
        return number, datetime.fromisoformat(at).astimezone(UTC), str(visit_id)
    except (TypeError, ValueError, OverflowError) as error:
        raise problems.VALIDATION_FAILED.error(field="cursor") from error


def queue_items(
    session: Session, actor: Actor, clock: Clock, visit_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """These visits as the queue lists them, in this order.

    Whether the actor may see them is the caller's to check.
    """
    rows = {row["id"]: row for row in _BY_ID(session, visit_ids)}
    items = list_items(session, clock, [rows[visit_id] for visit_id in visit_ids])
    reviews = reviews_of(session, actor, visit_ids)
    rejected = rejected_of(session, clock, {item["author_id"] for item in items})
    for item in items:
        codes = [flag["code"] for flag in item["flags"]]
        number = rejected.get(item["author_id"], 0)
        risk = risk_of(codes, item["verdict"], item["distance_m"], number)
        item["review"], item["risk"] = reviews[item["id"]], risk.as_dict()
    return items


def rejected_of(session: Session, clock: Clock, author_ids: set[str]) -> dict[str, int]:
    """How many visits of each of these people were rejected in the last REPEAT_DAYS days."""
    query = (
        select(_REVIEW.c.author_id, func.count())
        .join(_VISIT, _VISIT.c.id == _REVIEW.c.visit_id)
        .where(_REVIEW.c.author_id.in_(author_ids), *_rejected_lately(clock))
        .group_by(_REVIEW.c.author_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def reviews_of(
    session: Session, actor: Actor, visit_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Where the reviews of visits stand, by visit id: {state, question, at, entry_id, mine, rev,
    blind}. Where blind, the actor is to judge for themselves and is told nothing else.
    """
    columns = ("entry_id", "actor_id", "question", "decided_at", "rev")
    query = (
        select(
            _VISIT.c.id,
            state_now().label("state"),
            hidden_from(actor).label("blind"),
            *(_REVIEW.c[name] for name in columns),
        )
        .select_from(joined())
        .where(_VISIT.c.id.in_(visit_ids))
    )
    return {row.id: _review(row, actor) for row in session.execute(query)}


def _review(row: Any, actor: Actor) -> dict[str, Any]:
    blind = bool(row.blind)
    return {
        "state": None if blind else row.state,
        "question": None if blind else row.question,
        "at": None if blind else wire_time(row.decided_at),
        "entry_id": None if blind else row.entry_id,
        "mine": not blind and row.actor_id == actor.user_id,
        "rev": 0 if blind else row.rev or 0,
        "blind": blind,
    }
