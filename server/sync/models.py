"""Receipts of ops, and what each phone last said about itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Json, Utc


class OpReceipt(Base):
    """An op that was applied, with the very bytes it was answered with.

    Written in the transaction that stores the record, so one is never there without the other.
    """

    __tablename__ = "op_receipt"

    op_id: Mapped[str] = mapped_column(Id, primary_key=True)
    author_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(32))
    record_id: Mapped[str] = mapped_column(Id)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    result: Mapped[bytes] = mapped_column(LargeBinary)
    device_id: Mapped[str] = mapped_column(String(64))
    device_seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(Utc)


class Device(Base):
    """A phone as used by one person: its last contact and what it then had still to send."""

    __tablename__ = "device"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    app_version: Mapped[str] = mapped_column(String(40))
    schema: Mapped[int]
    last_contact_at: Mapped[datetime] = mapped_column(Utc)
    unsent: Mapped[int]
    oldest_unsent_at: Mapped[datetime | None] = mapped_column(Utc)
    # What the phone reports of itself beyond a push; last month's app never does.
    parked: Mapped[list[dict[str, Any]]] = mapped_column(Json, server_default="[]")
    storage: Mapped[dict[str, Any] | None] = mapped_column(Json)
    standalone: Mapped[bool | None]
    reported_at: Mapped[datetime | None] = mapped_column(Utc)
