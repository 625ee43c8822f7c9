"""The board as a file: CSV for whatever reads it, XLSX for Excel. The journal names each export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.orm import Session

from server.accounts.queries import region_names
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.db import read_only
from server.kernel.sheets import write
from server.office.weeks.board import Board, BoardFilters, make_board
from server.office.weeks.rule import WeekState

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


def export_board(
    session: Session,
    actor: Actor,
    clock: Clock,
    week: str,
    filters: BoardFilters,
    kind: str,
    language: str,
) -> bytes:
    """The bytes of the file. kind: csv or xlsx. Raises as make_board does.

    Reads and writes it without the write lock, then begins the short transaction that the caller
    commits.
    """
    with read_only():
        board = make_board(session, actor, clock, week, filters)
        header, *rows = _rows(board, region_names(session), language)
        session.rollback()
    data = write(kind, [str(cell) for cell in header], rows, str(_WORDS[language]["sheet"]))
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
            f"{line.standing.streak}+" if line.standing.streak_more else line.standing.streak,
            *(str(words[state]) for state in line.standing.states),
        ]
