"""Erasing what reps said of done tasks once its time is over; that they were done stays."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, func, select, update
from sqlalchemy.orm import Session

from server.kernel import changes
from server.kernel.clock import Clock
from server.tasks.models import Task

_TASK: Table = Task.__table__  # type: ignore[assignment]  # declared wider than it is
_AT_ONCE: Final = 500


def _with_words(before: datetime) -> ColumnElement[bool]:
    return and_(_TASK.c.done_received_at < before, _TASK.c.done_note != "")


def count_notes(session: Session, before: datetime) -> int:
    """Done tasks, told before that time, whose words are still there."""
    return session.scalar(select(func.count()).select_from(_TASK).where(_with_words(before))) or 0


def erase_notes(session: Session, clock: Clock, before: datetime) -> int:
    """Erase their words, batch by batch. Returns how many."""
    erased = 0
    while True:
        some = select(_TASK.c.id).where(_with_words(before)).limit(_AT_ONCE)
        ids = session.scalars(some).all()
        if not ids:
            session.rollback()
            return erased
        gone = session.execute(
            update(_TASK)
            # Said again: one may have been opened anew meanwhile.
            .where(_TASK.c.id.in_(ids), _with_words(before))
            .values(done_note="", erased_at=clock.now(), rev=_TASK.c.rev + 1)
            .returning(_TASK.c.id, _TASK.c.rep_id)
        ).all()
        for row in gone:
            changes.touch(session, changes.user_scope(row.rep_id), "task", [row.id])
        session.commit()
        erased += len(gone)
