"""Weeks, and the board rep × week over HTTP: states, scopes, filters, who is due, cells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock, iso_week
from server.kernel.problems import Problem
from server.office.calendar import parse_week, weeks_back
from server.office.domain import change_office
from server.office.models import Office
from server.office.weeks.settings import change_duty
from tests.server.conftest import Login, World
from tests.server.office.conftest import add_office, report, send
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


@pytest.fixture(autouse=True)
def long_here(session: Session, world: World, clock: FrozenClock) -> None:
    """The reps have been with the company since the summer."""
    for who in ("rep_a", "rep_b", "rep_w"):
        values = {"since": date(2026, 6, 1)}
        change_duty(session, world.actors["office"], clock, world.people[who], values)
    session.commit()


def board(login: Login, who: str, week: str = "2026-W48", query: str = "") -> Any:
    answer: Any = login(who).get(f"/api/v1/office/weeks/{week}{query}")
    assert answer.status_code == 200, answer.json
    return answer.json


def states(answer: Any) -> dict[str, list[str]]:
    return {row["name"]: row["states"] for row in answer["rows"]}


def cell(login: Login, who: str, world: World, week: str, rep: str = "rep_a") -> Any:
    answer: Any = login(who).get(f"/api/v1/office/weeks/{week}/people/{world.people[rep]}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_states(
    rep: Hand, other_rep: Hand, east: str, login: Login, clock: FrozenClock, world: World
) -> None:
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
        "rep_a": [*["missed"] * 10, "done", "done", "doubtful"],
        "rep_b": [*["missed"] * 12, "open"],
    }
    weeks = [one["week"] for one in answer["weeks"]]
    assert (weeks[0], weeks[-1], len(weeks)) == ("2026-W36", "2026-W48", 13)
    assert {name: number for name, number in answer["counts"].items() if number} == {
        "doubtful": 1,
        "open": 1,
    }
    row = answer["rows"][0]
    assert (row["region_name"], row["streak"], row["due"]) == ("park", 0, False)
    # All tries of the week, and which of them made it.
    tried = cell(login, "sup_east", world, "2026-W47")
    assert tried["state"] == "done"
    assert [(one["verdict"], one["counted_for"]) for one in tried["check_ins"]] == [
        ("off_site", None),
        ("on_site", "2026-W47"),
        ("on_site", "2026-W47"),
    ]
    assert cell(login, "sup_east", world, "2026-W40")["check_ins"] == []

    # On Monday before noon the week can still be filled; at noon it is missed.
    clock.at = datetime(2026, 11, 30, 3, 59, tzinfo=UTC)
    assert states(board(login, "office"))["rep_b"][-1] == "open"
    clock.at = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
    assert states(board(login, "office"))["rep_b"][-1] == "missed"
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


def test_a_monday_morning_fills_the_week_before_and_is_shown_with_it(
    rep: Hand, east: str, login: Login, clock: FrozenClock, world: World
) -> None:
    clock.at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    send(rep, report(rep))
    assert states(board(login, "office"))["rep_a"][-2:] == ["late", "open"]
    [shown] = cell(login, "office", world, "2026-W47")["check_ins"]
    assert (shown["week"], shown["counted_for"]) == ("2026-W48", "2026-W47")
    # It stands in its own week as well, which it does not fill.
    [own] = cell(login, "office", world, "2026-W48")["check_ins"]
    assert own["counted_for"] == "2026-W47"


def test_a_chain_of_mondays_is_counted_from_before_the_board(
    rep: Hand, east: str, login: Login, clock: FrozenClock
) -> None:
    """Whoever has been a week behind since long before the first column is so on all of it."""
    mondays = [datetime(2026, 11, 23, 1, 0, tzinfo=UTC) - timedelta(weeks=n) for n in range(20)]
    send(rep, *(report(rep, at=f"{at:%Y-%m-%dT%H:%M:%S}.000Z") for at in mondays))
    found = states(board(login, "office"))["rep_a"]
    assert found == [*["late"] * 12, "open"]


def test_the_53rd_week_is_on_the_board(
    rep: Hand, east: str, login: Login, clock: FrozenClock
) -> None:
    clock.at = datetime(2027, 1, 1, 2, 0, tzinfo=UTC)
    send(rep, report(rep))
    answer = board(login, "office", "2026-W53")
    assert states(answer)["rep_a"][-1] == "done"
    # Its Friday lies in a year that nobody has announced yet.
    assert answer["weeks"][-1] == {
        "week": "2026-W53",
        "holiday": False,
        "calendar_missing": True,
    }
    clock.at = datetime(2027, 1, 5, 2, 0, tzinfo=UTC)
    assert states(board(login, "office", "2027-W01"))["rep_a"][-2:] == ["done", "open"]


def test_the_spring_festival_exempts_all_of_its_week(
    east: str, login: Login, clock: FrozenClock
) -> None:
    clock.at = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    answer = board(login, "office", "2026-W09")
    columns = {one["week"]: one for one in answer["weeks"]}
    assert columns["2026-W08"] == {
        "week": "2026-W08",
        "holiday": True,
        "calendar_missing": False,
    }
    assert not columns["2026-W07"]["holiday"]
    # They came in the summer, which is told before the holiday is.
    assert states(answer)["rep_a"][-2:] == ["exempt", "before"]


def test_scopes(login: Login, world: World, east: str) -> None:
    assert set(states(board(login, "sup_east"))) == {"rep_a", "rep_b"}
    assert set(states(board(login, "sup_west"))) == {"rep_w"}
    assert set(states(board(login, "office"))) == {"rep_a", "rep_b", "rep_w"}
    west = world.regions["west"]
    assert set(states(board(login, "office", query=f"?region={west}"))) == {"rep_w"}
    path = f"/api/v1/office/weeks/2026-W48?region={west}"
    assert login("sup_east").get(path).status_code == 404
    assert login("rep_a").get("/api/v1/office/weeks/2026-W48").status_code == 403
    cell_of_west = f"/api/v1/office/weeks/2026-W48/people/{world.people['rep_w']}"
    assert login("sup_east").get(cell_of_west).status_code == 404
    no_rep = f"/api/v1/office/weeks/2026-W48/people/{world.people['sup_east']}"
    assert login("office").get(no_rep).status_code == 404


def test_filters(rep: Hand, east: str, login: Login, clock: FrozenClock) -> None:
    send(rep, report(rep))
    assert set(states(board(login, "office", query="?state=done"))) == {"rep_a"}
    assert set(states(board(login, "office", query="?state=open"))) == {"rep_b", "rep_w"}
    assert set(states(board(login, "office", query="?q=REP_W"))) == {"rep_w"}
    assert states(board(login, "office", query="?q=%25")) == {}
    assert states(board(login, "office", query="?due=true")) == {}
    # On Friday those are due who have not come; the numbers are of all reps whatever is shown.
    clock.at = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
    answer = board(login, "office", query="?due=true&q=rep_b")
    assert set(states(answer)) == {"rep_b"}
    assert answer["due"] == 2
    assert answer["counts"]["done"] == 1


def test_a_new_rep_has_missed_nothing(
    session: Session, world: World, clock: FrozenClock, login: Login, east: str
) -> None:
    values = {
        "username": "newcomer",
        "name": "newcomer",
        "role": "rep",
        "region_id": world.regions["park"],
        "password": "a-test-password",
    }
    clock.at = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
    made: Any = login("office").post("/api/v1/people", json=values)
    assert made.status_code == 201
    clock.at = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
    assert states(board(login, "office"))["newcomer"] == [*["before"] * 12, "open"]


def test_a_rep_can_be_bound_to_an_office(
    session: Session,
    rep: Hand,
    east: str,
    west: str,
    world: World,
    clock: FrozenClock,
    login: Login,
) -> None:
    values = {"office_id": west, "since": date(2026, 6, 1)}
    change_duty(session, world.actors["office"], clock, world.people["rep_a"], values)
    # Nothing named: the office that they are bound to judges. Another one named is for a decision.
    [unnamed] = send(rep, report(rep, fix=fix(5_000)))
    assert (applied(unnamed)["office_id"], applied(unnamed)["accepted"]) == (west, True)
    [named] = send(rep, report(rep, office_id=east))
    record = applied(named)
    assert (record["verdict"], record["accepted"]) == ("on_site", False)
    assert [flag["code"] for flag in record["flags"]] == ["other_office"]
    assert "办公点W" in record["flags"][0]["words"]["zh-CN"]
    assert cell(login, "office", world, "2026-W48")["office_id"] == west


@pytest.mark.parametrize(
    ("since", "weeks", "told"),
    [
        (date(2026, 6, 1), 20, (13, True)),  # longer than the board is
        (date(2026, 6, 1), 13, (13, True)),  # the week before is not looked at
        (date(2026, 6, 1), 12, (12, False)),
        (date(2026, 8, 31), 13, (13, False)),  # the first Monday shown: nothing is before it
        (date(2026, 9, 7), 12, (12, False)),
    ],
)
def test_a_streak_longer_than_the_board_says_so(
    rep: Hand,
    east: str,
    world: World,
    login: Login,
    since: date,
    weeks: int,
    told: tuple[int, bool],
) -> None:
    boss = world.actors["office"]
    change_duty(rep.session, boss, rep.clock, rep.actor.user_id, {"since": since})
    send(rep, *(report(rep, at=rep.ago(7 * 86_400 * back)) for back in range(weeks)))
    [row] = board(login, "sup_east", query="?q=rep_a")["rows"]
    assert (row["streak"], row["streak_more"]) == told


def test_an_office_that_is_switched_off_binds_nobody(
    session: Session,
    rep: Hand,
    east: str,
    west: str,
    world: World,
    clock: FrozenClock,
) -> None:
    boss = world.actors["office"]
    change_duty(session, boss, clock, world.people["rep_a"], {"office_id": west})
    change_office(session, boss, clock, session.get_one(Office, west), {"active": False})
    session.commit()
    for said in ({}, {"office_id": east}):
        record = applied(send(rep, report(rep, **said))[0])
        assert (record["office_id"], record["accepted"], record["flags"]) == (east, True, [])
    # Once it is on again the rep is bound to it as before.
    change_office(session, boss, clock, session.get_one(Office, west), {"active": True})
    session.commit()
    record = applied(send(rep, report(rep, office_id=east))[0])
    assert [flag["code"] for flag in record["flags"]] == ["other_office"]


# Monday noon in Shanghai is within the first hours, outside the second, and on no day of the third.
@pytest.mark.parametrize(
    ("hours", "remarked"),
    [
        (None, False),
        ([{"day": 1, "opens": "09:00", "closes": "18:00"}], False),
        ([{"day": 1, "opens": "12:00", "closes": "12:01"}], False),
        ([{"day": 1, "opens": "09:00", "closes": "12:00"}], True),
        ([{"day": 2, "opens": "00:00", "closes": "24:00"}], True),
        ([], True),
    ],
)
def test_outside_the_hours_is_a_remark_and_no_refusal(
    session: Session,
    rep: Hand,
    world: World,
    clock: FrozenClock,
    hours: Any,
    remarked: bool,
) -> None:
    office = add_office(session, world, clock, "H", 0, hours=hours)
    record = applied(send(rep, report(rep, office_id=office))[0])
    assert record["accepted"] is True
    assert [flag["code"] for flag in record["flags"]] == (["outside_hours"] if remarked else [])


@pytest.mark.parametrize("text", ["2027-W53", "now", "2026-W"])
def test_a_bad_week_is_a_problem(login: Login, text: str) -> None:
    answer: Any = login("office").get(
        f"/api/v1/office/weeks/{text}", headers={"Accept-Language": "en"}
    )
    assert (answer.status_code, answer.json["code"]) == (422, "week_invalid")
    assert answer.json["title"] == f"There is no such week: {text}"
