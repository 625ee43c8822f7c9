"""Record ids: UUIDs made by whoever makes the record, so that a retry is recognised."""

from __future__ import annotations

import re
import secrets
import time

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_id() -> str:
    """A version 7 UUID (RFC 9562, section 5.7): 48 bits of milliseconds, then randomness."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: object) -> bool:
    """True for a UUID in canonical lower-case form."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None
