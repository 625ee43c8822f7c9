"""Was the phone's clock moved? Pure. Being synced late says nothing about that.

Four things show a moved clock: a record claims to be from after its receipt; of two records in the
phone's own order the later one claims the earlier time; between them the clock ran less than a
counter that nobody can set; or it ran less than that since its contact with the server. Each is
measured in seconds, and only what is beyond the organisation's tolerance is a flag: clocks are put
right by a network all the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from server.visits import words


class Told(Protocol):
    """What a record says about its time.

    told: its device time by the known offset, seconds since 1970; offset_ms and monotonic_ms as
    in TimeEvidence.
    """

    told: float
    offset_ms: int | None
    monotonic_ms: int | None


@dataclass(slots=True)
class Reading:
    """A record's time and nothing else."""

    told: float
    offset_ms: int | None
    monotonic_ms: int | None


def step_back_s(before: Told, after: Told) -> float:
    """By how many seconds the clock went back between two records of a phone, in its own order.

    0 where it did not. A clock that went forward cannot be told from time that passed: a contact
    with the server between the records may have begun the counter anew.
    """
    back = before.told - after.told
    if before.monotonic_ms is not None and after.monotonic_ms is not None:
        counted = (after.monotonic_ms - before.monotonic_ms) / 1000
        # Under one offset the counter did not begin anew, or began later and counted less.
        if counted >= 0 and before.offset_ms == after.offset_ms:
            back += counted
    return max(0.0, back)


def clock_flag(
    back_s: float,
    ahead_s: float,
    tolerance_s: float,
    other: str | None = None,
    *,
    behind_s: float = 0.0,
) -> dict[str, Any] | None:
    """The flag clock_moved for the greatest of these, or None within the tolerance.

    behind_s is TimeEvidence.behind_s. other is the id of the visit before, where the step back
    lies between two visits.
    """
    moved = max(back_s, ahead_s, behind_s)
    if moved <= tolerance_s:
        return None
    code = "clock_back" if back_s == moved else "clock_ahead"
    if behind_s == moved and back_s < moved:
        code = "clock_behind"
    numbers = {"moved_s": round(moved, 1), "tolerance_s": tolerance_s}
    flag: dict[str, Any] = {
        "code": "clock_moved",
        "words": words.flag(code, numbers),
        "numbers": numbers,
    }
    if other is not None and code == "clock_back":
        flag["refs"] = {"visit_id": other}
    return flag
