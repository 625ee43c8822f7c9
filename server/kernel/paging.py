"""Opaque cursors over (sort key, id), so that a page never skips or repeats a row."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from server.kernel import problems

LIMIT_DEFAULT = 50
LIMIT_MAX = 500


def encode_cursor(*key: Any) -> str:
    """Pack the sort key of the last row of a page."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(text: str, length: int) -> tuple[Any, ...]:
    """Unpack a cursor of so many parts. Raises the problem validation_failed for a forged one."""
    try:
        key = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise problems.VALIDATION_FAILED.error(field="cursor") from error
    if not isinstance(key, list) or len(key) != length:
        raise problems.VALIDATION_FAILED.error(field="cursor")
    # NUL would reach the database, which may not store it.
    if any(isinstance(part, list | dict) or "\0" in str(part) for part in key):
        raise problems.VALIDATION_FAILED.error(field="cursor")
    return tuple(key)
