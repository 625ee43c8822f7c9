"""Reading tasks: the console's list, one of them, and what a rep's phone is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids, rep_ids_in, scope_regions
from server.kernel import journal, problems
from server.kernel.auth import Actor
from server.kernel.clock import Clock, org_day
from server.kernel.ops import Reader
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.stores.queries import store_ids_matching
from server.tasks.models import State, Task
from server.tasks.records import console_records, task_records

# Tasks without a day come after all that have one.
_NO_DAY: Final = date.max
_BY_DAY = func.coalesce(Task.due_on, _NO_DAY)


@dataclass(frozen=True, slots=True)
class TaskFilters:
    """What the list is narrowed to. q looks into titles and stores."""

    region: str | None = None
    rep: str | None = None
    store: str | None = None
    visit: str | None = None
    state: str | None = None
    overdue: bool = False
    q: str | None = None


def read_tasks(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the rep's own tasks."""
    query = select(Task).where(Task.id.in_(ids), Task.rep_id == actor.user_id)
    found = task_records(session, session.scalars(query).all())
    return {record["id"]: record for record in found}


READERS: dict[str, Reader] = {"task": read_tasks}


def find_task(session: Session, actor: Actor, task_id: str, *, lock: bool = False) -> Task:
    """A task of a rep in the actor's scope. Raises the problem not_found."""
    query = select(Task).where(Task.id == task_id, Task.rep_id.in_(rep_ids_in(actor.region_ids)))
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise problems.NOT_FOUND.error(field="task_id")
    return found


def task_page(session: Session, clock: Clock, task: Task) -> dict[str, Any]:
    """A task with what was done to it, oldest first: {…, history: [{at, event, by}]}."""
    entries = journal.for_subject(session, "task", task.id)
    people = people_by_ids(session, {one["actor_id"] for one in entries if one["actor_id"]})
    history = [
        {
            "at": one["at"],
            "event": one["event"],
            "by": str(people[one["actor_id"]]["name"]) if one["actor_id"] in people else "",
        }
        for one in entries
    ]
    [record] = console_records(session, [task], org_day(clock.now()))
    return record | {"history": history}


def list_tasks(
    session: Session,
    actor: Actor,
    clock: Clock,
    wanted: TaskFilters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of tasks: {items, next, total, counts}. Open ones by their day, all others newest
    first. counts {open, overdue, done, cancelled} are of the other filters, whatever the state.

    Raises not_found for a region out of the actor's scope, validation_failed for a forged cursor.
    """
    today = org_day(clock.now())
    where = _conditions(session, actor, wanted)
    narrowed = [*where, *_of_state(wanted, today)]
    total = session.scalar(select(func.count()).select_from(Task).where(*narrowed)) or 0
    by_day = wanted.overdue or wanted.state == State.OPEN
    query = _in_order(select(Task).where(*narrowed), by_day=by_day, cursor=cursor)
    rows = session.scalars(query.limit(limit + 1)).all()
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    return {
        "items": console_records(session, page, today),
        "next": _cursor(last, by_day=by_day) if last else None,
        "total": total,
        "counts": _counts(session, where, today),
    }


def _conditions(session: Session, actor: Actor, wanted: TaskFilters) -> list[ColumnElement[bool]]:
    regions = scope_regions(session, actor, wanted.region)
    where: list[ColumnElement[bool]] = [Task.rep_id.in_(rep_ids_in(regions))]
    if wanted.rep:
        where.append(Task.rep_id == wanted.rep)
    if wanted.store:
        where.append(Task.store_id == wanted.store)
    if wanted.visit:
        where.append(or_(Task.from_visit_id == wanted.visit, Task.done_visit_id == wanted.visit))
    if wanted.q and wanted.q.strip():
        text = wanted.q.strip()
        at_store = Task.store_id.in_(store_ids_matching(text))
        where.append(or_(Task.title.icontains(text, autoescape=True), at_store))
    return where


def _of_state(wanted: TaskFilters, today: date) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.state:
        where.append(Task.state == wanted.state)
    if wanted.overdue:
        where += [Task.state == State.OPEN.value, Task.due_on < today]
    return where


def _in_order(query: Select[Any], *, by_day: bool, cursor: str | None) -> Select[Any]:
    if by_day:
        if cursor:
            query = query.where(tuple_(_BY_DAY, Task.id) > _after(cursor, date.fromisoformat))
        return query.order_by(_BY_DAY, Task.id)
    if cursor:
        query = query.where(tuple_(Task.given_at, Task.id) < _after(cursor, _time))
    return query.order_by(Task.given_at.desc(), Task.id.desc())


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _after(cursor: str, read: Any) -> tuple[Any, str]:
    first, second = decode_cursor(cursor, 2)
    try:
        return read(str(first)), str(second)
    except (ValueError, OverflowError) as error:
        raise problems.VALIDATION_FAILED.error(field="cursor") from error


def _cursor(task: Task, *, by_day: bool) -> str:
    key: date | datetime = (task.due_on or _NO_DAY) if by_day else task.given_at
    return encode_cursor(key.isoformat(), task.id)


def _counts(session: Session, where: Sequence[ColumnElement[bool]], today: date) -> dict[str, int]:
    rows = session.execute(select(Task.state, func.count()).where(*where).group_by(Task.state))
    found = dict.fromkeys([*State], 0) | {State(row[0]): int(row[1]) for row in rows}
    late = select(func.count()).select_from(Task)
    late = late.where(*where, *_of_state(TaskFilters(overdue=True), today))
    return {one.value: found[one] for one in State} | {"overdue": session.scalar(late) or 0}
