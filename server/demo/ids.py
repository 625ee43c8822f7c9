"""Ids that follow from the demo's seed, in the form of the version 7 UUIDs a phone makes."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Final

# Known beforehand, so that a database can be told to hold the demo.
ROOT_REGION: Final = "0192d1c0-0000-7000-8000-000000000001"


def demo_id(rng: random.Random, at: datetime) -> str:
    """A version 7 UUID (RFC 9562) of a moment; its random bits come from rng."""
    value = int(at.timestamp() * 1000) << 80 | rng.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
