"""Tables of photos and of verified uploads."""

from __future__ import annotations

import builtins
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Utc


class Kind(StrEnum):
    """What a photo shows."""

    STOREFRONT = "storefront"
    SHELF = "shelf"
    PILE = "pile"
    ENDCAP = "endcap"
    CHECKOUT = "checkout"
    POSM = "posm"
    PRICE_TAG = "price_tag"
    OUTDOOR = "outdoor"
    COMPETITOR = "competitor"
    LICENCE = "licence"
    OTHER = "other"


class PhotoState(StrEnum):
    """The way of a photo: its record comes, its bytes come, they are looked into."""

    AWAITING_BYTES = "awaiting_bytes"
    STORED = "stored"
    COMPLETE = "complete"
    UNREADABLE = "unreadable"


class Photo(Base):
    """A photo of a visit or of an office check-in. Its bytes lie in the blob store by sha256.

    width, height, mime and bytes are what the phone said until the picture has been decoded, then
    what it really is (width and height as it is looked at, turned by its orientation). attempts
    counts the tries to decode it, so that a picture that kills the process is not tried for ever.
    """

    __tablename__ = "photo"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str | None] = mapped_column(Id, ForeignKey("visit.id"))
    office_check_in_id: Mapped[str | None] = mapped_column(Id, ForeignKey("office_check_in.id"))
    store_id: Mapped[str | None] = mapped_column(Id, ForeignKey("store.id"))
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"))
    kind: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    mime: Mapped[str] = mapped_column(String(32))
    orientation: Mapped[int | None]
    taken_at: Mapped[datetime] = mapped_column(Utc)
    source: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    problem: Mapped[str | None] = mapped_column(String(40))
    uploaded_at: Mapped[datetime | None] = mapped_column(Utc)
    claimed_at: Mapped[datetime | None] = mapped_column(Utc)
    attempts: Mapped[int]
    device_id: Mapped[str] = mapped_column(String(64))
    device_seq: Mapped[int] = mapped_column(BigInteger)
    device_at: Mapped[datetime] = mapped_column(Utc)
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(Utc)
    payload_digest: Mapped[builtins.bytes] = mapped_column(LargeBinary(16))

    __table_args__ = (
        Index(None, "visit_id", "taken_at"),
        Index(None, "office_check_in_id"),
        Index(None, "author_id", "sha256"),
        Index(None, "taken_at", "id"),
        Index(None, "store_id", "taken_at"),
        Index(None, "state", "claimed_at"),
    )


class Upload(Base):
    """Bytes that a person has sent in full and whose hash was verified.

    Kept for each person: knowing a hash gives nobody the bytes that somebody else sent.
    """

    __tablename__ = "upload"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    bytes: Mapped[int]
    completed_at: Mapped[datetime] = mapped_column(Utc)
