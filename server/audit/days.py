"""How many check-ins each day had, for the map's time slider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Table, column, func, select, values
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
    m = _SUM.c
    for some in _parts(days):
        wanted = values(column("day", Date), name="wanted_days").data([(day,) for day in some])
        d = wanted.cte("days")
        query = (
            select(d.c.day, m.verdict, func.sum(m.visits))
            .select_from(d)
            .join(
                _SUM,
                # The whole world, in as few rows as there are.
                (m.period == int(Period.DAY)) & (m.level == LEVELS[0]) & (m.start == d.c.day),
            )
            .where(*conditions)
            .group_by(d.c.day, m.verdict)
        )
        # PostgreSQL adds whole numbers up to a decimal one.
        yield from ((day, verdict, int(sum_)) for day, verdict, sum_ in session.execute(query))


def _from_visits(
    session: Session, days: Sequence[date], conditions: Sequence[ColumnElement[bool]]
) -> Iterator[Counted]:
    v = _VISIT.c
    for some in _parts(days):
        wanted = values(
            column("day", Date), column("start", Utc), column("end", Utc), name="wanted_days"
        ).data([(day, *day_bounds(day, day)) for day in some])
        d = wanted.cte("days")
        query = (
            select(d.c.day, v.verdict, func.count())
            .select_from(d)
            .join(_VISIT, (v.checked_in_at >= d.c.start) & (v.checked_in_at < d.c.end))
            .where(v.morton.is_not(None), *conditions)
            .group_by(d.c.day, v.verdict)
        )
        yield from session.execute(query).tuples()


def _parts(days: Sequence[date]) -> Iterator[Sequence[date]]:
    for start in range(0, len(days), _DAYS_AT_ONCE):
        yield days[start : start + _DAYS_AT_ONCE]
