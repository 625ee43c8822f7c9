"""Tables of stores and of who is to visit them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Utc


class PinSource(StrEnum):
    """Where a pin comes from.

    geocoded: guessed from the address, and known to be doubtful. learned: from check-ins, accepted
    by the office.
    """

    IMPORT = "import"
    OFFICE = "office"
    SURVEY = "survey"
    GEOCODED = "geocoded"
    LEARNED = "learned"


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


class StorePin(Base):
    """A pin that a newer one has replaced: where it was, what it was worth, until when."""

    __tablename__ = "store_pin"
    __table_args__ = (Index(None, "store_id", "until"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("store.id"))
    lat: Mapped[float]
    lon: Mapped[float]
    quality_m: Mapped[float]
    source: Mapped[str] = mapped_column(String(16))
    until: Mapped[datetime] = mapped_column(Utc)
    actor_id: Mapped[str | None] = mapped_column(Id)


class ProposalState(StrEnum):
    """What became of a proposed pin. gone: what it rested on no longer says so."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    GONE = "gone"


_OPEN = text("state = 'open'")


class PinProposal(Base):
    """A pin learned from check-ins, for the office to decide on; one open one a store.

    distance_m is how far it lies from the pin_lat, pin_lon that the store had then; quality_m how
    far off it may be itself; fixes are those it rests on, left_out those that lie elsewhere.
    """

    __tablename__ = "pin_proposal"
    __table_args__ = (
        Index(None, "store_id", "state"),
        Index(None, "state", "distance_m"),
        Index(
            "uq_pin_proposal_open",
            "store_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("store.id"))
    state: Mapped[str] = mapped_column(String(16))
    lat: Mapped[float]
    lon: Mapped[float]
    quality_m: Mapped[float]
    distance_m: Mapped[float]
    pin_lat: Mapped[float]
    pin_lon: Mapped[float]
    fixes: Mapped[int]
    left_out: Mapped[int]
    reps: Mapped[int]
    days: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(Utc)
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    decided_by: Mapped[str | None] = mapped_column(Id)
    rev: Mapped[int]
