"""Adding check-ins up by cell and period, and reading the sums of a viewport.

Days are added up in the background once they are over, months out of their days. A day whose
visits have changed since (a phone that was a week offline, a pin that was corrected) is counted
from the visits themselves until the sweep comes by: the map is never behind, only slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Row,
    Table,
    and_,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    values,
)
from sqlalchemy.orm import Session

from server.audit.models import MapPeriod, MapSum, Period
from server.kernel.clock import Clock, day_bounds, org_day
from server.kernel.geo import MORTON_BITS
from server.visits import counted_days
from server.visits.models import Visit

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_SUM: Table = MapSum.__table__  # type: ignore[assignment]  # likewise
_PERIOD: Table = MapPeriod.__table__  # type: ignore[assignment]  # likewise

# A view reads at most 16 times the cells that it shows: those of the next level that is kept.
LEVELS: Final = (6, 8, 10, 12, 14, 16)
_KEYS: Final = ("cell", "region_id", "verdict", "flag_bits")


@dataclass(frozen=True, slots=True)
class Spans:
    """What a range of days is counted from: whole months, days, and days not added up."""

    months: list[date]
    days: list[date]
    # First and last day of each run of days that only the visits themselves can tell of.
    raw: list[tuple[date, date]]

    def summed_days(self) -> list[date]:
        """The days that have been added up, those of whole months too."""
        of_months = [
            month + timedelta(days=number)
            for month in self.months
            for number in range((_next_month(month) - month).days)
        ]
        return sorted([*of_months, *self.days])

    def raw_days(self) -> list[date]:
        """The days that have not."""
        return [
            first + timedelta(days=number)
            for first, last in self.raw
            for number in range((last - first).days + 1)
        ]


def spans_of(session: Session, first: date | None, last: date | None) -> Spans:
    """How to count the days from first to last (both included; None: where visits begin or end)."""
    known = _days_with_visits(session)
    if known is None:
        return Spans([], [], [])
    first = max(first or known[0], known[0])
    last = min(last or known[1], known[1])
    marks = set(session.execute(select(_PERIOD.c.period, _PERIOD.c.start)).tuples())
    changed = set(counted_days.changed_days(session))
    summed = {day for period, day in marks if period == Period.DAY} - changed
    # A month is worth nothing while one of its days is not.
    spoilt = {day.replace(day=1) for day in changed}
    whole = {day for period, day in marks if period == Period.MONTH} - spoilt
    months: list[date] = []
    days: list[date] = []
    raw: list[date] = []
    day = first
    while day <= last:
        month_end = _next_month(day) - timedelta(days=1)
        if day.day == 1 and day in whole and month_end <= last:
            months.append(day)
            day = month_end
        elif day in summed:
            days.append(day)
        else:
            raw.append(day)
        day += timedelta(days=1)
    return Spans(months, days, _runs(raw))


def _days_with_visits(session: Session) -> tuple[date, date] | None:
    # Two questions: one for both ends would read the whole index.
    at = _VISIT.c.checked_in_at
    first, last = session.scalar(select(func.min(at))), session.scalar(select(func.max(at)))
    return None if first is None or last is None else (org_day(first), org_day(last))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _runs(days: Sequence[date]) -> list[tuple[date, date]]:
    ends = [one for one, other in pairwise(days) if other - one > timedelta(days=1)]
    starts = [other for one, other in pairwise(days) if other - one > timedelta(days=1)]
    return list(zip([*days[:1], *starts], [*ends, *days[-1:]], strict=True))


def level_for(wanted: int) -> int | None:
    """The coarsest level kept that is fine enough; None where only the visits are."""
    return next((level for level in LEVELS if level >= wanted), None)


def read_sums(
    session: Session,
    spans: Spans,
    ranges: Sequence[tuple[int, int]],
    level: int,
    conditions: Sequence[ColumnElement[bool]],
) -> list[Row[Any]]:
    """Sums by (cell at level, verdict) of the months and days of the spans.

    ranges: of whole Morton numbers, as cell_ranges gives them; cells that they touch are read
    whole. conditions: over the columns of map_sum.
    """
    kept = level_for(level)
    if kept is None:
        raise ValueError(f"no sums are kept at level {level}")
    shift = 2 * (MORTON_BITS - kept)
    cells = _disjoint([(first >> shift, last >> shift) for first, last in ranges])
    found: list[Row[Any]] = []
    for period, starts in ((Period.MONTH, spans.months), (Period.DAY, spans.days)):
        if starts:
            found += _read(session, period, starts, cells, (kept, level), conditions)
    return found


def _disjoint(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges cut to whole cells may touch; no cell may be read twice."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _read(
    session: Session,
    period: Period,
    starts: Sequence[date],
    cells: Sequence[tuple[int, int]],
    levels: tuple[int, int],
    conditions: Sequence[ColumnElement[bool]],
) -> Sequence[Row[Any]]:
    kept, level = levels
    when = values(column("start", Date), name="wanted_start").data([(day,) for day in starts])
    where = values(
        column("first", BigInteger), column("last", BigInteger), name="wanted_cells"
    ).data(list(cells))
    s, r, m = when.cte("wanted_starts"), where.cte("wanted_ranges"), _SUM.c
    cell = m.cell.bitwise_rshift(cast(2 * (kept - level), Integer)).label("cell")
    joined = s.join(r, literal(1) == 1).join(
        _SUM,
        (m.period == int(period))
        & (m.level == kept)
        & (m.start == s.c.start)
        & m.cell.between(r.c.first, r.c.last),
    )
    return session.execute(
        select(
            cell,
            m.verdict,
            func.sum(m.visits).label("visits"),
            func.sum(m.lat_sum).label("lat_sum"),
            func.sum(m.lon_sum).label("lon_sum"),
            func.min(m.west).label("west"),
            func.max(m.east).label("east"),
            func.min(m.south).label("south"),
            func.max(m.north).label("north"),
            func.min(m.morton).label("morton"),
        )
        .select_from(joined)
        .where(*conditions)
        .group_by(cell, m.verdict)
    ).all()


def add_up(session: Session, clock: Clock) -> int:
    """Add up all days before today that are not, then the months that are whole; how many days.

    Commits after each, so that no push waits for longer than one day takes.
    """
    known = _days_with_visits(session)
    if known is None:
        return 0
    today = org_day(clock.now())
    marked = set(session.scalars(select(_PERIOD.c.start).where(_PERIOD.c.period == Period.DAY)))
    changed = set(counted_days.changed_days(session))
    session.commit()
    span = (min(known[1], today - timedelta(days=1)) - known[0]).days
    every = [known[0] + timedelta(days=number) for number in range(span + 1)]
    due = [day for day in every if day in changed or day not in marked]
    for day in due:
        _add_up_day(session, day)
        session.commit()
    for month in sorted({day.replace(day=1) for day in every if _next_month(day) <= today}):
        if _add_up_month(session, month):
            session.commit()
    session.rollback()
    return len(due)


def _add_up_day(session: Session, day: date) -> None:
    seen = counted_days.changes_of(session, day)
    _forget(session, Period.MONTH, day.replace(day=1))
    _forget(session, Period.DAY, day)
    start, end = day_bounds(day, day)
    v = _VISIT.c
    finest = LEVELS[-1]
    shift = cast(2 * (MORTON_BITS - finest), Integer)
    inner = (
        select(v.morton.bitwise_rshift(shift).label("cell"), v.region_id, v.verdict, v.flag_bits)
        .add_columns(v.morton, v.in_lat, v.in_lon)
        .where(v.checked_in_at >= start, v.checked_in_at < end, v.morton.is_not(None))
        .subquery()
    )
    p = inner.c
    _insert(
        session,
        select(
            literal(int(Period.DAY)),
            literal(finest),
            literal(day, Date),
            *(p[name] for name in _KEYS),
            func.count(),
            func.sum(p.in_lat),
            func.sum(p.in_lon),
            func.min(p.in_lon),
            func.min(p.in_lat),
            func.max(p.in_lon),
            func.max(p.in_lat),
            func.min(p.morton),
        ).group_by(*(p[name] for name in _KEYS)),
    )
    for finer, coarser in pairwise(reversed(LEVELS)):
        cell = _SUM.c.cell.bitwise_rshift(cast(2 * (finer - coarser), Integer))
        of_day = (_SUM.c.period == Period.DAY) & (_SUM.c.start == day) & (_SUM.c.level == finer)
        _insert(session, _summed(Period.DAY, literal(coarser), day, cell, of_day))
    _mark(session, Period.DAY, day)
    counted_days.settle(session, seen)


def _add_up_month(session: Session, month: date) -> bool:
    """Add up a month that is over and whose days all are; False where there is nothing to do."""
    known = _days_with_visits(session)
    marks = _PERIOD.c
    if known is None or session.scalar(
        select(marks.start).where(marks.period == Period.MONTH, marks.start == month)
    ):
        return False
    after = _next_month(month)
    from_day, last = max(month, known[0]), after - timedelta(days=1)
    here = select(func.count()).where(
        marks.period == Period.DAY, marks.start >= from_day, marks.start < after
    )
    if session.scalar(here) != (last - from_day).days + 1:
        return False
    _forget(session, Period.MONTH, month)
    of_days = and_(_of(Period.DAY), _SUM.c.start >= month, _SUM.c.start < after)
    _insert(session, _summed(Period.MONTH, _SUM.c.level, month, _SUM.c.cell, of_days))
    _mark(session, Period.MONTH, month)
    return True


def _summed(
    period: Period,
    level: ColumnElement[int],
    start: date,
    cell: ColumnElement[int],
    where: ColumnElement[bool],
) -> Any:
    m = _SUM.c
    inner = (
        select(level.label("level"), cell.label("cell"), m.region_id, m.verdict, m.flag_bits)
        .add_columns(m.visits, m.lat_sum, m.lon_sum, m.west, m.south, m.east, m.north, m.morton)
        .where(where)
        .subquery()
    )
    p = inner.c
    return select(
        literal(int(period)),
        p.level,
        literal(start, Date),
        *(p[name] for name in _KEYS),
        func.sum(p.visits),
        func.sum(p.lat_sum),
        func.sum(p.lon_sum),
        func.min(p.west),
        func.min(p.south),
        func.max(p.east),
        func.max(p.north),
        func.min(p.morton),
    ).group_by(p.level, *(p[name] for name in _KEYS))


def _insert(session: Session, selection: Any) -> None:
    session.execute(insert(_SUM).from_select([one.name for one in _SUM.columns], selection))


def _forget(session: Session, period: Period, start: date) -> None:
    session.execute(delete(_SUM).where(_of(period), _SUM.c.start == start))
    session.execute(
        delete(_PERIOD).where(_PERIOD.c.period == int(period), _PERIOD.c.start == start)
    )


def _of(period: Period) -> ColumnElement[bool]:
    """The sums of a period, of every level: so that the key is followed down to the start."""
    return and_(_SUM.c.period == int(period), _SUM.c.level.in_(LEVELS))


def _mark(session: Session, period: Period, start: date) -> None:
    session.execute(insert(_PERIOD).values(period=int(period), start=start))


def forget_all(session: Session) -> None:
    """Forget every sum, as when the organisation's days have moved to another time zone."""
    session.execute(delete(_SUM))
    session.execute(delete(_PERIOD))
