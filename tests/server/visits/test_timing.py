"""Time evidence: late is not moved; what a moved clock looks like; how exact a time is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.kernel.clock import TimeEvidence
from server.visits.timing import Reading, clock_flag, step_back_s

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR_MS = 3_600_000
T = 120.0


def reading(minutes: float, *, offset: int | None = 0, counted: float | None = None) -> Reading:
    """A record by the phone's clock and, in minutes too, the counter nobody can set."""
    monotonic = None if counted is None else round(counted * 60_000)
    return Reading(minutes * 60, offset, monotonic)


@pytest.mark.parametrize(
    ("before", "after", "minutes"),
    [
        # time passed
        (reading(0), reading(30), 0),
        (reading(0, counted=5), reading(30, counted=35), 0),
        # set back by two hours, half an hour after the record before
        (reading(0), reading(-90), 90),
        (reading(0, counted=5), reading(-90, counted=35), 120),
        # seen by the counter alone: by the clock five minutes passed, by the counter two hours
        (reading(0, counted=5), reading(5, counted=125), 115),
        # the page was opened anew: the counter says nothing
        (reading(0, counted=50), reading(30, counted=2), 0),
        # a contact between them began the counter anew and it counted less: no proof of anything
        (reading(0, counted=10), reading(70, counted=20), 0),
        # another offset, another counter
        (reading(0, counted=5), reading(5, offset=1, counted=125), 0),
    ],
)
def test_step_back(before: Reading, after: Reading, minutes: float) -> None:
    assert step_back_s(before, after) == pytest.approx(minutes * 60)


@given(st.floats(0, 1e6), st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1e5), st.booleans())
def test_a_right_clock_never_steps_back(
    start: float, gap: float, counted: float, since_contact: float, again: bool
) -> None:
    # The counter runs with the time, or began anew at a contact on the way.
    after = min(since_contact, gap) if again else counted + gap
    one = Reading(start, 0, round(counted * 1000))
    two = Reading(start + gap, 0, round(after * 1000))
    assert step_back_s(one, two) < 0.01


@pytest.mark.parametrize(
    ("back_s", "ahead_s", "said"),
    [
        (0, 0, None),
        (120, 120, None),
        (121, 0, "手机时钟在两条记录之间被调回 2 分 1 秒"),
        (7_200, 0, "手机时钟在两条记录之间被调回 2 小时"),
        (0, 7_200, "手机时间比服务器收到时还晚 2 小时"),
        (200, 86_400 * 3, "手机时间比服务器收到时还晚 3 天"),
    ],
)
def test_clock_moved(back_s: float, ahead_s: float, said: str | None) -> None:
    flag = clock_flag(back_s, ahead_s, T, "visit before")
    assert (flag["words"]["zh-CN"] if flag else None) == said
    if flag:
        assert flag["code"] == "clock_moved"
        assert flag["numbers"] == {"moved_s": max(back_s, ahead_s), "tolerance_s": T}
        # What lies after the receipt is no matter between two visits.
        assert ("refs" in flag) == (back_s >= ahead_s)


def evidence(
    late: timedelta, offset_ms: int | None = 0, monotonic_ms: int | None = None
) -> TimeEvidence:
    return TimeEvidence(NOON, offset_ms, monotonic_ms, 1, NOON + late)


@pytest.mark.parametrize(
    ("late", "offset_ms", "monotonic_ms", "error_s"),
    [
        # a counter watched the clock since the contact an hour ago
        (timedelta(seconds=1), 0, HOUR_MS, 5.4),
        # three days late changes nothing
        (timedelta(days=3), 0, HOUR_MS, 5.4),
        # nobody watched it
        (timedelta(days=3), 0, None, 120),
        # it never met the server
        (timedelta(0), None, None, None),
        (timedelta(0), None, HOUR_MS, None),
        # an hour after its own receipt: at least that wrong
        (timedelta(hours=-1), 0, 0, 3_605),
    ],
)
def test_error_bound(
    late: timedelta, offset_ms: int | None, monotonic_ms: int | None, error_s: float | None
) -> None:
    assert evidence(late, offset_ms, monotonic_ms).error_s() == error_s


def test_the_offset_moves_what_is_told_and_the_receipt_ends_it() -> None:
    slow = evidence(timedelta(hours=3), offset_ms=HOUR_MS)
    assert slow.told(NOON) == slow.estimated() == NOON + timedelta(hours=1)
    fast = evidence(timedelta(0), offset_ms=HOUR_MS)
    assert fast.told(NOON) == NOON + timedelta(hours=1)
    assert fast.estimated() == NOON
    assert fast.ahead_s() == 3_600


@given(
    st.integers(0, 200_000),
    st.one_of(st.none(), st.floats(0, 1)),
    st.integers(0, 400_000),
    st.integers(0, 300_000),
)
def test_a_clock_behind_its_contact_is_told_and_the_bound_holds(
    passed: int, awake: float | None, late: int, set_back: int
) -> None:
    """Seconds from a contact to a record, from there to its receipt, and by which it was set back.

    awake is how much of the time the counter ran; None where the page was opened anew.
    """
    true = NOON + timedelta(seconds=passed)
    said = TimeEvidence(
        device_at=true - timedelta(seconds=set_back),
        clock_offset_ms=0,
        monotonic_ms=None if awake is None else int(passed * awake * 1000),
        device_seq=1,
        received_at=true + timedelta(seconds=late),
        contact_at=NOON,
    )
    if set_back == 0:
        assert said.behind_s() == 0
        assert said.estimated() == true
    # Where it ran further than the counter, nothing tells that it was set back.
    counted = passed * (awake or 0)
    surely = counted + set_back - passed - (5 + counted * 1e-4)
    assume(abs(surely) > 0.01)
    assert (said.behind_s() > 0) == (surely > 0)
    if said.behind_s():
        error = said.error_s()
        assert error is not None
        assert abs((said.estimated() - true).total_seconds()) <= error
