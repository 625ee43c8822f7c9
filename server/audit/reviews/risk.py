"""How much a doubtful visit is worth a look: points, the same in Python and in the database. Pure.

Whole numbers only, so that both add up to the same and the order has no rounding. The points say
what to look at first and nothing else: no decision is ever made by them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Table, case, func, literal

from server.visits.flag_bits import CODES, bits_of
from server.visits.verdict import Verdict

# What nobody does by accident weighs most; what a bad phone or a busy day explains weighs least.
POINTS: Final[dict[str, int]] = {
    "off_site": 30,
    "impossible_travel": 30,
    "photo_reused": 30,
    "identical_fix": 25,
    "clock_moved": 20,
    "photo_old": 15,
    "unverifiable": 12,
    "no_photo": 10,
    "uncertain": 8,
    "short_visit": 6,
    "over_issued": 6,
    "low_accuracy": 3,
}
# An off-site visit gets more the farther off it was: (from so many metres, points).
FAR: Final = ((10_000, 15), (2_000, 10), (1_000, 5))
# For each visit of the rep rejected in the last REPEAT_DAYS days, and at most so many points.
REPEAT_DAYS: Final = 30
REPEAT_EACH: Final = 4
REPEAT_MOST: Final = 20
# The part that is not a flag's.
FAR_CODE, REPEAT_CODE = "far", "repeat"

_VERDICTS: Final = frozenset(verdict.value for verdict in Verdict if verdict != Verdict.ON_SITE)


@dataclass(frozen=True, slots=True)
class Risk:
    """The points of a visit and their parts, the heaviest first: (code, points)."""

    points: int
    parts: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """As the API writes it."""
        parts = [{"code": code, "points": points} for code, points in self.parts]
        return {"points": self.points, "parts": parts}


def risk_of(flags: Collection[str], verdict: str, distance_m: float | None, rejected: int) -> Risk:
    """The risk of a visit; flags are codes, rejected the rep's visits rejected of late."""
    codes = set(flags) | ({verdict} & _VERDICTS)
    parts: list[tuple[str, int]] = [(code, POINTS[code]) for code in CODES if code in codes]
    if verdict == Verdict.OFF_SITE and distance_m is not None:
        parts += [(FAR_CODE, points) for metres, points in FAR if distance_m >= metres][:1]
    if rejected:
        parts.append((REPEAT_CODE, min(REPEAT_MOST, REPEAT_EACH * rejected)))
    parts.sort(key=lambda part: -part[1])
    return Risk(sum(points for _, points in parts), tuple(parts))


def risk_points(visit: Table, rejected: ColumnElement[int]) -> ColumnElement[int]:
    """The same points for rows of the visit table; rejected may be NULL."""
    c = visit.c
    total: ColumnElement[int] = literal(0, Integer)
    for code, points in POINTS.items():
        has = c.flag_bits.bitwise_and(bits_of([code])) != 0
        if code in _VERDICTS:
            has = has | (c.verdict == code)
        total = total + case((has, points), else_=0)
    off = c.verdict == Verdict.OFF_SITE.value
    far = [(off & (c.distance_m >= metres), points) for metres, points in FAR]
    repeat = func.coalesce(rejected, 0) * REPEAT_EACH
    return total + case(*far, else_=0) + case((repeat > REPEAT_MOST, REPEAT_MOST), else_=repeat)
