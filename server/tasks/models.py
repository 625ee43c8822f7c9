"""The table of tasks."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Utc


class State(StrEnum):
    """Open until the rep has done it, or whoever gives tasks has called it off."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class Task(Base):
    """What a rep is asked to do, perhaps at a store, perhaps until a day of the organisation.

    done_at is the phone's time put right, done_device_at what its clock showed. Reopening empties
    all done_ columns; the journal keeps that it was done. state_note is what was said when the
    task was last called off or reopened. done_note is empty once erased_at is set.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index(None, "rep_id", "state", "due_on"),
        Index(None, "given_at", "id"),
        Index(None, "state", "due_on"),
        Index(None, "store_id"),
        Index(None, "from_visit_id"),
        Index(None, "done_received_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    rep_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    store_id: Mapped[str | None] = mapped_column(Id, ForeignKey("store.id"))
    from_visit_id: Mapped[str | None] = mapped_column(Id, ForeignKey("visit.id"))
    title: Mapped[str] = mapped_column(String(120))
    details: Mapped[str] = mapped_column(Text, default="")
    due_on: Mapped[date | None] = mapped_column(Date)
    given_by: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    given_at: Mapped[datetime] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(16))
    state_note: Mapped[str] = mapped_column(String(500), default="")
    closed_by: Mapped[str | None] = mapped_column(Id, ForeignKey("user_account.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    done_at: Mapped[datetime | None] = mapped_column(Utc)
    done_received_at: Mapped[datetime | None] = mapped_column(Utc)
    done_device_id: Mapped[str | None] = mapped_column(String(64))
    done_device_at: Mapped[datetime | None] = mapped_column(Utc)
    done_note: Mapped[str] = mapped_column(Text, default="")
    done_visit_id: Mapped[str | None] = mapped_column(Id, ForeignKey("visit.id"))
    done_digest: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    erased_at: Mapped[datetime | None] = mapped_column(Utc)
    rev: Mapped[int] = mapped_column(default=1)
