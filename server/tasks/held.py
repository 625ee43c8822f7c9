"""What is held about a person here: the tasks that they were given, and what they said of them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, select

from server.kernel.held import Section, tell_of
from server.stores.held import name_stores
from server.tasks.models import Task

_TASK: Table = Task.__table__  # type: ignore[assignment]  # declared wider than it is

SECTIONS: Final = (
    tell_of(
        Section(
            "tasks",
            lambda user_id: select(_TASK).where(_TASK.c.rep_id == user_id),
            _TASK.c.given_at,
            _TASK.c.id,
            ("given_at", "title", "store_name", "due_on", "state", "done_at", "done_note"),
            name_stores,
        )
    ),
)
