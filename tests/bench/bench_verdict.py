"""The verdict with all its flags, without any database: judged visits a second.

A round of visits of one person: position, clock, way and copied positions of each, and the flags
of its closing. The floor is the bare rule of positions: distance and comparison. In time of the
processor, so that others on the machine do not count.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from server.accounts.organisation import Rules
from server.kernel.geo import Fix, great_circle_m
from server.visits import flags as all_flags
from server.visits.beside import decide_all
from server.visits.domain import thresholds
from server.visits.verdict import Pin, Place, decide, judge
from tests.bench.registry import Figure, bench
from tests.bench.wire import RUNS, median

ROUNDS = 60
VISITS = 100
START = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
PHOTOS_SAID = 3
DWELL_S = 1_100


def a_round(number: int, rules: Rules) -> tuple[list[dict[str, Any]], list[tuple[Fix, Pin]]]:
    """Rows as a push makes them, and the fix and pin of each."""
    chance = random.Random(number)
    rows, places = [], []
    lat, lon = 31.3, 120.6
    for n in range(VISITS):
        lat, lon = lat + chance.uniform(-0.01, 0.01), lon + chance.uniform(-0.01, 0.01)
        pin = Pin(lat, lon, 20.0)
        fix = Fix(
            lat + chance.uniform(-0.003, 0.003),
            lon + chance.uniform(-0.003, 0.003),
            round(chance.uniform(5, 90), 1),
            1.0,
            "gps",
        )
        at = START + timedelta(minutes=12 * n)
        rows.append(
            {
                "id": f"{number}-{n}",
                "store_id": f"store {n}",
                "checked_in_at": at,
                "said_at": at,
                "received_at": START + timedelta(days=2),
                "device_at": at,
                "device_id": "phone",
                "device_seq": n * 6,
                "clock_offset_ms": 1_250,
                "monotonic_ms": n * 720_000,
                "contact_at": at - timedelta(milliseconds=n * 720_000),
                "close_step_s": None,
                "in_lat": fix.lat,
                "in_lon": fix.lon,
                "in_accuracy_m": fix.accuracy_m,
                "in_fix_age_s": fix.age_s,
                "verdict": "",
                "flags": [],
            }
        )
        places.append((fix, pin))
    return rows, places


@bench
def verdict() -> Iterator[Figure]:
    rules = Rules()
    limits = thresholds(rules)
    rates, floors = [], []
    for _ in range(RUNS):
        made = [a_round(number, rules) for number in range(ROUNDS)]
        # What the bench itself keeps is not for the collector to walk through again and again.
        gc.collect()
        gc.freeze()
        start = time.process_time()
        for rows, places in made:
            for row, (fix, pin) in zip(rows, places, strict=True):
                judgement = judge(fix, pin, rules.radius_m, limits, Place.STORE)
                own = all_flags.own_flags(
                    rules, dwell_s=DWELL_S, completed=True, photos=PHOTOS_SAID
                )
                row["verdict"] = judgement.verdict
                row["flags"] = all_flags.replaced(judgement.flags, all_flags.OWN, own)
            decide_all(rules, rows, [], lambda _one, _two: 0.0)
        rates.append(ROUNDS * VISITS / (time.process_time() - start))
        start = time.process_time()
        for _rows, places in made:
            for fix, pin in places:
                metres = great_circle_m(fix.lat, fix.lon, pin.lat, pin.lon)
                decide(metres, fix.accuracy_m or 0.0, rules.radius_m, pin.quality_m)
        gc.unfreeze()
        floors.append(ROUNDS * VISITS / (time.process_time() - start))
    yield Figure(
        "verdict with all flags",
        median(rates),
        "visits/s",
        50_000,
        median(floors),
        more_is_better=True,
    )
