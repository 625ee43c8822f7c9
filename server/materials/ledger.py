"""The stock ledger: material moves only by entries from one place to another.

A balance is what came in less what went out. Nothing else is stored, so it cannot drift, and the
order in which entries arrive does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, insert, select, union_all
from sqlalchemy.orm import Session

from server.kernel.ids import new_id
from server.materials.models import LedgerEntry

SUPPLIER: Final = "supplier"
WAREHOUSE: Final = "warehouse:main"
ADJUST: Final = "adjust"


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


def rep_place(user_id: str) -> str:
    """The bag of a rep."""
    return f"rep:{user_id}"


def store_place(store_id: str) -> str:
    """A store that was given material."""
    return f"store:{store_id}"


def append(session: Session, entries: Sequence[Entry]) -> list[str]:
    """Write entries in one statement and return their ids.

    Raises ValueError for a quantity that is not above zero, or a movement that goes nowhere.
    """
    rows = []
    for entry in entries:
        if entry.quantity <= 0 or entry.from_place == entry.to_place:
            raise ValueError(f"no movement: {entry}")
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
            }
        )
    if rows:
        session.execute(insert(LedgerEntry), rows)
    return [str(row["id"]) for row in rows]


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
    halves = []
    for column, sign in ((LedgerEntry.to_place, 1), (LedgerEntry.from_place, -1)):
        half = select(
            column.label("place"),
            LedgerEntry.material_id,
            (sign * func.sum(LedgerEntry.quantity)).label("moved"),
        ).where(column.in_(wanted))
        if materials is not None:
            half = half.where(LedgerEntry.material_id.in_(materials))
        halves.append(half.group_by(column, LedgerEntry.material_id))
    found: dict[tuple[str, str], int] = {}
    for place, material_id, moved in session.execute(union_all(*halves)):
        key = (place, material_id)
        found[key] = found.get(key, 0) + int(moved)
    return found


def balance(session: Session, place: str, material_id: str) -> int:
    """Balance of one material at one place."""
    return balances(session, [place], [material_id]).get((place, material_id), 0)


def over_issued(balance_before: int, quantity: int) -> dict[str, Any] | None:
    """The flag of a handout that takes a rep's stock below zero, or None.

    A flag asks for an explanation; it never refuses the handout, which has already happened.
    """
    balance_after = balance_before - quantity
    if balance_after >= 0:
        return None
    short = -balance_after
    if balance_before >= 0:
        zh = f"发放 {quantity}，账面只有 {balance_before}，差 {short}"
        en = f"{quantity} handed out with {balance_before} on the books: {short} too many"
    else:
        zh = f"账面已差 {-balance_before}，又发放 {quantity}，共差 {short}"
        en = f"{quantity} handed out with {-balance_before} missing already: {short} too many"
    return {
        "code": "over_issued",
        "words": {"zh-CN": zh, "en": en},
        "numbers": {
            "quantity": quantity,
            "balance_before": balance_before,
            "balance_after": balance_after,
        },
    }
