"""Positions and distances. WGS-84 everywhere; other systems only at the edges (see crs.py)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from server.kernel.crs import Crs, from_wgs84, to_wgs84

__all__ = [
    "Crs",
    "Fix",
    "distance_m",
    "from_wgs84",
    "great_circle_m",
    "interleave",
    "is_position",
    "morton",
    "tile_xy",
    "to_wgs84",
]

# Mean radius of the WGS-84 ellipsoid (IUGG).
_EARTH_RADIUS_M = 6_371_008.8
# The great circle is at most 0.56 % off the ellipsoid, so beyond this only the cheap one is needed
# to know on which side of any fence a point lies.
_GEODESIC_BELOW_M = 5_000.0
MORTON_BITS = 26
# The types of a JSON number; a bool is an int only to isinstance.
_NUMBERS = (int, float)
_MERCATOR_MAX_LAT = 85.05112878


def is_position(lat: Any, lon: Any) -> bool:
    """True for a pair of finite degrees on the globe that is not the 0,0 of a broken receiver."""
    if type(lat) not in _NUMBERS or type(lon) not in _NUMBERS:
        return False
    # No comparison holds for NaN.
    on_globe = -90 <= lat <= 90 and -180 <= lon <= 180
    return on_globe and not (-1e-6 < lat < 1e-6 and -1e-6 < lon < 1e-6)


@dataclass(slots=True)
class Fix:
    """One position reading: degrees WGS-84, accuracy as a radius in metres, age in seconds."""

    lat: float
    lon: float
    accuracy_m: float | None
    age_s: float
    source: str

    @classmethod
    def parse(cls, value: object) -> Fix | None:
        """Read a fix as a phone sends it; None where it is no position at all.

        An accuracy that is missing, negative or not a number becomes None: the position is kept
        as a hint, but proves nothing.
        """
        if not isinstance(value, dict) or not is_position(value.get("lat"), value.get("lon")):
            return None
        accuracy = _number(value.get("accuracy_m"))
        age = _number(value.get("age_s"))
        source = value.get("source")
        return cls(
            float(value["lat"]),
            float(value["lon"]),
            accuracy if accuracy is not None and accuracy >= 0 else None,
            age if age is not None and age > 0 else 0.0,
            source[:16] if isinstance(source, str) and source.isprintable() else "gps",
        )

    def as_dict(self) -> dict[str, Any]:
        """The fix as the API writes it."""
        return {
            "lat": self.lat,
            "lon": self.lon,
            "accuracy_m": self.accuracy_m,
            "age_s": self.age_s,
            "source": self.source,
        }


def _number(value: Any) -> float | None:
    if type(value) not in _NUMBERS or not math.isfinite(value):
        return None
    return float(value)


def great_circle_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Distance in metres on a sphere (haversine); within 0.6 % of the ellipsoid."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_dphi, half_dlam = (phi2 - phi1) / 2, math.radians(lon2 - lon1) / 2
    chord = math.sin(half_dphi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_dlam) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Distance in metres: on the WGS-84 ellipsoid where a fence may be near, else great circle."""
    rough = great_circle_m(lat1, lon1, lat2, lon2)
    if rough > _GEODESIC_BELOW_M:
        return rough
    # Its package brings an HTTP client along, which no server start should wait for.
    from geopy.distance import geodesic

    return float(geodesic((lat1, lon1), (lat2, lon2)).m)


# A number's bits with a zero between each two, for all numbers of half an axis.
_HALF = MORTON_BITS // 2
_HALF_MASK = (1 << _HALF) - 1
_SPREAD = [int(f"{value:b}", 4) for value in range(1 << _HALF)]


def _spread(value: int) -> int:
    """Put a zero bit between the bits of a number of MORTON_BITS."""
    return _SPREAD[value & _HALF_MASK] | _SPREAD[value >> _HALF] << MORTON_BITS


def tile_xy(lat: float, lon: float) -> tuple[int, int]:
    """Cell of a position in the web-mercator square, 26 bits an axis, x east, y south."""
    cells = 1 << MORTON_BITS
    lat = max(-_MERCATOR_MAX_LAT, min(_MERCATOR_MAX_LAT, lat))
    x = int((lon + 180) / 360 * cells)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * cells)
    return min(max(x, 0), cells - 1), min(max(y, 0), cells - 1)


def interleave(x: int, y: int) -> int:
    """The bits of a cell's x and y taken in turns: cells of one square lie in one range."""
    return _spread(x) | _spread(y) << 1


def morton(lat: float, lon: float) -> int:
    """The position as one sortable number: the bits of x and y interleaved (52 bits)."""
    return interleave(*tile_xy(lat, lon))
