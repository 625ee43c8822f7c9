"""The contact that an offset comes from: a clock set back since then is known, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.kernel.clock import FrozenClock, wire_time
from tests.server.sync.phone import Phone

# Eight in the morning in Shanghai.
EIGHT = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def after(contact: timedelta, clock_off: timedelta = timedelta(0), **more: Any) -> dict[str, Any]:
    """The evidence of an op made so long after the contact at eight, by a clock so far off."""
    made = wire_time(EIGHT + contact + clock_off)
    said = {"device_at": made, "clock_offset_ms": 0, "monotonic_ms": None}
    return said | {"contact_at": wire_time(EIGHT)} | more


def check_in(phone: Phone, store_id: str, said: dict[str, Any]) -> dict[str, Any]:
    return phone.check_in(store_id, at=said["device_at"]) | said


def codes(record: dict[str, Any]) -> list[str]:
    return [flag["code"] for flag in record["flags"]]


def pushed(phone: Phone, clock: FrozenClock, at: datetime, op: dict[str, Any]) -> dict[str, Any]:
    clock.at = at
    (answer,) = phone.push(op)
    assert answer["status"] == "applied", answer
    record: dict[str, Any] = answer["result"]
    return record


def test_a_clock_set_back_between_contact_and_check_in(
    phone: Phone, store_id: str, clock: FrozenClock
) -> None:
    ten_past = timedelta(minutes=10)
    said = after(ten_past, -2 * HOUR, monotonic_ms=600_000)
    op = check_in(phone, store_id, said)
    visit = pushed(phone, clock, EIGHT + timedelta(minutes=11), op)
    assert visit["checked_in_at"] == wire_time(EIGHT + ten_past)
    # The counter may have stood still: it can have been any time until the receipt.
    assert visit["time_error_s"] == pytest.approx(65.1)
    assert codes(visit) == ["clock_moved"]
    (flag,) = visit["flags"]
    assert flag["numbers"] == {"moved_s": 7_200, "tolerance_s": 120}
    assert flag["words"]["zh-CN"] == "手机时钟比它上次联系服务器后应有的时间慢 2 小时"
    # That push was a contact: from now on the offset is right again.
    half_past = EIGHT + timedelta(minutes=30)
    told = {"device_at": wire_time(half_past - 2 * HOUR), "clock_offset_ms": 7_200_000}
    told |= {"monotonic_ms": 1_140_000, "contact_at": wire_time(EIGHT + timedelta(minutes=11))}
    out = phone.op("visit.check_out", {"at": told["device_at"], "fix": None}, op["record_id"])
    closed = pushed(phone, clock, half_past, out | told)
    assert closed["checked_out_at"] == wire_time(half_past)
    assert closed["dwell_s"] == 1_200
    assert "clock_moved" in codes(closed)


def test_without_a_counter_it_was_not_before_the_contact(
    phone: Phone, store_id: str, clock: FrozenClock
) -> None:
    said = after(timedelta(minutes=10), -2 * HOUR)
    visit = pushed(phone, clock, EIGHT + HOUR, check_in(phone, store_id, said))
    assert visit["checked_in_at"] == wire_time(EIGHT)
    assert visit["time_error_s"] == pytest.approx(3_605)
    assert codes(visit) == ["clock_moved"]


def test_a_clock_set_back_during_the_visit(phone: Phone, store_id: str, clock: FrozenClock) -> None:
    entered = check_in(
        phone, store_id, after(timedelta(minutes=5), monotonic_ms=300_000) | {"device_seq": 1}
    )
    said = after(timedelta(minutes=30), -2 * HOUR, monotonic_ms=1_800_000)
    left = phone.op(
        "visit.check_out", {"at": said["device_at"], "fix": None}, entered["record_id"], **said
    )
    assert codes(pushed(phone, clock, EIGHT + HOUR, entered)) == []
    closed = pushed(phone, clock, EIGHT + HOUR, left)
    assert closed["checked_out_at"] == wire_time(EIGHT + timedelta(minutes=30))
    assert closed["dwell_s"] == 1_500
    assert codes(closed) == ["clock_moved"]
    assert closed["flags"][0]["numbers"]["moved_s"] == 7_200


@pytest.mark.parametrize(
    ("said", "received", "error_s"),
    [
        # the counter agrees with the clock
        (after(10 * HOUR, monotonic_ms=36_000_000), 10 * HOUR, 8.6),
        # synced three days late
        (after(HOUR, monotonic_ms=3_600_000), 72 * HOUR, 5.4),
        # the phone slept for eight hours, and its counter with it: nobody watched the clock then
        (after(9 * HOUR, monotonic_ms=3_600_000), 9 * HOUR, 120),
        # the page was opened anew
        (after(9 * HOUR), 9 * HOUR, 120),
        # half a round trip may be lopsided
        (after(HOUR, timedelta(seconds=-4), monotonic_ms=3_600_000), HOUR, 5.4),
    ],
)
def test_nothing_of_that_kind(
    phone: Phone,
    store_id: str,
    clock: FrozenClock,
    said: dict[str, Any],
    received: timedelta,
    error_s: float,
) -> None:
    visit = pushed(phone, clock, EIGHT + received, check_in(phone, store_id, said))
    assert codes(visit) == []
    assert visit["checked_in_at"] == said["device_at"]
    assert visit["time_error_s"] == error_s


@pytest.mark.parametrize(
    "more",
    [
        {"contact_at": "soon"},
        {"contact_at": 5},
        {"contact_at": ["2026-11-23T00:00:00.000Z"]},
        {"contact_at": None},
        # a contact later than the receipt, or one that the counter puts the op after it
        {"contact_at": "2026-11-23T02:00:00.000Z"},
        {"contact_at": "2026-11-23T00:00:00.000Z", "monotonic_ms": 7_200_000},
        # a contact that taught no offset
        {"clock_offset_ms": None},
    ],
)
def test_what_is_no_contact_is_not_said(
    phone: Phone, store_id: str, clock: FrozenClock, more: dict[str, Any]
) -> None:
    said = after(timedelta(minutes=10), -2 * HOUR, monotonic_ms=600_000) | more
    visit = pushed(phone, clock, EIGHT + HOUR, check_in(phone, store_id, said))
    assert visit["checked_in_at"] == said["device_at"]
    assert codes(visit) == []


def test_an_op_of_an_older_queue_is_the_same_op(
    phone: Phone, store_id: str, clock: FrozenClock
) -> None:
    said = after(timedelta(minutes=10), monotonic_ms=600_000)
    del said["contact_at"]
    op = check_in(phone, store_id, said)
    pushed(phone, clock, EIGHT + HOUR, op)
    assert phone.push(op | {"contact_at": wire_time(EIGHT)})[0]["status"] == "replayed"


def test_a_visit_weighed_again_keeps_what_its_contact_showed(
    phone: Phone, store_id: str, clock: FrozenClock
) -> None:
    first = check_in(phone, store_id, after(timedelta(minutes=10), -2 * HOUR, monotonic_ms=600_000))
    pushed(phone, clock, EIGHT + timedelta(minutes=11), first)
    # A record made before it comes later, by the phone's own count too.
    second = check_in(phone, store_id, after(timedelta(minutes=5), monotonic_ms=300_000))
    pushed(phone, clock, EIGHT + HOUR, second | {"device_seq": 0})
    clock.at = EIGHT + HOUR
    visits = [one["record"] for one in phone.pull() if one["entity"] == "visit"]
    (again,) = [one for one in visits if one["id"] == first["record_id"]]
    assert codes(again) == ["clock_moved"]
    assert again["checked_in_at"] == wire_time(EIGHT + timedelta(minutes=10))
