"""The injected clock, the evidence of when a record was made, and the organisation's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask import current_app, has_app_context

DEFAULT_ZONE = "Asia/Shanghai"


# Half a round trip may be lopsided by so much, in seconds.
_CONTACT_ERROR_S = 5.0
# A counter that nobody can set still drifts: seconds for each millisecond of it (100 ppm).
_DRIFT_S_PER_MS = 1e-7
# Where no counter watched the clock since the contact, it may have been off by so much, seconds.
_UNWATCHED_ERROR_S = 120.0


class Clock:
    """Tells the time. Domain functions take one, so that tests decide what time it is."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        return datetime.now(UTC)


class FrozenClock(Clock):
    """A clock that stands still until it is told to move."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at

    def advance(self, seconds: float) -> None:
        """Move forward (or back, if negative) by so many seconds."""
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class TimeEvidence:
    """What is known about when a record was made on a phone.

    device_at: the phone's clock at that moment; clock_offset_ms: server minus phone at their last
    contact; monotonic_ms: time since that contact by a counter nobody can set; device_seq: the
    phone's own count of its records; received_at: the server's clock on receipt.
    """

    device_at: datetime
    clock_offset_ms: int | None
    monotonic_ms: int | None
    device_seq: int
    received_at: datetime

    def estimated(self) -> datetime:
        """The best estimate of the true time, never later than the receipt."""
        return self.correct(self.device_at)

    def correct(self, device_time: datetime) -> datetime:
        """Translate another reading of the same phone clock; never later than the receipt."""
        return min(self.received_at, self.told(device_time))

    def told(self, device_time: datetime) -> datetime:
        """What a reading of the phone's clock means by its last known offset, however late."""
        if self.clock_offset_ms:
            device_time += timedelta(milliseconds=self.clock_offset_ms)
        return device_time

    def error_s(self, device_time: datetime | None = None) -> float | None:
        """How far correct() of that reading (device_at) may be from the true time, in seconds.

        Small while a counter has watched the clock since its contact with the server, larger
        where none has. None where the phone never met the server: nothing is known of its clock.
        A reading after the receipt is wrong by at least what it is ahead. How late a record
        arrives adds nothing.
        """
        ahead_s = self.ahead_s(device_time)
        return time_error_s(self.clock_offset_ms, self.monotonic_ms, ahead_s)

    def ahead_s(self, device_time: datetime | None = None) -> float:
        """By how many seconds the record claims to be from after its receipt; 0 where not."""
        told = self.told(self.device_at if device_time is None else device_time)
        return max(0.0, (told - self.received_at).total_seconds())


def time_error_s(
    clock_offset_ms: int | None, monotonic_ms: int | None, ahead_s: float
) -> float | None:
    """TimeEvidence.error_s from its numbers; ahead_s as its method of that name gives it."""
    if clock_offset_ms is None:
        return None
    error = _UNWATCHED_ERROR_S
    if monotonic_ms is not None:
        error = _CONTACT_ERROR_S + monotonic_ms * _DRIFT_S_PER_MS
    return round(error + ahead_s, 1)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def org_zone() -> ZoneInfo:
    """The zone of the organisation (of the current app; the default outside one)."""
    if has_app_context():
        return _zone(current_app.config["SETTINGS"].time_zone)
    return _zone(DEFAULT_ZONE)


def org_day(at: datetime) -> date:
    """The organisation's calendar day of an aware time."""
    return at.astimezone(org_zone()).date()


def iso_week(at: datetime) -> str:
    """The organisation's ISO week of an aware time, such as 2026-W48."""
    year, week, _ = org_day(at).isocalendar()
    return f"{year:04d}-W{week:02d}"


def week_bounds(week: str) -> tuple[datetime, datetime]:
    """Start and exclusive end of an ISO week in UTC. Raises ValueError for no such week."""
    monday = datetime.strptime(f"{week}-1", "%G-W%V-%u").date()  # noqa: DTZ007 -- only a date
    if f"{monday.isocalendar().year:04d}-W{monday.isocalendar().week:02d}" != week:
        raise ValueError(f"no such ISO week: {week!r}")
    return day_bounds(monday, monday + timedelta(days=6))


def day_bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """Start of the first and exclusive end of the last org day, in UTC."""
    after = last + timedelta(days=1) if last < date.max else last
    return _day_start(first), _day_start(after)


def _day_start(day: date) -> datetime:
    try:
        return datetime(day.year, day.month, day.day, tzinfo=org_zone()).astimezone(UTC)
    except OverflowError:
        # The first and the last day there are; east or west of Greenwich they begin beyond.
        beyond = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return beyond[day.year != 1]


def wire_time(at: datetime | str | None) -> str | None:
    """The time as the API writes it: 2026-11-23T09:15:00.000Z. A text is one already."""
    if at is None or isinstance(at, str):
        return at
    text = utc_text(at)
    return f"{text[:10]}T{text[11:23]}Z"


# A record's times are written to the database and into the answer; a batch shares its receipt.
@lru_cache(maxsize=4_096)
def utc_text(at: datetime) -> str:
    """The time as SQLite keeps it, 2026-11-23 09:15:00.000000. Raises ValueError if naive."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be told")
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    day = f"{at.year:04d}-{at.month:02d}-{at.day:02d}"
    return f"{day} {at.hour:02d}:{at.minute:02d}:{at.second:02d}.{at.microsecond:06d}"


def parse_time(text: object) -> datetime:
    """Read an ISO 8601 time that names its zone. Raises ValueError for anything else."""
    if not isinstance(text, str) or not 20 <= len(text) <= 40:
        raise ValueError("not an ISO 8601 time with a zone")
    return _parse_text(text)


# An op tells the time of its making twice: in the envelope and in what it says.
@lru_cache(maxsize=1_024)
def _parse_text(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("the time names no zone")
    # Before it is moved: beyond the first and the last year there is no time to move it to.
    if not 2000 <= at.year <= 2200:
        raise ValueError("the year is out of range")
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at
