"""Office check-ins: stored, judged at the right office, and counted for the right week."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.changes import Change, user_scope
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.office.models import Office, OfficeCheckIn
from server.office.queries import check_ins_for_ops, read_check_ins
from tests.server.conftest import World
from tests.server.office.conftest import add_office, report, send
from tests.server.visits.hand import Hand, applied, code, fix
from tests.server.written import as_written


def test_on_site_is_accepted_journalled_and_told(
    rep: Hand, other_rep: Hand, east: str, session: Session
) -> None:
    op = report(rep, office_id=east, reason=" 早会 ")
    record = applied(send(rep, op)[0])
    assert record["verdict"] == "on_site"
    assert record["accepted"] is True
    assert record["office_id"] == east
    assert record["week"] == "2026-W48"
    assert record["reason"] == "早会"
    assert record["flags"] == []
    assert "办公点" in record["explanation"]["words"]["zh-CN"]
    assert "the office" in record["explanation"]["words"]["en"]
    told = as_written(read_check_ins(session, rep.actor, [op.record_id]))
    assert told == {op.record_id: record}
    assert read_check_ins(session, other_rep.actor, [op.record_id]) == {}
    told = session.scalars(
        select(Change.record_id).where(
            Change.scope == user_scope(rep.actor.user_id), Change.entity == "office_check_in"
        )
    )
    assert list(told) == [op.record_id]
    entries = journal.for_subject(session, "office_check_in", op.record_id)
    assert [entry["event"] for entry in entries] == ["office.checked_in"]
    refs = check_ins_for_ops(session, other_rep.actor, [op.record_id, new_id()])
    assert [ref.author_id for ref in refs.values()] == [rep.actor.user_id]


# metres north of the office, accuracy, verdict: the radius of an office is 300 m
@pytest.mark.parametrize(
    ("north_m", "accuracy_m", "verdict"),
    [
        (0, 10, "on_site"),
        (280, 10, "on_site"),
        (280, 40, "uncertain"),
        (320, 40, "uncertain"),
        (380, 40, "off_site"),
        (0, 151, "unverifiable"),
    ],
)
def test_verdicts(rep: Hand, east: str, north_m: float, accuracy_m: float, verdict: str) -> None:
    record = applied(send(rep, report(rep, office_id=east, fix=fix(north_m, accuracy_m)))[0])
    assert record["verdict"] == verdict
    assert record["accepted"] is (verdict == "on_site")
    assert [flag["code"] for flag in record["flags"]][:1] == (
        [] if verdict == "on_site" else [verdict]
    )


def test_without_an_office_the_nearest_judges(
    rep: Hand, east: str, west: str, session: Session, world: World, clock: FrozenClock
) -> None:
    closed = add_office(session, world, clock, "CLOSED", 4_000)
    session.get_one(Office, closed).active = False
    session.commit()
    near, far = send(rep, report(rep, fix=fix(4_950)), report(rep, fix=fix(3_950)))
    assert (applied(near)["office_id"], applied(near)["verdict"]) == (west, "on_site")
    # Nobody reports at an office that is closed; out of reach of all, the nearest one is named.
    assert (applied(far)["office_id"], applied(far)["verdict"]) == (west, "off_site")
    assert applied(far)["distance_m"] == pytest.approx(1_050, abs=5)


def test_an_office_has_its_own_radius(
    rep: Hand, session: Session, world: World, clock: FrozenClock
) -> None:
    wide = add_office(session, world, clock, "WIDE", 0, radius_m=1_000.0)
    assert applied(send(rep, report(rep, office_id=wide, fix=fix(900)))[0])["verdict"] == "on_site"


@pytest.mark.parametrize("bad", [None, "here", {"lat": 0, "lon": 0}, {"lat": 91, "lon": 0}])
def test_no_position(rep: Hand, east: str, bad: Any) -> None:
    named, unnamed = send(rep, report(rep, office_id=east, fix=bad), report(rep, fix=bad))
    for outcome, office in ((named, east), (unnamed, None)):
        record = applied(outcome)
        assert record["office_id"] == office
        assert (record["verdict"], record["accepted"]) == ("unverifiable", False)
        assert record["fix"] is None


def test_a_company_without_offices_still_stores(rep: Hand) -> None:
    record = applied(send(rep, report(rep))[0])
    assert (record["office_id"], record["verdict"]) == (None, "unverifiable")
    assert record["explanation"]["code"] == "no_pin"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"office_id": new_id()}, "office_unknown"),
        ({"office_id": 7}, "op_malformed"),
        ({"at": "now"}, "op_malformed"),
        ({"at": None}, "op_malformed"),
        ({"reason": ["x"]}, "op_malformed"),
        ({"reason": "x" * 2_001}, "op_malformed"),
    ],
)
def test_a_bad_one_is_refused_alone(
    rep: Hand, east: str, session: Session, change: dict[str, Any], expected: str
) -> None:
    outcomes = send(rep, report(rep), report(rep, **change), report(rep))
    assert [code(outcome) for outcome in outcomes] == ["applied", expected, "applied"]
    assert session.scalar(select(func.count()).select_from(OfficeCheckIn)) == 2


def test_the_same_record_again(rep: Hand, other_rep: Hand, east: str, session: Session) -> None:
    first = report(rep, office_id=east)
    same = report(rep, office_id=east, record_id=first.record_id)
    other = report(rep, office_id=None, record_id=first.record_id)
    outcomes = send(rep, first, same, other)
    assert [code(outcome) for outcome in outcomes] == ["applied", "applied", "record_exists"]
    assert [code(outcome) for outcome in send(rep, same, other)] == ["applied", "record_exists"]
    stolen = report(other_rep, office_id=east, record_id=first.record_id)
    assert code(send(other_rep, stolen)[0]) == "record_exists"
    assert session.scalar(select(func.count()).select_from(OfficeCheckIn)) == 1


# local time in Shanghai of the check-in, its week
@pytest.mark.parametrize(
    ("local", "week"),
    [
        ("2026-11-22T23:59:00+08:00", "2026-W47"),  # Sunday, a minute to midnight
        ("2026-11-23T00:00:00+08:00", "2026-W48"),
        ("2026-11-23T00:01:00+08:00", "2026-W48"),  # Monday, in UTC still Sunday
        ("2026-01-01T09:00:00+08:00", "2026-W01"),
        ("2027-01-01T09:00:00+08:00", "2026-W53"),  # a Friday: the year 2026 has 53 weeks
        ("2027-01-03T23:59:59+08:00", "2026-W53"),
        ("2027-01-04T00:00:00+08:00", "2027-W01"),
        ("2024-12-30T09:00:00+08:00", "2025-W01"),  # a Monday of the old year
        ("2021-01-03T12:00:00+08:00", "2020-W53"),
    ],
)
def test_the_week_is_the_organisations(
    rep: Hand, east: str, clock: FrozenClock, local: str, week: str
) -> None:
    clock.at = datetime.fromisoformat(local).astimezone(UTC)
    assert applied(send(rep, report(rep))[0])["week"] == week


def test_a_moved_clock_does_not_move_the_week(rep: Hand, east: str, clock: FrozenClock) -> None:
    # The phone says Monday 00:03, but goes five minutes fast: it is Sunday 23:58.
    clock.at = datetime(2026, 11, 22, 16, 10, tzinfo=UTC)
    op = report(rep, at="2026-11-22T16:03:00.000Z", offset_ms=-300_000)
    record = applied(send(rep, op)[0])
    assert record["at"] == "2026-11-22T15:58:00.000Z"
    assert record["week"] == "2026-W47"
    # And a time from the future counts as the moment of its arrival.
    late = applied(send(rep, report(rep, at="2026-12-24T00:00:00.000Z"))[0])
    assert late["week"] == "2026-W48"


def test_a_late_one_counts_for_the_week_it_was_made_in(
    rep: Hand, east: str, clock: FrozenClock
) -> None:
    record = applied(send(rep, report(rep, at="2026-11-18T01:00:00.000Z"))[0])
    assert record["week"] == "2026-W47"
