"""Many rows straight into the database, where writing them is not what is measured."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.kernel.changes import Change, ChangeCounter
from server.kernel.geo import Fix, morton
from server.kernel.ids import new_id
from server.photos.likeness import RULE_VERSION
from server.photos.models import Photo
from server.visits.flag_bits import flag_bits
from server.visits.models import Visit
from server.visits.verdict import Pin, Thresholds, judge

PIN = (31.30, 120.60)
_CHUNK = 10_000


def visit_row(
    author_id: str, store_id: str, region_id: str, at: datetime, seq: int, chance: random.Random
) -> dict[str, Any]:
    """A completed visit, judged as the server judges."""
    lat = round(PIN[0] + chance.uniform(-0.003, 0.003), 6)
    lon = round(PIN[1] + chance.uniform(-0.003, 0.003), 6)
    fix = Fix(lat=lat, lon=lon, accuracy_m=20.0, age_s=1.0, source="gps")
    judgement = judge(fix, Pin(*PIN, 30.0), 200.0, Thresholds(150.0, 120.0))
    return {
        "id": new_id(),
        "author_id": author_id,
        "store_id": store_id,
        "region_id": region_id,
        "state": "completed",
        "planned": True,
        "device_id": "bulk",
        "device_seq": seq,
        "device_at": at,
        "clock_offset_ms": 900,
        "monotonic_ms": 1000 * seq,
        "received_at": at + timedelta(minutes=20),
        "said_at": at,
        "checked_in_at": at,
        "in_lat": lat,
        "in_lon": lon,
        "in_accuracy_m": 20.0,
        "in_fix_age_s": 1.0,
        "in_fix_source": "gps",
        "in_reason": None,
        "in_digest": seq.to_bytes(16, "big"),
        "morton": morton(lat, lon),
        "verdict": judgement.verdict.value,
        "distance_m": judgement.distance_m,
        "rule_version": judgement.rule_version,
        "explanation": judgement.explanation,
        "flags": judgement.flags,
        "flag_bits": flag_bits(judgement.flags),
        "checked_out_at": at + timedelta(minutes=18),
        "out_lat": lat,
        "out_lon": lon,
        "out_accuracy_m": 25.0,
        "out_fix_age_s": 1.0,
        "out_fix_source": "gps",
        "close_digest": seq.to_bytes(16, "big"),
        "dwell_s": 1080,
        "cancel_reason": None,
        # All of it is here: else the server would go on looking for the rest of each.
        "photos_said": 0,
        "complete_at": at + timedelta(minutes=20),
        "rev": 2,
    }


def photo_row(visit: dict[str, Any], number: int) -> dict[str, Any]:
    """A photo of a visit, arrived and decoded."""
    at = visit["checked_in_at"] + timedelta(minutes=number)
    return {
        "id": new_id(),
        "visit_id": visit["id"],
        "office_check_in_id": None,
        "store_id": visit["store_id"],
        "author_id": visit["author_id"],
        "region_id": visit["region_id"],
        "kind": "shelf",
        "sha256": f"{visit['device_seq']:040x}{number:024x}",
        "bytes": 250_000,
        "width": 1600,
        "height": 1200,
        "mime": "image/jpeg",
        "orientation": 1,
        "taken_at": at,
        "source": "camera",
        "state": "complete",
        "problem": None,
        "uploaded_at": at,
        "claimed_at": at,
        "attempts": 1,
        "device_id": "bulk",
        "device_seq": visit["device_seq"],
        "device_at": at,
        "clock_offset_ms": 900,
        "received_at": at,
        "compared_by": RULE_VERSION,
        "payload_digest": bytes(16),
    }


def write(session: Session, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of one table."""
    for first in range(0, len(rows), _CHUNK):
        session.execute(insert(model), rows[first : first + _CHUNK])


def write_visits(session: Session, visits: Sequence[dict[str, Any]], photos_each: int) -> None:
    """Insert visits and the photos of each."""
    write(session, Visit, visits)
    write(
        session,
        Photo,
        [photo_row(visit, number) for visit in visits for number in range(photos_each)],
    )


def write_changes(session: Session, scope: str, records: Iterable[tuple[str, str]]) -> None:
    """Note (entity, record id) in a scope that nothing has been noted in, in this order."""
    rows = [
        {"scope": scope, "entity": entity, "record_id": record_id, "seq": seq, "deleted": False}
        for seq, (entity, record_id) in enumerate(records, 1)
    ]
    write(session, Change, rows)
    session.merge(ChangeCounter(scope=scope, seq=len(rows)))
