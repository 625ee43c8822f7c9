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
    phone's own count of its records; received_at: the server's clock on receipt; contact_at: the
    server's clock at that contact, where the phone says it.
    """

    device_at: datetime
    clock_offset_ms: int | None
    monotonic_ms: int | None
    device_seq: int
    received_at: datetime
    contact_at: datetime | None = None

    def estimated(self) -> datetime:
        """The best estimate of the true time, never later than the receipt."""
        return self.correct(self.device_at)

    def correct(self, device_time: datetime) -> datetime:
        """Translate another reading of the same phone clock; never later than the receipt.

        Where the clock is behind its own contact (behind_s), the counter tells the time instead.
        """
        told = self.told(device_time)
        if behind_s := self.behind_s():
            told += timedelta(seconds=behind_s)
        return min(self.received_at, told)

    def told(self, device_time: datetime) -> datetime:
        """What a reading of the phone's clock means by its last known offset, however late."""
        if self.clock_offset_ms:
            device_time += timedelta(milliseconds=self.clock_offset_ms)
        return device_time

    def error_s(self, device_time: datetime | None = None) -> float | None:
        """How far correct() of that reading (device_at) may be from the true time, in seconds.

        Small while a counter has watched the clock since its contact with the server, larger
        where none has, or where it stood still while the phone slept. None where the phone never
        met the server: nothing is known of its clock. A reading after the receipt is wrong by at
        least what it is ahead. How late a record arrives adds nothing, but where the clock was set
        back since the contact: then nothing else says how much later than by the counter it was.
        """
        at = self.device_at if device_time is None else device_time
        wrong_s = self.ahead_s(at)
        if behind_s := self.behind_s():
            wrong_s = (self.received_at - self.correct(at)).total_seconds()
            if at < self.device_at:
                # It may have been read before the clock was set back.
                wrong_s = max(wrong_s, behind_s)
        return time_error_s(self.clock_offset_ms, self.monotonic_ms, wrong_s, self._gap_s())

    def behind_s(self) -> float:
        """By how many seconds the clock was set back since its contact, at least; 0 where not."""
        return set_back_s(self._gap_s(), self.monotonic_ms)

    def _gap_s(self) -> float | None:
        if self.contact_at is None:
            return None
        return gap_s(
            self.told(self.device_at).timestamp(), self.contact_at.timestamp(), self.monotonic_ms
        )

    def ahead_s(self, device_time: datetime | None = None) -> float:
        """By how many seconds the record claims to be from after its receipt; 0 where not."""
        told = self.told(self.device_at if device_time is None else device_time)
        return max(0.0, (told - self.received_at).total_seconds())


def gap_s(told_s: float, contact_s: float, monotonic_ms: int | None) -> float:
    """How much more time has passed since a contact by the phone's clock than by its counter.

    told_s: a record's device time by the offset of that contact; contact_s: the server's clock
    then; both seconds since 1970. The counter stands still while a phone sleeps, and is unknown
    after a new start: it tells the least that has passed. Negative where the clock ran less.
    """
    return told_s - contact_s - (monotonic_ms or 0) / 1000


def set_back_s(gap: float | None, monotonic_ms: int | None) -> float:
    """By how many seconds a clock with that gap was set back since its contact; 0 where not.

    A gap of None means that the contact is unknown.
    """
    if gap is None or gap >= -_watched_error_s(monotonic_ms):
        return 0.0
    return -gap


def time_error_s(
    clock_offset_ms: int | None, monotonic_ms: int | None, wrong_s: float, gap: float | None
) -> float | None:
    """TimeEvidence.error_s from its numbers.

    wrong_s is what is known to be wrong, or nothing is known of; gap as in set_back_s.
    """
    if clock_offset_ms is None:
        return None
    watched = _watched_error_s(monotonic_ms)
    if monotonic_ms is None:
        # A clock that was set back is not asked: the time was taken from the contact itself.
        known = gap is not None and gap < -watched
    else:
        known = gap is None or gap <= watched
    return round((watched if known else _UNWATCHED_ERROR_S) + wrong_s, 1)


def _watched_error_s(monotonic_ms: int | None) -> float:
    return _CONTACT_ERROR_S + (monotonic_ms or 0) * _DRIFT_S_PER_MS


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
