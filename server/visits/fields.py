"""What the visit ops say, read from their payloads. Each reader raises op_malformed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.kernel.clock import TimeEvidence
from server.kernel.geo import Fix
from server.kernel.ops import Op
from server.kernel.payload import (
    Payload,
    digest,
    read_bool,
    read_id,
    read_optional_text,
    read_text,
    read_time,
    read_whole,
)

REASON_MAX = 2_000
NOTE_MAX = 8_000
PHOTOS_MAX = 10_000


def read_fix(payload: Payload) -> Fix | None:
    """The position, or None where it is missing or is none: a check-in is never refused for it."""
    return Fix.parse(payload.get("fix"))


@dataclass(slots=True)
class CheckIn:
    """The payload of visit.check_in."""

    store_id: str
    at: datetime
    planned: bool
    fix: Fix | None
    reason: str | None
    digest: bytes


def read_check_in(op: Op) -> CheckIn:
    """Read visit.check_in."""
    return CheckIn(
        store_id=read_id(op.payload, "store_id"),
        at=read_time(op.payload, "at"),
        planned=read_bool(op.payload, "planned", default=False),
        fix=read_fix(op.payload),
        reason=read_optional_text(op.payload, "reason", REASON_MAX),
        digest=digest(op.payload),
    )


@dataclass(slots=True)
class Closing:
    """The payload of visit.check_out (fix, photos announced) or visit.cancel (reason)."""

    at: datetime
    fix: Fix | None
    reason: str | None
    digest: bytes
    photos: int | None = None


def read_check_out(op: Op) -> Closing:
    """Read visit.check_out."""
    at = read_time(op.payload, "at")
    # The first release's phones do not tell how many photos there are.
    told = op.payload.get("photos")
    photos = None if told is None else read_whole(op.payload, "photos", 0, PHOTOS_MAX)
    return Closing(at, read_fix(op.payload), None, digest(op.payload), photos)


def read_cancel(op: Op) -> Closing:
    """Read visit.cancel."""
    at = read_time(op.payload, "at")
    reason = read_optional_text(op.payload, "reason", REASON_MAX)
    return Closing(at, None, reason, digest(op.payload))


@dataclass(slots=True)
class Note:
    """The payload of visit.note."""

    visit_id: str
    at: datetime
    text: str
    digest: bytes


def read_note(op: Op) -> Note:
    """Read visit.note."""
    return Note(
        visit_id=read_id(op.payload, "visit_id"),
        at=read_time(op.payload, "at"),
        text=read_text(op.payload, "text", NOTE_MAX),
        digest=digest(op.payload),
    )


def fix_columns(prefix: str, fix: Fix | None) -> dict[str, Any]:
    """A fix as the columns <prefix>_lat … <prefix>_fix_source."""
    return {
        f"{prefix}_lat": fix.lat if fix else None,
        f"{prefix}_lon": fix.lon if fix else None,
        f"{prefix}_accuracy_m": fix.accuracy_m if fix else None,
        f"{prefix}_fix_age_s": fix.age_s if fix else None,
        f"{prefix}_fix_source": fix.source if fix else None,
    }


def evidence_of(row: Mapping[Any, Any]) -> TimeEvidence:
    """The time evidence in the columns of a row."""
    return TimeEvidence(
        row["device_at"],
        row["clock_offset_ms"],
        row["monotonic_ms"],
        row["device_seq"],
        row["received_at"],
        row["contact_at"],
    )


def fix_of(row: Mapping[Any, Any], prefix: str) -> Fix | None:
    """The fix in the columns of a row."""
    if row[f"{prefix}_lat"] is None:
        return None
    return Fix(
        lat=row[f"{prefix}_lat"],
        lon=row[f"{prefix}_lon"],
        accuracy_m=row[f"{prefix}_accuracy_m"],
        age_s=row[f"{prefix}_fix_age_s"],
        source=row[f"{prefix}_fix_source"],
    )
