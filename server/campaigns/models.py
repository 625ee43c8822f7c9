"""Tables of campaigns: what is planned where, and what was said of it in the end."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Json, Utc


class State(StrEnum):
    """The stored states. A running campaign whose last day is over is shown as ended."""

    DRAFT = "draft"
    RUNNING = "running"
    ENDED = "ended"
    CLOSED = "closed"


class TargetKind(StrEnum):
    """What the target counts: units in each store, or units in all of them together."""

    PER_STORE = "per_store"
    TOTAL = "total"


class Campaign(Base):
    """A promotion in a period of the organisation's days, both included.

    photo_kinds are the kinds of photos that each store owes. Without a target the plan is it.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("first_day <= last_day", name="period"),
        Index(None, "state", "last_day"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(16))
    photo_kinds: Mapped[list[str]] = mapped_column(Json)
    target_kind: Mapped[str | None] = mapped_column(String(16))
    target: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    created_by: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    rev: Mapped[int] = mapped_column(default=1)


class CampaignStore(Base):
    """A store that takes part."""

    __tablename__ = "campaign_store"
    __table_args__ = (Index(None, "store_id", "campaign_id"),)

    campaign_id: Mapped[str] = mapped_column(Id, ForeignKey("campaign.id"), primary_key=True)
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("store.id"), primary_key=True)


class CampaignMaterial(Base):
    """How many units of a material each store is to get."""

    __tablename__ = "campaign_material"
    __table_args__ = (CheckConstraint("per_store > 0", name="per_store_positive"),)

    campaign_id: Mapped[str] = mapped_column(Id, ForeignKey("campaign.id"), primary_key=True)
    material_id: Mapped[str] = mapped_column(Id, ForeignKey("material.id"), primary_key=True)
    per_store: Mapped[int]


class CampaignSummary(Base):
    """A version of what is said of a campaign, of the region that its author sees. Never changed.

    numbers are those of the moment in which it was written.
    """

    __tablename__ = "campaign_summary"
    __table_args__ = (UniqueConstraint("campaign_id", "region_id", "version"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    campaign_id: Mapped[str] = mapped_column(Id, ForeignKey("campaign.id"))
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    numbers: Mapped[dict[str, Any]] = mapped_column(Json)
    language: Mapped[str] = mapped_column(String(8))
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
