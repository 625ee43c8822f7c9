"""The change feed's numbers: compact, in commit order, undone with the transaction."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.app import create_app
from server.config import Settings
from server.kernel.changes import ChangeCounter, changes_after, touch
from server.kernel.db import db


def test_one_row_for_each_record(session: Session) -> None:
    touch(session, "org", "store", ["a", "b"])
    session.commit()
    first = changes_after(session, "org", 0, 100)
    touch(session, "org", "store", ["a"], deleted=True)
    session.commit()
    rows = changes_after(session, "org", 0, 100)
    assert [(row[2], row[3]) for row in rows] == [("b", False), ("a", True)]
    assert rows[1][0] > first[1][0]


def test_a_rollback_takes_the_numbers_back(session: Session) -> None:
    touch(session, "org", "store", ["a"])
    session.rollback()
    session.commit()
    assert changes_after(session, "org", 0, 100) == []


def test_a_savepoint_is_no_commit(session: Session) -> None:
    touch(session, "org", "store", ["a"])
    with session.begin_nested():
        pass
    assert changes_after(session, "org", 0, 100) == []
    session.commit()
    assert len(changes_after(session, "org", 0, 100)) == 1


def numbers(session: Session, *names: str) -> list[int]:
    """The numbers that these records get, noted in one transaction."""
    touch(session, "org", "store", names)
    session.commit()
    return [row[0] for row in changes_after(session, "org", 0, 100) if row[2] in names]


def test_numbers_lie_above_all_that_a_lost_history_may_have_used(session: Session) -> None:
    """Numbers are moments: what is written later has a higher one, whatever the database knew."""
    lost = numbers(session, "a", "b", "c")
    session.execute(update(ChangeCounter).values(seq=2))
    session.commit()
    assert min(numbers(session, "d")) > max(lost)


def test_a_clock_that_is_set_back_keeps_the_order(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = numbers(session, "a", "b")
    monkeypatch.setattr("server.kernel.changes.time_ns", lambda: 1_000)
    after = numbers(session, "c", "d")
    assert after == [before[-1] + 1, before[-1] + 2]


def test_many_records_at_one_moment_have_each_their_number(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.kernel.changes.time_ns", lambda: 2_000_000_000_000_000_000)
    used = numbers(session, "a", "b", "c") + numbers(session, "d", "e")
    assert used == sorted(set(used))
    assert len(used) == 5


def test_a_reader_under_writers_misses_nothing(tmp_path: Path) -> None:
    """Six writers and one reader that follows its cursor, on the real engine."""
    app = create_app(Settings(data_dir=tmp_path, password_cost="test"))
    writers, each = 6, 25
    with app.app_context():
        db.create_all()
    threads = [threading.Thread(target=_write, args=(app, name, each)) for name in range(writers)]
    for thread in threads:
        thread.start()
    seen: list[str] = []
    cursor = 0
    while True:
        running = any(thread.is_alive() for thread in threads)
        with app.app_context():
            rows = changes_after(db.session(), "org", cursor, 1_000)
            db.session.rollback()
        if rows:
            cursor = rows[-1][0]
            seen += [row[2] for row in rows]
        elif not running:
            break
    assert len(seen) == writers * each
    assert len(set(seen)) == writers * each
    with app.app_context():
        db.engine.dispose()


def _write(app: Flask, name: int, each: int) -> None:
    for number in range(each):
        with app.app_context():
            touch(db.session(), "org", "store", [f"{name}-{number}"])
            db.session.commit()
