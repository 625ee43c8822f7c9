"""Fixes, distances and the sortable position."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.geo import Fix, distance_m, great_circle_m, morton, tile_xy

lats = st.floats(-85, 85)
lons = st.floats(-179.9, 179.9)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"lat": 0, "lon": 0},
        {"lat": math.nan, "lon": 120.0},
        {"lat": 91, "lon": 120.0},
        {"lat": 31.3, "lon": -181},
        {"lat": "31.3", "lon": 120.6},
        {"lat": True, "lon": True},
        [31.3, 120.6],
    ],
)
def test_no_position(value: Any) -> None:
    assert Fix.parse(value) is None


@pytest.mark.parametrize("accuracy", [None, -1, math.nan, math.inf, "5", True])
def test_an_unusable_accuracy_is_unknown(accuracy: object) -> None:
    fix = Fix.parse({"lat": 31.3, "lon": 120.6, "accuracy_m": accuracy})
    assert fix is not None
    assert fix.accuracy_m is None


def test_known_distance() -> None:
    # Vincenty's classic pair: Flinders Peak to Buninyong, 54,972.271 m on GRS 80.
    far = distance_m(-37.951033417, 144.424867889, -37.652821139, 143.926495528)
    assert far == pytest.approx(54_972.271, rel=0.006)
    near = distance_m(31.30000, 120.60000, 31.30100, 120.60000)
    assert near == pytest.approx(110.87, abs=0.05)


@given(lats, lons, lats, lons)
def test_distance_is_symmetric_and_near_the_sphere(a: float, b: float, c: float, d: float) -> None:
    there, back = distance_m(a, b, c, d), distance_m(c, d, a, b)
    assert there == pytest.approx(back, rel=1e-9, abs=1e-6)
    assert there == pytest.approx(great_circle_m(a, b, c, d), rel=0.0065, abs=1e-3)


@given(lats, lons)
def test_morton_interleaves_the_cell(lat: float, lon: float) -> None:
    x, y = tile_xy(lat, lon)
    code = morton(lat, lon)
    assert 0 <= code < 1 << 52
    back_x = sum((code >> (2 * bit) & 1) << bit for bit in range(26))
    back_y = sum((code >> (2 * bit + 1) & 1) << bit for bit in range(26))
    assert (back_x, back_y) == (x, y)
