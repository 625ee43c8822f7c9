"""The doors of tasks; see doors.py."""

from __future__ import annotations

from typing import Final

from tests.server.contract.door import _FOR_NOBODY, CONSOLE, Door, read

TASK_DOORS: Final[dict[str, Door]] = {
    "GET /api/v1/tasks": read(
        "/api/v1/tasks", roles=CONSOLE, task=CONSOLE, task_title=CONSOLE, store_name=CONSOLE
    ),
    "POST /api/v1/tasks": Door(CONSOLE, ("/api/v1/tasks",), 422, json=_FOR_NOBODY),
    "POST /api/v1/tasks/export": Door(
        CONSOLE,
        ("/api/v1/tasks/export?format=csv",),
        shows={"task_title": CONSOLE, "task_note": CONSOLE},
    ),
    "GET /api/v1/tasks/<task_id>": read(
        "/api/v1/tasks/{task}", roles=CONSOLE, task_note=CONSOLE, person=CONSOLE
    ),
    # The rep has done it: it must be opened again first.
    "PATCH /api/v1/tasks/<task_id>": Door(
        CONSOLE,
        ("/api/v1/tasks/{task}",),
        409,
        json={"title": "新"},
        headers={"If-Match": "*"},
    ),
    "POST /api/v1/tasks/<task_id>/cancel": Door(
        CONSOLE, ("/api/v1/tasks/{task}/cancel",), 409, json={}
    ),
    "POST /api/v1/tasks/<task_id>/reopen": Door(
        CONSOLE, ("/api/v1/tasks/{open_task}/reopen",), json={}
    ),
}
