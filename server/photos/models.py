"""Tables of photos and of verified uploads."""

from __future__ import annotations

import builtins
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, BigId, Id, Json, Utc


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


class FindingKind(StrEnum):
    """What was found about a photo."""

    REUSED_EXACT = "reused_exact"
    REUSED_NEAR = "reused_near"
    OLD = "old"


_NOT_COMPARED = text("compared_by IS NULL AND state = 'complete'")


class Photo(Base):
    """A photo of a visit or of an office check-in. Its bytes lie in the blob store by sha256.

    width, height, mime and bytes are what the phone said until the picture has been decoded, then
    what it really is (width and height as it is looked at, turned by its orientation). attempts
    counts the tries to decode it, so that a picture that kills the process is not tried for ever.
    exif is what its EXIF block says; compared_by the version of the rule by which it was compared
    with all others, None until then. was_complete is of erased photos: they read as unreadable,
    and those that could be shown until then go on proving what they proved.
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
    monotonic_ms: Mapped[int | None] = mapped_column(BigInteger)
    contact_at: Mapped[datetime | None] = mapped_column(Utc)
    received_at: Mapped[datetime] = mapped_column(Utc)
    payload_digest: Mapped[builtins.bytes] = mapped_column(LargeBinary(16))
    exif: Mapped[dict[str, Any] | None] = mapped_column(Json)
    compared_by: Mapped[int | None]
    was_complete: Mapped[bool | None]

    __table_args__ = (
        Index(None, "visit_id", "taken_at"),
        Index(None, "office_check_in_id"),
        Index(None, "author_id", "sha256"),
        Index(None, "taken_at", "id"),
        Index(None, "store_id", "taken_at"),
        Index(None, "state", "claimed_at"),
        Index(None, "sha256"),
        Index(None, "received_at"),
        # Only what is still to be compared, so that asking for it costs the same after years.
        Index(
            "ix_photo_not_compared",
            "id",
            sqlite_where=_NOT_COMPARED,
            postgresql_where=_NOT_COMPARED,
        ),
    )


class PhotoPrint(Base):
    """What a photo is recognised by (see likeness.py): the hash, its three bands, the sample.

    The number instead of the photo's id keeps the three indexes small: each holds all that the
    search reads.
    """

    __tablename__ = "photo_print"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    photo_id: Mapped[str] = mapped_column(Id, ForeignKey("photo.id"), unique=True)
    hash: Mapped[int] = mapped_column(BigInteger)
    band_a: Mapped[int]
    band_b: Mapped[int]
    band_c: Mapped[int]
    sample: Mapped[builtins.bytes] = mapped_column(LargeBinary)

    __table_args__ = tuple(
        Index(None, band, "hash", "id") for band in ("band_a", "band_b", "band_c")
    )


class PhotoFinding(Base):
    """Something found about a photo: the same one is in another place, or it is old.

    photo_id is the later of a pair and has the finding; other_photo_id the earlier, None for an
    old photo. exif_difference_s: how long it was taken before it was added.
    """

    __tablename__ = "photo_finding"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    photo_id: Mapped[str] = mapped_column(Id, ForeignKey("photo.id"), index=True)
    other_photo_id: Mapped[str | None] = mapped_column(Id, ForeignKey("photo.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    distance_bits: Mapped[int | None]
    likeness: Mapped[float | None]
    exif_difference_s: Mapped[int | None]
    rule_version: Mapped[int]
    found_at: Mapped[datetime] = mapped_column(Utc)


class Upload(Base):
    """Bytes that a person has sent in full and whose hash was verified.

    Kept for each person: knowing a hash gives nobody the bytes that somebody else sent.
    """

    __tablename__ = "upload"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    bytes: Mapped[int]
    completed_at: Mapped[datetime] = mapped_column(Utc)
