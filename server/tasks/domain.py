"""Giving, changing and closing tasks: the only write path, for routes, push and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.accounts.queries import rep_rows
from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.stores.choosing import visible_refs
from server.stores.problems import REP_UNKNOWN
from server.stores.queries import current_reps
from server.tasks import problems
from server.tasks.models import State, Task
from server.visits.queries import visits_for_ops

ENTITY: Final = "task"
TITLE_MAX: Final = 120
DETAILS_MAX: Final = 2_000
NOTE_MAX: Final = 500
# One press gives so many people a task; more are several.
REPS_MAX: Final = 50


def give_tasks(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]
) -> list[Task]:
    """Give each of some reps a task: {title, details?, due_on?, rep_ids?, store_id?,
    from_visit_id?, id?}. Without rep_ids the reps of the store get it.

    The same id again gives nothing twice and returns what was given. Raises rep_unknown,
    store_unknown and visit_unknown (also where they lie outside the actor's scope),
    task_for_nobody, record_exists (the id is another person's).
    """
    store_id, visit_id = values.get("store_id"), values.get("from_visit_id")
    if store_id is not None:
        _check_store(session, actor, store_id)
    if visit_id is not None:
        _check_visit(session, actor, visit_id)
    reps = _chosen(session, actor, values.get("rep_ids") or (), store_id)
    wanted = {_task_id(values.get("id"), rep_id): rep_id for rep_id in reps}
    there = {row.id: row for row in session.scalars(select(Task).where(Task.id.in_(wanted)))}
    if any(row.given_by != actor.user_id for row in there.values()):
        raise common.RECORD_EXISTS.error(field="id")
    new = {
        task_id: Task(
            id=task_id,
            rep_id=rep_id,
            store_id=store_id,
            from_visit_id=visit_id,
            title=values["title"].strip(),
            details=(values.get("details") or "").strip(),
            due_on=values.get("due_on"),
            given_by=actor.user_id,
            given_at=clock.now(),
            state=State.OPEN.value,
            state_note="",
            done_note="",
            rev=1,
        )
        for task_id, rep_id in wanted.items()
        if task_id not in there
    }
    try:
        with session.begin_nested():
            session.add_all(new.values())
            session.flush()
    except IntegrityError:
        # The same giving came twice at once, and the other one is there by now.
        if session.scalar(select(Task.id).where(Task.id.in_(wanted.keys() - there)).limit(1)):
            return give_tasks(session, actor, clock, values)
        raise
    for task in new.values():
        data = {"rep_id": task.rep_id, "store_id": store_id, "due_on": _day(task)}
        _told(session, actor, clock, task, journal.Event.TASK_GIVEN, **data)
    return [(there | new)[task_id] for task_id in wanted]


def change_task(
    session: Session, actor: Actor, clock: Clock, task: Task, values: Mapping[str, Any]
) -> Task:
    """Change what is named of {title, details, due_on, store_id, rep_id} of an open task.

    The caller has held the revision against If-Match. A task that goes to another rep leaves the
    first one's phone. Raises task_closed, rep_unknown, store_unknown.
    """
    if task.state != State.OPEN:
        raise problems.TASK_CLOSED.error()
    values = {
        key: value.strip() if isinstance(value, str) else value for key, value in values.items()
    }
    if values.get("store_id") not in (None, task.store_id):
        _check_store(session, actor, values["store_id"])
    if values.get("rep_id", task.rep_id) != task.rep_id:
        _chosen(session, actor, [values["rep_id"]], None)
    changed = {key: value for key, value in values.items() if getattr(task, key) != value}
    if not changed:
        return task
    before = task.rep_id
    # Words may be long and private; the journal keeps that they changed, and ids and days as such.
    data: dict[str, Any] = {"changed": sorted(changed)}
    data |= {key: str(changed[key]) for key in ("rep_id", "store_id", "due_on") if changed.get(key)}
    for key, value in changed.items():
        setattr(task, key, value)
    task.rev += 1
    session.flush()
    if before != task.rep_id:
        changes.touch(session, changes.user_scope(before), ENTITY, [task.id], deleted=True)
    _told(session, actor, clock, task, journal.Event.TASK_CHANGED, **data)
    return task


def cancel_task(session: Session, actor: Actor, clock: Clock, task: Task, note: str) -> Task:
    """Call an open task off. Saying it again changes nothing. Raises task_closed for a done one."""
    if task.state == State.CANCELLED:
        return task
    if task.state == State.DONE:
        raise problems.TASK_CLOSED.error()
    task.state, task.state_note = State.CANCELLED.value, note.strip()
    task.closed_by, task.closed_at = actor.user_id, clock.now()
    return _moved(session, actor, clock, task, journal.Event.TASK_CANCELLED)


def reopen_task(session: Session, actor: Actor, clock: Clock, task: Task, note: str) -> Task:
    """Open a task again that is done or called off, saying why. An open one stays as it is."""
    if task.state == State.OPEN:
        return task
    before = task.state
    task.state, task.state_note = State.OPEN.value, note.strip()
    task.closed_by = task.closed_at = None
    task.done_at = task.done_received_at = task.done_device_at = None
    task.done_device_id = task.done_visit_id = task.done_digest = task.erased_at = None
    task.done_note = ""
    return _moved(session, actor, clock, task, journal.Event.TASK_REOPENED, before=before)


def mark_done(
    session: Session, actor: Actor, clock: Clock, task: Task, said: Mapping[str, Any]
) -> Task:
    """The rep has done it: {at, received_at, device_id, device_at, note, visit_id, digest}.

    The caller has checked that the task is open and the actor's own.
    """
    at: datetime = said["at"]
    task.state, task.state_note = State.DONE.value, ""
    task.closed_by, task.closed_at, task.done_at = actor.user_id, at, at
    task.done_received_at = said["received_at"]
    task.done_device_id, task.done_device_at = said["device_id"], said["device_at"]
    task.done_note, task.done_visit_id = said["note"], said["visit_id"]
    task.done_digest = said["digest"]
    # The words themselves are in the record, which may be erased; the journal is for good.
    data = {"note": bool(task.done_note), "visit_id": task.done_visit_id}
    return _moved(session, actor, clock, task, journal.Event.TASK_DONE, **data)


def _chosen(session: Session, actor: Actor, rep_ids: Any, store_id: str | None) -> list[str]:
    seen = {row.id for row in rep_rows(session, actor.region_ids)}
    if rep_ids:
        wanted = list(dict.fromkeys(rep_ids))
        if not seen.issuperset(wanted):
            raise REP_UNKNOWN.error(field="rep_ids")
        return wanted
    at_store = current_reps(session, [store_id]).get(store_id, set()) if store_id else set()
    if not seen & at_store:
        raise problems.TASK_FOR_NOBODY.error(field="rep_ids")
    return sorted(seen & at_store)


def _check_store(session: Session, actor: Actor, store_id: str) -> None:
    if not visible_refs(session, actor, [store_id]):
        raise common.STORE_UNKNOWN.error(field="store_id")


def _check_visit(session: Session, actor: Actor, visit_id: str) -> None:
    visit = visits_for_ops(session, actor, [visit_id]).get(visit_id)
    if visit is None or not actor.sees_region(visit.region_id):
        raise common.VISIT_UNKNOWN.error(field="from_visit_id")


def _task_id(giving: Any, rep_id: str) -> str:
    """The id of one rep's task of a giving: always the same, so that a retry is recognised."""
    return str(uuid5(UUID(str(giving)), rep_id)) if giving else new_id()


def _day(task: Task) -> str | None:
    return task.due_on.isoformat() if task.due_on else None


def _moved(
    session: Session, actor: Actor, clock: Clock, task: Task, event: journal.Event, **data: Any
) -> Task:
    task.rev += 1
    session.flush()
    _told(session, actor, clock, task, event, **data)
    return task


def _told(
    session: Session, actor: Actor, clock: Clock, task: Task, event: journal.Event, **data: Any
) -> None:
    changes.touch(session, changes.user_scope(task.rep_id), ENTITY, [task.id])
    journal.record(session, clock, actor, event, ENTITY, task.id, **data)
