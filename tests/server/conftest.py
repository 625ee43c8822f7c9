"""Server tests: one schema a test process, and each test inside a transaction that is undone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session, close_all_sessions, scoped_session, sessionmaker

from server.accounts import domain as accounts
from server.accounts.passwords import hash_password
from server.accounts.sessions import actor_of
from server.app import create_app
from server.config import Settings
from server.kernel.auth import Actor
from server.kernel.clock import FrozenClock
from server.kernel.db import db

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai, 2026-W48
PASSWORD = "a-test-password"
PASSWORD_HASH = hash_password(PASSWORD, "test")


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One app and one set of tables for all tests of this process."""
    data = tmp_path_factory.mktemp("data")
    # The same tests hold on PostgreSQL: name an empty database there, and run them without -n.
    url = os.environ.get("STOREWALK_TEST_DATABASE_URL", "")
    settings = Settings(
        data_dir=data, database_url=url, password_cost="test", login_rate="1000 per minute"
    )
    app = create_app(settings, clock=FrozenClock(NOW))
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        if url:
            db.drop_all()
        db.engine.dispose()


@pytest.fixture
def clock(shared_app: Flask) -> FrozenClock:
    """The app's clock, set to NOW."""
    found = FrozenClock(NOW)
    shared_app.extensions["storewalk.clock"] = found
    return found


@contextmanager
def undone(app: Flask, connection: Connection | None = None) -> Iterator[Connection]:
    """Let all sessions share one connection, and in the end undo what they wrote to it.

    Commits of the code under test become savepoints. Inside another undone() hand its connection
    in: then only what was written since is undone.
    """
    with app.app_context():
        used = connection or db.engine.connect()
    outer = used.begin_nested() if connection else used.begin()
    factory = sessionmaker(bind=used, class_=Session, join_transaction_mode="create_savepoint")
    real = db.session
    db.session = scoped_session(factory)  # type: ignore[assignment]
    try:
        with app.app_context():
            yield used
    finally:
        # All of them: a test may hold one that its requests have already let go of.
        close_all_sessions()
        db.session.remove()
        db.session = real
        outer.rollback()
        if connection is None:
            used.close()


@pytest.fixture
def app(shared_app: Flask, clock: FrozenClock) -> Iterator[Flask]:
    """The app inside an outer transaction."""
    with undone(shared_app):
        yield shared_app


@pytest.fixture
def session(app: Flask) -> Session:
    """The session that tests and requests share."""
    found: Session = db.session()  # type: ignore[assignment]
    return found


@dataclass
class World:
    """A small company: HQ → east, west; east → park. One person of each kind, by name."""

    regions: dict[str, str]
    people: dict[str, str]
    actors: dict[str, Actor]


def make_world(session: Session, clock: FrozenClock) -> World:
    """Write the company; rep_a and rep_b work in park, rep_w in west."""
    regions: dict[str, str] = {}
    for code, parent in (("hq", None), ("east", "hq"), ("west", "hq"), ("park", "east")):
        values = {"code": code, "name": code, "parent_id": regions.get(parent or "")}
        regions[code] = accounts.create_region(session, None, clock, values).id
    people, actors = {}, {}
    for username, role, region in (
        ("office", "office", "hq"),
        ("sup_east", "supervisor", "east"),
        ("sup_west", "supervisor", "west"),
        ("rep_a", "rep", "park"),
        ("rep_b", "rep", "park"),
        ("rep_w", "rep", "west"),
    ):
        user = accounts.create_person(
            session,
            None,
            clock,
            {
                "username": username,
                "name": username,
                "role": role,
                "region_id": regions[region],
            },
            password_hash=PASSWORD_HASH,
        )
        people[username] = user.id
        actors[username] = actor_of(session, user)
    session.commit()
    return World(regions, people, actors)


@pytest.fixture
def world(session: Session, clock: FrozenClock) -> World:
    """The company."""
    return make_world(session, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that is not logged in."""
    return app.test_client()


Login = Callable[[str], FlaskClient]


def log_in(app: Flask, username: str) -> FlaskClient:
    """A client with that person's bearer token."""
    client = app.test_client()
    answer: Any = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {answer.json['token']}"
    return client


@pytest.fixture
def login(app: Flask, world: World) -> Login:
    """login('rep_a') gives a client with that person's bearer token."""
    return partial(log_in, app)
