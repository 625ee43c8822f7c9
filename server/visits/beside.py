"""A visit beside its neighbours in time: the flags that no visit can get by itself.

They are the same in whatever order the visits arrived: what is new is weighed together with what
was there before, and what was there before is weighed again beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from server.accounts.organisation import Rules
from server.kernel.clock import TimeEvidence, gap_s, set_back_s, time_error_s
from server.kernel.geo import great_circle_m
from server.stores.queries import StoreRef, store_refs
from server.visits import flags as all_flags
from server.visits.fields import evidence_of
from server.visits.flags import Flag
from server.visits.neighbours import Row, around
from server.visits.timing import Reading, clock_flag, step_back_s
from server.visits.travel import REACH, Apart, Seen, identical_flag, identical_to, travel_flag

_AGREES: Final = frozenset({"on_site", "uncertain"})


def weigh(
    session: Session, rules: Rules, author_id: str, fresh: Sequence[Row], stores: dict[str, Any]
) -> list[tuple[Row, list[Flag]]]:
    """Set the flags that a person's visits have by their neighbours.

    fresh are rows of the visit table that are new or judged anew; their "flags" are set here.
    stores are StoreRefs known already, by id; others are looked up if they are needed. Returns the
    rows that were there before and whose flags change by these, with their new flags: they hold
    what neighbours.COLUMNS names.
    """
    if not fresh:
        return []
    times = {row["checked_in_at"] for row in fresh}
    seqs: dict[str, set[int]] = {}
    for row in fresh:
        seqs.setdefault(row["device_id"], set()).add(row["device_seq"])
    new = {row["id"] for row in fresh}
    there = [row for row in around(session, author_id, times, seqs) if row["id"] not in new]
    found = decide_all(rules, fresh, there, _apart_in(session, stores))
    changed = []
    for row, flags in found:
        if row["id"] in new:
            row["flags"] = flags
        elif flags != row["flags"] and row["erased_at"] is None:
            # What was judged by positions that are erased by now stays as it was judged.
            changed.append((row, flags))
    return changed


def _apart_in(session: Session, stores: dict[str, Any]) -> Apart:
    def apart(one_id: str, two_id: str) -> float:
        missing = {one_id, two_id} - stores.keys()
        if missing:
            stores.update(store_refs(session, missing))
        return _surely_apart_m(stores.get(one_id), stores.get(two_id))

    return apart


def _surely_apart_m(one: StoreRef | None, two: StoreRef | None) -> float:
    if one is None or two is None:
        return 0.0
    between = great_circle_m(one.lat, one.lon, two.lat, two.lon)
    return max(0.0, between - one.pin_quality_m - two.pin_quality_m)


def decide_all(
    rules: Rules, fresh: Sequence[Row], there: Sequence[Row], apart: Apart
) -> list[tuple[Row, list[Flag]]]:
    """The flags of the fresh visits and of those beside them. Pure.

    there are the person's other visits around the fresh ones, as neighbours.around gives them.
    """
    rows = sorted([*fresh, *there], key=lambda row: (row["checked_in_at"], row["id"]))
    line = [seen(row, rules) for row in rows]
    befores = _before_by_number(line)
    new = {row["id"] for row in fresh}
    # Coordinates that are there once only are nobody's copy.
    once = len({(one.lat, one.lon) for one in line if one.sound}) == sum(one.sound for one in line)
    last_new = -REACH - 1
    news = [one.id in new for one in line]
    found = []
    for index, one in enumerate(line):
        row, flags = rows[index], []
        before = befores.get(one.id)
        if news[index]:
            last_new = index
        near = index - last_new <= REACH or any(news[index + 1 : index + 1 + REACH])
        # Of others near in time, the one before them by number need not have been fetched.
        next_to = news[index] or (before is not None and before.id in new)
        if next_to:
            flags += _clock_flags(rules, one, before, row)
        if near:
            flags += _travel_flags(rules, line, index, apart, once=once)
        if flags or row["flags"]:
            group = _GROUPS[near, next_to]
            flags = all_flags.replaced(row["flags"], group, flags)
        if near or next_to:
            found.append((row, flags))
    return found


_GROUPS: Final = {
    (True, True): all_flags.TRAVEL | all_flags.CLOCK,
    (True, False): all_flags.TRAVEL,
    (False, True): all_flags.CLOCK,
    (False, False): frozenset[str](),
}


def _before_by_number(line: Iterable[Seen]) -> dict[str, Seen]:
    """For each visit the one before it in its phone's own order.

    A phone whose data was lost counts anew under its old name. What it had counted before reached
    the server before that: a visit made after another's receipt cannot have come before it.
    """
    found = {}
    last: Seen | None = None
    for one in sorted(line, key=lambda one: (one.device_id, one.device_seq, one.id)):
        if (
            last is not None
            and last.device_id == one.device_id
            and last.device_seq < one.device_seq
            and last.told <= one.received
        ):
            found[one.id] = last
        last = one
    return found


def _clock_flags(rules: Rules, here: Seen, before: Seen | None, row: Row) -> list[Flag]:
    step = step_back_s(before, here) if before is not None else 0.0
    closing = row["close_step_s"] or 0.0
    other = before.id if before is not None and step >= closing else None
    back, tolerance = max(step, closing), rules.clock_tolerance_s
    moved = clock_flag(back, here.ahead_s, tolerance, other, behind_s=here.behind_s)
    return [] if moved is None else [moved]


def _travel_flags(
    rules: Rules, line: Sequence[Seen], index: int, apart: Apart, *, once: bool
) -> list[Flag]:
    travelled = travel_flag(line, index, rules)
    found = [] if travelled is None else [travelled]
    same = () if once else identical_to(line, index)
    if same:
        copied = identical_flag(line, index, rules, apart, same)
        if copied is not None:
            found.append(copied)
    return found


def seen(row: Row, rules: Rules) -> Seen:
    """A row of the visit table as its neighbours see it."""
    offset_ms, monotonic_ms = row["clock_offset_ms"], row["monotonic_ms"]
    offset_s = offset_ms / 1000 if offset_ms else 0.0
    device_at, said_at = row["device_at"], row["said_at"]
    told = device_at.timestamp() + offset_s
    said = told if said_at is device_at else said_at.timestamp() + offset_s
    ahead_s = max(0.0, told - (received := row["received_at"].timestamp()), said - received)
    gap, contact_at = None, row["contact_at"]
    if contact_at is not None:
        gap = gap_s(told, contact_at.timestamp(), monotonic_ms)
    behind_s = set_back_s(gap, monotonic_ms)
    accuracy, age = row["in_accuracy_m"], row["in_fix_age_s"] or 0.0
    if behind_s:
        evidence = evidence_of(row)
        error, said = evidence.error_s(said_at), evidence.correct(said_at).timestamp()
    else:
        error = time_error_s(offset_ms, monotonic_ms, max(0.0, said - received), gap)
    sound = (
        accuracy is not None
        and accuracy <= rules.max_accuracy_m
        and age <= rules.cached_fix_max_age_s
        # Without any contact nobody knows when the visit was.
        and error is not None
    )
    return Seen(
        row["id"],
        row["store_id"],
        min(said, received),
        said,
        error,
        row["in_lat"],
        row["in_lon"],
        accuracy or 0.0,
        age,
        sound,
        row["verdict"] in _AGREES,
        row["device_id"],
        row["device_seq"],
        told,
        offset_ms,
        monotonic_ms,
        ahead_s,
        received,
        behind_s,
    )


def reading(evidence: TimeEvidence) -> Reading:
    """What a record's evidence says about its time."""
    told = evidence.told(evidence.device_at).timestamp()
    return Reading(told, evidence.clock_offset_ms, evidence.monotonic_ms)
