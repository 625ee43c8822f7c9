"""Where a store really is, learned from where people checked in. Pure and deterministic.

A single phone is wrong by tens of metres, a single person may be wrong on purpose. So a place is
learned only from several fixes that agree, made by several people or on several days; the centre
is a geometric median, which half of the fixes being elsewhere would not move far, weighted by
accuracy, and then the weighted mean of the fixes near it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from server.kernel.geo import great_circle_m

MIN_FIXES: Final = 5
MIN_REPS: Final = 2
MIN_DAYS: Final = 3
# Of all fixes at a store so many must agree on one place.
MIN_SHARE: Final = 0.6
# However well the fixes agree, phones share errors (one building, the same satellites), metres.
_LEAST_QUALITY_M: Final = 10.0
# No phone is so exact that its word alone should outweigh all others', metres.
_BEST_ACCURACY_M: Final = 8.0
# Fixes within this of the centre belong together: a large store has several doors, metres.
_TOGETHER_M: Final = 80.0
# And within so many times the typical distance from it, though no store is larger than this.
_SPREADS: Final = 3.0
_WIDEST_M: Final = 250.0
_ROUNDS: Final = 60
_METRES_A_DEGREE: Final = 111_195.0


@dataclass(frozen=True, slots=True)
class PinFix:
    """A fix made at a store: degrees WGS-84, metres; day is the organisation's."""

    lat: float
    lon: float
    accuracy_m: float
    rep_id: str
    day: str


@dataclass(frozen=True, slots=True)
class Learned:
    """A place that fixes agree on. quality_m: how far off it may be; spread_m: how they scatter."""

    lat: float
    lon: float
    quality_m: float
    spread_m: float
    fixes: int
    left_out: int
    reps: int
    days: int


def learn(fixes: Sequence[PinFix]) -> Learned | None:
    """The place that these fixes agree on, or None where they are too few or do not agree."""
    if len(fixes) < MIN_FIXES:
        return None
    # In a fixed order, so that sums are the same to the last bit whatever order they came in.
    known = sorted(fixes, key=lambda one: (one.lat, one.lon, one.accuracy_m, one.rep_id, one.day))
    # On a plane around one of them: metres east and north, exact enough for a town.
    origin = known[len(known) // 2]
    scale = _METRES_A_DEGREE * math.cos(math.radians(origin.lat))
    points = [
        ((one.lon - origin.lon) * scale, (one.lat - origin.lat) * _METRES_A_DEGREE) for one in known
    ]
    weights = _weights(known)
    centre = _median(points, weights)
    away = [math.dist(point, centre) for point in points]
    reach = min(_WIDEST_M, max(_TOGETHER_M, _SPREADS * sorted(away)[len(away) // 2]))
    near = [index for index, metres in enumerate(away) if metres <= reach]
    if len(near) < max(MIN_FIXES, MIN_SHARE * len(known)):
        return None
    reps = len({known[index].rep_id for index in near})
    days = len({known[index].day for index in near})
    if reps < MIN_REPS and days < MIN_DAYS:
        return None
    east, north = _mean([points[i] for i in near], [weights[i] for i in near])
    spread = _spread([points[i] for i in near], (east, north))
    return Learned(
        lat=round(origin.lat + north / _METRES_A_DEGREE, 6),
        lon=round(origin.lon + east / scale, 6),
        quality_m=round(max(_LEAST_QUALITY_M, 2 * spread / math.sqrt(len(near))), 1),
        spread_m=round(spread, 1),
        fixes=len(near),
        left_out=len(known) - len(near),
        reps=reps,
        days=days,
    )


def distance_from_pin_m(found: Learned, lat: float, lon: float) -> float:
    """How far the learned place lies from a pin, in metres."""
    return great_circle_m(found.lat, found.lon, lat, lon)


def _weights(fixes: Sequence[PinFix]) -> list[float]:
    """By accuracy; and one person's day counts as much as another's, however often they pressed."""
    pressed: dict[tuple[str, str], int] = {}
    for one in fixes:
        key = (one.rep_id, one.day)
        pressed[key] = pressed.get(key, 0) + 1
    return [
        1 / max(one.accuracy_m, _BEST_ACCURACY_M) / pressed[one.rep_id, one.day] for one in fixes
    ]


Point = tuple[float, float]


def _mean(points: Sequence[Point], weights: Sequence[float]) -> Point:
    total = math.fsum(weights)
    east = math.fsum(weight * point[0] for point, weight in zip(points, weights, strict=True))
    north = math.fsum(weight * point[1] for point, weight in zip(points, weights, strict=True))
    return east / total, north / total


def _median(points: Sequence[Point], weights: Sequence[float]) -> Point:
    """The geometric median (Weiszfeld's rounds): the sum of distances to it is least."""
    centre = _mean(points, weights)
    for _ in range(_ROUNDS):
        # Half a metre is taken for no less, so that a fix right at the centre is no division by 0.
        pull = [
            weight / max(math.dist(point, centre), 0.5)
            for point, weight in zip(points, weights, strict=True)
        ]
        moved = _mean(points, pull)
        step = math.dist(moved, centre)
        centre = moved
        if step < 0.01:
            break
    return centre


def _spread(points: Sequence[Point], centre: Point) -> float:
    """The root of the mean square of the distances from the centre."""
    squares = math.fsum(math.dist(point, centre) ** 2 for point in points)
    return math.sqrt(squares / len(points))
