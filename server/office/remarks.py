"""What is remarked of an office check-in beside its verdict, in both languages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.office.hours import Hours, on_day


def other_office(bound_to: str) -> dict[str, Any]:
    """The flag of a check-in at another office than the person's own."""
    return {
        "code": "other_office",
        "words": {
            "zh-CN": f"不是本人的报到地点（{bound_to}），由主管决定是否计入",
            "en": f"Not the office they report to ({bound_to}); a supervisor decides if it counts",
        },
        "numbers": {},
    }


def outside_hours(hours: Hours, at: datetime) -> dict[str, Any]:
    """The flag of a check-in outside the opening hours; it counts all the same."""
    spans = ", ".join(f"{opens}–{closes}" for opens, closes in on_day(hours, at))
    return {
        "code": "outside_hours",
        "words": {
            "zh-CN": f"不在办公时间内（当天 {spans}）" if spans else "当天办公点不开门",
            "en": f"Outside the opening hours ({spans})" if spans else "Closed on that day",
        },
        "numbers": {},
    }
