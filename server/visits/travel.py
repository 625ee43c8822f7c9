"""Could the rep have been at both places? Pure: two rules about fixes of one person.

impossible_travel: faster than anybody drives, between fixes farther apart than both may be off. A
receiver that is wrong once is no cheat: a fix that does not fit its own store and lies beside the
way between its neighbours is taken for a glitch, and so is one that nothing has confirmed yet.

identical_fix: the very same digits at stores too far apart for one reading to serve both. A cached
reading that says how old it is was honestly told, and so is no flag.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from server.accounts.organisation import Rules
from server.kernel.geo import great_circle_m
from server.visits import words

# How many visits before and after one can bear on its flags, in the order of time.
REACH = 3
# Two readings of one clock under one offset differ by no more than this from each other, seconds.
_SAME_CLOCK_S = 5.0
# A degree is nowhere longer, metres (and 180° east is as far as 180° west).
_DEGREE_M = 111_700.0


@dataclass(slots=True)
class Seen:
    """A visit as its neighbours see it. Times are seconds since 1970, lengths metres.

    at is the estimate of the check-in, said the phone's own words for it (by its offset, not cut
    off at the receipt; by the counter, where the clock was set back behind_s seconds since its
    contact with the server); sound: the fix is accurate and fresh enough to prove something;
    agrees: it fits the store that it was made for. told, offset_ms and monotonic_ms: see
    timing.Told; ahead_s: by how much it claims to be from after its receipt.
    """

    id: str
    store_id: str
    at: float
    said: float
    error_s: float | None
    lat: float | None
    lon: float | None
    accuracy_m: float
    age_s: float
    sound: bool
    agrees: bool
    device_id: str
    device_seq: int
    told: float
    offset_ms: int | None
    monotonic_ms: int | None
    ahead_s: float
    received: float
    behind_s: float = 0.0


Apart = Callable[[str, str], float]
Line = Sequence[Seen]


def seconds_between(one: Seen, two: Seen) -> float:
    """The longest time that may lie between two fixes, in seconds."""
    same_clock = one.device_id == two.device_id and one.offset_ms == two.offset_ms
    if same_clock and not one.behind_s and not two.behind_s:
        # Both told by one clock: what it is off cancels out.
        return abs((two.said - two.age_s) - (one.said - one.age_s)) + _SAME_CLOCK_S
    error = (one.error_s or 0.0) + (two.error_s or 0.0)
    return abs((two.at - two.age_s) - (one.at - one.age_s)) + error


def too_fast(one: Seen, two: Seen, rules: Rules) -> dict[str, float] | None:
    """The numbers of a way nobody can have gone, or None where it can be gone."""
    if one.lat is None or one.lon is None or two.lat is None or two.lon is None:
        return None
    span = seconds_between(one, two)
    # North and then east is never shorter: most ways are seen to be possible without any sine.
    longest = (abs(one.lat - two.lat) + abs(one.lon - two.lon)) * _DEGREE_M
    if longest <= rules.travel_min_m or longest * 3.6 <= rules.travel_kmh * span:
        return None
    distance = great_circle_m(one.lat, one.lon, two.lat, two.lon)
    surely = distance - one.accuracy_m - two.accuracy_m
    if surely <= rules.travel_min_m:
        return None
    speed = surely / span * 3.6
    if speed <= rules.travel_kmh:
        return None
    return {
        "distance_m": round(distance, 1),
        "span_s": round(span, 1),
        "speed_kmh": round(speed, 1),
        "limit_kmh": rules.travel_kmh,
    }


def travel_flag(line: Line, index: int, rules: Rules) -> dict[str, Any] | None:
    """The flag impossible_travel of line[index], or None.

    line is one person's visits in the order of time. Only the REACH visits on either side count,
    so that the flag is the same in whatever order the visits arrived.
    """
    here = line[index]
    if not here.sound or index == 0:
        return None
    for last in reversed(line[max(0, index - REACH) : index]):
        if last.sound:
            break
    else:
        return None
    numbers = too_fast(last, here, rules)
    if numbers is None or _excused(line, index, rules):
        return None
    return {
        "code": "impossible_travel",
        "words": words.flag("impossible_travel", numbers),
        "numbers": numbers,
        "refs": {"visit_id": last.id},
    }


def _excused(line: Line, index: int, rules: Rules) -> bool:
    """True where one of both fixes may be a receiver's single glitch."""
    before = [one for one in reversed(line[max(0, index - REACH) : index]) if one.sound]
    here, last = line[index], before[0]
    if not here.agrees:
        # Only what follows can tell whether the person really was where this fix says.
        after = [one for one in line[index + 1 : index + 1 + REACH] if one.sound]
        if not after:
            return True
        if too_fast(here, after[0], rules) and not too_fast(last, after[0], rules):
            return True
    if not last.agrees:
        # The one before was the odd one out, unless the way from the one before that is no better.
        return len(before) == 1 or not too_fast(before[1], here, rules)
    return False


def identical_to(line: Line, index: int) -> list[Seen]:
    """The visits shortly before line[index], at other stores, with the very same coordinates."""
    here = line[index]
    if not here.sound:
        return []
    return [
        one
        for one in line[max(0, index - REACH) : index]
        if one.lat == here.lat
        and one.lon == here.lon
        and one.store_id != here.store_id
        and one.sound
        and abs((here.said - here.age_s) - (one.said - one.age_s)) > _SAME_CLOCK_S
    ]


def identical_flag(
    line: Line, index: int, rules: Rules, apart: Apart, same: Sequence[Seen]
) -> dict[str, Any] | None:
    """The flag identical_fix of line[index], or None.

    same is what identical_to found; apart gives the metres that two stores' doors are surely
    apart, by their ids.
    """
    here = line[index]
    for one in reversed(same):
        between = apart(one.store_id, here.store_id)
        # A reading so coarse that it covers both doors is the same at both by its nature.
        if between - one.accuracy_m - here.accuracy_m <= rules.identical_apart_m:
            continue
        numbers = {
            "apart_m": round(between, 1),
            "span_s": round(abs(here.at - one.at), 1),
        }
        return {
            "code": "identical_fix",
            "words": words.flag("identical_fix", numbers),
            "numbers": numbers,
            "refs": {"visit_id": one.id},
        }
    return None
