"""One after the other: what two transactions of one person must not do at the same moment."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_WAIT = text("SELECT pg_advisory_xact_lock(hashtextextended(:whose, 0))")


def take_turn(session: Session, user_id: str) -> None:
    """Wait until no other transaction has this person's turn; keep it until the end of this one.

    Two devices may push the same op at once, or a photo on one and its bytes on the other: neither
    transaction would see what the other has not committed. SQLite has one writer at a time anyway.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_WAIT, {"whose": f"turn:{user_id}"})
