"""A task as the API writes it, in push, pull and on the console alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids, region_names
from server.kernel.clock import wire_time
from server.stores.queries import store_refs
from server.tasks.models import State, Task


def task_records(session: Session, tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Tasks with the names that a phone may not have: who gave it, and the store."""
    people = people_by_ids(session, {task.given_by for task in tasks})
    stores = store_refs(session, {task.store_id for task in tasks if task.store_id})
    return [
        {
            "id": task.id,
            "rep_id": task.rep_id,
            "store_id": task.store_id,
            "store_name": stores[task.store_id].name if task.store_id in stores else "",
            "from_visit_id": task.from_visit_id,
            "title": task.title,
            "details": task.details,
            "due_on": task.due_on.isoformat() if task.due_on else None,
            "given_by": task.given_by,
            "given_by_name": str(people[task.given_by]["name"]),
            "given_at": wire_time(task.given_at),
            "state": task.state,
            "state_note": task.state_note,
            "closed_at": wire_time(task.closed_at),
            "done_at": wire_time(task.done_at),
            "done_note": task.done_note,
            "done_visit_id": task.done_visit_id,
            "rev": task.rev,
        }
        for task in tasks
    ]


def console_records(session: Session, tasks: Sequence[Task], today: date) -> list[dict[str, Any]]:
    """Tasks as the console lists them: with whose they are, and whether they are overdue."""
    people = people_by_ids(
        session,
        {task.rep_id for task in tasks} | {task.closed_by for task in tasks if task.closed_by},
    )
    stores = store_refs(session, {task.store_id for task in tasks if task.store_id})
    regions = region_names(session)
    found = []
    for task, record in zip(tasks, task_records(session, tasks), strict=True):
        rep = people[task.rep_id]
        more = {
            "rep_name": str(rep["name"]),
            "region_name": regions.get(rep["region_id"], ""),
            "store_code": stores[task.store_id].code if task.store_id in stores else "",
            "closed_by_name": str(people[task.closed_by]["name"]) if task.closed_by else "",
            "overdue": is_overdue(task, today),
        }
        found.append(record | more)
    return found


def is_overdue(task: Task, today: date) -> bool:
    """True for an open task whose day is over."""
    return task.state == State.OPEN and task.due_on is not None and task.due_on < today
