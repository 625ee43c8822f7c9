"""Offices and office check-ins as the API writes them, in push, pull and on the board alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.kernel.clock import wire_time
from server.office.models import Office

Row = Mapping[Any, Any]


def office_record(office: Office) -> dict[str, Any]:
    """An office."""
    return {
        "id": office.id,
        "code": office.code,
        "name": office.name,
        "address": office.address,
        "region_id": office.region_id,
        "lat": office.lat,
        "lon": office.lon,
        "radius_m": office.radius_m,
        "hours": office.hours,
        "active": office.active,
        "rev": office.rev,
    }


def check_in_record(row: Row) -> dict[str, Any]:
    """A row of the office check-in table."""
    fix = None
    if row["lat"] is not None:
        fix = {
            "lat": row["lat"],
            "lon": row["lon"],
            "accuracy_m": row["accuracy_m"],
            "age_s": row["fix_age_s"],
            "source": row["fix_source"],
        }
    return {
        "id": row["id"],
        "author_id": row["author_id"],
        "office_id": row["office_id"],
        "week": row["week"],
        "at": wire_time(row["at"]),
        "fix": fix,
        "verdict": row["verdict"],
        "distance_m": row["distance_m"],
        "explanation": row["explanation"],
        "flags": row["flags"],
        "accepted": row["accepted"],
        "reason": row["reason"],
        "summary": row["summary"],
        "review": _review(row),
    }


def _review(row: Row) -> dict[str, Any] | None:
    """What a supervisor has decided about a check-in, or null."""
    if row["reviewed_at"] is None:
        return None
    return {
        "accepted": not row["declined"],
        "note": row["review_note"],
        "at": wire_time(row["reviewed_at"]),
    }
