"""One day for a whole test file, since making it takes a while; what a test changes is undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import Connection

from server.kernel.clock import FrozenClock
from server.kernel.db import db
from tests.server.conftest import NOW, World, log_in, make_world, undone
from tests.server.contract.day import Day, make_day


@dataclass(frozen=True, slots=True)
class Stage:
    """The day, and the connection on which it was written."""

    day: Day
    connection: Connection


@pytest.fixture(scope="module")
def stage(shared_app: Flask) -> Iterator[Stage]:
    """The company with its day."""
    clock = FrozenClock(NOW)
    shared_app.extensions["storewalk.clock"] = clock
    with undone(shared_app) as connection:
        session = db.session()
        world = make_world(session, clock)
        day = make_day(world, partial(log_in, shared_app), session, clock)
        session.commit()
        yield Stage(day, connection)


@pytest.fixture
def app(shared_app: Flask, stage: Stage, clock: FrozenClock) -> Iterator[Flask]:
    """The app on the stage."""
    with undone(shared_app, stage.connection):
        yield shared_app


@pytest.fixture
def world(stage: Stage) -> World:
    """The company."""
    return stage.day.world


@pytest.fixture
def day(stage: Stage) -> Day:
    """What its reps left behind."""
    return stage.day
