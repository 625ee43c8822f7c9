"""What becomes of task.done, case by case."""

from __future__ import annotations

from typing import Final

from tests.contract.company import TASKS
from tests.contract.phone import LATER, NO_VISIT, Json, op

DONE: Final[Json] = {"at": LATER, "note": "三个冰柜都换好了 ✅", "visit_id": None}

# kind: payload, what another content changes, the record, and the ops rejected and deferred.
CASES: Final[dict[str, tuple[Json, Json, str, list[Json], list[Json]]]] = {
    "task.done": (
        DONE,
        {"note": "changed"},
        TASKS["open"],
        [
            op("task.done", 21, DONE | {"note": "changed"}, TASKS["open"]),
            op("task.done", 22, DONE, TASKS["off"]),
            op("task.done", 23, DONE, TASKS["theirs"]),
        ],
        [op("task.done", 32, DONE | {"visit_id": NO_VISIT}, TASKS["later"])],
    ),
}
