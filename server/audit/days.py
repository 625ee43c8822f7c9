"""How many check-ins each day had, for the map's time slider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Table, and_, column, func, select, values
from sqlalchemy.orm import Session

from server.audit.clusters import sum_conditions
from server.audit.models import MapSum, Period
from server.audit.sums import LEVELS, spans_of
from server.kernel.auth import Actor
from server.kernel.clock import Clock, day_bounds
from server.kernel.db import Utc
from server.visits.models import Visit
from server.visits.queries import VisitFilters, visit_conditions

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_SUM: Table = MapSum.__table__  # type: ignore[assignment]  # likewise
# Three variables each: well below what SQLite takes in one statement.
_DAYS_AT_ONCE = 1_000

Counted = tuple[date, str, int]


def count_days(
    session: Session, actor: Actor, clock: Clock, wanted: VisitFilters
) -> list[dict[str, Any]]:
    """The days that have check-ins with a position, ascending: [{day, count, by_verdict}].

    Raises not_found for a region out of scope.
    """
    conditions = visit_conditions(session, actor, clock, wanted)
    spans = spans_of(session, wanted.first, wanted.last)
    summed, raw = spans.summed_days(), spans.raw_days()
    if wanted.rep or wanted.store:
        # Those of a person or a store are few, and have an index of their own.
        summed, raw = [], sorted([*summed, *raw])
    found: dict[date, dict[str, int]] = {}
    sums = _from_sums(session, summed, sum_conditions(session, actor, wanted))
    for day, verdict, visits in [*sums, *_from_visits(session, raw, conditions)]:
        found.setdefault(day, {})[verdict] = visits
    return [
        {"day": day.isoformat(), "count": sum(verdicts.values()), "by_verdict": verdicts}
        for day, verdicts in sorted(found.items())
    ]


def _from_sums(
    session: Session, days: Sequence[date], conditions: Sequence[ColumnElement[bool]]
) -> Iterator[Counted]:
    if not days:
        return
    m = _SUM.c
    # The coarsest level has the fewest rows. They lie in the order of their days: what falls
    # between is cheaper left out afterwards than asked around.
    query = (
        select(m.start, m.verdict, func.sum(m.visits))
        .where(m.period == int(Period.DAY), m.level == LEVELS[0])
        .where(m.start.between(days[0], days[-1]), *conditions)
        .group_by(m.start, m.verdict)
    )
    wanted = set(days)
    for day, verdict, visits in session.execute(query):
        if day in wanted:
            # PostgreSQL adds whole numbers up to a decimal one.
            yield day, verdict, int(visits)


def _from_visits(
    session: Session, days: Sequence[date], conditions: Sequence[ColumnElement[bool]]
) -> Iterator[Counted]:
    v = _VISIT.c
    for at in range(0, len(days), _DAYS_AT_ONCE):
        wanted = values(
            column("day", Date), column("start", Utc), column("end", Utc), name="wanted_days"
        ).data([(day, *day_bounds(day, day)) for day in days[at : at + _DAYS_AT_ONCE]])
        d = wanted.cte("days")
        in_day = and_(v.checked_in_at >= d.c.start, v.checked_in_at < d.c.end)
        # An outer join with all conditions inside: so that SQLite goes day by day, each by index,
        # and does not hold every check-in of a person against every day.
        query = (
            select(d.c.day, v.verdict, func.count())
            .select_from(d)
            .outerjoin(_VISIT, and_(in_day, v.morton.is_not(None), *conditions))
            .group_by(d.c.day, v.verdict)
        )
        for day, verdict, visits in session.execute(query):
            if verdict is not None:
                yield day, verdict, visits
