"""The week rule: a table of states shared with the phone, and what holds for whatever is put in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from server.config import Settings
from server.kernel.clock import iso_week, org_day, parse_time
from server.office.calendar import parse_week, weeks_back
from server.office.weeks.rule import (
    KEPT,
    Holidays,
    Mark,
    Person,
    Plan,
    Rule,
    WeekState,
    due_from,
    plan_week,
    rule_for,
    rules_of,
    states_of,
    streak,
)

FILE = Path(__file__).parents[2] / "contract" / "rules" / "office_weeks.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))
THIS = parse_week("2026-W48")
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@contextmanager
def zone(name: str) -> Iterator[None]:
    """An organisation in that zone."""
    app = Flask(__name__)
    app.config["SETTINGS"] = Settings(time_zone=name)
    with app.app_context():
        yield


def holidays_of(said: dict[str, list[Any]]) -> Holidays:
    return Holidays(
        {
            int(year): {date.fromisoformat(day): off for day, off in days}
            for year, days in said.items()
        }
    )


def marks_of(check_ins: list[dict[str, Any]]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = {}
    for one in sorted(check_ins, key=lambda one: str(one["at"])):
        at = parse_time(one["at"])
        found.setdefault(iso_week(at), []).append((at, one["accepted"]))
    return found


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_table(case: dict[str, Any]) -> None:
    with zone(case["zone"]):
        rules = rules_of(case["rules"]) or [Rule()]
        holidays = holidays_of(case["calendar"])
        plans = [
            plan_week(parse_week(name), rule_for(rules, name), holidays) for name in case["weeks"]
        ]
        away = [(date.fromisoformat(a), date.fromisoformat(z)) for a, z in case["away"]]
        person = Person(date.fromisoformat(case["since"]), away, frozenset(case["made_up"]))
        counted: dict[datetime, str] = {}
        marks = marks_of(case["check_ins"])
        states = states_of(plans, marks, person, parse_time(case["now"]), counted)
        assert [state.value for state in states] == case["states"]
        for one in case["check_ins"]:
            assert counted.get(parse_time(one["at"])) == one["counts_for"], one["at"]


def test_every_state_is_in_the_table() -> None:
    assert {state for case in CASES for state in case["states"]} == {one.value for one in WeekState}


def plans_of(count: int, rule: Rule | None = None) -> list[Plan]:
    return [plan_week(one, rule or Rule(), Holidays({})) for one in weeks_back(THIS, count)]


RULES = st.builds(
    Rule,
    need=st.integers(1, 4),
    days=st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days))),
    grace_hours=st.integers(0, 24),
)
FIRST = datetime(2026, 9, 27, 16, 0, tzinfo=UTC)  # Monday of 2026-W40 in Shanghai
TIMES = st.lists(
    st.tuples(st.integers(0, 9 * 7 * 24 * 60 - 1), st.sampled_from([True, False, None])),
    max_size=30,
    unique_by=lambda one: one[0],
)


def marks(times: list[tuple[int, bool | None]]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = {}
    for minute, accepted in sorted(times, key=lambda one: one[0]):
        at = FIRST + timedelta(minutes=minute)
        found.setdefault(iso_week(at), []).append((at, accepted))
    return found


@given(RULES, TIMES)
def test_each_check_in_counts_at_most_once_and_for_its_week_or_the_one_before(
    rule: Rule, times: list[tuple[int, bool | None]]
) -> None:
    plans, counted = plans_of(9, rule), dict[datetime, str]()
    made = marks(times)
    states = states_of(plans, made, Person(date(2026, 1, 1)), NOW, counted)
    names = [plan.name for plan in plans]
    accepted = {at for one in made.values() for at, ok in one if ok}
    assert set(counted) <= accepted
    for at, name in counted.items():
        own = names.index(iso_week(at))
        if names[own] != name:
            assert names[own - 1] == name
            assert at < plans[own - 1].grace_end
    for plan, state in zip(plans, states, strict=True):
        number = sum(1 for name in counted.values() if name == plan.name)
        assert (number >= plan.need) == (state in {WeekState.DONE, WeekState.LATE})
        late = any(name == plan.name and at >= plan.end for at, name in counted.items())
        if state in {WeekState.DONE, WeekState.LATE}:
            assert (state is WeekState.LATE) == late


@given(RULES, TIMES, st.integers(0, 9 * 7 * 24 * 60 - 1))
def test_one_more_check_in_never_loses_a_kept_week_of_its_own_or_before(
    rule: Rule, times: list[tuple[int, bool | None]], extra: int
) -> None:
    """Coming to the office can never make the number of kept weeks smaller."""
    plans, person = plans_of(9, rule), Person(date(2026, 1, 1))
    before = states_of(plans, marks(times), person, NOW)
    more = [one for one in times if one[0] != extra] + [(extra, True)]
    after = states_of(plans, marks(more), person, NOW)
    assert sum(s in KEPT for s in after) >= sum(s in KEPT for s in before)


@given(TIMES, st.integers(0, 8))
def test_the_past_does_not_change_with_the_clock(
    times: list[tuple[int, bool | None]], weeks_later: int
) -> None:
    plans, person = plans_of(9), Person(date(2026, 1, 1))
    now = states_of(plans, marks(times), person, NOW)
    later = states_of(plans, marks(times), person, NOW + timedelta(weeks=weeks_later))
    for before, after in zip(now, later, strict=True):
        assert before == after or (before, after) == (WeekState.OPEN, WeekState.MISSED)


@given(TIMES, st.integers(1, 8))
def test_a_later_beginning_only_takes_weeks_away(
    times: list[tuple[int, bool | None]], start: int
) -> None:
    plans = plans_of(9)
    states = states_of(plans, marks(times), Person(plans[start].monday), NOW)
    assert WeekState.MISSED not in states[:start]
    assert WeekState.BEFORE not in states[start:]


def test_streaks() -> None:
    done, late, made, exempt, missed, is_open, doubtful, before = (
        WeekState.DONE,
        WeekState.LATE,
        WeekState.MADE_UP,
        WeekState.EXEMPT,
        WeekState.MISSED,
        WeekState.OPEN,
        WeekState.DOUBTFUL,
        WeekState.BEFORE,
    )
    assert streak([done, missed, done, late, made]) == 3
    assert streak([done, exempt, done, is_open]) == 2
    assert streak([done, done, is_open, is_open]) == 2
    assert streak([done, doubtful]) == 0
    assert streak([before, done]) == 1
    assert streak([]) == 0


@pytest.mark.parametrize(
    ("local", "away", "due"),
    [
        ("2026-11-26T12:00:00+08:00", [], False),  # a Thursday
        ("2026-11-27T00:00:00+08:00", [], True),  # Friday, the last working day
        ("2026-11-29T12:00:00+08:00", [], True),  # Sunday: late, but it still counts
        ("2026-11-30T09:00:00+08:00", [], True),  # Monday morning
        ("2026-11-30T12:00:00+08:00", [], False),  # missed by now
        ("2026-11-25T12:00:00+08:00", [("2026-11-26", "2026-11-27")], True),
        ("2026-11-24T12:00:00+08:00", [("2026-11-26", "2026-11-27")], False),
    ],
)
def test_who_is_due(local: str, away: list[tuple[str, str]], due: bool) -> None:
    now = datetime.fromisoformat(local).astimezone(UTC)
    [plan] = plans_of(1)
    spans = [(date.fromisoformat(a), date.fromisoformat(z)) for a, z in away]
    person = Person(date(2026, 1, 1), spans)
    [state] = states_of([plan], {}, person, now)
    day = due_from(plan, state, person, now)
    assert (day is not None and org_day(now) >= day) is due


def test_what_a_week_says_of_its_calendar() -> None:
    with_year = holidays_of({"2026": [["2026-01-01", True]]})
    over = plan_week(parse_week("2026-W53"), Rule(), with_year)
    assert over.calendar_missing  # its Friday is in 2027
    assert not plan_week(THIS, Rule(), with_year).calendar_missing
    assert plan_week(THIS, Rule(), holidays_of({"2026": []})).calendar_missing
