"""The rule of the weekly check-in. Pure: the same facts always give the same states.

The phone has the same rule in pwa/src/features/office/rule.ts; both are held to one answer by
tests/contract/rules/office_weeks.json.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from server.kernel.clock import day_bounds, org_day, org_zone
from server.office.calendar import Week

FIRST_WEEK: Final = "2000-W01"
_SATURDAY: Final = 6


class WeekState(StrEnum):
    """How a rep stands in a week.

    before: it began before they came, and is none of theirs. doubtful: reported, but not surely
    there, and nobody has decided.
    """

    DONE = "done"
    LATE = "late"
    MADE_UP = "made_up"
    EXEMPT = "exempt"
    DOUBTFUL = "doubtful"
    OPEN = "open"
    MISSED = "missed"
    BEFORE = "before"


KEPT: Final = frozenset({WeekState.DONE, WeekState.LATE, WeekState.MADE_UP})
_SKIPPED: Final = frozenset({WeekState.EXEMPT, WeekState.BEFORE, WeekState.OPEN})


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of a week: check-ins on so many days (need) of these weekdays (1 is Monday).

    One made on the Monday after, before grace_hours o'clock, still counts where the week is short.
    """

    from_week: str = FIRST_WEEK
    need: int = 1
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    grace_hours: int = 12

    def as_dict(self) -> dict[str, Any]:
        """The rule as it is stored and told to phones."""
        return {
            "from_week": self.from_week,
            "need": self.need,
            "days": list(self.days),
            "grace_hours": self.grace_hours,
        }


def rules_of(versions: Sequence[Mapping[str, Any]]) -> list[Rule]:
    """Stored versions as rules, oldest first."""
    return [
        Rule(one["from_week"], one["need"], tuple(one["days"]), one["grace_hours"])
        for one in versions
    ]


def rule_for(rules: Sequence[Rule], week: str) -> Rule:
    """The rule that holds in a week; the usual one where none has been set."""
    for rule in reversed(rules):
        if rule.from_week <= week:
            return rule
    return Rule()


class Holidays:
    """The announced years: days off, and weekend days worked in exchange.

    A year of which nothing is known is missing: nobody is exempt for it, and the board says so.
    """

    def __init__(self, years: Mapping[int, Mapping[date, bool]]) -> None:
        self._years = {year: days for year, days in years.items() if days}

    def knows(self, year: int) -> bool:
        """True for a year that has been announced."""
        return year in self._years

    def off(self, day: date) -> bool | None:
        """True for a day off, False for a weekend day worked, None for a day like any other."""
        return self._years.get(day.year, {}).get(day)


@dataclass(frozen=True, slots=True)
class Plan:
    """One week under the rule, the same for everybody.

    grace_end: until then it can still be filled. closed_days: (start, end) of days that do not
    count. expected: working days on which one can report; empty in a week that is all holiday.
    need: days, never more than the week has that count and are no holiday.
    """

    name: str
    monday: date
    start: datetime
    end: datetime
    grace_end: datetime
    need: int
    closed_days: tuple[tuple[datetime, datetime], ...]
    expected: tuple[date, ...]
    calendar_missing: bool

    @property
    def holiday(self) -> bool:
        """True for a week without any working day."""
        return not self.expected

    def counts(self, at: datetime) -> bool:
        """True if a check-in at this moment of the week counts for it."""
        return not any(start <= at < end for start, end in self.closed_days)


def plan_week(week: Week, rule: Rule, holidays: Holidays) -> Plan:
    """Lay the rule and the calendar over a week."""
    monday = date.fromisocalendar(int(week.name[:4]), int(week.name[6:]), 1)
    days = [monday + timedelta(days=number) for number in range(7)]
    counting = [day for day in days if _counts(day, rule, holidays)]
    after = monday + timedelta(days=7 + rule.grace_hours // 24)
    hour = rule.grace_hours % 24
    grace_end = datetime(after.year, after.month, after.day, hour, tzinfo=org_zone())
    return Plan(
        name=week.name,
        monday=monday,
        start=week.start,
        end=week.end,
        grace_end=grace_end.astimezone(week.end.tzinfo),
        need=min(rule.need, max(1, sum(holidays.off(day) is not True for day in counting))),
        closed_days=tuple(day_bounds(day, day) for day in days if day not in counting),
        expected=tuple(day for day in counting if _is_worked(day, rule, holidays)),
        calendar_missing=any(not holidays.knows(day.year) for day in days),
    )


def _counts(day: date, rule: Rule, holidays: Holidays) -> bool:
    # Who works on a weekend in exchange for a holiday can report on it, whatever the weekdays are.
    return day.isoweekday() in rule.days or holidays.off(day) is False


def _is_worked(day: date, rule: Rule, holidays: Holidays) -> bool:
    off = holidays.off(day)
    if off is not None:
        return not off
    # A company that reports on weekends alone works on them.
    return day.isoweekday() < _SATURDAY or min(rule.days) >= _SATURDAY


@dataclass(frozen=True, slots=True)
class Person:
    """What of a person the rule looks at: since when weeks count, days off duty, weeks made up.

    away: (first, last) days of approved leave and trips.
    """

    since: date
    away: Sequence[tuple[date, date]] = ()
    made_up: Collection[str] = field(default_factory=frozenset)

    def expected(self, plan: Plan) -> list[date]:
        """The days of a week on which this person can be expected."""
        return [day for day in plan.expected if not any(a <= day <= z for a, z in self.away)]


# A check-in: when, and whether it counts; None where that is doubtful and nobody has decided.
Mark = tuple[datetime, bool | None]


def states_of(
    plans: Sequence[Plan],
    marks: Mapping[str, Sequence[Mark]],
    person: Person,
    now: datetime,
    counted: dict[datetime, str] | None = None,
) -> list[WeekState]:
    """A person's state in each of the weeks, which follow each other, oldest first.

    marks: check-ins by the week they were made in, oldest first. A check-in counts once: on a
    Monday morning for the week before where that is short, else for its own. A day counts once for
    a week, however many were made on it. counted, where given, is filled with the week that each
    accepted check-in counts for.
    """
    states: list[WeekState] = []
    before: Plan | None = None
    short, late, doubtful = 0, False, False
    excused = ""
    for plan in plans:
        made = marks.get(plan.name, ())
        own: list[datetime] = []
        for at, accepted in made:
            if not accepted:
                continue
            if _fills(before, short, late, excused, at):
                # All of the grace is one day.
                short, late = short - 1, True
                if counted is not None and before is not None:
                    counted[at] = before.name
            elif (not plan.closed_days or plan.counts(at)) and not _on_day_of(at, own):
                own.append(at)
                if counted is not None:
                    counted[at] = plan.name
        left = plan.need - len(own)
        if before is not None:
            states.append(_state(before, short, late, doubtful, excused, person, now))
        before, short, late = plan, left, False
        doubtful = left > 0 and any(ok is None and not _on_day_of(at, own) for at, ok in made)
        excused = _excuse(plan, person) if left > 0 else ""
    if before is not None:
        states.append(_state(before, short, late, doubtful, excused, person, now))
    return states


def _fills(before: Plan | None, short: int, late: bool, excused: str, at: datetime) -> bool:
    """True if a check-in of this week's Monday counts for the week before."""
    return before is not None and short > 0 and not (late or excused) and at < before.grace_end


def _on_day_of(at: datetime, others: Sequence[datetime]) -> bool:
    return bool(others) and org_day(at) in {org_day(one) for one in others}


def _excuse(plan: Plan, person: Person) -> str:
    """The state of a week that need not be filled; empty for one that must."""
    if plan.name in person.made_up:
        return WeekState.MADE_UP
    if not plan.expected or (person.away and not person.expected(plan)):
        return WeekState.EXEMPT
    return WeekState.BEFORE if plan.monday < person.since else ""


def _state(
    plan: Plan,
    short: int,
    late: bool,
    doubtful: bool,
    excused: str,
    person: Person,
    now: datetime,
) -> WeekState:
    if short <= 0:
        return WeekState.LATE if late else WeekState.DONE
    # Who came in the middle of a week may report in it, and has missed nothing once it is over.
    is_first = plan.monday < person.since < plan.monday + timedelta(days=7) and now < plan.grace_end
    if excused and not (excused == WeekState.BEFORE and is_first):
        return WeekState(excused)
    if doubtful:
        return WeekState.DOUBTFUL
    return WeekState.OPEN if now < plan.grace_end else WeekState.MISSED


def streak(states: Sequence[WeekState]) -> int:
    """Weeks kept in a row up to now; a week that is still open or was exempt breaks nothing."""
    kept = 0
    for state in reversed(states):
        if state in KEPT:
            kept += 1
        elif state not in _SKIPPED:
            break
    return kept


def is_unbroken(states: Sequence[WeekState]) -> bool:
    """True if nothing among these weeks ends a streak, so that it may go on before them."""
    return all(state in KEPT or state in _SKIPPED for state in states)


def due_from(plan: Plan, state: WeekState, person: Person, now: datetime) -> date | None:
    """The day from which a person is due for a week that is open: the last on which to report.

    That is the last working day of the week on which this person can be expected.
    """
    if state is not WeekState.OPEN or now < plan.start or plan.monday < person.since:
        return None
    expected = person.expected(plan) if person.away else plan.expected
    return expected[-1] if expected else None
