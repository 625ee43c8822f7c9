"""The writing side of the change feed.

A feature says touch(session, scope, entity, ids) where it changes a record. Just before the
transaction commits, each scope's counter row is raised and the touched records get their numbers.
The counter row stays locked until the commit, so within a scope numbers become visible in their
own order and a cursor can never step over a row that commits later (a plain sequence does that).
A number is the moment in microseconds, or the next one where the last is later than that: so a
server restored from a backup hands out none that was handed out before, without knowing of it.
One row stands for each record of a scope, with the number of its last change: the feed is compact
and a first pull is simply a pull from zero.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from time import time_ns
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    String,
    Table,
    bindparam,
    case,
    event,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from server.kernel.bulk import BulkInsert, Lookup
from server.kernel.db import Base
from server.kernel.prepared import Prepared

ORG = "org"
# Kept beside the counters: under which generation cursors are written. 1 until it is renewed.
GENERATION: Final = "generation"
FIRST_GENERATION: Final = 1
_USERS = "user:"
_AFTER_USERS = "user;"  # the next character: a range of the key needs no function
_PENDING = "storewalk.changes"


class ChangeCounter(Base):
    """The last number handed out in a scope."""

    __tablename__ = "change_counter"

    scope: Mapped[str] = mapped_column(String(48), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class Change(Base):
    """The newest change of one record as seen from one scope."""

    __tablename__ = "change"
    __table_args__ = (Index(None, "scope", "seq"),)

    scope: Mapped[str] = mapped_column(String(48), primary_key=True)
    entity: Mapped[str] = mapped_column(String(24), primary_key=True)
    record_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[bool] = mapped_column(Boolean)


_COUNTER: Table = ChangeCounter.__table__  # type: ignore[assignment]  # declared wider than it is
_CHANGE: Table = Change.__table__  # type: ignore[assignment]  # likewise
_NOW = bindparam("now", type_=BigInteger)
_RAISE = Prepared(
    update(_COUNTER)
    .where(_COUNTER.c.scope == bindparam("scope_"))
    .values(seq=case((_COUNTER.c.seq < _NOW, _NOW), else_=_COUNTER.c.seq) + bindparam("by"))
    .returning(_COUNTER.c.seq)
)
_BEGIN = BulkInsert(_COUNTER, keys=("scope",))
_SET = BulkInsert(_COUNTER, keys=("scope",), replaces=("seq",))
_WRITE = BulkInsert(_CHANGE, keys=("scope", "entity", "record_id"), replaces=("seq", "deleted"))

_AFTER = Prepared(
    select(_CHANGE.c.seq, _CHANGE.c.entity, _CHANGE.c.record_id, _CHANGE.c.deleted)
    .where(_CHANGE.c.scope == bindparam("scope"), _CHANGE.c.seq > bindparam("seq"))
    .order_by(_CHANGE.c.seq)
    .limit(bindparam("limit"))
)
_LAST = Lookup(_COUNTER.c.scope)


def user_scope(user_id: str) -> str:
    """The scope of what only one person's phone is told."""
    return _USERS + user_id


def touch(
    session: Session, scope: str, entity: str, ids: Iterable[str], *, deleted: bool = False
) -> None:
    """Note that records changed (or, with deleted, left the scope). Numbered before the commit."""
    if not session.in_transaction():
        # What is noted belongs to a transaction, so that a rollback forgets it.
        session.begin()
    pending: dict[str, dict[tuple[str, str], bool]] = session.info.setdefault(_PENDING, {})
    rows = pending.setdefault(scope, {})
    for record_id in ids:
        rows[(entity, record_id)] = deleted


def write_pending(session: Session) -> None:
    """Hand out the numbers. Called before each commit; call it earlier only to read them."""
    pending: dict[str, dict[tuple[str, str], bool]] = session.info.pop(_PENDING, {})
    if not pending:
        return
    session.flush()
    # Scopes in a fixed order, so that two writers cannot wait for each other.
    for scope in sorted(pending):
        rows = pending[scope]
        if not rows:
            continue
        # Microseconds also in JSON that JavaScript reads: they stay below 2**53 until 2255.
        values = {"scope_": scope, "by": len(rows), "now": time_ns() // 1_000}
        raised = _RAISE(session, **values)
        if not raised:
            # Two writers may begin a scope at once: the later one adds to what the other wrote.
            _BEGIN(session, [{"scope": scope, "seq": 0}])
            raised = _RAISE(session, **values)
        first = int(raised[0][0]) - len(rows) + 1
        _WRITE(
            session,
            [
                {
                    "scope": scope,
                    "entity": entity,
                    "record_id": record_id,
                    "seq": first + index,
                    "deleted": deleted,
                }
                for index, ((entity, record_id), deleted) in enumerate(rows.items())
            ],
        )


def renew_generation(session: Session) -> None:
    """Make all cursors handed out so far those of a history that is gone: phones begin anew.

    Said once after a restore, and drawn by lot, since the backup does not know what came after it.
    """
    _SET(session, [{"scope": GENERATION, "seq": FIRST_GENERATION + 1 + secrets.randbits(50)}])


def user_counters(session: Session, user_ids: Sequence[str] | None) -> dict[str, int]:
    """The last number handed out in each person's scope, by their id; None asks for everybody's.

    It moves with whatever a person's phone is told, so what was worked out from that is still right
    while the number stands still.
    """
    query = select(_COUNTER.c.scope, _COUNTER.c.seq)
    if user_ids is None:
        query = query.where(_COUNTER.c.scope >= _USERS, _COUNTER.c.scope < _AFTER_USERS)
    else:
        query = query.where(_COUNTER.c.scope.in_([user_scope(one) for one in user_ids]))
    return {scope[len(_USERS) :]: seq for scope, seq in session.execute(query).tuples()}


def org_counter(session: Session) -> int:
    """The last number handed out in the scope of everybody."""
    return session.scalar(select(_COUNTER.c.seq).where(_COUNTER.c.scope == ORG)) or 0


def changes_after(
    session: Session, scope: str, seq: int, limit: int
) -> list[tuple[int, str, str, bool]]:
    """The next changes of a scope as (number, entity, record id, deleted), oldest first."""
    rows = _AFTER(session, scope=scope, seq=seq, limit=limit)
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def last_numbers(session: Session, scopes: Collection[str]) -> dict[str, int]:
    """The last number handed out by scope; a scope in which nothing was noted is left out."""
    return {row[0]: row[1] for row in _LAST.rows(session, scopes)}


def _before_commit(session: Session) -> None:
    # A savepoint is no commit: the counter rows are to be locked as late as possible.
    if not session.in_nested_transaction():
        write_pending(session)


def _after_rollback(session: Session, previous: SessionTransaction) -> None:
    # After a savepoint's rollback too many records may be named; naming one too many is harmless.
    if not previous.nested:
        session.info.pop(_PENDING, None)


event.listen(Session, "before_commit", _before_commit)
event.listen(Session, "after_soft_rollback", _after_rollback)
