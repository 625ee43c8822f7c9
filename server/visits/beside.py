"""A visit beside its neighbours in time: the flags that no visit can get by itself.

They are the same in whatever order the visits arrived: what is new is weighed together with what
was there before, and what was there before is weighed again beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.organisation import Rules
from server.kernel.clock import TimeEvidence
from server.kernel.geo import great_circle_m
from server.stores.queries import StoreRef, store_refs
from server.visits import flags as all_flags
from server.visits.fields import evidence_of
from server.visits.flags import Flag
from server.visits.neighbours import Row, around
from server.visits.timing import Reading, clock_flag, step_back_s
from server.visits.travel import REACH, Apart, Seen, identical_flag, identical_to, travel_flag

_AGREES = frozenset({"on_site", "uncertain"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
        elif flags != row["flags"]:
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
    near: set[int] = set()
    next_to: set[int] = set()
    for index, one in enumerate(line):
        before = befores.get(one.id)
        if one.id in new:
            near.update(range(max(0, index - REACH), min(len(line), index + REACH + 1)))
            next_to.add(index)
        elif before is not None and before.id in new:
            next_to.add(index)
    found = []
    for index in sorted(near | next_to):
        row = rows[index]
        group: set[str] = set()
        flags: list[Flag] = []
        if index in near:
            group |= all_flags.TRAVEL
            flags += _travel_flags(rules, line, index, apart)
        # Of others near in time, the one before them by number need not have been fetched.
        if index in next_to:
            group |= all_flags.CLOCK
            flags += _clock_flags(rules, line[index], befores.get(line[index].id), row)
        if flags or row["flags"]:
            flags = all_flags.replaced(row["flags"], group, flags)
        found.append((row, flags))
    return found


def _before_by_number(line: Iterable[Seen]) -> dict[str, Seen]:
    """For each visit the one before it in its phone's own order."""
    found = {}
    last: Seen | None = None
    for one in sorted(line, key=lambda one: (one.device_id, one.device_seq, one.id)):
        if last is not None and last.device_id == one.device_id:
            found[one.id] = last
        last = one
    return found


def _clock_flags(rules: Rules, here: Seen, before: Seen | None, row: Row) -> list[Flag]:
    step = step_back_s(before.reading, here.reading) if before is not None else 0.0
    closing = row["close_step_s"] or 0.0
    other = before.id if before is not None and step >= closing else None
    ahead, tolerance = here.reading.ahead_s, rules.clock_tolerance_s
    moved = clock_flag(max(step, closing), ahead, tolerance, other)
    return [] if moved is None else [moved]


def _travel_flags(rules: Rules, line: Sequence[Seen], index: int, apart: Apart) -> list[Flag]:
    travelled = travel_flag(line, index, rules)
    found = [] if travelled is None else [travelled]
    same = identical_to(line, index)
    if same:
        copied = identical_flag(line, index, rules, apart, same)
        if copied is not None:
            found.append(copied)
    return found


def seen(row: Row, rules: Rules) -> Seen:
    """A row of the visit table as its neighbours see it."""
    evidence = evidence_of(row)
    accuracy, age = row["in_accuracy_m"], row["in_fix_age_s"] or 0.0
    error = evidence.error_s(row["said_at"])
    sound = (
        accuracy is not None
        and accuracy <= rules.max_accuracy_m
        and age <= rules.cached_fix_max_age_s
        # Without any contact nobody knows when the visit was.
        and error is not None
    )
    return Seen(
        id=row["id"],
        store_id=row["store_id"],
        at=_seconds(row["checked_in_at"]),
        said=_seconds(evidence.told(row["said_at"])),
        error_s=error,
        lat=row["in_lat"],
        lon=row["in_lon"],
        accuracy_m=accuracy or 0.0,
        age_s=age,
        sound=sound,
        agrees=row["verdict"] in _AGREES,
        device_id=row["device_id"],
        device_seq=row["device_seq"],
        reading=reading(evidence, row["said_at"]),
    )


def reading(evidence: TimeEvidence, said_at: datetime) -> Reading:
    """What a record's evidence says about its time; said_at is the time it claims."""
    return Reading(
        told=_seconds(evidence.told(evidence.device_at)),
        offset_ms=evidence.clock_offset_ms,
        monotonic_ms=evidence.monotonic_ms,
        ahead_s=max(evidence.ahead_s(), evidence.ahead_s(said_at)),
    )


def _seconds(at: datetime) -> float:
    return (at - _EPOCH).total_seconds()
