"""task.done of sync push: a rep says that a task is done, with a word about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.ops import Applied, Deferred, Handler, Op, Outcome, Rejected, read_each
from server.kernel.payload import digest, read_optional_id, read_optional_text, read_time
from server.kernel.problems import Problem
from server.tasks import problems
from server.tasks.domain import NOTE_MAX, mark_done
from server.tasks.models import State, Task
from server.tasks.records import task_records
from server.visits.queries import VisitRef, visits_for_ops


@dataclass(slots=True)
class Said:
    """The payload of task.done; the op's record is the task."""

    at: datetime
    note: str
    visit_id: str | None
    digest: bytes


def read_done(op: Op) -> Said:
    """Read task.done: {at, note?, visit_id?}. Raises op_malformed."""
    return Said(
        at=read_time(op.payload, "at"),
        note=read_optional_text(op.payload, "note", NOTE_MAX) or "",
        visit_id=read_optional_id(op.payload, "visit_id"),
        digest=digest(op.payload),
    )


def done(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """task.done: the rep's own task is done, perhaps in a visit of theirs.

    The same said again is answered with the task. Defers dependency_missing (the visit is not here
    yet); rejects op_malformed, task_unknown (also somebody else's), task_cancelled, task_done
    (with other words), visit_unknown.
    """
    said = read_each(ops, read_done)
    ids = [op.record_id for op in ops]
    query = select(Task).where(Task.id.in_(ids)).order_by(Task.id).with_for_update()
    tasks = {task.id: task for task in session.scalars(query)}
    wanted = {one.visit_id for one in said if isinstance(one, Said) and one.visit_id}
    visits = visits_for_ops(session, actor, wanted) if wanted else {}
    outcomes: list[Outcome | Task] = []
    for op, one in zip(ops, said, strict=True):
        task = tasks.get(op.record_id)
        refusal = _refusal(task, one, actor, visits)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        if task is not None and isinstance(one, Said):
            if task.state == State.OPEN:
                mark_done(session, actor, clock, task, _told(op, one))
            outcomes.append(task)
    good = [one for one in outcomes if isinstance(one, Task)]
    records = {record["id"]: record for record in task_records(session, good)}
    return [Applied(records[one.id]) if isinstance(one, Task) else one for one in outcomes]


def _told(op: Op, said: Said) -> dict[str, object]:
    return {
        "at": op.evidence.correct(said.at),
        "received_at": op.evidence.received_at,
        "device_id": op.device_id,
        "device_at": op.evidence.device_at,
        "note": said.note,
        "visit_id": said.visit_id,
        "digest": said.digest,
    }


def _refusal(
    task: Task | None, said: Said | Problem, actor: Actor, visits: dict[str, VisitRef]
) -> Outcome | None:
    if isinstance(said, Problem):
        return Rejected(said)
    if task is None or task.rep_id != actor.user_id:
        return Rejected(problems.TASK_UNKNOWN.error(field="record_id"))
    if task.state == State.CANCELLED:
        return Rejected(problems.TASK_CANCELLED.error(field="record_id"))
    if task.state == State.DONE:
        same = task.done_digest == said.digest
        return None if same else Rejected(problems.TASK_DONE.error(field="record_id"))
    if said.visit_id is None:
        return None
    visit = visits.get(said.visit_id)
    if visit is None:
        return Deferred(common.DEPENDENCY_MISSING.error(field="payload.visit_id"))
    if visit.author_id != actor.user_id:
        return Rejected(common.VISIT_UNKNOWN.error(field="payload.visit_id"))
    return None


OPS: dict[str, Handler] = {"task.done": done}
