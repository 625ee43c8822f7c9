"""Tables of reviews."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, BigId, Id, Json, Utc


class Action(StrEnum):
    """What somebody did about a visit under review."""

    ACCEPT = "accept"
    REJECT = "reject"
    ASK = "ask"
    UNDO = "undo"


class ReviewState(StrEnum):
    """Where a review stands. Two are seen, not stored: explained, the rep has answered since;
    cleared, it was rejected for flags of which none is left.
    """

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ASKED = "asked"
    EXPLAINED = "explained"
    CLEARED = "cleared"


class ReviewEntry(Base):
    """One decision, or the undoing of one. Never changed, never deleted.

    id is made by the screen, so that a repeated request is recognised. flag_bits are the flags
    that the decision knew of: a visit accepted before it got another flag is to be looked at again.
    """

    __tablename__ = "review_entry"
    __table_args__ = (Index(None, "visit_id", "seq"),)

    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    id: Mapped[str] = mapped_column(Id, unique=True)
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"))
    actor_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    action: Mapped[str] = mapped_column(String(8))
    text: Mapped[str | None] = mapped_column(Text)
    flag_bits: Mapped[int]
    undoes: Mapped[str | None] = mapped_column(Id)
    bulk_id: Mapped[str | None] = mapped_column(Id, index=True)


class VisitReview(Base):
    """Where the review of one visit stands: what its entries add up to.

    entry_id, actor_id, decided_at, flag_bits and question are of the decision that stands; they
    are empty where none does. rev is raised by each entry and by each answer of the rep.
    """

    __tablename__ = "visit_review"
    __table_args__ = (
        Index(None, "state", "decided_at"),
        Index(None, "author_id", "state", "decided_at"),
        Index(None, "store_id", "state"),
    )

    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"), primary_key=True)
    author_id: Mapped[str] = mapped_column(Id)
    store_id: Mapped[str] = mapped_column(Id)
    region_id: Mapped[str] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(16))
    entry_id: Mapped[str | None] = mapped_column(Id)
    actor_id: Mapped[str | None] = mapped_column(Id)
    question: Mapped[str | None] = mapped_column(Text)
    flag_bits: Mapped[int]
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    changed_at: Mapped[datetime] = mapped_column(Utc)
    rev: Mapped[int]


class ReviewBulk(Base):
    """Many visits accepted at once, by a filter. kept: those that had been decided on anew."""

    __tablename__ = "review_bulk"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    actor_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    at: Mapped[datetime] = mapped_column(Utc)
    filters: Mapped[dict[str, Any]] = mapped_column(Json)
    visits: Mapped[int]
    by_flag: Mapped[dict[str, int]] = mapped_column(Json)
    undone_at: Mapped[datetime | None] = mapped_column(Utc)
    kept: Mapped[int | None]


class ReauditSample(Base):
    """A random share of decided visits, drawn to be judged a second time.

    The same seed, share and decisions draw the same visits. population: decisions to draw from.
    """

    __tablename__ = "reaudit_sample"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    actor_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    share: Mapped[float]
    seed: Mapped[int] = mapped_column(BigInteger)
    region_id: Mapped[str | None] = mapped_column(Id)
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    population: Mapped[int]
    drawn: Mapped[int]


class ReauditCase(Base):
    """A visit of a sample: the first decision, and what the second person says without seeing it.

    Closed without second_state where the first decision was taken back or replaced meanwhile.
    """

    __tablename__ = "reaudit_case"
    __table_args__ = (Index(None, "closed_at", "region_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    sample_id: Mapped[str] = mapped_column(Id, ForeignKey("reaudit_sample.id"), index=True)
    visit_id: Mapped[str] = mapped_column(Id, ForeignKey("visit.id"), index=True)
    region_id: Mapped[str] = mapped_column(Id)
    author_id: Mapped[str] = mapped_column(Id)
    first_entry_id: Mapped[str] = mapped_column(Id, unique=True)
    first_actor_id: Mapped[str] = mapped_column(Id)
    first_state: Mapped[str] = mapped_column(String(16))
    second_actor_id: Mapped[str | None] = mapped_column(Id)
    second_state: Mapped[str | None] = mapped_column(String(16))
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
