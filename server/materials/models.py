"""Tables of materials, the stock ledger and handouts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Json, Utc


class Material(Base):
    """Something that reps put up or give away. It is switched off, never deleted."""

    __tablename__ = "material"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str] = mapped_column(String(16))
    barcode: Mapped[str | None] = mapped_column(String(48), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    rev: Mapped[int] = mapped_column(default=1)


class LedgerEntry(Base):
    """A quantity that moved from one place to another. Never changed: mistakes get a new entry."""

    __tablename__ = "ledger_entry"
    # The two indexes hold all that a balance needs, so summing never reads the table itself.
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(None, "from_place", "material_id", "quantity"),
        Index(None, "to_place", "material_id", "quantity"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    material_id: Mapped[str] = mapped_column(Id, ForeignKey("material.id"))
    from_place: Mapped[str] = mapped_column(String(48))
    to_place: Mapped[str] = mapped_column(String(48))
    quantity: Mapped[int]
    at: Mapped[datetime] = mapped_column(Utc)
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    handout_id: Mapped[str | None] = mapped_column(Id, index=True)
    note: Mapped[str] = mapped_column(String(200), default="")


class Handout(Base):
    """Material given to somebody during a visit.

    payload_digest recognises the same handout sent again under another op id.
    """

    __tablename__ = "handout"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"), index=True)
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("store.id"), index=True)
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"))
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    material_id: Mapped[str] = mapped_column(Id, ForeignKey("material.id"), index=True)
    quantity: Mapped[int]
    recipient: Mapped[str] = mapped_column(String(120))
    signature_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(Utc)
    flags: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    received_at: Mapped[datetime] = mapped_column(Utc)
    device_id: Mapped[str] = mapped_column(String(64))
    device_seq: Mapped[int] = mapped_column(BigInteger)
    device_at: Mapped[datetime] = mapped_column(Utc)
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    monotonic_ms: Mapped[int | None] = mapped_column(BigInteger)
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(16))
