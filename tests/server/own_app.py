"""An app of a test's own, whose transactions really commit: for what happens at the same moment.

On SQLite, and on PostgreSQL where STOREWALK_TEST_DATABASE_URL names a database: there in a schema
of its own, beside the other tests' tables.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import text

from server.app import create_app
from server.config import Settings
from server.kernel.clock import FrozenClock
from server.kernel.db import db
from tests.server.conftest import NOW

SCHEMA = "at_once"


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[Flask]:
    """An app whose transactions really commit."""
    url = os.environ.get("STOREWALK_TEST_DATABASE_URL", "")
    if url:
        url += ("&" if "?" in url else "?") + "options=" + quote(f"-csearch_path={SCHEMA}")
    settings = Settings(
        data_dir=tmp_path, database_url=url, password_cost="test", login_rate="1000 per minute"
    )
    app = create_app(settings, clock=FrozenClock(NOW))
    with app.app_context():
        if url:
            db.session.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            db.session.commit()
        db.create_all()
    yield app
    with app.app_context():
        db.session.remove()
        if url:
            db.session.execute(text(f"DROP SCHEMA {SCHEMA} CASCADE"))
            db.session.commit()
            db.session.remove()
        db.engine.dispose()
