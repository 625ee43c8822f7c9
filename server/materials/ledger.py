"""The stock ledger: material moves only by entries from one place to another.

A balance is what came in less what went out. The running balances are written by append() in the
same statement-by-statement transaction as the entries, and by nothing else; check() proves them
against the sums. The order in which entries arrive does not matter: one that is older than an
approved count of the same material is already in what was counted, so the count's correction
shrinks by as much (see history.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Table, func, literal_column, select, text
from sqlalchemy.orm import Session

from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.kernel.turns import take_turn
from server.materials.models import LedgerEntry, StockBalance

# One place of a material and batch; the batch is empty where nobody said it.
Key = tuple[str, str, str]

SUPPLIER: Final = "supplier"
OPENING: Final = "opening"
WAREHOUSE: Final = "warehouse:main"
ADJUST: Final = "adjust"
# Places outside of the house: they have no stock of their own that could run out.
OUTSIDE: Final = frozenset({SUPPLIER, OPENING, ADJUST})
# The sorts of places with a stock that can be counted.
HELD: Final = frozenset({"rep", "warehouse"})

_ENTRY: Table = LedgerEntry.__table__  # type: ignore[assignment]  # declared wider than it is
_WRITE = BulkInsert(_ENTRY)
_RUN = text(
    "INSERT INTO stock_balance (place, material_id, batch_id, sort, quantity) "
    "VALUES (:place, :material_id, :batch_id, :sort, :quantity) "
    "ON CONFLICT (place, material_id, batch_id) "
    "DO UPDATE SET quantity = stock_balance.quantity + excluded.quantity"
)


class EntryKind(StrEnum):
    """Why material moved."""

    RECEIVE = "receive"
    ISSUE = "issue"
    HANDOUT = "handout"
    RETURN = "return"
    TRANSFER = "transfer"
    ADJUST = "adjust"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement to be written. quantity is the number of units, always above zero."""

    kind: EntryKind
    material_id: str
    from_place: str
    to_place: str
    quantity: int
    at: datetime
    author_id: str
    handout_id: str | None = None
    note: str = ""
    id: str | None = None
    batch_id: str | None = None
    movement_id: str | None = None
    adjustment_id: str | None = None
    reverses_id: str | None = None
    evidence_sha256: str | None = None


# A literal and no parameter: PostgreSQL must see that it groups by what it selects.
_BATCH = func.coalesce(LedgerEntry.batch_id, literal_column("''"))


def sort_of(place: str) -> str:
    """The kind of a place: supplier, opening, adjust, warehouse, transit, rep or store."""
    return place.partition(":")[0]


def warehouse_place(warehouse_id: str) -> str:
    """A warehouse."""
    return f"warehouse:{warehouse_id}"


def transit_place(to_place: str) -> str:
    """The way to a rep or a warehouse: sent, and not confirmed yet."""
    return "transit:" + to_place.partition(":")[2]


def rep_place(user_id: str) -> str:
    """The bag of a rep."""
    return f"rep:{user_id}"


def store_place(store_id: str) -> str:
    """A store that was given material."""
    return f"store:{store_id}"


def hold(session: Session, places: Iterable[str]) -> None:
    """Let nobody else book on these reps' bags and warehouses until the end of this transaction.

    To be called before anything is read, or locked, that a decision about them rests on: what two
    transactions book at once, neither finds in the other's past. A rep's bag is held by the rep's
    own turn, which a push takes before all else; reps come before warehouses, in one order.
    """
    wanted = {place for place in places if sort_of(place) in HELD}
    for place in sorted(wanted, key=lambda one: (sort_of(one) != "rep", one)):
        take_turn(session, place.partition(":")[2] if sort_of(place) == "rep" else place)


def append(session: Session, entries: Sequence[Entry], *, clock: Clock | None = None) -> list[str]:
    """Write entries, the running balances with them, and return the entries' ids.

    clock tells when they are booked; without one they have no such time.
    Raises ValueError for a quantity that is not above zero, or a movement that goes nowhere.
    """
    from server.materials.history import retell

    for entry in entries:
        if entry.quantity <= 0 or entry.from_place == entry.to_place:
            raise ValueError(f"no movement: {entry}")
    since: dict[tuple[str, str], datetime] = {}
    for entry in entries:
        for place in (entry.from_place, entry.to_place):
            spot = (place, entry.material_id)
            since[spot] = min(entry.at, since.get(spot, entry.at))
    if not since:
        return []
    hold(session, [place for place, _ in since])
    more = retell(session, clock or Clock(), since, entries, entries[0].author_id)
    # All in one statement, whose rows have one order: two writers cannot wait for each other.
    return _write(session, [*entries, *more], clock)[: len(entries)]


def recount(
    session: Session,
    spot: tuple[str, str],
    since: datetime,
    author_id: str,
    clock: Clock | None = None,
) -> None:
    """Write what the counts of a (place, material id) since a moment still lack.

    To be called when a count begins to count. The caller holds the place.
    """
    from server.materials.history import retell

    more = retell(session, clock or Clock(), {spot: since}, (), author_id)
    _write(session, more, clock)


def _write(session: Session, entries: Sequence[Entry], clock: Clock | None) -> list[str]:
    booked_at = clock.now() if clock else None
    rows: list[dict[str, Any]] = []
    moved: Counter[Key] = Counter()
    for entry in entries:
        rows.append(
            {
                "id": entry.id or new_id(),
                "kind": entry.kind.value,
                "material_id": entry.material_id,
                "from_place": entry.from_place,
                "to_place": entry.to_place,
                "quantity": entry.quantity,
                "at": entry.at,
                "author_id": entry.author_id,
                "handout_id": entry.handout_id,
                "note": entry.note,
                "batch_id": entry.batch_id,
                "movement_id": entry.movement_id,
                "adjustment_id": entry.adjustment_id,
                "reverses_id": entry.reverses_id,
                "evidence_sha256": entry.evidence_sha256,
                "booked_at": booked_at,
            }
        )
        moved[(entry.to_place, entry.material_id, entry.batch_id or "")] += entry.quantity
        moved[(entry.from_place, entry.material_id, entry.batch_id or "")] -= entry.quantity
    if rows:
        # What the entries name may still wait in the session.
        session.flush()
        _WRITE(session, rows)
        # In a fixed order, so that two writers cannot wait for each other.
        session.execute(_RUN, [_running(key, moved[key]) for key in sorted(moved)])
    return [str(row["id"]) for row in rows]


def _running(key: Key, quantity: int) -> dict[str, Any]:
    place, material_id, batch_id = key
    return {
        "place": place,
        "material_id": material_id,
        "batch_id": batch_id,
        "sort": sort_of(place),
        "quantity": quantity,
    }


def batch_balances(
    session: Session, places: Iterable[str] | None, material_ids: Iterable[str] | None = None
) -> dict[Key, int]:
    """Balance by (place, material id, batch id); places None means all of them."""
    query = select(
        StockBalance.place, StockBalance.material_id, StockBalance.batch_id, StockBalance.quantity
    )
    if places is not None:
        query = query.where(StockBalance.place.in_(set(places)))
    if material_ids is not None:
        query = query.where(StockBalance.material_id.in_(set(material_ids)))
    return {(row[0], row[1], row[2]): int(row[3]) for row in session.execute(query)}


def balances(
    session: Session, places: Iterable[str], material_ids: Iterable[str] | None = None
) -> dict[tuple[str, str], int]:
    """Balance by (place, material id), in one query; what never moved is not in the answer.

    A balance may be negative: the books say that more was handed out than had been issued.
    """
    wanted = set(places)
    materials = None if material_ids is None else set(material_ids)
    if not wanted or (materials is not None and not materials):
        return {}
    found: Counter[tuple[str, str]] = Counter()
    for (place, material_id, _), amount in batch_balances(session, wanted, materials).items():
        found[(place, material_id)] += amount
    return dict(found)


def balance(session: Session, place: str, material_id: str) -> int:
    """Balance of one material at one place."""
    return balances(session, [place], [material_id]).get((place, material_id), 0)


def balances_at(
    session: Session,
    at: datetime,
    places: Iterable[str] | None = None,
    material_ids: Iterable[str] | None = None,
) -> dict[Key, int]:
    """As batch_balances at the end of a moment: today's balances less what has happened since."""
    wanted = None if places is None else set(places)
    materials = None if material_ids is None else set(material_ids)
    found = batch_balances(session, wanted, materials)
    for column, sign in ((LedgerEntry.to_place, -1), (LedgerEntry.from_place, 1)):
        query = (
            select(column, LedgerEntry.material_id, _BATCH, func.sum(LedgerEntry.quantity))
            .where(LedgerEntry.at > at)
            .group_by(column, LedgerEntry.material_id, _BATCH)
        )
        if wanted is not None:
            query = query.where(column.in_(wanted))
        if materials is not None:
            query = query.where(LedgerEntry.material_id.in_(materials))
        for place, material_id, batch_id, moved in session.execute(query):
            key = (place, material_id, batch_id)
            found[key] = found.get(key, 0) + sign * int(moved)
    return found


def trial_balance(session: Session) -> list[tuple[str, str, int]]:
    """(kind of place, material id, quantity) of the whole house; each material sums to zero."""
    query = select(
        StockBalance.sort, StockBalance.material_id, func.sum(StockBalance.quantity)
    ).group_by(StockBalance.sort, StockBalance.material_id)
    return [(row[0], row[1], int(row[2])) for row in session.execute(query)]


def sums(session: Session) -> dict[Key, int]:
    """Balance by (place, material id, batch id) from the entries themselves."""
    found: Counter[Key] = Counter()
    for column, sign in ((LedgerEntry.to_place, 1), (LedgerEntry.from_place, -1)):
        query = select(
            column, LedgerEntry.material_id, _BATCH, func.sum(LedgerEntry.quantity)
        ).group_by(column, LedgerEntry.material_id, _BATCH)
        for place, material_id, batch_id, moved in session.execute(query):
            found[(place, material_id, batch_id)] += sign * int(moved)
    return dict(found)


def check(session: Session) -> dict[Key, tuple[int, int]]:
    """Where the running balance is not the sum of the entries: (running, sum) by key."""
    running, true = batch_balances(session, None), sums(session)
    return {
        key: (running.get(key, 0), true.get(key, 0))
        for key in running.keys() | true.keys()
        if running.get(key, 0) != true.get(key, 0)
    }


def mend(session: Session) -> int:
    """Write the running balances anew where check() finds fault; how many it were."""
    wrong = check(session)
    if wrong:
        rows = [_running(key, true - running) for key, (running, true) in sorted(wrong.items())]
        session.execute(_RUN, rows)
    return len(wrong)
