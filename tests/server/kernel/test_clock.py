"""Days, weeks and the evidence of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from server.kernel.clock import (
    TimeEvidence,
    day_bounds,
    iso_week,
    org_day,
    parse_time,
    week_bounds,
    wire_time,
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # day and hour follow


@pytest.mark.parametrize(
    ("at", "day", "week"),
    [
        # Shanghai is eight hours ahead: its Monday begins at 16:00 UTC on Sunday.
        (utc(2026, 11, 22, 15, 59), date(2026, 11, 22), "2026-W47"),
        (utc(2026, 11, 22, 16, 0), date(2026, 11, 23), "2026-W48"),
        (utc(2026, 12, 31, 20, 0), date(2027, 1, 1), "2026-W53"),
        (utc(2027, 1, 3, 16, 0), date(2027, 1, 4), "2027-W01"),
    ],
)
def test_day_and_week_are_the_organisations(at: datetime, day: date, week: str) -> None:
    assert org_day(at) == day
    assert iso_week(at) == week


def test_week_bounds_hold_the_week() -> None:
    start, end = week_bounds("2026-W53")
    assert iso_week(start) == "2026-W53"
    assert iso_week(end - timedelta(microseconds=1)) == "2026-W53"
    assert iso_week(end) == "2027-W01"


@pytest.mark.parametrize("week", ["2026-W54", "2027-W53", "2026-W00", "2026-48", "", "W48"])
def test_no_such_week(week: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        week_bounds(week)


def test_day_bounds_are_local_midnights() -> None:
    start, end = day_bounds(date(2026, 11, 23), date(2026, 11, 23))
    assert (start, end) == (utc(2026, 11, 22, 16), utc(2026, 11, 23, 16))
    # A filter may name any day that there is.
    start, end = day_bounds(date.min, date.max)
    assert (start.year, end.year) == (1, 9999)


def evidence(offset_ms: int | None) -> TimeEvidence:
    return TimeEvidence(
        device_at=utc(2026, 11, 23, 4),
        clock_offset_ms=offset_ms,
        monotonic_ms=None,
        device_seq=1,
        received_at=utc(2026, 11, 23, 5),
    )


def test_a_slow_clock_is_put_right() -> None:
    assert evidence(600_000).estimated() == utc(2026, 11, 23, 4, 10)
    assert evidence(None).estimated() == utc(2026, 11, 23, 4)


def test_nothing_happened_after_it_was_received() -> None:
    assert evidence(7_200_000).estimated() == utc(2026, 11, 23, 5)


def test_wire_time() -> None:
    assert wire_time(utc(2026, 11, 23, 9, 15)) == "2026-11-23T09:15:00.000Z"
    assert parse_time("2026-11-23T17:15:00.000+08:00") == utc(2026, 11, 23, 9, 15)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T17:15:00",
        "now",
        "",
        None,
        5,
        "0001-01-01T00:00:00Z",
        "9" * 50,
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_other_times_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_time(text)
