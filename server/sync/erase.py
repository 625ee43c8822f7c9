"""Erasing the first answers to ops, which hold what the records themselves have been rid of.

An op sent again without its receipt meets its record, which knows it by its digest: it is answered
applied instead of replayed, and nothing is stored twice.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from server.sync.models import OpReceipt

_RECEIPT: Table = OpReceipt.__table__  # type: ignore[assignment]  # declared wider than it is
_AT_ONCE: Final = 2_000
WITH_POSITIONS: Final = ("visit.check_in", "visit.check_out", "visit.cancel", "office.check_in")
WITH_REPLIES: Final = ("visit.reply", "task.done")


def erase_receipts(session: Session, kinds: Collection[str], before: datetime) -> int:
    """Forget the receipts of these kinds of ops from before that time; commits batch by batch."""
    old = select(_RECEIPT.c.op_id).where(_RECEIPT.c.at < before, _RECEIPT.c.kind.in_(kinds))
    erased = 0
    while True:
        ids = session.scalars(old.limit(_AT_ONCE)).all()
        if not ids:
            session.rollback()
            return erased
        session.execute(delete(_RECEIPT).where(_RECEIPT.c.op_id.in_(ids)))
        session.commit()
        erased += len(ids)
