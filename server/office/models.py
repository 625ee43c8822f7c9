"""Tables of offices and office check-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Json, Utc


class Office(Base):
    """A place where reps report once a week. It is switched off, never deleted."""

    __tablename__ = "office"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(300), default="")
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"))
    lat: Mapped[float]
    lon: Mapped[float]
    radius_m: Mapped[float]
    active: Mapped[bool] = mapped_column(default=True)
    rev: Mapped[int] = mapped_column(default=1)


class OfficeCheckIn(Base):
    """A person's check-in at an office: the facts as told, the evidence of when, the judgement.

    at is the phone's time corrected; week is that moment's ISO week in the organisation's zone.
    office_id is null only where there was neither a chosen office nor a fix to find one by.
    payload_digest recognises the same check-in sent again under another op id.
    erased_at is when its position was erased.
    """

    __tablename__ = "office_check_in"
    __table_args__ = (Index(None, "week", "author_id"), Index(None, "author_id", "at"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    office_id: Mapped[str | None] = mapped_column(Id, ForeignKey("office.id"))
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"))
    week: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(Utc)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    fix_age_s: Mapped[float | None]
    fix_source: Mapped[str | None] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(16))
    distance_m: Mapped[float | None]
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)
    flags: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    rule_version: Mapped[int]
    accepted: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(Utc)
    received_at: Mapped[datetime] = mapped_column(Utc)
    device_id: Mapped[str] = mapped_column(String(64))
    device_seq: Mapped[int] = mapped_column(BigInteger)
    device_at: Mapped[datetime] = mapped_column(Utc)
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    monotonic_ms: Mapped[int | None] = mapped_column(BigInteger)
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(16))
