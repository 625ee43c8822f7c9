"""Upkeep that the map's queries need, and its sums."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from server.audit.sums import add_up
from server.kernel.db import db
from server.kernel.http import clock
from server.kernel.jobs import periodic

STATISTICS: Final = "audit.statistics"
SUMS: Final = "audit.sums"
# Analyse (2) every table (0x10000) that has grown since, reading a sample only (0x10).
_OPTIMIZE = "PRAGMA optimize=0x10012"


@periodic(STATISTICS, seconds=3_600)
def refresh_statistics() -> None:
    """Tell SQLite's planner how its tables have grown; PostgreSQL does so by itself.

    Without it, SQLite takes "of this week" for a narrower choice than "inside this street" and
    walks through every check-in of the week.
    """
    session = db.session()
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(_OPTIMIZE))
    session.commit()


@periodic(SUMS, seconds=60)
def add_up_days() -> None:
    """Add up the days that are over and changed, for a map of any number of check-ins."""
    add_up(db.session(), clock())
