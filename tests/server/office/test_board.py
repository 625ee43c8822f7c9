"""Weeks and the board: done, doubtful, open, missed."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.clock import FrozenClock, iso_week
from server.kernel.problems import Problem
from server.office.calendar import parse_week, weeks_back
from tests.server.conftest import Login, World
from tests.server.office.conftest import report, send
from tests.server.visits.hand import Hand, applied, fix


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-W48", "2026-11-22T16:00:00+00:00", "2026-11-29T16:00:00+00:00"),
        ("2026-W53", "2026-12-27T16:00:00+00:00", "2027-01-03T16:00:00+00:00"),
        ("2026-W01", "2025-12-28T16:00:00+00:00", "2026-01-04T16:00:00+00:00"),
    ],
)
def test_weeks_begin_on_monday_in_shanghai(text: str, start: str, end: str) -> None:
    week = parse_week(text)
    assert (week.start.isoformat(), week.end.isoformat()) == (start, end)
    assert not week.closed(datetime.fromisoformat(start))
    assert week.closed(datetime.fromisoformat(end))


BAD_WEEKS = (
    "2027-W53",
    "2026-W00",
    "2026-W54",
    "2026-w48",
    "2026W48",
    "2026-W4",
    "2026-W048",
    "0000-W01",
    "9999-W52",
    "２０２６-W48",
    "2026-11-23",
    "now",
    " 2026-W48",
    "2026-W48\n",
)


@pytest.mark.parametrize("text", BAD_WEEKS)
def test_no_such_week(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_week(text)
    assert caught.value.kind.code == "week_invalid"


@given(
    st.datetimes(datetime(2000, 1, 4), datetime(2199, 12, 20)),  # noqa: DTZ001 -- zone added below
)
def test_counting_back_skips_no_week(naive: datetime) -> None:
    week = parse_week(iso_week(naive.replace(tzinfo=UTC)))
    weeks = weeks_back(week, 6)
    assert weeks[-1] == week
    for before, after in pairwise(weeks):
        assert before.end == after.start


def test_counting_back_over_the_years_end() -> None:
    names = [week.name for week in weeks_back(parse_week("2027-W02"), 6)]
    assert names == ["2026-W50", "2026-W51", "2026-W52", "2026-W53", "2027-W01", "2027-W02"]


def board(login: Login, who: str, week: str = "2026-W48", query: str = "") -> Any:
    answer: Any = login(who).get(f"/api/v1/office/weeks/{week}{query}")
    assert answer.status_code == 200, answer.json
    return answer.json


def states(answer: Any) -> dict[str, list[str]]:
    return {
        row["person"]["name"]: [cell["state"] for cell in row["weeks"]] for row in answer["rows"]
    }


def test_states(rep: Hand, other_rep: Hand, east: str, login: Login, clock: FrozenClock) -> None:
    # rep_a: W46 on site, W47 first off site and then on site, W48 off site only.
    send(
        rep,
        report(rep, at="2026-11-10T01:00:00.000Z"),
        report(rep, at="2026-11-17T01:00:00.000Z", fix=fix(900)),
        report(rep, at="2026-11-18T01:00:00.000Z"),
        report(rep, at="2026-11-19T01:00:00.000Z"),
        report(rep, at="2026-11-23T01:00:00.000Z", fix=fix(900)),
    )
    answer = board(login, "sup_east")
    assert states(answer) == {
        "rep_a": ["missed", "missed", "missed", "done", "done", "doubtful"],
        "rep_b": ["missed", "missed", "missed", "missed", "missed", "open"],
    }
    assert [cell["week"] for cell in answer["rows"][0]["weeks"]] == [
        "2026-W43",
        "2026-W44",
        "2026-W45",
        "2026-W46",
        "2026-W47",
        "2026-W48",
    ]
    assert answer["counts"] == {"done": 0, "doubtful": 1, "open": 1, "missed": 0}
    assert answer["closed"] is False
    row = answer["rows"][0]
    assert row["state"] == "doubtful"
    assert row["check_in"]["verdict"] == "off_site"
    # The first accepted one made the week, whatever came before and after it.
    assert row["weeks"][4]["check_in"]["at"] == "2026-11-18T01:00:00.000Z"
    assert row["weeks"][0]["check_in"] is None
    assert row["person"]["region_name"] == "park"
    assert [office["id"] for office in answer["offices"]] == [east]

    # On Sunday night the week is still open, a minute later it is missed.
    clock.at = datetime(2026, 11, 29, 15, 59, tzinfo=UTC)
    assert states(board(login, "office"))["rep_b"][-1] == "open"
    clock.at = datetime(2026, 11, 29, 16, 0, tzinfo=UTC)
    late = board(login, "office")
    assert states(late)["rep_b"][-1] == "missed"
    assert late["closed"] is True
    # What was made in time counts when it arrives late.
    send(other_rep, report(other_rep, at="2026-11-29T15:00:00.000Z"))
    assert states(board(login, "office"))["rep_b"][-1] == "done"


def test_sunday_and_monday_fall_into_two_weeks(
    rep: Hand, east: str, login: Login, clock: FrozenClock
) -> None:
    clock.at = datetime(2026, 11, 22, 16, 5, tzinfo=UTC)
    sunday = applied(send(rep, report(rep, at="2026-11-22T15:59:00.000Z"))[0])
    assert sunday["week"] == "2026-W47"
    assert states(board(login, "office"))["rep_a"][-2:] == ["done", "open"]
    send(rep, report(rep, at="2026-11-22T16:01:00.000Z"))
    assert states(board(login, "office"))["rep_a"][-2:] == ["done", "done"]


def test_the_53rd_week_is_on_the_board(
    rep: Hand, east: str, login: Login, clock: FrozenClock
) -> None:
    clock.at = datetime(2027, 1, 1, 2, 0, tzinfo=UTC)
    send(rep, report(rep))
    assert states(board(login, "office", "2026-W53"))["rep_a"][-1] == "done"
    clock.at = datetime(2027, 1, 5, 2, 0, tzinfo=UTC)
    assert states(board(login, "office", "2027-W01"))["rep_a"][-2:] == ["done", "open"]


def test_scopes(login: Login, world: World, east: str) -> None:
    assert set(states(board(login, "sup_east"))) == {"rep_a", "rep_b"}
    assert set(states(board(login, "sup_west"))) == {"rep_w"}
    assert set(states(board(login, "office"))) == {"rep_a", "rep_b", "rep_w"}
    west = world.regions["west"]
    assert set(states(board(login, "office", query=f"?region={west}"))) == {"rep_w"}
    path = f"/api/v1/office/weeks/2026-W48?region={west}"
    assert login("sup_east").get(path).status_code == 404
    assert login("rep_a").get("/api/v1/office/weeks/2026-W48").status_code == 403


@pytest.mark.parametrize("text", ["2027-W53", "now", "2026-W"])
def test_a_bad_week_is_a_problem(login: Login, text: str) -> None:
    answer: Any = login("office").get(
        f"/api/v1/office/weeks/{text}", headers={"Accept-Language": "en"}
    )
    assert (answer.status_code, answer.json["code"]) == (422, "week_invalid")
    assert answer.json["title"] == f"There is no such week: {text}"
