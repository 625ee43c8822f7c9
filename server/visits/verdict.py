"""The one judge of positions: online and late, visits and office check-ins, all come here.

Pure: the same fix, pin and rules always give the same judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from server.kernel.geo import Fix, distance_m, great_circle_m
from server.visits import words
from server.visits.words import Place

__all__ = ["RULE_VERSION", "Judgement", "Pin", "Place", "Thresholds", "Verdict", "decide", "judge"]

# Raised whenever the rules give another verdict or other flags for the same input. 2: a pin known
# to be a guess accuses nobody; flags of time, travel and photos. docs/verdict.md tells them all.
RULE_VERSION: Final = 2

# The great circle is at most this share off the ellipsoid (0.56 %, rounded up).
_GREAT_CIRCLE_ERROR: Final = 0.006


class Verdict(StrEnum):
    """What a position says about having been at the place."""

    ON_SITE = "on_site"
    UNCERTAIN = "uncertain"
    OFF_SITE = "off_site"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True)
class Pin:
    """Where a place is said to be: degrees WGS-84; quality_m is how far off that may be."""

    lat: float
    lon: float
    quality_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Beyond these a fix or a pin proves nothing: metres, and seconds of age."""

    max_accuracy_m: float = 150.0
    cached_fix_max_age_s: float = 120.0
    max_pin_quality_m: float = 1_000.0

    def sound(self, fix: Fix) -> bool:
        """True if the fix is accurate and fresh enough to prove something."""
        accuracy = fix.accuracy_m
        accurate = accuracy is not None and accuracy <= self.max_accuracy_m
        return accurate and fix.age_s <= self.cached_fix_max_age_s


@dataclass(slots=True)
class Judgement:
    """A verdict with its reasons.

    explanation: {code, numbers, words}; flags: [{code, words, numbers}], empty for on_site.
    distance_m is None where there was no fix or no pin.
    """

    verdict: Verdict
    distance_m: float | None
    explanation: dict[str, Any]
    flags: list[dict[str, Any]]
    rule_version: int = RULE_VERSION


def decide(distance: float, accuracy: float, radius: float, quality: float) -> Verdict:
    """The rule itself, all in metres.

    The person is somewhere within `accuracy` of the fix, the door within `quality` of the pin:
    on_site if even the farthest of those is inside the radius, off_site if even the nearest is
    outside, else uncertain.
    """
    limit = radius + quality
    if distance + accuracy <= limit:
        return Verdict.ON_SITE
    if distance - accuracy > limit:
        return Verdict.OFF_SITE
    return Verdict.UNCERTAIN


def judge(
    fix: Fix | None,
    pin: Pin | None,
    radius_m: float,
    thresholds: Thresholds,
    place: Place = Place.STORE,
) -> Judgement:
    """Judge a fix against a pin. Never fails: what cannot be judged is unverifiable."""
    numbers: dict[str, float] = {"radius_m": radius_m}
    if pin is not None:
        numbers["pin_quality_m"] = pin.quality_m
    if fix is None or pin is None:
        return _judgement(Verdict.UNVERIFIABLE, "no_pin" if fix else "no_fix", place, None, numbers)
    distance = _distance(fix, pin, radius_m)
    numbers["distance_m"] = round(distance, 1)
    numbers["age_s"] = round(fix.age_s, 1)
    if fix.accuracy_m is None:
        return _judgement(Verdict.UNVERIFIABLE, "accuracy_unknown", place, distance, numbers)
    numbers["accuracy_m"] = round(fix.accuracy_m, 1)
    if fix.accuracy_m > thresholds.max_accuracy_m:
        numbers["max_accuracy_m"] = thresholds.max_accuracy_m
        return _judgement(Verdict.UNVERIFIABLE, "low_accuracy", place, distance, numbers)
    # What the phone calls its source does not matter: an old position is a cached one.
    if fix.age_s > thresholds.cached_fix_max_age_s:
        numbers["max_age_s"] = thresholds.cached_fix_max_age_s
        return _judgement(Verdict.UNVERIFIABLE, "stale_fix", place, distance, numbers)
    # Such a pin is a geocoder's guess, which may lie in another city: it clears and accuses nobody.
    if pin.quality_m > thresholds.max_pin_quality_m:
        numbers["max_pin_quality_m"] = thresholds.max_pin_quality_m
        return _judgement(Verdict.UNVERIFIABLE, "pin_doubtful", place, distance, numbers)
    verdict = decide(distance, fix.accuracy_m, radius_m, pin.quality_m)
    return _judgement(verdict, verdict.value, place, distance, numbers)


def _distance(fix: Fix, pin: Pin, radius_m: float) -> float:
    """Metres from fix to pin; on the ellipsoid only where that could change the verdict.

    The great circle costs a twentieth and is 0.56 % off at most, which is a metre at the fence.
    """
    rough = great_circle_m(fix.lat, fix.lon, pin.lat, pin.lon)
    limit, accuracy = radius_m + pin.quality_m, fix.accuracy_m or 0.0
    to_fence = min(abs(rough + accuracy - limit), abs(rough - accuracy - limit))
    if to_fence > rough * _GREAT_CIRCLE_ERROR:
        return rough
    return distance_m(fix.lat, fix.lon, pin.lat, pin.lon)


def _judgement(
    verdict: Verdict, code: str, place: Place, distance: float | None, numbers: dict[str, float]
) -> Judgement:
    sentence = words.explain(code, place, numbers)
    explanation = {"code": code, "numbers": numbers, "words": sentence}
    flags: list[dict[str, Any]] = []
    if verdict is not Verdict.ON_SITE:
        flags.append({"code": verdict.value, "words": sentence, "numbers": numbers})
    if code == "low_accuracy":
        poor = {key: numbers[key] for key in ("accuracy_m", "max_accuracy_m")}
        flags.append({"code": code, "words": words.low_accuracy(poor), "numbers": poor})
    return Judgement(
        verdict=verdict,
        distance_m=None if distance is None else round(distance, 1),
        explanation=explanation,
        flags=flags,
    )
