"""The board as a file: CSV for whatever reads it, XLSX for Excel. The journal names each export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.orm import Session

from server.accounts.queries import region_names
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.office.weeks.board import Board, BoardFilters, make_board
from server.office.weeks.rule import WeekState

CSV_TYPE: Final = "text/csv"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: Final = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}
# Excel takes a file without it for one in the system's own encoding.
_BOM: Final = "\ufeff"
# What a spreadsheet takes for the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_WORDS: Final = {
    "zh-CN": {
        "head": ("姓名", "用户名", "区域", "今天到期", "连续周数"),
        "yes": "是",
        "sheet": "回司报到",
        WeekState.DONE: "已报到",
        WeekState.LATE: "补到",
        WeekState.MADE_UP: "已补签",
        WeekState.EXEMPT: "免签",
        WeekState.DOUBTFUL: "存疑",
        WeekState.OPEN: "待报到",
        WeekState.MISSED: "缺报到",
        WeekState.BEFORE: "不计",
    },
    "en": {
        "head": ("Name", "User name", "Region", "Due today", "Weeks in a row"),
        "yes": "yes",
        "sheet": "Office check-ins",
        WeekState.DONE: "Done",
        WeekState.LATE: "Late",
        WeekState.MADE_UP: "Made up",
        WeekState.EXEMPT: "Exempt",
        WeekState.DOUBTFUL: "Doubtful",
        WeekState.OPEN: "Open",
        WeekState.MISSED: "Missed",
        WeekState.BEFORE: "Not counted",
    },
}

Cell = str | int


def plain(text: str) -> str:
    """Text that no spreadsheet runs as a formula: such a beginning gets an apostrophe before it."""
    return "'" + text if text.startswith(_FORMULA) else text


def export_board(
    session: Session,
    actor: Actor,
    clock: Clock,
    week: str,
    filters: BoardFilters,
    kind: str,
    language: str,
) -> bytes:
    """The bytes of the file. kind: csv or xlsx. Raises as make_board does."""
    board = make_board(session, actor, clock, week, filters)
    rows = _rows(board, region_names(session), language)
    data = _csv(rows) if kind == "csv" else _xlsx(rows, str(_WORDS[language]["sheet"]))
    journal.record(
        session,
        clock,
        actor,
        journal.Event.WEEKS_EXPORTED,
        "week",
        board.plans[-1].name,
        format=kind,
        rows=len(board.lines),
        region=filters.region,
        state=filters.state,
        due=filters.due,
        q=filters.q,
    )
    return data


def _rows(board: Board, regions: dict[str, str], language: str) -> Iterator[Sequence[Cell]]:
    words = _WORDS[language]
    yield [*words["head"], *(plan.name for plan in board.plans)]
    for line in board.lines:
        yield [
            line.rep.name,
            line.rep.username,
            regions.get(line.rep.region_id, ""),
            str(words["yes"]) if line.due else "",
            line.standing.streak,
            *(str(words[state]) for state in line.standing.states),
        ]


def _csv(rows: Iterator[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    text.write(_BOM)
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([plain(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue().encode()


def _xlsx(rows: Iterator[Sequence[Cell]], sheet: str) -> bytes:
    # Loaded when it is wanted: a server that starts has no use for it.
    from xlsxwriter import Workbook

    file = io.BytesIO()
    # Row by row to the file. A text stays a text: nothing is taken for a formula or a link.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        bold, page = book.add_format({"bold": True}), book.add_worksheet(sheet)
        page.set_column(0, 2, 16)
        page.set_column(3, 17, 11)
        page.freeze_panes(1, 1)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                style = bold if number == 0 else None
                if isinstance(cell, str):
                    page.write_string(number, column, cell, style)
                else:
                    page.write_number(number, column, cell, style)
    return file.getvalue()
