"""Who looked at a visit that is not their own: one row for each person, visit and day.

Kept so that a rep can see who looked, not to watch supervisors: neither how often nor how long.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Table, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock, org_day
from server.kernel.db import Base, Id, Utc, writing
from server.kernel.prepared import Prepared


class VisitView(Base):
    """Somebody looked at a visit, its page or a photo, on a day of the organisation.

    author_id is whose visit it is; at the first time on that day.
    """

    __tablename__ = "visit_view"
    __table_args__ = (Index(None, "author_id", "day"), Index(None, "day"))

    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"), primary_key=True)
    viewer_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)


_VIEW: Table = VisitView.__table__  # type: ignore[assignment]  # declared wider than it is
_NOTE = BulkInsert(_VIEW, keys=("visit_id", "viewer_id", "day"))
_KNOWN = Prepared(
    select(_VIEW.c.day).where(
        _VIEW.c.visit_id == bindparam("visit"),
        _VIEW.c.viewer_id == bindparam("viewer"),
        _VIEW.c.day == bindparam("day"),
    )
)


def note_look(
    session: Session, actor: Actor, clock: Clock, visit_id: str | None, author_id: str
) -> None:
    """Note that the actor looked at somebody's visit, in a short transaction of its own.

    Called last, when all has been read: it ends the caller's transaction. The second look of a day
    writes nothing, so looking through photos waits for no writer. Without a visit (a photo of an
    office check-in) and for one's own there is nothing to note.
    """
    if visit_id is None or actor.user_id == author_id:
        return
    day = org_day(clock.now())
    if _KNOWN(session, visit=visit_id, viewer=actor.user_id, day=day):
        return
    session.rollback()
    with writing():
        note_look_beside(session, actor, clock, visit_id, author_id)
        session.commit()


def note_look_beside(
    session: Session, actor: Actor, clock: Clock, visit_id: str, author_id: str
) -> None:
    """Note the same beside whatever else this transaction writes."""
    if actor.user_id == author_id:
        return
    now = clock.now()
    row = {"visit_id": visit_id, "viewer_id": actor.user_id, "day": org_day(now)}
    _NOTE(session, [row | {"author_id": author_id, "at": now}])
