"""Placeholder until the conversions land."""

from enum import StrEnum


class Crs(StrEnum):
    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def to_wgs84(lat, lon, crs):
    return lat, lon


def from_wgs84(lat, lon, crs):
    return lat, lon
