"""ISO weeks as the board needs them: checked, counted back, and named with their bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.kernel.clock import iso_week, week_bounds
from server.office import problems

_WEEK = re.compile(r"(20[0-9]{2}|21[0-9]{2})-W[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week of the organisation: start and exclusive end in UTC."""

    name: str
    start: datetime
    end: datetime

    def closed(self, now: datetime) -> bool:
        """True once the week is over."""
        return now >= self.end


def parse_week(text: str) -> Week:
    """Read a week such as 2026-W48. Raises week_invalid, also for a W53 that the year lacks."""
    if not _WEEK.fullmatch(text):
        raise problems.WEEK_INVALID.error(field="week", week=text[:20])
    try:
        return Week(text, *week_bounds(text))
    except ValueError as error:
        raise problems.WEEK_INVALID.error(field="week", week=text) from error


def weeks_back(week: Week, count: int) -> list[Week]:
    """The week and those before it, count in all, oldest first."""
    found = [week]
    while len(found) < count:
        # Noon of the day before a Monday is in the week before, whatever the clocks do that night.
        name = iso_week(found[-1].start - timedelta(hours=12))
        found.append(Week(name, *week_bounds(name)))
    return found[::-1]
