"""Erasing the words of answers once their time is over; that there was an answer stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, func, select, update
from sqlalchemy.orm import Session

from server.audit.answers.models import VisitReply
from server.kernel import changes
from server.kernel.clock import Clock

_REPLY: Table = VisitReply.__table__  # type: ignore[assignment]  # declared wider than it is


def _with_words(before: datetime) -> ColumnElement[bool]:
    return and_(_REPLY.c.received_at < before, _REPLY.c.erased_at.is_(None))


def count_replies(session: Session, before: datetime) -> int:
    """Answers received before that time whose words are still there."""
    query = select(func.count()).select_from(_REPLY).where(_with_words(before))
    return session.scalar(query) or 0


def erase_replies(session: Session, clock: Clock, before: datetime) -> int:
    """Erase their words and commit. Returns how many."""
    gone = session.execute(
        update(_REPLY)
        .where(_with_words(before))
        .values(text="", erased_at=clock.now())
        .returning(_REPLY.c.id, _REPLY.c.author_id)
    ).all()
    for row in gone:
        changes.touch(session, changes.user_scope(row.author_id), "visit_reply", [row.id])
    session.commit()
    return len(gone)
