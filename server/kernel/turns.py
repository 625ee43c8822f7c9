"""One after the other: what two transactions must not do at the same moment."""

from __future__ import annotations

from sqlalchemy import Select, text
from sqlalchemy.orm import Session

_WAIT = text("SELECT pg_advisory_xact_lock(hashtextextended(:whose, 0))")
_WAIT_TOGETHER = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:whose, 0))")


def take_turn(session: Session, user_id: str) -> None:
    """Wait until no other transaction has this person's turn; keep it until the end of this one.

    Two devices may push the same op at once, or a photo on one and its bytes on the other: neither
    transaction would see what the other has not committed. SQLite has one writer at a time anyway.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_WAIT, {"whose": f"turn:{user_id}"})


def take_turns(session: Session, whose: Select[tuple[str]]) -> None:
    """take_turn for all people whose ids a query finds, always in one order.

    For what writes from outside of a push into records of several people: their pushes read a
    record, decide, and write it whole.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        for user_id in sorted(set(connection.scalars(whose))):
            take_turn(session, user_id)


def one_side_at_a_time(session: Session, matter: str, *, together: bool) -> None:
    """Wait until no transaction of the other side of a matter is open; keep it out until the end.

    For two kinds of changes of which each reads what the other writes. Those with together go on
    beside each other, those without come one by one. Ask before the reading: what was waited for
    is seen by what is read afterwards.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_WAIT_TOGETHER if together else _WAIT, {"whose": f"matter:{matter}"})
