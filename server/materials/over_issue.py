"""The flag over_issued of handouts and of their visits: written here, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from server.kernel import changes
from server.kernel.clock import Clock
from server.materials.models import Handout
from server.materials.queries import beyond_books
from server.visits.domain import judge_handouts

Flag = dict[str, Any]
CODE: Final = "over_issued"

_HANDOUT: Table = Handout.__table__  # type: ignore[assignment]  # declared wider than it is
_SET_FLAGS = (
    update(_HANDOUT).where(_HANDOUT.c.id == bindparam("handout")).values(flags=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Given:
    """A handout as its flag needs it. device_seq orders handouts of one moment."""

    id: str
    visit_id: str
    author_id: str
    quantity: int
    device_seq: int
    flags: list[Flag]


def over_issued(balance_before: int, quantity: int) -> Flag | None:
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
        "code": CODE,
        "words": {"zh-CN": zh, "en": en},
        "numbers": {
            "quantity": quantity,
            "balance_before": balance_before,
            "balance_after": balance_after,
        },
    }


def given(session: Session, ids: Collection[str]) -> dict[str, Given]:
    """The handouts with these ids, by id."""
    if not ids:
        return {}
    table = _HANDOUT.c
    query = select(
        table.id, table.visit_id, table.author_id, table.quantity, table.device_seq, table.flags
    )
    rows = session.execute(query.where(table.id.in_(ids)))
    return {row[0]: Given(*row) for row in rows}


def write(
    session: Session,
    clock: Clock,
    handouts: Mapping[str, Given],
    flags: Mapping[str, Flag | None],
) -> int:
    """Give each handout the flag or take it away, and its visit with it; tells the phones.

    Returns how many handouts changed.
    """
    rows = []
    visit_ids = set()
    for handout_id, flag in flags.items():
        one = handouts[handout_id]
        now = [old for old in one.flags if old["code"] != CODE] + ([flag] if flag else [])
        if now != one.flags:
            rows.append({"handout": handout_id, "now": now})
            visit_ids.add(one.visit_id)
            changes.touch(session, changes.user_scope(one.author_id), "handout", [handout_id])
    if rows:
        session.execute(_SET_FLAGS, rows)
        judge_handouts(session, None, clock, beyond_books(session, visit_ids))
    return len(rows)
