"""Tables of people, regions and log-in sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.db import Base, Id, Utc


class Region(Base):
    """A node of the region tree: HQ, region, district. path is /<root id>/…/<own id>/."""

    __tablename__ = "region"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(Id, ForeignKey("region.id"), index=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    path: Mapped[str] = mapped_column(String(400), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    rev: Mapped[int] = mapped_column(default=1)


class User(Base):
    """A person who logs in."""

    __tablename__ = "user_account"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(16))
    region_id: Mapped[str] = mapped_column(Id, ForeignKey("region.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(40), default="")
    locale: Mapped[str] = mapped_column(String(8), default="zh-CN")
    active: Mapped[bool] = mapped_column(default=True)
    rev: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Utc)


class LoginSession(Base):
    """A log-in. Only the hash of its token is stored, so a stolen table opens nothing."""

    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id"), index=True)
    client: Mapped[str] = mapped_column(String(8))
    device_id: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)


class OrganisationRule(Base):
    """A rule of judging that the office has set; see organisation.py for those there are."""

    __tablename__ = "organisation_rule"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[float]
    rev: Mapped[int]
