"""Visits and notes as the API writes them: the same shape in push, pull, lists and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from server.kernel.clock import wire_time
from server.visits.models import State

Row = Mapping[Any, Any]
ABANDONED = "abandoned"
NO_PHOTOS = (0, 0)


_NAMES = ("lat", "lon", "accuracy_m", "fix_age_s", "fix_source")
_IN, _OUT = ([f"{prefix}_{name}" for name in _NAMES] for prefix in ("in", "out"))


# What visit_record reads.
VISIT_COLUMNS: Final = (
    *("id", "store_id", "author_id", "region_id", "state", "planned"),
    *("checked_in_at", "checked_out_at", "dwell_s", *_IN, *_OUT, "in_reason", "cancel_reason"),
    *("verdict", "distance_m", "explanation", "flags"),
    *("received_at", "device_at", "clock_offset_ms", "time_error_s", "rev"),
)


def _fix(row: Row, columns: Sequence[str]) -> dict[str, Any] | None:
    """As fields.fix_of and Fix.as_dict write it, without making a Fix for each row."""
    lat, lon, accuracy_m, age_s, source = columns
    if row[lat] is None:
        return None
    return {
        "lat": row[lat],
        "lon": row[lon],
        "accuracy_m": row[accuracy_m],
        "age_s": row[age_s],
        "source": row[source],
    }


def visit_record(
    row: Row, photos: tuple[int, int], *, day_start: datetime | None = None
) -> dict[str, Any]:
    """A row of the visit table; photos is (total, arrived).

    With day_start, an open visit checked in before it reads as abandoned. The feed to the phones
    leaves it out: midnight changes no row, so a phone draws that line by itself.
    """
    state = row["state"]
    if day_start and state == State.IN_PROGRESS:
        # Texts of one form: they sort as the times do.
        since, today = wire_time(row["checked_in_at"]), wire_time(day_start)
        state = ABANDONED if since and today and since < today else state
    return {
        "id": row["id"],
        "store_id": row["store_id"],
        "author_id": row["author_id"],
        "region_id": row["region_id"],
        "state": state,
        "planned": row["planned"],
        "checked_in_at": wire_time(row["checked_in_at"]),
        "checked_out_at": wire_time(row["checked_out_at"]),
        "dwell_s": row["dwell_s"],
        "fix": _fix(row, _IN),
        "out_fix": _fix(row, _OUT),
        "reason": row["in_reason"],
        "cancel_reason": row["cancel_reason"],
        "verdict": row["verdict"],
        "distance_m": row["distance_m"],
        "explanation": row["explanation"],
        "flags": row["flags"],
        "received_at": wire_time(row["received_at"]),
        "device_at": wire_time(row["device_at"]),
        "clock_offset_ms": row["clock_offset_ms"],
        "time_error_s": row["time_error_s"],
        "photos_total": photos[0],
        "photos_arrived": photos[1],
        "rev": row["rev"],
    }


def note_record(row: Row) -> dict[str, Any]:
    """A row of the note table."""
    return {
        "id": row["id"],
        "visit_id": row["visit_id"],
        "at": wire_time(row["at"]),
        "text": row["text"],
    }


def judgement_record(row: Row) -> dict[str, Any]:
    """A judgement of the past."""
    return {
        "at": wire_time(row["at"]),
        "rule_version": row["rule_version"],
        "verdict": row["verdict"],
        "distance_m": row["distance_m"],
        "explanation": row["explanation"],
        "flags": row["flags"],
        "cause": row["cause"],
    }
