"""visit.reply of sync push: a rep answers to the flags of a visit of their own.

An answer takes no flag away and changes no verdict: it stands beside them, for who judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.orm import Session

from server.audit.answers.models import VisitReply
from server.audit.answers.records import Row, reply_record
from server.audit.reviews.domain import answered
from server.kernel import changes, journal, problems
from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert, Lookup
from server.kernel.clock import Clock
from server.kernel.ops import Applied, Deferred, Handler, Op, Outcome, Rejected
from server.kernel.payload import (
    digest,
    read_id,
    read_optional_id,
    read_optional_text,
    read_time,
    refuse,
)
from server.kernel.problems import Problem
from server.visits.queries import VisitRef, visits_for_ops

TEXT_MAX: Final = 500
_REPLY: Table = VisitReply.__table__  # type: ignore[assignment]  # declared wider than it is
_FIND = Lookup(_REPLY.c.id)
_WRITE = BulkInsert(_REPLY)


@dataclass(slots=True)
class Said:
    """The payload of visit.reply."""

    visit_id: str
    at: datetime
    text: str
    photo_id: str | None
    digest: bytes


def read_reply(op: Op) -> Said:
    """Read visit.reply: words (empty without any), a photo, or both. Raises op_malformed."""
    photo_id = read_optional_id(op.payload, "photo_id")
    words = read_optional_text(op.payload, "text", TEXT_MAX)
    if words is None and photo_id is None:
        raise refuse("text")
    return Said(
        visit_id=read_id(op.payload, "visit_id"),
        at=read_time(op.payload, "at"),
        text=words or "",
        photo_id=photo_id,
        digest=digest(op.payload),
    )


def add_replies(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """visit.reply: keep what the rep answers, as part of the visit's record.

    Also where nothing is doubted (any more): the flag may have been taken back while the phone was
    offline. Defers dependency_missing; rejects op_malformed, visit_unknown, record_exists. A photo
    named may not be here yet: words never wait for it.
    """
    read = [_read(op) for op in ops]
    wanted = {one.visit_id for one in read if isinstance(one, Said)}
    visits = visits_for_ops(session, actor, wanted) if wanted else {}
    known: dict[str, Row] = {row["id"]: row for row in _FIND(session, [op.record_id for op in ops])}
    added: dict[str, dict[str, Any]] = {}
    outcomes: list[Outcome] = []
    for op, said in zip(ops, read, strict=True):
        if isinstance(said, Problem):
            outcomes.append(Rejected(said))
            continue
        there = known.get(op.record_id) or added.get(op.record_id)
        if there is not None:
            same = there["author_id"] == actor.user_id and there["payload_digest"] == said.digest
            outcomes.append(
                Applied(reply_record(there)) if same else Rejected(problems.RECORD_EXISTS.error())
            )
            continue
        refusal = _refusal(visits.get(said.visit_id), actor)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        added[op.record_id] = row = {
            "id": op.record_id,
            "visit_id": said.visit_id,
            "author_id": actor.user_id,
            "at": op.evidence.correct(said.at),
            "received_at": op.evidence.received_at,
            "text": said.text,
            "photo_id": said.photo_id,
            "erased_at": None,
            "payload_digest": said.digest,
        }
        outcomes.append(Applied(reply_record(row)))
    if added:
        _WRITE(session, list(added.values()))
        changes.touch(session, changes.user_scope(actor.user_id), "visit_reply", added)
        journal.record_many(session, clock, actor, [_entry(row) for row in added.values()])
        answered(
            session,
            clock,
            [asdict(visits[one]) for one in {row["visit_id"] for row in added.values()}],
        )
    return outcomes


def _read(op: Op) -> Said | Problem:
    try:
        return read_reply(op)
    except Problem as problem:
        return problem


def _refusal(visit: VisitRef | None, actor: Actor) -> Outcome | None:
    if visit is None:
        return Deferred(problems.DEPENDENCY_MISSING.error(field="payload.visit_id"))
    if visit.author_id != actor.user_id:
        return Rejected(problems.VISIT_UNKNOWN.error(field="payload.visit_id"))
    return None


def _entry(row: Row) -> journal.Row:
    # The words themselves are in the record, which may be erased; the journal is for good.
    data = {"reply_id": row["id"], "photo": row["photo_id"] is not None}
    return journal.Event.VISIT_REPLIED, "visit", row["visit_id"], data


OPS: dict[str, Handler] = {"visit.reply": add_replies}
