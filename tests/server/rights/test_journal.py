"""The journal as a file: whole, in order, harmless to open, and itself journalled."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.audit.journals import export
from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.csv_cells import safe
from server.kernel.journal import Event, JournalEntry
from tests.server.conftest import Login, World

DAY = "from=2026-11-23&to=2026-11-23"


def test_all_of_a_day_in_order_and_the_taking_of_it(login: Login, session: Session) -> None:
    office = login("office")
    before = session.scalar(select(func.count(JournalEntry.id))) or 0
    answer: Any = office.get(f"/api/v1/journal/export?{DAY}&format=jsonl")
    assert answer.status_code == 200
    rows = [json.loads(line) for line in answer.data.splitlines()]
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert len(rows) == before + 1
    assert tuple(rows[0]) == export.COLUMNS
    assert rows[-1]["event"] == "journal.exported"
    said = {"first": "2026-11-23", "last": "2026-11-23", "format": "jsonl", "entries": before}
    assert rows[-1]["data"] == said
    assert rows[-1]["actor_name"] == "office"


def test_days_are_the_organisations(
    login: Login, session: Session, clock: FrozenClock, world: World
) -> None:
    office = login("office")
    # 23:59:59.999 and 00:00 in Shanghai.
    for hour, minute, second, micro in ((15, 59, 59, 999_000), (16, 0, 0, 0)):
        at = FrozenClock(datetime(2026, 11, 20, hour, minute, second, micro, tzinfo=UTC))
        journal.record(session, at, None, Event.STORE_CHANGED, "store", f"s{hour}")
    session.commit()
    for day, subject in (("2026-11-20", "s15"), ("2026-11-21", "s16")):
        answer: Any = office.get(f"/api/v1/journal/export?from={day}&to={day}&format=jsonl")
        found = [json.loads(line)["subject_id"] for line in answer.data.splitlines()]
        assert found == [subject]


def test_more_than_a_piece_at_one_moment(
    login: Login, session: Session, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_AT_ONCE", 7)
    office = login("office")
    rows = [(Event.STORE_CHANGED, "store", str(number), {}) for number in range(40)]
    journal.record_many(session, clock, None, [(e, k, s, dict(d)) for e, k, s, d in rows])
    session.commit()
    answer: Any = office.get(f"/api/v1/journal/export?{DAY}&format=jsonl")
    ids = [json.loads(line)["id"] for line in answer.data.splitlines()]
    assert len(ids) == len(set(ids)) == session.scalar(select(func.count(JournalEntry.id)))


def test_csv_runs_nothing(login: Login, session: Session, clock: FrozenClock) -> None:
    office = login("office")
    evil = '=cmd|"/c calc"!A1'
    journal.record(session, clock, None, Event.STORE_CHANGED, "store", evil, name=evil)
    session.commit()
    answer: Any = office.get(f"/api/v1/journal/export?{DAY}")
    assert answer.data.startswith("\ufeffid,at,event".encode())
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    [row] = [row for row in rows if evil in row["subject_id"]]
    assert row["subject_id"] == f"'{evil}"
    assert json.loads(row["data"]) == {"name": evil}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("\r\n=1", "'\r\n=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("\u3000＋1", "'\u3000＋1"),
        ("%0a", "'%0a"),
        ("园区一店", "园区一店"),
        ("a=b", "a=b"),
        (-3.5, "-3.5"),
        (0, "0"),
        (None, ""),
        (True, "True"),
    ],
)
def test_cells(value: Any, cell: str) -> None:
    assert safe(value) == cell


def test_who_may_and_what_is_asked(login: Login, session: Session) -> None:
    for who in ("rep_a", "sup_east"):
        assert login(who).get(f"/api/v1/journal/export?{DAY}").status_code == 403
    office = login("office")
    for query in ("", "from=2026-11-23", "from=x&to=2026-11-23", f"{DAY}&format=xls"):
        assert office.get(f"/api/v1/journal/export?{query}").status_code == 422
    wrong = "from=2026-11-24&to=2026-11-23"
    assert office.get(f"/api/v1/journal/export?{wrong}").status_code == 422
    office.head(f"/api/v1/journal/export?{DAY}")
    taken = select(JournalEntry).where(JournalEntry.event == "journal.exported")
    assert session.scalars(taken).all() == []
