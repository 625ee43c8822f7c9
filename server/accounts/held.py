"""What this feature holds about a person: the account and its log-ins."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, select

from server.accounts.models import LoginSession, User
from server.kernel.held import Section, tell_of

_USER: Table = User.__table__  # type: ignore[assignment]  # declared wider than it is
_SESSION: Table = LoginSession.__table__  # type: ignore[assignment]  # likewise

SECTIONS: Final = (
    tell_of(
        Section(
            "account",
            lambda user_id: select(_USER).where(_USER.c.id == user_id),
            _USER.c.created_at,
            _USER.c.id,
            ("name", "username", "role", "phone", "created_at"),
        )
    ),
    tell_of(
        Section(
            "sessions",
            lambda user_id: select(_SESSION).where(_SESSION.c.user_id == user_id),
            _SESSION.c.created_at,
            _SESSION.c.token_hash,
            ("created_at", "client", "agent", "expires_at", "revoked_at"),
        )
    ),
)
