"""The rule of positions: its table, its boundaries, and what must hold for any input."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.organisation import Rules
from server.kernel.geo import Fix, distance_m
from server.visits.flags import own_flags
from server.visits.verdict import (
    RULE_VERSION,
    Pin,
    Place,
    Thresholds,
    Verdict,
    decide,
    judge,
)

T = Thresholds()
PIN = Pin(31.3, 120.6)
metres = st.floats(min_value=0, max_value=100_000)
degrees = st.tuples(st.floats(-80, 80), st.floats(-179, 179))
ORDER = [Verdict.ON_SITE, Verdict.UNCERTAIN, Verdict.OFF_SITE]


def north(distance: float, accuracy: float | None = 10.0, age: float = 0.0) -> Fix:
    """A fix about so many metres north of PIN."""
    return Fix(PIN.lat + distance / 110_860, PIN.lon, accuracy, age, "gps")


@pytest.mark.parametrize(
    ("distance", "accuracy", "radius", "quality", "verdict"),
    [
        # at the pin
        (0, 0, 200, 0, "on_site"),
        # the boundary itself is inside: d + a = r
        (190, 10, 200, 0, "on_site"),
        (190.1, 10, 200, 0, "uncertain"),
        # d - a = r is not yet outside
        (210, 10, 200, 0, "uncertain"),
        (210.1, 10, 200, 0, "off_site"),
        # a perfect fix knows no doubt
        (200, 0, 200, 0, "on_site"),
        (200.1, 0, 200, 0, "off_site"),
        # an uncertain pin widens the fence
        (340, 25, 200, 0, "off_site"),
        (340, 25, 200, 120, "uncertain"),
        (340, 25, 200, 165, "on_site"),
        # an accuracy wider than the fence can never be on site
        (0, 201, 200, 0, "uncertain"),
    ],
)
def test_rule(
    distance: float, accuracy: float, radius: float, quality: float, verdict: str
) -> None:
    assert decide(distance, accuracy, radius, quality) == verdict


@given(metres, metres, metres, metres, metres)
def test_farther_is_never_better(d: float, more: float, a: float, r: float, q: float) -> None:
    near, far = decide(d, a, r, q), decide(d + more, a, r, q)
    assert ORDER.index(near) <= ORDER.index(far)


@given(metres, metres, metres, metres, metres)
def test_a_wider_fence_is_never_worse(d: float, a: float, r: float, q: float, more: float) -> None:
    assert ORDER.index(decide(d, a, r + more, q)) <= ORDER.index(decide(d, a, r, q))


@given(metres, metres, metres, metres)
def test_pin_quality_and_radius_weigh_alike(d: float, a: float, r: float, q: float) -> None:
    assert decide(d, a, r, q) == decide(d, a, q, r)


@given(metres, metres, metres)
def test_doubt_is_as_wide_as_the_accuracy(a: float, r: float, d: float) -> None:
    # Off the float's own edge, uncertain means exactly that the fence lies within the circle.
    if abs(abs(d - r) - a) > 1e-6:
        assert (decide(d, a, r, 0) == Verdict.UNCERTAIN) == (abs(d - r) < a)


@given(degrees, degrees, st.floats(0, 150), st.floats(1, 5_000))
def test_fix_and_pin_may_change_places(
    one: tuple[float, float], two: tuple[float, float], accuracy: float, radius: float
) -> None:
    there = judge(Fix(*one, accuracy, 0, "gps"), Pin(*two), radius, T)
    back = judge(Fix(*two, accuracy, 0, "gps"), Pin(*one), radius, T)
    assert there.verdict == back.verdict
    assert there.distance_m == pytest.approx(back.distance_m, abs=0.11)


@given(st.floats(-400, 400), st.floats(-400, 400), st.floats(0, 150), st.floats(0, 300))
def test_the_cheap_distance_never_changes_a_verdict(
    east: float, up: float, accuracy: float, quality: float
) -> None:
    lat, lon = PIN.lat + up / 110_860, PIN.lon + east / 95_000
    exact = distance_m(lat, lon, PIN.lat, PIN.lon)
    pin = Pin(PIN.lat, PIN.lon, quality)
    found = judge(Fix(lat, lon, accuracy, 0, "gps"), pin, 200, T)
    assert found.verdict == decide(exact, accuracy, 200, quality)
    assert found.distance_m == pytest.approx(exact, rel=0.006, abs=0.1)


@pytest.mark.parametrize(
    ("fix", "explanation", "flags"),
    [
        (None, "no_fix", ["unverifiable"]),
        (north(0, accuracy=None), "accuracy_unknown", ["unverifiable"]),
        (north(0, accuracy=150), "on_site", []),
        (north(0, accuracy=150.1), "low_accuracy", ["unverifiable", "low_accuracy"]),
        (north(0, accuracy=3_000), "low_accuracy", ["unverifiable", "low_accuracy"]),
        (north(0, age=120), "on_site", []),
        (north(0, age=121), "stale_fix", ["unverifiable"]),
        (north(50), "on_site", []),
        (north(340, accuracy=25), "off_site", ["off_site"]),
        (north(205), "uncertain", ["uncertain"]),
    ],
)
def test_explanations_and_flags(fix: Fix | None, explanation: str, flags: list[str]) -> None:
    # A radius in which 150 m of accuracy is still inside: 0 + 150 <= 200.
    found = judge(fix, PIN, 200, T)
    assert found.explanation["code"] == explanation
    assert [flag["code"] for flag in found.flags] == flags
    assert found.verdict == (explanation if explanation in set(Verdict) else "unverifiable")
    assert found.rule_version == RULE_VERSION


def test_words_carry_the_numbers() -> None:
    found = judge(north(339, accuracy=25), PIN, 200, T)
    assert found.explanation["words"] == {
        "zh-CN": "离门店 340 米，超出 200 米范围（定位精度 ±25 米）",
        "en": "340 m from the store, outside the radius of 200 m (accuracy ±25 m)",
    }
    numbers = found.explanation["numbers"]
    assert numbers["radius_m"] == 200
    assert numbers["accuracy_m"] == 25
    assert numbers["distance_m"] == found.distance_m == pytest.approx(339, rel=0.006)
    assert found.flags[0]["words"] == found.explanation["words"]


def test_an_uncertain_pin_is_named() -> None:
    found = judge(north(12_300), Pin(PIN.lat, PIN.lon, 2_000), 200, T, Place.OFFICE)
    words = found.explanation["words"]
    assert "办公点 12.3 公里" in words["zh-CN"]
    assert "坐标误差 2000 米" in words["zh-CN"]
    assert "12.3 km from the office" in words["en"]


@given(
    st.none()
    | st.builds(north, st.floats(0, 1e7), st.none() | st.floats(0, 1e6), st.floats(0, 1e7)),
    st.none() | st.builds(Pin, st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1e5)),
)
def test_every_judgement_has_whole_words(fix: Fix | None, pin: Pin | None) -> None:
    if fix is not None and not abs(fix.lat) <= 90:
        return
    found = judge(fix, pin, 200, T)
    sayings: list[dict[str, Any]] = [found.explanation, *found.flags]
    for saying in sayings:
        assert set(saying["words"]) == {"zh-CN", "en"}
        assert all(text and "{" not in text for text in saying["words"].values())
        assert all(math.isfinite(number) for number in saying["numbers"].values())
    assert (found.verdict == "on_site") == (found.flags == [])
    if fix is None or pin is None:
        assert found.verdict == "unverifiable"
        assert found.distance_m is None


@pytest.mark.parametrize(
    ("dwell", "zh"),
    [
        (0, "在店 0 秒，少于 3 分钟"),
        (80, "在店 1 分 20 秒，少于 3 分钟"),
        (179, "在店 2 分 59 秒，少于 3 分钟"),
    ],
)
def test_short_visit(dwell: float, zh: str) -> None:
    (flag,) = own_flags(Rules(), dwell_s=dwell, completed=True, photos=None)
    assert flag["words"]["zh-CN"] == zh
    assert flag["numbers"] == {"dwell_s": dwell, "minimum_s": 180}


def test_long_enough() -> None:
    assert own_flags(Rules(), dwell_s=180, completed=True, photos=None) == []
