"""The write lock: concurrent read-modify-writes on SQLite lose nothing and raise nothing."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from server.app import create_app
from server.config import Settings
from server.kernel.db import Utc, db, read_only


def test_concurrent_writers(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, password_cost="test"))
    with app.app_context():
        db.session.execute(text("CREATE TABLE counter (n INTEGER)"))
        db.session.execute(text("INSERT INTO counter VALUES (0)"))
        db.session.commit()
    errors: list[Exception] = []

    def work() -> None:
        for _ in range(25):
            try:
                with app.app_context():
                    value = db.session.execute(text("SELECT n FROM counter")).scalar_one()
                    db.session.execute(text("UPDATE counter SET n = :n"), {"n": value + 1})
                    db.session.commit()
            except Exception as error:  # noqa: BLE001 -- collected for the assertion
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    with app.app_context():
        assert db.session.execute(text("SELECT n FROM counter")).scalar_one() == 200
        db.session.rollback()
        db.engine.dispose()


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, password_cost="test"))
    with app.app_context():
        db.session.execute(text("CREATE TABLE t (n INTEGER)"))
        db.session.commit()
        with db.engine.begin() as writer:
            writer.execute(text("INSERT INTO t VALUES (1)"))
            with read_only(), db.engine.connect() as reader:
                assert reader.execute(text("SELECT count(*) FROM t")).scalar_one() == 0
        db.engine.dispose()


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Utc().process_bind_param(datetime(2026, 1, 1), None)  # type: ignore[arg-type]  # noqa: DTZ001
