"""Counts: what the books should have said, and by which entries an approved one makes it true.

A count says how much lay at a place at a moment; once it is approved, the balance of that moment
is what was counted, whatever arrives afterwards. An entry that happened before it was already in
what was counted, and so the count's correction is made smaller (or larger) by as much. A count
that nobody has decided about is only compared with the books anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.materials import ledger
from server.materials.ledger import ADJUST, Entry, EntryKind
from server.materials.models import Batch, StockAdjustment


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


def correction(
    adjustment: StockAdjustment, amount: int, author_id: str, batch_id: str | None
) -> Entry:
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
        batch_id=batch_id,
        adjustment_id=adjustment.id,
    )


def followed(
    session: Session, since: Mapping[tuple[str, str], datetime]
) -> dict[tuple[str, str], list[StockAdjustment]]:
    """The counts of each (place, material id) since its moment, oldest first, locked."""
    if not since:
        return {}
    query = (
        select(StockAdjustment)
        .where(
            StockAdjustment.kind == AdjustmentKind.COUNT.value,
            StockAdjustment.state.in_(_FOLLOWED),
            StockAdjustment.place.in_({place for place, _ in since}),
            StockAdjustment.material_id.in_({material_id for _, material_id in since}),
            StockAdjustment.at >= min(since.values()),
        )
        .order_by(StockAdjustment.at, StockAdjustment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found: dict[tuple[str, str], list[StockAdjustment]] = {}
    for count in session.scalars(query):
        found.setdefault((count.place, count.material_id), []).append(count)
    return {spot: counts for spot, counts in found.items() if spot in since}


def compare(count: StockAdjustment, says: int) -> None:
    """Hold what was counted against what the books say of that moment."""
    count.expected = says
    count.quantity = (count.counted or 0) - says
    if count.state != AdjustmentState.APPROVED:
        state = AdjustmentState.PENDING if count.quantity else AdjustmentState.MATCHED
        count.state = state.value


class Expiries:
    """The batches of materials in the order in which they are used up, asked once each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, list[str]] = {}

    def __call__(self, material_id: str) -> list[str]:
        """Batch ids: units of no batch first, then what expires first."""
        if material_id not in self._known:
            rows = self._session.execute(
                select(Batch.id, Batch.code, Batch.expires_on).where(
                    Batch.material_id == material_id
                )
            ).all()
            ordered = sorted(rows, key=lambda row: (row[2] or date.max, row[1], row[0]))
            self._known[material_id] = ["", *(row[0] for row in ordered)]
        return self._known[material_id]


def found_by_batch(
    count: StockAdjustment, holds: Mapping[str, int], expiries: Expiries
) -> dict[str, int]:
    """What a count adds to each batch (takes, if negative) of what the books held at its moment.

    A count of one batch speaks of that one. A count of the whole material that differs leaves no
    batch below zero: what is missing is taken from units of no batch, then from what expires first;
    what is too many belongs to no batch.
    """
    if count.batch_id is not None:
        return {count.batch_id: (count.counted or 0) - holds.get(count.batch_id, 0)}
    differs = (count.counted or 0) - sum(holds.values())
    if differs == 0:
        return {}
    found = {batch_id: -amount for batch_id, amount in holds.items() if amount < 0}
    rest = differs - sum(found.values())
    if rest > 0:
        found[""] = found.get("", 0) + rest
    elif rest < 0:
        for batch_id in expiries(count.material_id):
            taken = min(max(holds.get(batch_id, 0), 0), -rest)
            if taken:
                found[batch_id] = -taken
                rest += taken
    return found
