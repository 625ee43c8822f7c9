"""The table of what reps answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Utc


class VisitReply(Base):
    """What the rep says to the flags of a visit, or to a question about it. Never changed.

    photo_id is a photo of the same visit, as the phone named it: it may arrive later, or never.
    text is empty where the photo says it all, and once erased_at is set; that there was an answer
    stays.
    """

    __tablename__ = "visit_reply"
    __table_args__ = (
        Index(None, "visit_id", "received_at"),
        Index(None, "author_id", "received_at"),
        Index(None, "received_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"))
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    received_at: Mapped[datetime] = mapped_column(Utc)
    text: Mapped[str] = mapped_column(Text)
    photo_id: Mapped[str | None] = mapped_column(Id)
    erased_at: Mapped[datetime | None] = mapped_column(Utc)
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(16))
