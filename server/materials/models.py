"""Tables of materials, the stock ledger and handouts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    event,
)
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
    # In hundredths of the currency, of one unit.
    value_cents: Mapped[int | None]
    # True where each unit that comes in or goes out should name its batch.
    tracks_batches: Mapped[bool] = mapped_column(default=False, server_default="0")
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    photo_by: Mapped[str | None] = mapped_column(Id)
    # Never written and never read. A campaign's own plan says which materials it takes, and one
    # material may belong to several; the column stays because migrations take nothing away.
    campaign_id: Mapped[str | None] = mapped_column(Id)


class Warehouse(Base):
    """Where material lies before a rep gets it. Without a region it is the whole company's."""

    __tablename__ = "warehouse"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    region_id: Mapped[str | None] = mapped_column(Id, ForeignKey("region.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    rev: Mapped[int] = mapped_column(default=1)


# The books of the first release know one warehouse by this name; every database has it.
MAIN_WAREHOUSE = (
    "INSERT INTO warehouse (id, code, name, region_id, active, rev) "
    "VALUES ('main', 'MAIN', '总仓', NULL, true, 1)"
)
event.listen(Warehouse.__table__, "after_create", DDL(MAIN_WAREHOUSE))  # type: ignore[no-untyped-call]  # it is


class Batch(Base):
    """A lot of a material, told apart by its expiry."""

    __tablename__ = "material_batch"
    __table_args__ = (UniqueConstraint("material_id", "code"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    material_id: Mapped[str] = mapped_column(Id, ForeignKey("material.id"))
    code: Mapped[str] = mapped_column(String(40))
    expires_on: Mapped[date | None] = mapped_column(Date)


class LedgerEntry(Base):
    """A quantity that moved from one place to another. Never changed: mistakes get a new entry.

    at: when it happened; booked_at: when the books learnt of it (unknown for the first release's).
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        # All that the balance of a place at a date needs, so summing never reads the table itself.
        Index(None, "from_place", "material_id", "at", "batch_id", "quantity"),
        Index(None, "to_place", "material_id", "at", "batch_id", "quantity"),
        Index(None, "at", "id"),
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
    batch_id: Mapped[str | None] = mapped_column(Id)
    movement_id: Mapped[str | None] = mapped_column(Id, index=True)
    adjustment_id: Mapped[str | None] = mapped_column(Id, index=True)
    reverses_id: Mapped[str | None] = mapped_column(Id, index=True, unique=True)
    # Of the signature that was given for it: the books say themselves what proves them.
    evidence_sha256: Mapped[str | None] = mapped_column(String(64))
    booked_at: Mapped[datetime | None] = mapped_column(Utc)


class StockBalance(Base):
    """The running balance of a place: the sum of its entries, written with each of them.

    batch_id is empty for units of which nobody said the batch. sort is the kind of place.
    """

    __tablename__ = "stock_balance"
    # What a trial balance reads, and nothing else.
    __table_args__ = (Index(None, "sort", "material_id", "quantity"),)

    place: Mapped[str] = mapped_column(String(48), primary_key=True)
    material_id: Mapped[str] = mapped_column(Id, primary_key=True)
    batch_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sort: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[int] = mapped_column(BigInteger)


class StockMovement(Base):
    """Material on its way from one holder to another, until the other one has confirmed it.

    quantity was sent, confirmed was found to be there; what differs stays in transit until it is
    settled. payload_digest and confirm_digest recognise the same op sent again.
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(None, "state", "at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    material_id: Mapped[str] = mapped_column(Id, ForeignKey("material.id"))
    batch_id: Mapped[str | None] = mapped_column(Id, ForeignKey("material_batch.id"))
    from_place: Mapped[str] = mapped_column(String(48), index=True)
    to_place: Mapped[str] = mapped_column(String(48), index=True)
    quantity: Mapped[int]
    confirmed: Mapped[int | None]
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    note: Mapped[str] = mapped_column(String(200), default="")
    confirmed_by: Mapped[str | None] = mapped_column(Id, ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Utc)
    confirm_note: Mapped[str] = mapped_column(String(200), default="")
    settled_by: Mapped[str | None] = mapped_column(Id, ForeignKey("user_account.id"))
    settled_at: Mapped[datetime | None] = mapped_column(Utc)
    settled_how: Mapped[str | None] = mapped_column(String(16))
    payload_digest: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    confirm_digest: Mapped[bytes | None] = mapped_column(LargeBinary(16))


class StockAdjustment(Base):
    """A count, or another wish to correct the books, and what was decided about it.

    Of a count, counted is what lay there at `at`; expected is what the books said of that moment,
    told anew whenever they learn more. quantity is signed: what the correction adds.
    """

    __tablename__ = "stock_adjustment"
    __table_args__ = (
        Index(None, "state", "at"),
        Index(None, "place", "material_id", "at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(48))
    material_id: Mapped[str] = mapped_column(Id, ForeignKey("material.id"))
    batch_id: Mapped[str | None] = mapped_column(Id, ForeignKey("material_batch.id"))
    expected: Mapped[int | None]
    counted: Mapped[int | None]
    # What the phone believed when it counted: tells a late entry from a loss.
    seen: Mapped[int | None]
    quantity: Mapped[int]
    reason: Mapped[str] = mapped_column(String(16), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    decided_by: Mapped[str | None] = mapped_column(Id, ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    decision_note: Mapped[str] = mapped_column(String(200), default="")
    payload_digest: Mapped[bytes | None] = mapped_column(LargeBinary(16))


class Handout(Base):
    """Material given to somebody during a visit.

    payload_digest recognises the same handout sent again under another op id.
    """

    __tablename__ = "handout"
    __table_args__ = (Index(None, "campaign_id", "store_id"),)

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
    batch_id: Mapped[str | None] = mapped_column(Id)
    # A photo of the same visit that shows it.
    photo_id: Mapped[str | None] = mapped_column(Id)
    campaign_id: Mapped[str | None] = mapped_column(Id)
    # When its entry was reversed. It stays in sight, and counts for nothing.
    reversed_at: Mapped[datetime | None] = mapped_column(Utc)
