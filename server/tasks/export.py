"""Tasks as a file for a spreadsheet. The journal names each export."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock, org_zone
from server.kernel.db import read_only
from server.kernel.ids import new_id
from server.kernel.sheets import write
from server.materials.problems import SHEET_TOO_LARGE
from server.tasks.queries import TaskFilters, list_tasks

# A file is made in one request; more than this is taken region by region.
MAX_ROWS: Final = 100_000
_HEAD: Final = (
    ("任务", "Task"),
    ("说明", "Details"),
    ("业务员", "Rep"),
    ("区域", "Region"),
    ("门店编码", "Store code"),
    ("门店", "Store"),
    ("截止日", "Due"),
    ("状态", "State"),
    ("逾期", "Overdue"),
    ("下达人", "Given by"),
    ("下达时间", "Given at"),
    ("完成时间", "Done at"),
    ("完成说明", "What the rep said"),
)
_STATES: Final = {
    "open": ("待完成", "open"),
    "done": ("已完成", "done"),
    "cancelled": ("已取消", "cancelled"),
}
_YES: Final = ("是", "yes")
_TITLE: Final = ("任务", "Tasks")


def export_tasks(
    session: Session, actor: Actor, clock: Clock, wanted: TaskFilters, kind: str, language: str
) -> bytes:
    """The bytes of a csv or xlsx file with what the actor sees.

    Reads and writes it without the write lock, then begins the short transaction that the caller
    commits. Raises as list_tasks does, and sheet_too_large beyond MAX_ROWS rows.
    """
    at = int(language == "en")
    with read_only():
        page = list_tasks(session, actor, clock, wanted, limit=MAX_ROWS)
        if page["next"] is not None:
            raise SHEET_TOO_LARGE.error(limit=MAX_ROWS)
        rows = [_row(item, at) for item in page["items"]]
        session.rollback()
    data = write(kind, [words[at] for words in _HEAD], rows, _TITLE[at])
    event = journal.Event.TABLE_EXPORTED
    said = {"table": "tasks", "format": kind, "rows": len(rows), "filters": asdict(wanted)}
    journal.record(session, clock, actor, event, "export", new_id(), **said)
    return data


def _row(item: dict[str, Any], at: int) -> list[Any]:
    return [
        item["title"],
        item["details"],
        item["rep_name"],
        item["region_name"],
        item["store_code"],
        item["store_name"],
        item["due_on"] or "",
        _STATES[item["state"]][at],
        _YES[at] if item["overdue"] else "",
        item["given_by_name"],
        _local(item["given_at"]),
        _local(item["done_at"]),
        item["done_note"],
    ]


def _local(text: str | None) -> str:
    if text is None:
        return ""
    return datetime.fromisoformat(text).astimezone(org_zone()).strftime("%Y-%m-%d %H:%M:%S")
