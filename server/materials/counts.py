"""What an approved count means for entries that the books learn of later.

A count says how much lay at a place at a moment; once it is approved, the balance of that moment
is what was counted, whatever arrives afterwards. An entry that happened before it was already in
what was counted, and so the count's correction is made smaller (or larger) by as much. A count
that nobody has decided about is only compared with the books anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import changes
from server.materials import ledger
from server.materials.ledger import ADJUST, Entry, EntryKind
from server.materials.models import StockAdjustment


class AdjustmentKind(StrEnum):
    """Where the wish to correct the books comes from."""

    COUNT = "count"
    ADJUST = "adjust"


class AdjustmentState(StrEnum):
    """What became of it. matched: a count that found what the books said."""

    PENDING = "pending"
    MATCHED = "matched"
    APPROVED = "approved"
    REJECTED = "rejected"


_FOLLOWED = (
    AdjustmentState.APPROVED.value,
    AdjustmentState.MATCHED.value,
    AdjustmentState.PENDING.value,
)


def expected(session: Session, adjustment: StockAdjustment) -> int:
    """What the books say now of the moment of a count that does not count yet."""
    found = ledger.balances_at(session, adjustment.at, [adjustment.place], [adjustment.material_id])
    return sum(
        amount
        for (_, _, batch_id), amount in found.items()
        if adjustment.batch_id is None or batch_id == adjustment.batch_id
    )


def correction(adjustment: StockAdjustment, amount: int, author_id: str) -> Entry:
    """The entry by which an adjustment adds so much to its place (or takes it, if negative)."""
    way = (ADJUST, adjustment.place) if amount > 0 else (adjustment.place, ADJUST)
    return Entry(
        kind=EntryKind(adjustment.kind),
        material_id=adjustment.material_id,
        from_place=way[0],
        to_place=way[1],
        quantity=abs(amount),
        at=adjustment.at,
        author_id=author_id,
        note=adjustment.note,
        batch_id=adjustment.batch_id,
        adjustment_id=adjustment.id,
    )


def repairs(session: Session, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that keep every approved count true after these entries.

    Changes expected, quantity and state of the counts. Each entry is followed through the counts
    after it: what shifts the balance that an approved count has fixed is taken back there.
    """
    places = {place for entry in entries for place in (entry.from_place, entry.to_place)}
    counted = {place for place in places if ledger.sort_of(place) in ledger.HELD}
    if not counted:
        return []
    query = (
        select(StockAdjustment)
        .where(
            StockAdjustment.kind == AdjustmentKind.COUNT.value,
            StockAdjustment.state.in_(_FOLLOWED),
            StockAdjustment.place.in_(counted),
            StockAdjustment.at >= min(entry.at for entry in entries),
        )
        .order_by(StockAdjustment.at, StockAdjustment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_key: dict[tuple[str, str], list[StockAdjustment]] = {}
    for count in session.scalars(query):
        by_key.setdefault((count.place, count.material_id), []).append(count)
    made: list[Entry] = []
    for entry in entries:
        for place, moved in ((entry.to_place, entry.quantity), (entry.from_place, -entry.quantity)):
            later = by_key.get((place, entry.material_id), ())
            made += _followed(session, entry, moved, [one for one in later if _after(entry, one)])
    return made


def _after(entry: Entry, count: StockAdjustment) -> bool:
    if entry.kind is EntryKind.COUNT:
        # A count's own correction fixes its own moment, and shifts only those after it.
        return (count.at, count.id) > (entry.at, entry.adjustment_id or "")
    return count.at >= entry.at


def _followed(
    session: Session, entry: Entry, moved: int, later: Sequence[StockAdjustment]
) -> list[Entry]:
    shift: Counter[str] = Counter({entry.batch_id or "": moved})
    made = []
    for count in later:
        batch = count.batch_id or ""
        wrong = shift[batch] if count.batch_id else sum(shift.values())
        if wrong == 0:
            continue
        compare(count, (count.expected or 0) + wrong)
        sort, _, holder = count.place.partition(":")
        if sort == "rep":
            changes.touch(session, changes.user_scope(holder), "stock_count", [count.id])
        if count.state == AdjustmentState.APPROVED:
            shift[batch] -= wrong
            made.append(correction(count, -wrong, entry.author_id))
    return made


def compare(count: StockAdjustment, says: int) -> None:
    """Hold what was counted against what the books say of that moment."""
    count.expected = says
    count.quantity = (count.counted or 0) - says
    if count.state != AdjustmentState.APPROVED:
        state = AdjustmentState.PENDING if count.quantity else AdjustmentState.MATCHED
        count.state = state.value
