"""Tables of visits."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, BigId, Id, Json, Utc


class State(StrEnum):
    """The stored states. abandoned is seen, not stored: an open visit of an earlier day."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


_DOUBTFUL = text("(flag_bits <> 0 OR verdict <> 'on_site')")
_INCOMPLETE = text("complete_at IS NULL AND state = 'completed'")


class Visit(Base):
    """One visit to a store: the facts as told, the evidence of when, and the judgement.

    said_at is the phone's clock at check-in as told; checked_in_at is that corrected. in_digest
    and close_digest recognise the same check-in or closing sent again under another op id.
    flag_bits are the codes of flags as one number (flag_bits.py). photos_said is how many photos
    the phone announced at check-out; complete_at when all of the visit was here. time_error_s is
    how far checked_in_at may be off; close_step_s by how many seconds the clock went back between
    check-in and closing. close_seq is the place of the closing among that phone's records, None
    where another phone closed the visit. erased_at is when its positions were erased; the judgement
    of them stays.
    """

    __tablename__ = "visit"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("store.id"))
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"))
    state: Mapped[str] = mapped_column(String(16))
    planned: Mapped[bool]
    device_id: Mapped[str] = mapped_column(String(64))
    device_seq: Mapped[int] = mapped_column(BigInteger)
    device_at: Mapped[datetime] = mapped_column(Utc)
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    monotonic_ms: Mapped[int | None] = mapped_column(BigInteger)
    contact_at: Mapped[datetime | None] = mapped_column(Utc)
    received_at: Mapped[datetime] = mapped_column(Utc)
    said_at: Mapped[datetime] = mapped_column(Utc)
    checked_in_at: Mapped[datetime] = mapped_column(Utc)
    in_lat: Mapped[float | None]
    in_lon: Mapped[float | None]
    in_accuracy_m: Mapped[float | None]
    in_fix_age_s: Mapped[float | None]
    in_fix_source: Mapped[str | None] = mapped_column(String(16))
    in_reason: Mapped[str | None] = mapped_column(Text)
    in_digest: Mapped[bytes] = mapped_column(LargeBinary(16))
    morton: Mapped[int | None] = mapped_column(BigInteger)
    verdict: Mapped[str] = mapped_column(String(16))
    distance_m: Mapped[float | None]
    rule_version: Mapped[int]
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)
    flags: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    flag_bits: Mapped[int] = mapped_column(server_default="0", default=0)
    close_seq: Mapped[int | None] = mapped_column(BigInteger)
    checked_out_at: Mapped[datetime | None] = mapped_column(Utc)
    out_lat: Mapped[float | None]
    out_lon: Mapped[float | None]
    out_accuracy_m: Mapped[float | None]
    out_fix_age_s: Mapped[float | None]
    out_fix_source: Mapped[str | None] = mapped_column(String(16))
    close_digest: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    dwell_s: Mapped[int | None]
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    time_error_s: Mapped[float | None]
    close_step_s: Mapped[float | None]
    photos_said: Mapped[int | None]
    complete_at: Mapped[datetime | None] = mapped_column(Utc)
    erased_at: Mapped[datetime | None] = mapped_column(Utc)
    rev: Mapped[int]

    __table_args__ = (
        # The list in its order, and a day's check-ins as the map counts them, from the index alone.
        Index(
            "ix_visit_time",
            "checked_in_at",
            "id",
            "morton",
            "region_id",
            "verdict",
            "flag_bits",
            "in_lat",
            "in_lon",
        ),
        Index(None, "author_id", "checked_in_at"),
        # The order in which a phone made its records: a clock that went back shows there.
        Index(None, "author_id", "device_seq"),
        Index(None, "store_id", "checked_in_at"),
        Index(None, "region_id", "checked_in_at"),
        # Only what is still waited for, so that asking for it costs the same after years.
        Index(
            "ix_visit_incomplete",
            "id",
            sqlite_where=_INCOMPLETE,
            postgresql_where=_INCOMPLETE,
        ),
        # Only what reviews are about.
        Index(
            "ix_visit_doubtful",
            "checked_in_at",
            "id",
            sqlite_where=_DOUBTFUL,
            postgresql_where=_DOUBTFUL,
        ),
        # Everything the map counts by, so that a viewport is read from the index alone.
        Index(
            "ix_visit_map",
            "morton",
            "checked_in_at",
            "region_id",
            "author_id",
            "verdict",
            "flag_bits",
            "in_lat",
            "in_lon",
        ),
    )


class VisitDayChange(Base):
    """A day of the organisation whose visits count in another way than when last added up."""

    __tablename__ = "visit_day_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date] = mapped_column(Date, index=True)


class VisitJudgement(Base):
    """A judgement that a newer one has replaced. cause says what led to the newer one."""

    __tablename__ = "visit_judgement"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"), index=True)
    at: Mapped[datetime] = mapped_column(Utc)
    rule_version: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(16))
    distance_m: Mapped[float | None]
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)
    flags: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    cause: Mapped[str] = mapped_column(String(24))


class RejudgeDue(Base):
    """A store whose visits are to be judged again, until they have been."""

    __tablename__ = "rejudge_due"

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("store.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Utc)
    actor_id: Mapped[str | None] = mapped_column(Id)


class VisitNote(Base):
    """What the rep wrote about a visit."""

    __tablename__ = "visit_note"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"), index=True)
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    received_at: Mapped[datetime] = mapped_column(Utc)
    text: Mapped[str] = mapped_column(Text)
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(16))
