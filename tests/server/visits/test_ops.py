"""Check-in, check-out, cancel and note: stored first, judged second, each op answered alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.changes import Change, user_scope
from server.kernel.clock import FrozenClock, wire_time
from server.kernel.ids import new_id
from server.stores import domain as stores
from server.visits.models import Visit, VisitNote
from server.visits.queries import read_notes, read_visits
from tests.server.conftest import World
from tests.server.visits.hand import Hand, applied, code, fix
from tests.server.written import as_written


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_check_in_is_stored_judged_journalled_and_told(
    rep: Hand, store_id: str, session: Session, world: World
) -> None:
    op = rep.check_in_op(store_id, seconds_ago=60, reason=" 地下室 ")
    record = applied(rep.run(op)[0])
    assert record["verdict"] == "on_site"
    assert record["state"] == "in_progress"
    assert record["reason"] == "地下室"
    assert record["region_id"] == world.regions["park"]
    assert record["checked_in_at"] == rep.ago(60)
    assert record["fix"] == fix()
    assert record["flags"] == []
    assert as_written(read_visits(session, rep.actor, [op.record_id])) == {op.record_id: record}
    entries = journal.for_subject(session, "visit", op.record_id)
    assert [entry["event"] for entry in entries] == ["visit.received"]
    told = session.scalars(
        select(Change.record_id).where(
            Change.scope == user_scope(rep.actor.user_id), Change.entity == "visit"
        )
    )
    assert list(told) == [op.record_id]


@pytest.mark.parametrize(
    ("bad_fix", "verdict"),
    [
        (None, "unverifiable"),
        ({"lat": 0, "lon": 0, "accuracy_m": 5, "age_s": 0, "source": "gps"}, "unverifiable"),
        ({"lat": 91, "lon": 0, "accuracy_m": 5}, "unverifiable"),
        ({"lat": "31.3", "lon": 120.6}, "unverifiable"),
        ("here", "unverifiable"),
        (fix(0, accuracy_m=3000), "unverifiable"),
        (fix(0, accuracy_m=None), "unverifiable"),
        (fix(0, accuracy_m=-1), "unverifiable"),
        (fix(0, age_s=600, source="cached"), "unverifiable"),
        (fix(5_000), "off_site"),
        (fix(205), "uncertain"),
        (fix(0, source="gp\0s"), "on_site"),
    ],
)
def test_no_place_refuses_a_check_in(rep: Hand, store_id: str, bad_fix: Any, verdict: str) -> None:
    assert applied(rep.run(rep.check_in_op(store_id, fix=bad_fix))[0])["verdict"] == verdict


@pytest.mark.parametrize("seconds_ago", [-86_400, 86_400 * 40])
def test_no_time_refuses_a_check_in(rep: Hand, store_id: str, seconds_ago: float) -> None:
    op = rep.check_in_op(store_id, seconds_ago=seconds_ago)
    record = applied(rep.run(op)[0])
    assert record["checked_in_at"] == rep.ago(max(seconds_ago, 0))


def test_the_phones_clock_is_corrected(
    rep: Hand, store_id: str, session: Session, clock: FrozenClock
) -> None:
    # The phone was an hour slow: it says 03:00 when it is 04:00.
    slow = clock.now() - timedelta(hours=1, minutes=10)
    payload = rep.check_in_op(store_id).payload | {"at": wire_time(slow)}
    op = rep.op("visit.check_in", dict(payload), device_at=slow, offset_ms=3_600_000)
    assert applied(rep.run(op)[0])["checked_in_at"] == rep.ago(600)
    row = session.get_one(Visit, op.record_id)
    assert (row.device_at, row.clock_offset_ms) == (slow, 3_600_000)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"store_id": None}, "payload.store_id"),
        ({"store_id": "x"}, "payload.store_id"),
        ({"at": "2026-11-23T12:00:00"}, "payload.at"),
        ({"at": "yesterday"}, "payload.at"),
        ({"at": 12}, "payload.at"),
        ({"planned": "yes"}, "payload.planned"),
        ({"reason": 5}, "payload.reason"),
        ({"reason": "x" * 2_001}, "payload.reason"),
    ],
)
def test_malformed_check_ins(
    rep: Hand, store_id: str, session: Session, change: dict[str, Any], field: str
) -> None:
    good = rep.check_in_op(store_id)
    bad = rep.op("visit.check_in", {**good.payload, **change})
    refused, stored = rep.run(bad, good)
    assert code(refused) == "op_malformed"
    assert refused.problem.field == field  # type: ignore[union-attr]  # code() has told which
    assert code(stored) == "applied"
    assert count(session, Visit) == 1


def test_a_store_that_was_never_theirs(
    rep: Hand, store_id: str, other_store_id: str, session: Session
) -> None:
    theirs = rep.check_in_op(other_store_id)
    nobodys = rep.check_in_op(new_id())
    outcomes = rep.run(theirs, rep.check_in_op(store_id), nobodys)
    assert [code(one) for one in outcomes] == ["store_unknown", "applied", "store_unknown"]
    assert count(session, Visit) == 1


def test_a_store_that_was_theirs_when_they_were_offline(
    rep: Hand, store_id: str, session: Session, world: World, clock: FrozenClock
) -> None:
    office = world.actors["office"]
    stores.set_assignments(session, office, clock, store_id, [world.people["rep_b"]])
    assert code(rep.run(rep.check_in_op(store_id))[0]) == "applied"


def test_a_supervisor_visits_their_subtree_only(
    world: World, session: Session, clock: FrozenClock, store_id: str
) -> None:
    east = Hand(session, world.actors["sup_east"], clock)
    west = Hand(session, world.actors["sup_west"], clock)
    assert code(east.run(east.check_in_op(store_id))[0]) == "applied"
    assert code(west.run(west.check_in_op(store_id))[0]) == "store_unknown"


def test_the_same_check_in_under_another_op_id(
    rep: Hand, other_rep: Hand, store_id: str, session: Session
) -> None:
    first = rep.check_in_op(store_id)
    again = rep.op("visit.check_in", dict(first.payload), first.record_id)
    other = rep.check_in_op(store_id, first.record_id, planned=False)
    stolen = other_rep.op("visit.check_in", dict(first.payload), first.record_id)
    answers = rep.run(first, again, other)
    assert [code(one) for one in answers] == ["applied", "applied", "record_exists"]
    assert applied(answers[0]) == applied(answers[1])
    assert code(rep.run(again)[0]) == "applied"
    assert code(other_rep.run(stolen)[0]) == "record_exists"
    assert count(session, Visit) == 1
    entries = journal.for_subject(session, "visit", first.record_id)
    assert [entry["event"] for entry in entries] == ["visit.received"]


def test_check_out_takes_the_dwell_time(rep: Hand, store_id: str) -> None:
    visit_id = rep.check_in(store_id, seconds_ago=1_800)
    record = rep.check_out(visit_id, seconds_ago=600)
    assert record["state"] == "completed"
    assert record["dwell_s"] == 1_200
    assert record["checked_out_at"] == rep.ago(600)
    assert record["out_fix"] == fix()
    assert record["flags"] == []
    assert record["rev"] == 2


def test_a_short_visit_is_flagged_besides(rep: Hand, store_id: str) -> None:
    visit_id = rep.check_in(store_id, seconds_ago=100, fix=fix(5_000))
    record = rep.check_out(visit_id, seconds_ago=20)
    assert [flag["code"] for flag in record["flags"]] == ["off_site", "short_visit"]
    assert record["flags"][1]["numbers"] == {"dwell_s": 80, "minimum_s": 180.0}


def test_a_fast_clock_makes_no_visit_short(rep: Hand, store_id: str, clock: FrozenClock) -> None:
    # The phone is a day ahead and has not been corrected: both readings are after the receipt.
    ahead = clock.now() + timedelta(days=1)
    visit_id = rep.check_in(store_id, at=wire_time(ahead))
    payload = {"at": wire_time(ahead + timedelta(minutes=20)), "fix": None}
    record = applied(rep.run(rep.op("visit.check_out", payload, visit_id))[0])
    assert record["dwell_s"] == 1_200
    assert record["checked_out_at"] == rep.ago(0)


def test_a_clock_set_between_in_and_out(rep: Hand, store_id: str, clock: FrozenClock) -> None:
    # In: an hour fast and known to be; out, half an hour later: the clock has been set right.
    fast = clock.now() + timedelta(minutes=30)
    payload = rep.check_in_op(store_id).payload | {"at": wire_time(fast)}
    op = rep.op("visit.check_in", dict(payload), offset_ms=-3_600_000)
    rep.run(op)
    out = rep.op("visit.check_out", {"at": rep.ago(0), "fix": None}, op.record_id, offset_ms=0)
    assert applied(rep.run(out)[0])["dwell_s"] == 1_800


def test_out_before_in_is_kept_as_nothing(rep: Hand, store_id: str) -> None:
    visit_id = rep.check_in(store_id, seconds_ago=60)
    assert rep.check_out(visit_id, seconds_ago=120)["dwell_s"] == 0


@pytest.mark.parametrize("kind", ["visit.check_out", "visit.cancel"])
def test_closings_that_cannot_be(
    rep: Hand, other_rep: Hand, store_id: str, session: Session, kind: str
) -> None:
    visit_id = rep.check_in(store_id, seconds_ago=900)
    payload = {"at": rep.ago(10), "fix": None, "reason": "店休"}
    early = rep.op(kind, payload, new_id())
    bad = rep.op(kind, {"at": None}, visit_id)
    assert code(other_rep.run(other_rep.op(kind, payload, visit_id))[0]) == "visit_unknown"
    assert [code(one) for one in rep.run(early, bad)] == [
        "deferred dependency_missing",
        "op_malformed",
    ]
    assert session.get_one(Visit, visit_id, populate_existing=True).state == "in_progress"
    first = applied(rep.run(rep.op(kind, payload, visit_id))[0])
    same = applied(rep.run(rep.op(kind, payload, visit_id))[0])
    assert same == first
    for other in ("visit.check_out", "visit.cancel"):
        late = rep.op(other, payload | {"at": rep.ago(5)}, visit_id)
        assert code(rep.run(late)[0]) == "visit_closed"


def test_twice_in_one_batch_the_first_check_out_counts(rep: Hand, store_id: str) -> None:
    visit_id = rep.check_in(store_id, seconds_ago=900)
    first = rep.op("visit.check_out", {"at": rep.ago(300), "fix": None}, visit_id)
    second = rep.op("visit.check_out", {"at": rep.ago(10), "fix": None}, visit_id)
    answers = rep.run(first, second)
    assert [code(one) for one in answers] == ["applied", "visit_closed"]
    assert applied(answers[0])["dwell_s"] == 600


def test_cancel_keeps_the_reason(rep: Hand, store_id: str) -> None:
    visit_id = rep.check_in(store_id)
    payload = {"at": rep.ago(), "reason": "走错门店"}
    record = applied(rep.run(rep.op("visit.cancel", payload, visit_id))[0])
    assert (record["state"], record["cancel_reason"]) == ("cancelled", "走错门店")
    assert record["dwell_s"] is None


def test_notes(rep: Hand, other_rep: Hand, store_id: str, session: Session) -> None:
    visit_id = rep.check_in(store_id)
    payload = {"visit_id": visit_id, "at": rep.ago(), "text": "竞品\0买一送一 "}
    good = rep.op("visit.note", payload)
    again = rep.op("visit.note", dict(payload), good.record_id)
    other = rep.op("visit.note", payload | {"text": "别的"}, good.record_id)
    empty = rep.op("visit.note", payload | {"text": "  "})
    long = rep.op("visit.note", payload | {"text": "长" * 8_001})
    early = rep.op("visit.note", payload | {"visit_id": new_id()})
    answers = rep.run(good, again, other, empty, long, early)
    assert [code(one) for one in answers] == [
        "applied",
        "applied",
        "record_exists",
        "op_malformed",
        "op_malformed",
        "deferred dependency_missing",
    ]
    record = applied(answers[0])
    assert record["text"] == "竞品买一送一"
    assert read_notes(session, rep.actor, [good.record_id]) == {good.record_id: record}
    assert read_notes(session, other_rep.actor, [good.record_id]) == {}
    assert code(other_rep.run(other_rep.op("visit.note", payload))[0]) == "visit_unknown"
    assert count(session, VisitNote) == 1


def test_a_note_may_follow_the_check_out(rep: Hand, store_id: str) -> None:
    visit_id = rep.check_in(store_id, seconds_ago=900)
    rep.check_out(visit_id)
    payload = {"visit_id": visit_id, "at": rep.ago(), "text": "晚到的备注"}
    assert code(rep.run(rep.op("visit.note", payload))[0]) == "applied"


def test_the_feed_gives_own_visits_only(
    rep: Hand, other_rep: Hand, store_id: str, session: Session
) -> None:
    visit_id = rep.check_in(store_id)
    assert as_written(read_visits(session, other_rep.actor, [visit_id])) == {}


@pytest.mark.parametrize("kind", ["visit.check_in", "visit.check_out", "visit.note"])
def test_as_many_queries_for_many_ops_as_for_few(
    rep: Hand, store_id: str, session: Session, kind: str
) -> None:
    def ops(number: int) -> list[Any]:
        if kind == "visit.check_in":
            return [rep.check_in_op(store_id, seconds_ago=n) for n in range(number)]
        visits = [rep.check_in(store_id, seconds_ago=900) for _ in range(number)]
        if kind == "visit.check_out":
            return [
                rep.op(kind, {"at": rep.ago(n), "fix": None}, visit)
                for n, visit in enumerate(visits)
            ]
        return [
            rep.op(kind, {"visit_id": visit, "at": rep.ago(), "text": "好"}) for visit in visits
        ]

    def statements(number: int) -> int:
        batch, seen = ops(number), []
        connection = session.connection()

        def listen(*args: Any) -> None:
            seen.append(args[2])

        event.listen(connection, "before_cursor_execute", listen)
        rep.run(*batch)
        event.remove(connection, "before_cursor_execute", listen)
        return len([text for text in seen if not text.startswith(("SAVEPOINT", "RELEASE"))])

    assert statements(40) <= statements(2)
