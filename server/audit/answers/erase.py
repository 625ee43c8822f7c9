"""Erasing the words of answers once their time is over; that there was an answer stays."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, func, select, update
from sqlalchemy.orm import Session

from server.audit.answers.models import VisitReply
from server.kernel import changes
from server.kernel.clock import Clock

_REPLY: Table = VisitReply.__table__  # type: ignore[assignment]  # declared wider than it is
_AT_ONCE: Final = 500


def _with_words(before: datetime) -> ColumnElement[bool]:
    return and_(_REPLY.c.received_at < before, _REPLY.c.erased_at.is_(None))


def count_replies(session: Session, before: datetime) -> int:
    """Answers received before that time whose words are still there."""
    query = select(func.count()).select_from(_REPLY).where(_with_words(before))
    return session.scalar(query) or 0


def erase_replies(session: Session, clock: Clock, before: datetime) -> int:
    """Erase their words, batch by batch. Returns how many."""
    erased = 0
    while True:
        query = select(_REPLY.c.id, _REPLY.c.author_id).where(_with_words(before))
        rows = session.execute(query.limit(_AT_ONCE)).all()
        if not rows:
            session.rollback()
            return erased
        session.execute(
            update(_REPLY)
            .where(_REPLY.c.id.in_([row.id for row in rows]))
            .values(text="", erased_at=clock.now())
        )
        for row in rows:
            changes.touch(session, changes.user_scope(row.author_id), "visit_reply", [row.id])
        session.commit()
        erased += len(rows)
