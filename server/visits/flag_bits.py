"""A visit's flags as one number, so that the map can count by flag from an index alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

# A code's place is its bit, in the database for good: add at the end, never move or reuse one.
CODES: Final = (
    "off_site",
    "uncertain",
    "unverifiable",
    "low_accuracy",
    "clock_moved",
    "impossible_travel",
    "identical_fix",
    "short_visit",
    "photo_reused",
    "photo_old",
    "no_photo",
    "over_issued",
)
_BIT: Final = {code: 1 << place for place, code in enumerate(CODES)}


def flag_bits(flags: Iterable[Mapping[str, Any]]) -> int:
    """The number for the flags of a visit, each {code, …}. Raises KeyError for an unknown code."""
    bits = 0
    for flag in flags:
        bits |= _BIT[flag["code"]]
    return bits


def flag_columns(flags: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns of a visit that hold its flags: {flags, flag_bits}.

    Always written together: queue, filters and map see the number alone. Raises KeyError for an
    unknown code.
    """
    return {"flags": flags, "flag_bits": flag_bits(flags)}


def bits_of(codes: Iterable[str]) -> int:
    """The number that has the bit of each code."""
    return flag_bits({"code": code} for code in codes)
