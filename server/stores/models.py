"""Tables of stores and of who is to visit them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Utc


class PinSource(StrEnum):
    """Where a pin comes from. geocoded: guessed from the address, and known to be doubtful."""

    IMPORT = "import"
    OFFICE = "office"
    SURVEY = "survey"
    GEOCODED = "geocoded"


class Store(Base):
    """A place that is visited. Its pin is WGS-84; pin_quality_m is how far off it may be.

    radius_m None means the organisation's default. initials are the first letters of the name's
    pinyin, for search.
    """

    __tablename__ = "store"
    __table_args__ = (Index(None, "name", "id"), Index(None, "lat", "lon"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(300), default="")
    city: Mapped[str] = mapped_column(String(60), default="")
    chain: Mapped[str] = mapped_column(String(120), default="")
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"), index=True)
    lat: Mapped[float]
    lon: Mapped[float]
    pin_source: Mapped[str] = mapped_column(String(16))
    pin_quality_m: Mapped[float] = mapped_column(default=0.0)
    radius_m: Mapped[float | None]
    initials: Mapped[str] = mapped_column(String(120), default="")
    contact: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    active: Mapped[bool] = mapped_column(default=True)
    rev: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)


class StoreAssignment(Base):
    """A rep visits a store from since until until. Ended ones stay: late records need them."""

    __tablename__ = "store_assignment"
    __table_args__ = (
        Index(None, "user_id", "until"),
        Index(
            "uq_store_assignment_current",
            "store_id",
            "user_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        Index(None, "store_id", "user_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("store.id"))
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    since: Mapped[datetime] = mapped_column(Utc)
    until: Mapped[datetime | None] = mapped_column(Utc)
