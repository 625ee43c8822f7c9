"""Which sync schemas are spoken here: an old phone keeps working, or is told that it is too old."""

from __future__ import annotations

from typing import Final

from server.config import Settings
from server.sync import problems

# The one place that says it. Raised when records or ops change in a way that an app must know of.
NEWEST_SCHEMA: Final = 4


def schema_range(settings: Settings) -> dict[str, int]:
    """{oldest, newest}: what a phone may speak to be told the changes."""
    oldest = settings.oldest_schema
    return {"oldest": oldest, "newest": max(oldest, NEWEST_SCHEMA)}


def is_too_old(settings: Settings, schema: int) -> bool:
    """True for a phone that is no longer told the changes. What it sends is always taken."""
    return schema < settings.oldest_schema


def served_schema(settings: Settings, asked: int) -> int:
    """The schema in which a pull is answered: the phone's own, or our newest if its is newer.

    Raises the problem app_too_old.
    """
    if is_too_old(settings, asked):
        raise problems.APP_TOO_OLD.error(field="schema", oldest=settings.oldest_schema)
    return min(asked, schema_range(settings)["newest"])
