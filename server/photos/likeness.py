"""Whether two pictures are the same photo: a short hash to find candidates, a sample to be sure.

The hash (64 bits, each the sign of a brightness step in a 9 x 8 grid) survives re-encoding,
scaling, a watermark and an edge cropped by a hundredth. It also takes two products on the same
shelf spot for one, which the sample (16 x 16 grey values) tells apart. docs/evidence.md has the
figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from operator import mul
from typing import Final

from PIL import Image

# Raised whenever the rule below finds other pairs in the same pictures.
RULE_VERSION: Final = 1
NEAR_BITS: Final = 8
NEAR_LIKENESS: Final = 0.89

SAMPLE_SIDE: Final = 16
# Grey levels. A black or blank picture is like every other one, so it is compared with none.
_LEAST_CONTRAST: Final = 6.0
_ACROSS, _DOWN = 9, 8
# Of 8 differing bits at most 2 fall into some one of three bands, so probing each band with 2
# misses nothing. (shift, width)
BANDS: Final = ((43, 21), (22, 21), (0, 22))
_PROBED: Final = 2


@dataclass(frozen=True, slots=True)
class Print:
    """What a picture is recognised by: 64 bits, unsigned, and SAMPLE_SIDE² grey values."""

    bits: int
    sample: bytes

    def distance(self, other: Print) -> int:
        """Bits that differ, 0 to 64."""
        return (self.bits ^ other.bits).bit_count()


def print_of(upright: Image.Image) -> Print | None:
    """The print of a picture as it is looked at; None for one that shows next to nothing."""
    grey = upright.convert("L")
    sample = grey.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX).tobytes()
    if _spread(sample) < _LEAST_CONTRAST * len(sample):
        return None
    steps = grey.resize((_ACROSS, _DOWN), Image.Resampling.BILINEAR).tobytes()
    bits = 0
    for row in range(0, len(steps), _ACROSS):
        for at in range(row, row + _ACROSS - 1):
            bits = bits << 1 | (steps[at] > steps[at + 1])
    return Print(bits, sample)


def _spread(sample: bytes) -> float:
    """Standard deviation times the number of values."""
    return math.sqrt(len(sample) * sum(map(mul, sample, sample)) - sum(sample) ** 2)


def likeness(one: bytes, other: bytes) -> float:
    """Correlation of two samples, -1 to 1: brightness and contrast make no difference."""
    both = len(one) * sum(map(mul, one, other)) - sum(one) * sum(other)
    spreads = _spread(one) * _spread(other)
    return both / spreads if spreads else 0.0


def near(one: Print, other: Print) -> bool:
    """The rule itself: near enough by the hash, and alike by the sample."""
    return one.distance(other) <= NEAR_BITS and likeness(one.sample, other.sample) >= NEAR_LIKENESS


def _masks(width: int) -> Iterator[int]:
    for changed in range(_PROBED + 1):
        for bits in combinations(range(width), changed):
            yield sum(1 << bit for bit in bits)


_MASKS: Final = {width: tuple(_masks(width)) for width in {width for _, width in BANDS}}


def bands(bits: int) -> tuple[int, int, int]:
    """The three bands of a hash."""
    first, second, third = (bits >> shift & (1 << width) - 1 for shift, width in BANDS)
    return first, second, third


def probes(bits: int) -> list[list[int]]:
    """For each band the values that it has in a hash with at most 2 other bits there."""
    return [
        [band ^ mask for mask in _MASKS[width]]
        for band, (_, width) in zip(bands(bits), BANDS, strict=True)
    ]


def signed(bits: int) -> int:
    """A hash as databases keep it: 64 bits, signed."""
    return bits - (1 << 64) if bits >> 63 else bits


def unsigned(value: int) -> int:
    """A hash as it was before signed()."""
    return value & (1 << 64) - 1
