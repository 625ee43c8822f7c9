"""The table of what was seen of campaigns."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Json, Utc


class Seen(StrEnum):
    """How a material of the plan was found at a store."""

    PRESENT = "present"
    MISSING = "missing"


class CampaignSeen(Base):
    """What a rep found of a campaign in a visit. Never changed: the newest counts.

    materials: [{material_id, state: a Seen, quantity}]; quantity is how many units are there, or
    how many are missing, None where nobody counted. photo_kinds: photos that could not be taken.
    """

    __tablename__ = "campaign_seen"
    __table_args__ = (
        Index(None, "campaign_id", "store_id", "at"),
        Index(None, "visit_id"),
        Index(None, "author_id", "at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    campaign_id: Mapped[str] = mapped_column(Id, ForeignKey("campaign.id"))
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("store.id"))
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"))
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    received_at: Mapped[datetime] = mapped_column(Utc)
    materials: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    photo_kinds: Mapped[list[str]] = mapped_column(Json)
    note: Mapped[str] = mapped_column(String(500))
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(16))
