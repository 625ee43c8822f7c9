"""Check-ins written straight into the table: the map only reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.kernel.geo import morton
from server.kernel.ids import new_id
from server.stores import domain as stores
from server.visits.flag_bits import bits_of
from server.visits.models import Visit
from tests.server.conftest import NOW, World

Seed = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def seed(session: Session, world: World, clock: FrozenClock) -> Seed:
    """seed([{lat, lon, who, region, verdict, at, flags}, …]) adds check-ins."""
    store_of: dict[str, str] = {}

    def store_in(region: str) -> str:
        if region not in store_of:
            values = {
                "code": f"M-{region}",
                "name": f"{region}店",
                "region_id": world.regions[region],
                "lat": 31.3,
                "lon": 120.6,
            }
            store_of[region] = stores.create_store(
                session, world.actors["office"], clock, values
            ).id
        return store_of[region]

    def add(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows = [_row(world, number, point, store_in) for number, point in enumerate(points)]
        session.execute(insert(Visit), rows)
        session.commit()
        return rows

    return add


def _row(
    world: World, number: int, point: dict[str, Any], store_in: Callable[[str], str]
) -> dict[str, Any]:
    region = point.get("region", "park")
    at: datetime = point.get("at", NOW - timedelta(minutes=number))
    flags = [{"code": code, "words": {}, "numbers": {}} for code in point.get("flags", [])]
    lat, lon = point.get("lat", 31.3), point.get("lon", 120.6)
    return {
        "id": new_id(),
        "author_id": world.people[point.get("who", "rep_a")],
        "store_id": store_in(region),
        "region_id": world.regions[region],
        "state": "completed",
        "planned": True,
        "device_id": "phone-1",
        "device_seq": number,
        "device_at": at,
        "clock_offset_ms": 0,
        "monotonic_ms": None,
        "received_at": at,
        "said_at": at,
        "checked_in_at": at,
        "in_lat": lat,
        "in_lon": lon,
        "in_accuracy_m": 12.0,
        "in_fix_age_s": 1.0,
        "in_fix_source": "gps",
        "in_reason": None,
        "in_digest": b"0" * 16,
        "morton": None if lat is None else morton(lat, lon),
        "verdict": point.get("verdict", "on_site"),
        "distance_m": 10.0,
        "rule_version": 1,
        "explanation": {},
        "flags": flags,
        "flag_bits": bits_of(point.get("flags", [])),
        "checked_out_at": None,
        "out_lat": None,
        "out_lon": None,
        "out_accuracy_m": None,
        "out_fix_age_s": None,
        "out_fix_source": None,
        "close_digest": None,
        "dwell_s": None,
        "cancel_reason": None,
        "rev": 1,
    }
