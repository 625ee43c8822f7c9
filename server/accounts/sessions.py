"""Log-in sessions: opaque random tokens, looked up by their hash, revocable at once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.accounts.models import LoginSession, User
from server.accounts.passwords import verify_password
from server.accounts.queries import region_names, region_subtree
from server.config import Settings
from server.kernel import journal, problems
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.db import read_only
from server.kernel.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh log-in: the token is shown once and kept nowhere."""

    user_id: str
    token: str
    expires_at: datetime


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(
    session: Session,
    clock: Clock,
    settings: Settings,
    *,
    username: str,
    password: str,
    client: str,
    device_id: str | None,
    agent: str,
) -> Opened:
    """Check the password and open a session. Raises the problem wrong_credentials."""
    with read_only():
        user = session.scalar(select(User).where(User.username == username.strip().lower()))
        stored = user.password_hash if user is not None and user.active else None
        # Hashing takes tens of milliseconds, during which nobody may wait for our lock.
        session.rollback()
    if not verify_password(stored, password, settings.password_cost):
        raise problems.WRONG_CREDENTIALS.error()
    user = session.scalars(select(User).where(User.username == username.strip().lower())).one()
    token = secrets.token_urlsafe(32)
    expires = clock.now() + timedelta(days=settings.session_days)
    session.add(
        LoginSession(
            token_hash=_hash(token),
            user_id=user.id,
            client=client,
            device_id=device_id,
            agent=agent[:200],
            created_at=clock.now(),
            expires_at=expires,
        )
    )
    actor = actor_of(session, user)
    journal.record(
        session, clock, actor, journal.Event.SESSION_OPENED, "person", user.id, client=client
    )
    return Opened(user_id=user.id, token=token, expires_at=expires)


def actor_of(session: Session, user: User) -> Actor:
    """The person as an actor, with the regions that they see."""
    return _actor(session, user.id, user.role, user.name, user.region_id)


def _actor(session: Session, user_id: str, role_name: str, name: str, region_id: str) -> Actor:
    role = Role(role_name)
    if role is Role.REP:
        region_ids = frozenset({region_id})
    elif role is Role.OFFICE:
        region_ids = frozenset(region_names(session))
    else:
        region_ids = region_subtree(session, region_id)
    return Actor(user_id=user_id, role=role, name=name, region_id=region_id, region_ids=region_ids)


def actor_by_id(session: Session, user_id: str) -> Actor | None:
    """Any person as an actor, also one whose account is switched off; None if there is no such.

    For the office, which enters what somebody else has made. It logs nobody in.
    """
    user = session.get(User, user_id)
    return None if user is None else actor_of(session, user)


def find_actor(session: Session, clock: Clock, token: str) -> Actor | None:
    """The person behind a token, or None if it is unknown, revoked, expired or switched off."""
    rows = _BEHIND_TOKEN(session, token=_hash(token), now=clock.now())
    return _actor(session, *rows[0]) if rows else None


# Every request asks this.
_BEHIND_TOKEN = Prepared(
    select(User.id, User.role, User.name, User.region_id)
    .join(LoginSession, LoginSession.user_id == User.id)
    .where(
        LoginSession.token_hash == bindparam("token"),
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > bindparam("now"),
        User.active,
    )
)


def close_session(session: Session, clock: Clock, actor: Actor, token: str) -> None:
    """Revoke one log-in."""
    row = session.get(LoginSession, _hash(token))
    if row is not None and row.revoked_at is None:
        row.revoked_at = clock.now()
        journal.record(session, clock, actor, journal.Event.SESSION_CLOSED, "person", actor.user_id)


def close_all(session: Session, clock: Clock, user_id: str) -> None:
    """Revoke every log-in of a person, as after a new password."""
    rows = session.scalars(
        select(LoginSession).where(
            LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None)
        )
    )
    for row in rows:
        row.revoked_at = clock.now()
