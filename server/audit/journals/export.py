"""The journal of a period as CSV or JSON lines, a few thousand entries in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import Table, func, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock, day_bounds, wire_time
from server.kernel.csv_cells import BOM, lines
from server.kernel.db import writing
from server.kernel.journal import JournalEntry

_JOURNAL: Table = JournalEntry.__table__  # type: ignore[assignment]  # declared wider than it is
_AT_ONCE: Final = 2_000
COLUMNS: Final = (
    *("id", "at", "event", "actor_id", "actor_name", "subject_kind", "subject_id", "data"),
)
Entry = dict[str, Any]


class Format(StrEnum):
    """How the entries are written."""

    CSV = "csv"
    JSONL = "jsonl"


def note_export(
    session: Session, actor: Actor, clock: Clock, first: date, last: date, form: str
) -> int:
    """Write into the journal that somebody takes a copy of it; how many entries it will hold.

    In a transaction of its own and before the first byte goes out, so that a copy that breaks off
    is known as well.
    """
    start, end = _bounds(first, last)
    count = session.scalar(select(func.count()).where(_JOURNAL.c.at >= start, _JOURNAL.c.at < end))
    session.rollback()
    with writing():
        journal.record(
            session,
            clock,
            actor,
            journal.Event.JOURNAL_EXPORTED,
            "organisation",
            "journal",
            first=first.isoformat(),
            last=last.isoformat(),
            format=form,
            entries=count,
        )
        session.commit()
    return count or 0


def pieces(session: Session, first: date, last: date, form: str) -> Iterator[bytes]:
    """The file in pieces, oldest first; days are the organisation's, both inclusive.

    Each piece is a short transaction: a download may take minutes, and a long one would keep
    SQLite from tidying up its log.
    """
    write: Callable[[Sequence[Entry]], bytes] = _csv if form == Format.CSV else _json_lines
    if form == Format.CSV:
        yield (BOM + lines([COLUMNS])).encode()
    start, end = _bounds(first, last)
    after: tuple[datetime, int] = (start, -1)
    while True:
        query = (
            select(_JOURNAL)
            .where(
                tuple_(_JOURNAL.c.at, _JOURNAL.c.id) > after,
                _JOURNAL.c.at >= start,
                _JOURNAL.c.at < end,
            )
            .order_by(_JOURNAL.c.at, _JOURNAL.c.id)
            .limit(_AT_ONCE)
        )
        rows = session.execute(query).mappings().all()
        entries = _entries(session, rows)
        session.rollback()
        if not rows:
            return
        after = (rows[-1]["at"], rows[-1]["id"])
        yield write(entries)


def _bounds(first: date, last: date) -> tuple[datetime, datetime]:
    return day_bounds(first, first)[0], day_bounds(last, last)[1]


def _entries(session: Session, rows: Sequence[Any]) -> list[Entry]:
    people = people_by_ids(session, {row["actor_id"] for row in rows if row["actor_id"]})
    found = []
    for row in rows:
        person = people.get(row["actor_id"])
        name = person["name"] if person else None
        found.append({**row, "at": wire_time(row["at"]), "actor_name": name})
    return found


def _json_lines(entries: Sequence[Entry]) -> bytes:
    told = ({name: entry[name] for name in COLUMNS} for entry in entries)
    return b"".join(orjson.dumps(entry) + b"\n" for entry in told)


def _csv(entries: Sequence[Entry]) -> bytes:
    return lines(
        [orjson.dumps(entry[name]).decode() if name == "data" else entry[name] for name in COLUMNS]
        for entry in entries
    ).encode()
