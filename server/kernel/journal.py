"""The journal: who did what to what, written beside the change and committed with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Table, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock, wire_time
from server.kernel.db import Base, BigId, Id, Json, Utc


class Event(StrEnum):
    """Everything that can stand in the journal."""

    SESSION_OPENED = "session.opened"
    SESSION_CLOSED = "session.closed"
    PERSON_CREATED = "person.created"
    PERSON_CHANGED = "person.changed"
    PASSWORD_CHANGED = "person.password_changed"  # noqa: S105 -- the name of an event
    REGION_CREATED = "region.created"
    REGION_CHANGED = "region.changed"
    STORE_CREATED = "store.created"
    STORE_CHANGED = "store.changed"
    STORE_ASSIGNED = "store.assigned"
    STORES_IMPORTED = "stores.imported"
    PIN_ACCEPTED = "store.pin_accepted"
    PIN_DECLINED = "store.pin_declined"
    VISIT_RECEIVED = "visit.received"
    # What the first release wrote for visit.received; its entries stand.
    VISIT_CHECKED_IN = "visit.checked_in"
    VISIT_COMPLETE = "visit.complete"
    VISIT_CHECKED_OUT = "visit.checked_out"
    VISIT_CANCELLED = "visit.cancelled"
    VISIT_NOTED = "visit.noted"
    VISIT_JUDGED = "visit.judged"
    VISITS_JUDGED_AGAIN = "visits.judged_again"
    VISIT_REPLIED = "visit.replied"
    RULES_CHANGED = "organisation.rules_changed"
    RETENTION_CHANGED = "organisation.retention_changed"
    DATA_PURGED = "data.purged"
    DATA_EXPORTED = "data.exported"
    JOURNAL_EXPORTED = "journal.exported"
    PHOTO_ADDED = "photo.added"
    PHOTO_ARRIVED = "photo.arrived"
    PHOTO_UNREADABLE = "photo.unreadable"
    MATERIAL_CREATED = "material.created"
    MATERIAL_CHANGED = "material.changed"
    HANDOUT_ADDED = "handout.added"
    REVIEW_ACCEPTED = "review.accepted"
    REVIEW_REJECTED = "review.rejected"
    REVIEW_ASKED = "review.asked"
    REVIEW_UNDONE = "review.undone"
    REVIEW_CLEARED = "review.cleared"
    REVIEWS_ACCEPTED = "reviews.accepted"
    REVIEWS_UNDONE = "reviews.undone"
    REAUDIT_DRAWN = "reaudit.drawn"
    REAUDIT_ANSWERED = "reaudit.answered"
    STOCK_MOVED = "stock.moved"
    STOCK_SENT = "stock.sent"
    STOCK_CONFIRMED = "stock.confirmed"
    STOCK_SETTLED = "stock.settled"
    STOCK_CALLED_OFF = "stock.called_off"
    STOCK_COUNTED = "stock.counted"
    STOCK_IMPORTED = "stock.imported"
    ENTRY_REVERSED = "stock.reversed"
    ADJUSTMENT_ASKED = "adjustment.asked"
    ADJUSTMENT_APPROVED = "adjustment.approved"
    ADJUSTMENT_REJECTED = "adjustment.rejected"
    WAREHOUSE_CREATED = "warehouse.created"
    WAREHOUSE_CHANGED = "warehouse.changed"
    TABLE_EXPORTED = "table.exported"
    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_CHANGED = "campaign.changed"
    CAMPAIGN_STORES = "campaign.stores"
    CAMPAIGN_STARTED = "campaign.started"
    CAMPAIGN_ENDED = "campaign.ended"
    CAMPAIGN_CLOSED = "campaign.closed"
    CAMPAIGN_SEEN = "campaign.seen"
    CAMPAIGN_SUMMARISED = "campaign.summarised"
    TASK_GIVEN = "task.given"
    TASK_CHANGED = "task.changed"
    TASK_CANCELLED = "task.cancelled"
    TASK_REOPENED = "task.reopened"
    TASK_DONE = "task.done"
    OFFICE_CREATED = "office.created"
    OFFICE_CHANGED = "office.changed"
    OFFICE_CHECKED_IN = "office.checked_in"
    OFFICE_CHECK_IN_REVIEWED = "office.check_in_reviewed"
    OFFICE_RULE_CHANGED = "office.rule_changed"
    OFFICE_CALENDAR_SET = "office.calendar_set"
    OFFICE_DUTY_CHANGED = "office.duty_changed"
    EXEMPTION_ASKED = "exemption.asked"
    EXEMPTION_ENTERED = "exemption.entered"
    EXEMPTION_DECIDED = "exemption.decided"
    MAKE_UP_ASKED = "make_up.asked"
    MAKE_UP_DECIDED = "make_up.decided"
    OFFICE_REMINDED = "office.reminded"
    WEEKS_EXPORTED = "weeks.exported"
    PUSH_SUBSCRIBED = "push.subscribed"
    PUSH_UNSUBSCRIBED = "push.unsubscribed"
    OFFICE_FEED_OPENED = "office_feed.opened"
    OFFICE_FEED_CLOSED = "office_feed.closed"


class JournalEntry(Base):
    """One thing that was done. Never changed, never deleted by the program."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "subject_kind", "subject_id"), Index(None, "at", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(Utc)
    actor_id: Mapped[str | None] = mapped_column(Id)
    event: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(Json)


_JOURNAL: Table = JournalEntry.__table__  # type: ignore[assignment]  # declared wider than it is
_WRITE = BulkInsert(_JOURNAL, leave_out=("id",))

Row = tuple[Event, str, str, dict[str, Any]]


def record(
    session: Session,
    clock: Clock,
    actor: Actor | None,
    event: Event,
    subject_kind: str,
    subject_id: str,
    **data: Any,
) -> None:
    """Write one entry. actor is None for what the program does by itself."""
    record_many(session, clock, actor, [(event, subject_kind, subject_id, data)])


def record_many(session: Session, clock: Clock, actor: Actor | None, rows: Sequence[Row]) -> None:
    """Write many entries in one statement: (event, subject kind, subject id, data)."""
    if not rows:
        return
    at = clock.now()
    actor_id = actor.user_id if actor else None
    _WRITE(
        session,
        [
            {
                "at": at,
                "actor_id": actor_id,
                "event": event.value,
                "subject_kind": kind,
                "subject_id": subject,
                "data": data,
            }
            for event, kind, subject, data in rows
        ],
    )


def for_subject(session: Session, subject_kind: str, subject_id: str) -> list[dict[str, Any]]:
    """All entries about one record, oldest first."""
    rows = session.scalars(
        select(JournalEntry)
        .where(JournalEntry.subject_kind == subject_kind, JournalEntry.subject_id == subject_id)
        .order_by(JournalEntry.id)
    )
    return [
        {
            "at": wire_time(row.at),
            "actor_id": row.actor_id,
            "event": row.event,
            "data": row.data,
        }
        for row in rows
    ]
