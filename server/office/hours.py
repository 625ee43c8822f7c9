"""Opening hours of an office: by weekday, in the organisation's zone. Outside them is a remark."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from server.kernel.clock import org_zone

Hours = Sequence[Mapping[str, Any]]
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
SPANS_MAX: Final = 28


def is_hours(value: object) -> bool:
    """True for a list of {day: 1 to 7, opens, closes} whose spans end after they begin."""
    if not isinstance(value, list) or len(value) > SPANS_MAX:
        return False
    return all(isinstance(one, dict) and _is_span(one) for one in value)


def _is_span(one: Mapping[str, Any]) -> bool:
    opens, closes, day = one.get("opens"), one.get("closes"), one.get("day")
    if not isinstance(opens, str) or not isinstance(closes, str) or type(day) is not int:
        return False
    fits = _TIME.fullmatch(opens) and _TIME.fullmatch(closes)
    return bool(fits) and 1 <= day <= 7 and opens < closes


def is_open(hours: Hours | None, at: datetime) -> bool:
    """True within the hours, and wherever none have been said."""
    if hours is None:
        return True
    local = at.astimezone(org_zone())
    clock = f"{local:%H:%M}"
    return any(
        one["opens"] <= clock < one["closes"] for one in hours if one["day"] == local.isoweekday()
    )


def on_day(hours: Hours, at: datetime) -> list[tuple[str, str]]:
    """The spans of the weekday of this moment, as (opens, closes)."""
    day = at.astimezone(org_zone()).isoweekday()
    return sorted((one["opens"], one["closes"]) for one in hours if one["day"] == day)
