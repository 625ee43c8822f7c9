"""What a late entry changes of what came after it: counts, their corrections, flags of handouts.

What the books should have said at the moment of a count, and whether a handout went beyond the
bag, depends on what had happened until then, and not on what had arrived. So, with each entry that
is written, the bag or warehouse it touches is gone through once more from that entry on, in the
order in which things happened. Within one moment handouts come after all else that moved, and
counts come last.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from server.kernel import changes
from server.kernel.clock import Clock
from server.materials import counts, ledger, over_issue
from server.materials.counts import AdjustmentState, Expiries
from server.materials.ledger import Entry, EntryKind
from server.materials.models import LedgerEntry, StockAdjustment
from server.materials.over_issue import Flag, Given

# A place and a material.
Spot = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Step:
    """What an entry did to a place: moved is signed. count_id: it is that count's correction."""

    at: datetime
    batch_id: str
    moved: int
    handout_id: str | None
    count_id: str | None


def retell(
    session: Session,
    clock: Clock,
    since: Mapping[Spot, datetime],
    entries: Sequence[Entry],
    author_id: str,
) -> list[Entry]:
    """What is to be written beside these new entries, so that each approved count remains true.

    Goes through the spots, each from its moment on. Changes expected, quantity and state of counts
    and the flags of handouts and their visits, and tells the phones. The caller holds the places
    (ledger.hold).
    """
    spots = {spot: at for spot, at in since.items() if ledger.sort_of(spot[0]) in ledger.HELD}
    counted = counts.followed(session, spots)
    if not counted and not any(ledger.sort_of(place) == "rep" for place, _ in spots):
        return []
    steps = _written(session, spots)
    before = _balances_before(session, spots, steps)
    for entry in entries:
        for place, moved in ((entry.to_place, entry.quantity), (entry.from_place, -entry.quantity)):
            steps[place, entry.material_id].append(_step_of(entry, moved))
    given = over_issue.given(session, _handouts_among(steps))
    if not counted and not given:
        return []
    made: list[Entry] = []
    flags: dict[str, Flag | None] = {}
    expiries = Expiries(session)
    for spot in sorted(spots):
        telling = _Telling(before[spot], expiries, author_id, given)
        telling.tell(steps[spot], counted.get(spot, ()))
        made += telling.made
        flags |= telling.flags
        sort, _, holder = spot[0].partition(":")
        if sort == "rep":
            scope = changes.user_scope(holder)
            changes.touch(session, scope, "stock_count", telling.changed)
    over_issue.write(session, clock, given, flags)
    return made


def _step_of(entry: Entry, moved: int) -> _Step:
    handout_id = entry.handout_id if entry.reverses_id is None else None
    count_id = entry.adjustment_id if entry.kind is EntryKind.COUNT else None
    return _Step(entry.at, entry.batch_id or "", moved, handout_id, count_id)


def _written(session: Session, spots: Mapping[Spot, datetime]) -> defaultdict[Spot, list[_Step]]:
    """What the books know of the spots since the earliest of their moments."""
    place_ids = {place for place, _ in spots}
    material_ids = {material_id for _, material_id in spots}
    both = [
        select(
            place,
            LedgerEntry.material_id,
            LedgerEntry.at,
            LedgerEntry.batch_id,
            LedgerEntry.quantity * sign,
            LedgerEntry.handout_id,
            LedgerEntry.kind,
            LedgerEntry.adjustment_id,
            LedgerEntry.reverses_id,
        ).where(
            place.in_(place_ids),
            LedgerEntry.material_id.in_(material_ids),
            LedgerEntry.at >= min(spots.values()),
        )
        for place, sign in ((LedgerEntry.to_place, 1), (LedgerEntry.from_place, -1))
    ]
    found: defaultdict[Spot, list[_Step]] = defaultdict(list)
    for (
        place,
        material_id,
        at,
        batch_id,
        moved,
        handout,
        kind,
        adjustment,
        reverses,
    ) in session.execute(union_all(*both)):
        own = adjustment if kind == EntryKind.COUNT else None
        step = _Step(at, batch_id or "", moved, None if reverses else handout, own)
        found[place, material_id].append(step)
    return found


def _balances_before(
    session: Session, spots: Mapping[Spot, datetime], steps: Mapping[Spot, Sequence[_Step]]
) -> defaultdict[Spot, Counter[str]]:
    """By batch: today's balances without the steps, which the books contain already."""
    found: defaultdict[Spot, Counter[str]] = defaultdict(Counter)
    today = ledger.batch_balances(
        session, {place for place, _ in spots}, {material_id for _, material_id in spots}
    )
    for (place, material_id, batch_id), amount in today.items():
        found[place, material_id][batch_id] += amount
    for spot, moves in steps.items():
        for step in moves:
            found[spot][step.batch_id] -= step.moved
    return found


def _handouts_among(steps: Mapping[Spot, Sequence[_Step]]) -> set[str]:
    return {
        one.handout_id
        for (place, _), found in steps.items()
        for one in found
        if one.handout_id is not None and ledger.sort_of(place) == "rep"
    }


def _last(count: StockAdjustment) -> tuple[datetime, int, int, str]:
    # Of one moment the batches come first: what is left of the whole then belongs to none.
    return (count.at, 2, int(count.batch_id is None), count.id)


@dataclass
class _Telling:
    """One spot's history from a moment on: holds is its balance by batch, as it goes along."""

    holds: Counter[str]
    expiries: Expiries
    author_id: str
    given: Mapping[str, Given]
    made: list[Entry] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    flags: dict[str, Flag | None] = field(default_factory=dict)

    def tell(self, steps: Sequence[_Step], counted: Sequence[StockAdjustment]) -> None:
        """Go through all that moved, and the counts, by the time at which it happened."""
        booked: defaultdict[str, Counter[str]] = defaultdict(Counter)
        events: list[tuple[tuple[datetime, int, int, str], _Step | StockAdjustment]] = [
            (_last(count), count) for count in counted
        ]
        ids = {count.id for count in counted}
        for step in steps:
            if step.count_id in ids:
                booked[step.count_id or ""][step.batch_id] += step.moved
            else:
                events.append((self._order(step), step))
        for _, event in sorted(events, key=lambda one: one[0]):
            if isinstance(event, _Step):
                self._move(event)
            else:
                self._count(event, booked[event.id])

    def _order(self, step: _Step) -> tuple[datetime, int, int, str]:
        one = self.given.get(step.handout_id or "")
        return (step.at, 0, 0, "") if one is None else (step.at, 1, one.device_seq, one.id)

    def _move(self, step: _Step) -> None:
        one = self.given.get(step.handout_id or "")
        if one is not None:
            self.flags[one.id] = over_issue.over_issued(self.holds.total(), one.quantity)
        self.holds[step.batch_id] += step.moved

    def _count(self, count: StockAdjustment, booked: Counter[str]) -> None:
        says = self.holds.total() if count.batch_id is None else self.holds[count.batch_id]
        if count.expected != says or count.quantity != (count.counted or 0) - says:
            counts.compare(count, says)
            self.changed.append(count.id)
        if count.state != AdjustmentState.APPROVED:
            return
        wanted = counts.found_by_batch(count, self.holds, self.expiries)
        for batch_id in sorted(wanted.keys() | booked.keys()):
            lacks = wanted.get(batch_id, 0) - booked[batch_id]
            if lacks:
                self.made.append(counts.correction(count, lacks, self.author_id, batch_id or None))
            self.holds[batch_id] += wanted.get(batch_id, 0)
