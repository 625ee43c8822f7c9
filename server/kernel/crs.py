"""Coordinate systems of Chinese maps, converted at the edges only (import, display).

WGS-84 is what receivers give and what we store. GCJ-02 (AMap, Tencent) moves it by 50 to 700 m by
a smooth, fixed distortion; BD-09 (Baidu) moves GCJ-02 once more by about 1 km.

Formulas: GCJ-02 as published by googollee/eviltransform (MIT) on the Krasovsky 1940 ellipsoid;
BD-09 from the same source. The backward direction has no closed form and is found by iteration.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from enum import StrEnum

_SEMI_MAJOR_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BD_TURN = math.pi * 3000.0 / 180.0
# 1e-9 degrees are 0.1 mm. Each step shrinks the error about a hundredfold.
_CLOSE_ENOUGH = 1e-9
_MAX_STEPS = 20

# Where the maps are shifted: for each degree of latitude (its south edge) the spans of longitude.
# Wide rather than narrow: a border town abroad may count as inside, no town inside counts as
# abroad. For arithmetic only; it is no border and must never be drawn as one.
_SPANS: dict[int, tuple[tuple[float, float], ...]] = {
    15: ((110.9, 113.3),),
    16: ((110.9, 113.3),),
    17: ((108.2, 113.3),),
    18: ((108.2, 111.8),),
    19: ((108.2, 112.2),),
    20: ((108.3, 117.2),),
    21: ((99.7, 101.9), (106.6, 117.2)),
    22: ((98.9, 118.2),),
    23: ((97.4, 118.8),),
    24: ((97.3, 119.2),),
    25: ((97.5, 120.2),),
    26: ((91.9, 95.0), (98.2, 121.2)),
    27: ((85.9, 89.2), (91.5, 96.9), (97.0, 122.2)),
    28: ((84.8, 123.0),),
    29: ((82.6, 123.4),),
    30: ((80.1, 123.6),),
    31: ((78.5, 123.4),),
    32: ((78.2, 123.0),),
    33: ((78.4, 122.8),),
    34: ((78.1, 122.8),),
    35: ((75.9, 122.8),),
    36: ((74.8, 123.2),),
    37: ((74.3, 123.4),),
    38: ((73.6, 123.9),),
    39: ((73.3, 124.5),),
    40: ((73.6, 126.1),),
    41: ((76.4, 129.0),),
    42: ((80.0, 130.8),),
    43: ((80.1, 96.0), (110.3, 131.4)),
    44: ((79.8, 95.6), (111.3, 133.1)),
    45: ((80.2, 93.8), (111.5, 133.8)),
    46: ((82.1, 91.3), (115.6, 134.4)),
    47: ((82.7, 91.1), (115.3, 134.9)),
    48: ((85.4, 90.0), (115.3, 135.0)),
    49: ((86.5, 88.3), (116.0, 130.4)),
    50: ((118.5, 127.7),),
    51: ((119.6, 127.4),),
    52: ((119.9, 126.9),),
    53: ((119.9, 126.0),),
}
_SOUTH_EDGES = sorted(_SPANS)


class Crs(StrEnum):
    """The coordinate systems that an import or a tile source may declare."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


Forward = Callable[[float, float], tuple[float, float]]


# Degrees, a tenth of a millimetre: on the border the last digits of a way back must not decide.
_BORDER = 1e-9


def is_shifted(lat: float, lon: float) -> bool:
    """True where Chinese maps are shifted, given WGS-84 degrees. Coarse at the border."""
    at = bisect_right(_SOUTH_EDGES, lat) - 1
    if at < 0 or lat >= _SOUTH_EDGES[-1] + 1:
        return False
    return any(west <= lon <= east for west, east in _SPANS[_SOUTH_EDGES[at]])


def from_wgs84(lat: float, lon: float, crs: Crs) -> tuple[float, float]:
    """(lat, lon) of a WGS-84 position in another system; unchanged outside China."""
    if crs is Crs.WGS84 or not is_shifted(lat, lon):
        return lat, lon
    return _FORWARD[crs](lat, lon)


def to_wgs84(lat: float, lon: float, crs: Crs) -> tuple[float, float]:
    """WGS-84 (lat, lon) of a position in another system, to the millimetre; unchanged abroad.

    Whether the position was shifted is judged where it comes from, so that the way there and back
    agrees up to the very border.
    """
    if crs is Crs.WGS84:
        return lat, lon
    found = _invert(_FORWARD[crs], lat, lon)
    return found if _is_shifted_about(*found) else (lat, lon)


def _is_shifted_about(lat: float, lon: float) -> bool:
    around = (-_BORDER, 0.0, _BORDER)
    return any(is_shifted(lat + north, lon + east) for north in around for east in around)


def _invert(forward: Forward, lat: float, lon: float) -> tuple[float, float]:
    """Fixed-point iteration: move the guess by what its image misses."""
    guess_lat, guess_lon = lat, lon
    for _ in range(_MAX_STEPS):
        image_lat, image_lon = forward(guess_lat, guess_lon)
        miss_lat, miss_lon = lat - image_lat, lon - image_lon
        guess_lat, guess_lon = guess_lat + miss_lat, guess_lon + miss_lon
        if abs(miss_lat) < _CLOSE_ENOUGH and abs(miss_lon) < _CLOSE_ENOUGH:
            break
    return guess_lat, guess_lon


def _gcj02(lat: float, lon: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    root, common = math.sqrt(abs(x)), _wave(x, 6, 2, 20, 20)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += common + _wave(y, 1, 1 / 3, 20, 40) + _wave(y, 1 / 12, 1 / 30, 160, 320)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += common + _wave(x, 1, 1 / 3, 20, 40) + _wave(x, 1 / 12, 1 / 30, 150, 300)
    # Metres to degrees on the ellipsoid: radii of the meridian and of the parallel.
    sine = math.sin(math.radians(lat))
    magic = 1 - _ECCENTRICITY_SQUARED * sine * sine
    meridian = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / (magic * math.sqrt(magic))
    parallel = _SEMI_MAJOR_M / math.sqrt(magic) * math.cos(math.radians(lat))
    return lat + math.degrees(north / meridian), lon + math.degrees(east / parallel)


def _wave(value: float, fast: float, slow: float, high: float, low: float) -> float:
    """Two thirds of a pair of sines, as the distortion is built: frequencies in half turns."""
    turn = value * math.pi
    return (high * math.sin(turn * fast) + low * math.sin(turn * slow)) * 2.0 / 3.0


def _bd09(lat: float, lon: float) -> tuple[float, float]:
    gcj_lat, gcj_lon = _gcj02(lat, lon)
    radius = math.hypot(gcj_lon, gcj_lat) + 0.00002 * math.sin(gcj_lat * _BD_TURN)
    angle = math.atan2(gcj_lat, gcj_lon) + 0.000003 * math.cos(gcj_lon * _BD_TURN)
    return radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065


_FORWARD: dict[Crs, Forward] = {Crs.GCJ02: _gcj02, Crs.BD09: _bd09}
