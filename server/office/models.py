"""Tables of offices and office check-ins."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Json, Utc


class Office(Base):
    """A place where reps report once a week. It is switched off, never deleted.

    hours: [{day: 1 (Monday) to 7, opens: "09:00", closes: "18:00"}] in the organisation's zone;
    null where nobody has said any.
    """

    __tablename__ = "office"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(300), default="")
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"))
    lat: Mapped[float]
    lon: Mapped[float]
    radius_m: Mapped[float]
    hours: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    active: Mapped[bool] = mapped_column(default=True)
    rev: Mapped[int] = mapped_column(default=1)


class OfficeCheckIn(Base):
    """A person's check-in at an office: the facts as told, the evidence of when, the judgement.

    at is the phone's time corrected; week is that moment's ISO week in the organisation's zone.
    office_id is null only where there was neither a chosen office nor a fix to find one by.
    payload_digest recognises the same check-in sent again under another op id. accepted is the
    verdict's word until somebody reviews it; declined is true only after such a review. summary is
    what the rep told of the week: {week, visits, successful, handouts, text}. erased_at is when
    its position was erased.
    """

    __tablename__ = "office_check_in"
    __table_args__ = (
        # All that the board reads of a check-in, so that it never goes to the rows.
        Index(None, "week", "author_id", "at", "accepted", "declined"),
        Index(None, "author_id", "at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    author_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    office_id: Mapped[str | None] = mapped_column(Id, ForeignKey("office.id"))
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"))
    week: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(Utc)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    fix_age_s: Mapped[float | None]
    fix_source: Mapped[str | None] = mapped_column(String(16))
    verdict: Mapped[str] = mapped_column(String(16))
    distance_m: Mapped[float | None]
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)
    flags: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    rule_version: Mapped[int]
    accepted: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    erased_at: Mapped[datetime | None] = mapped_column(Utc)
    received_at: Mapped[datetime] = mapped_column(Utc)
    device_id: Mapped[str] = mapped_column(String(64))
    device_seq: Mapped[int] = mapped_column(BigInteger)
    device_at: Mapped[datetime] = mapped_column(Utc)
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    monotonic_ms: Mapped[int | None] = mapped_column(BigInteger)
    payload_digest: Mapped[bytes] = mapped_column(LargeBinary(16))
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    declined: Mapped[bool] = mapped_column(default=False, server_default=false())
    review_note: Mapped[str | None] = mapped_column(Text)
    # No foreign key: SQLite cannot add one to a table that is there without writing it anew.
    reviewed_by: Mapped[str | None] = mapped_column(Id)
    reviewed_at: Mapped[datetime | None] = mapped_column(Utc)


class OfficeRule(Base):
    """The organisation's week rule, one row.

    versions: [{from_week, need, days, grace_hours}], oldest first; a change holds from its week on,
    so that weeks gone by keep the rule they were lived under.
    """

    __tablename__ = "office_rule"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    versions: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    rev: Mapped[int] = mapped_column(default=1)


class OfficeCalendar(Base):
    """The holidays of a year and the weekends worked in exchange: days [{date, name, off}].

    A year without days is one that nobody has announced. source: builtin or upload.
    """

    __tablename__ = "office_calendar"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    days: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    source: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Utc)


class OfficeDuty(Base):
    """What the office has set for one person: their office, and since when weeks count for them.

    Without a row (or a value) any office will do, and weeks count since the account was made.
    """

    __tablename__ = "office_duty"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    office_id: Mapped[str | None] = mapped_column(Id, ForeignKey("office.id"))
    since: Mapped[date | None] = mapped_column(Date)
    rev: Mapped[int] = mapped_column(default=1)


class OfficeExemption(Base):
    """Days on which a person need not report: leave or a business trip.

    state: pending until a supervisor has decided, then approved or declined. What a supervisor
    enters is approved at once.
    """

    __tablename__ = "office_exemption"
    __table_args__ = (Index(None, "person_id", "last_day"), Index(None, "state"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(String(16))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(Utc)
    decided_by: Mapped[str | None] = mapped_column(Id, ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    note: Mapped[str | None] = mapped_column(Text)
    payload_digest: Mapped[bytes | None] = mapped_column(LargeBinary(16))


class OfficeMakeUp(Base):
    """A rep asks that a missed week be counted all the same; a supervisor decides."""

    __tablename__ = "office_make_up"
    __table_args__ = (Index(None, "person_id", "week"), Index(None, "state"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    week: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(Utc)
    decided_by: Mapped[str | None] = mapped_column(Id, ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Utc)
    note: Mapped[str | None] = mapped_column(Text)
    payload_digest: Mapped[bytes | None] = mapped_column(LargeBinary(16))


class OfficeNotice(Base):
    """A reminder to one person about one week, at most one a day.

    pushed_at: when it was handed to the person's browsers; null while that is still to be done.
    """

    __tablename__ = "office_notice"
    __table_args__ = (
        UniqueConstraint("person_id", "week", "day"),
        Index(None, "pushed_at", "at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"))
    week: Mapped[str] = mapped_column(String(8))
    day: Mapped[date] = mapped_column(Date)
    sent_by: Mapped[str | None] = mapped_column(Id, ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    pushed_at: Mapped[datetime | None] = mapped_column(Utc)
    tries: Mapped[int] = mapped_column(default=0)


class PushSubscription(Base):
    """A browser that a person lets be notified. It goes when its push service says it is gone."""

    __tablename__ = "push_subscription"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    endpoint: Mapped[str] = mapped_column(Text)
    endpoint_hash: Mapped[str] = mapped_column(String(64), unique=True)
    p256dh: Mapped[str] = mapped_column(String(120))
    auth: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Utc)


class OfficeFeed(Base):
    """The private address of a person's calendar of office days. Only the token's hash is kept."""

    __tablename__ = "office_feed"

    person_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Utc)
