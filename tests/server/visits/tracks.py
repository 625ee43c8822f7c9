"""Real tracks of positions from the test material, as (seconds, lat, lon)."""

from __future__ import annotations

import re
import struct
from datetime import datetime

from tests.realdata import real_file

Track = list[tuple[float, float, float]]
_POINT = re.compile(
    r'<trkpt[^>]*?lat="([-\d.]+)"[^>]*?lon="([-\d.]+)"[^>]*?>(.*?)</trkpt>', re.DOTALL
)
_TIME = re.compile(r"<time>([^<]+)</time>")
_RECORD = 20
_SEMICIRCLES = 180 / 2**31
_INVALID = 0x7FFFFFFF


def gpx(name: str) -> Track:
    """The timed points of a GPX file; empty where the file is not there."""
    path = real_file(f"gps/{name}")
    if path is None:
        return []
    found = []
    for lat, lon, body in _POINT.findall(path.read_text("utf-8-sig")):
        at = _TIME.search(body)
        if at:
            seconds = datetime.fromisoformat(at.group(1)).timestamp()
            found.append((seconds, float(lat), float(lon)))
    return found


def fit(name: str) -> Track:
    """The positions of a FIT activity: as much of the format as its records need."""
    path = real_file(f"gps/{name}")
    if path is None:
        return []
    data = path.read_bytes()
    at, end = data[0], data[0] + struct.unpack_from("<I", data, 4)[0]
    shapes: dict[int, tuple[str, int, list[tuple[int, int]]]] = {}
    found: Track = []
    while at < end:
        header = data[at]
        at += 1
        kind = (header >> 5) & 3 if header & 0x80 else header & 15
        if header & 0x40 and not header & 0x80:
            order = ">" if data[at + 1] else "<"
            number = struct.unpack_from(f"{order}H", data, at + 2)[0]
            count = data[at + 4]
            sizes = [(data[at + 5 + 3 * i], data[at + 6 + 3 * i]) for i in range(count)]
            at += 5 + 3 * count
            if header & 0x20:
                extra = data[at]
                sizes += [(-1, data[at + 2 + 3 * i]) for i in range(extra)]
                at += 1 + 3 * extra
            shapes[kind] = (order, number, sizes)
            continue
        order, number, sizes = shapes[kind]
        values = {}
        for field, size in sizes:
            if size == 4 and field in {0, 1, 253}:
                letter = "I" if field == 253 else "i"
                values[field] = struct.unpack_from(f"{order}{letter}", data, at)[0]
            at += size
        there = values.keys() >= {0, 1, 253}
        if number == _RECORD and there and _INVALID not in (values[0], values[1]):
            lat, lon = values[0] * _SEMICIRCLES, values[1] * _SEMICIRCLES
            found.append((float(values[253]), lat, lon))
    return found


def indoor(name: str, lat: float, lon: float) -> Track:
    """The waypoints of an indoor trace (metres on a floor plan), laid out from a corner."""
    path = real_file(f"gps/{name}")
    if path is None:
        return []
    found = []
    for line in path.read_text("utf-8", "replace").splitlines():
        parts = line.split("\t")
        if len(parts) == 4 and parts[1] == "TYPE_WAYPOINT":
            east, north = float(parts[2]), float(parts[3])
            found.append((int(parts[0]) / 1000, lat + north / 111_195, lon + east / 96_000))
    return found
