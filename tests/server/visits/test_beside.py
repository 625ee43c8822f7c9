"""Flags by neighbours: the same in whatever order the visits arrive, online and late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.clock import FrozenClock, TimeEvidence, wire_time
from server.kernel.ops import Op
from server.visits.models import Visit, VisitJudgement
from server.visits.queries import read_visits
from tests.server.conftest import World
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import PIN, Hand, applied, fix
from tests.server.written import as_written

DAY_S = 86_400
# Kilometres north of PIN.
STORES = {"S0": 0.0, "S1": 1.0, "S60": 60.0, "S61": 61.0}


@pytest.fixture
def shops(session: Session, world: World, clock: FrozenClock) -> dict[str, str]:
    """Four stores of rep_a: two near PIN, two an hour's drive north of it."""
    return {
        code: add_store(session, world, clock, code, "rep_a", lat=PIN[0] + km / 110.86)
        for code, km in STORES.items()
    }


def there(code: str, off_km: float = 0.0, **more: Any) -> dict[str, Any]:
    """A fix at a store, or so far north of it."""
    return fix((STORES[code] + off_km) * 1_000, **more)


def said(
    hand: Hand,
    shops: dict[str, str],
    code: str,
    minutes: float,
    seq: int,
    *,
    at_fix: dict[str, Any] | None = None,
    shown: float | None = None,
    counted: float | None = None,
) -> Op:
    """A check-in two days ago, so many minutes into the round.

    shown is what the phone's clock said then (in minutes of the round), counted what its counter
    said since the contact in the morning.
    """
    start = hand.clock.now() - timedelta(days=2)
    device_at = start + timedelta(minutes=minutes if shown is None else shown)
    payload = {
        "store_id": shops[code],
        "at": wire_time(device_at),
        "planned": True,
        "fix": there(code) if at_fix is None else at_fix,
        "reason": None,
    }
    op = hand.op("visit.check_in", payload)
    monotonic = None if counted is None else round(counted * 60_000)
    op.evidence = TimeEvidence(device_at, 0, monotonic, seq, hand.clock.now())
    return op


def flags(session: Session, hand: Hand, ops: Sequence[Op]) -> dict[str, list[Any]]:
    """By visit: the flags it has now."""
    records = as_written(read_visits(session, hand.actor, [op.record_id for op in ops]))
    return {visit_id: record["flags"] for visit_id, record in records.items()}


def codes(session: Session, hand: Hand, ops: Sequence[Op]) -> list[list[str]]:
    found = flags(session, hand, ops)
    return [[flag["code"] for flag in found[op.record_id]] for op in ops]


def test_synced_three_days_late_is_nothing(
    rep: Hand, shops: dict[str, str], session: Session
) -> None:
    ops = [said(rep, shops, "S0", 0, 1), said(rep, shops, "S1", 30, 2)]
    rep.clock.advance(3 * DAY_S)  # type: ignore[attr-defined]  # a frozen one
    for op in ops:
        op.evidence.received_at = rep.clock.now()
    rep.run(*ops)
    assert codes(session, rep, ops) == [[], []]


@pytest.mark.parametrize("counted", [None, 40])
def test_a_clock_set_back_between_two_records(
    rep: Hand, shops: dict[str, str], session: Session, counted: float | None
) -> None:
    first = said(rep, shops, "S0", 0, 7, counted=counted and 10)
    # Half an hour later; but the clock has been set back by two hours.
    second = said(rep, shops, "S1", 30, 8, shown=-90, counted=counted)
    rep.run(first, second)
    assert codes(session, rep, [first, second]) == [[], ["clock_moved"]]
    (flag,) = flags(session, rep, [second])[second.record_id]
    assert flag["numbers"]["moved_s"] == (7_200 if counted else 5_400)
    assert flag["refs"] == {"visit_id": first.record_id}


def test_a_clock_set_back_within_a_visit(
    rep: Hand, shops: dict[str, str], session: Session
) -> None:
    op = said(rep, shops, "S0", 0, 1)
    rep.run(op)
    back = op.evidence.device_at - timedelta(hours=2)
    out = rep.op("visit.check_out", {"at": wire_time(back), "fix": None}, op.record_id)
    out.evidence = replace(op.evidence, device_at=back, device_seq=2)
    record = applied(rep.run(out)[0])
    assert [flag["code"] for flag in record["flags"]] == ["clock_moved", "short_visit"]
    # A neighbour that arrives later takes nothing of it back.
    rep.run(said(rep, shops, "S1", 40, 5))
    assert codes(session, rep, [op]) == [["clock_moved", "short_visit"]]


def test_a_phone_that_lost_its_data_counts_anew(
    rep: Hand, shops: dict[str, str], session: Session
) -> None:
    old = [said(rep, shops, "S0", 0, 50), said(rep, shops, "S1", 30, 51)]
    for op in old:
        op.evidence = replace(op.evidence, received_at=op.evidence.device_at)
    # The next day, under the same name, it begins at 1 again.
    new = [said(rep, shops, "S0", 1_440, 1), said(rep, shops, "S1", 1_470, 2)]
    rep.run(*old)
    rep.run(*new)
    assert codes(session, rep, [*old, *new]) == [[], [], [], []]


def test_a_record_from_after_its_receipt(
    rep: Hand, shops: dict[str, str], session: Session
) -> None:
    ahead = said(rep, shops, "S0", 2 * 24 * 60 + 90, 1)
    record = applied(rep.run(ahead)[0])
    assert [flag["code"] for flag in record["flags"]] == ["clock_moved"]
    assert record["time_error_s"] == 90 * 60 + 120
    assert record["checked_in_at"] == rep.ago(0)


def test_a_late_neighbour_clears_and_raises(
    rep: Hand, shops: dict[str, str], session: Session, clock: FrozenClock
) -> None:
    first = said(rep, shops, "S0", 0, 1)
    far = said(rep, shops, "S60", 20, 3)
    rep.run(first)
    rep.run(far)
    assert codes(session, rep, [far]) == [["impossible_travel"]]
    rev = as_written(read_visits(session, rep.actor, [far.record_id]))[far.record_id]["rev"]
    # The phone had kept one from between, whose fix was already there: the way was longer ago.
    between = said(rep, shops, "S61", 2, 2)
    clock.advance(60)
    rep.run(between)
    assert codes(session, rep, [first, between, far]) == [[], ["impossible_travel"], []]
    record = as_written(read_visits(session, rep.actor, [far.record_id]))[far.record_id]
    assert record["rev"] == rev + 1
    (old,) = session.scalars(select(VisitJudgement)).all()
    assert (old.visit_id, old.cause, old.verdict) == (far.record_id, "neighbour", "on_site")
    assert [flag["code"] for flag in old.flags] == ["impossible_travel"]
    last = journal.for_subject(session, "visit", far.record_id)[-1]
    assert last["data"] == {
        "before": "on_site",
        "after": "on_site",
        "cause": "neighbour",
        "cleared": ["impossible_travel"],
    }
    assert last["actor_id"] is None


def test_the_same_digits_at_two_stores(rep: Hand, shops: dict[str, str], session: Session) -> None:
    one = said(rep, shops, "S0", 0, 1)
    two = said(rep, shops, "S1", 60, 2, at_fix=there("S0"))
    rep.run(two)
    rep.run(one)
    assert codes(session, rep, [one, two]) == [[], ["off_site", "identical_fix"]]


def test_two_people_are_no_neighbours(
    rep: Hand,
    other_rep: Hand,
    shops: dict[str, str],
    other_store_id: str,
    session: Session,
) -> None:
    rep.run(said(rep, shops, "S60", 0, 2))
    theirs = said(other_rep, {"S0": other_store_id}, "S0", 5, 1)
    other_rep.run(theirs)
    assert codes(session, other_rep, [theirs]) == [[]]


# A round: where the rep was, how many minutes later, where the fix says, what the clock did.
steps = st.tuples(
    st.sampled_from(sorted(STORES)),
    st.integers(0, 90),
    st.sampled_from(["there", "glitch", "none", "coarse", "copied", "cached"]),
    st.sampled_from([0, 0, 0, -150, 45]),
    st.booleans(),
)


def make_round(rep: Hand, shops: dict[str, str], plan: Sequence[Any]) -> list[Op]:
    ops, minutes, moved = [], 0.0, 0.0
    for number, (code, wait, kind, set_by, counts) in enumerate(plan):
        minutes += wait
        moved += set_by
        at_fix: dict[str, Any] | None = {
            "there": there(code, 0.001 * number),
            "glitch": there(code, 80),
            "none": None,
            "coarse": there(code, accuracy_m=2_000),
            "copied": there("S0"),
            "cached": there(code, 0.001 * number, age_s=90),
        }[kind]
        ops.append(
            said(
                rep,
                shops,
                code,
                minutes,
                number * 3 + 1,
                at_fix=at_fix or {},
                shown=minutes + moved,
                counted=minutes + 5 if counts else None,
            )
        )
    return ops


@hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_order_of_arrival_gives_the_same_flags(
    rep: Hand, shops: dict[str, str], session: Session, data: st.DataObject
) -> None:
    wipe(session)
    ops = make_round(rep, shops, data.draw(st.lists(steps, min_size=2, max_size=9)))
    rep.run(*ops)
    online = flags(session, rep, ops)
    wipe(session)
    order = data.draw(st.permutations(ops))
    while order:
        size = data.draw(st.integers(1, len(order)))
        batch, order = order[:size], order[size:]
        # Each batch comes an hour after the one before it.
        rep.clock.advance(3_600)  # type: ignore[attr-defined]  # a frozen one
        for op in batch:
            op.evidence = replace(op.evidence, received_at=rep.clock.now())
        rep.run(*batch)
    assert flags(session, rep, ops) == online
    wipe(session)


def wipe(session: Session) -> None:
    session.execute(delete(VisitJudgement))
    session.execute(delete(Visit))
    session.commit()
