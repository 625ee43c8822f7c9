"""Two stores in the park: one is rep_a's, the other rep_b's."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.stores import domain as stores
from tests.server.conftest import World
from tests.server.visits.hand import PIN, Hand


def add_store(
    session: Session, world: World, clock: FrozenClock, code: str, rep: str, **more: Any
) -> str:
    """A store at PIN, assigned to one rep."""
    values = {
        "code": code,
        "name": f"店{code}",
        "address": "星湖街1号",
        "region_id": world.regions["park"],
        "lat": PIN[0],
        "lon": PIN[1],
    } | more
    store = stores.create_store(session, world.actors["office"], clock, values)
    stores.set_assignments(session, world.actors["office"], clock, store.id, [world.people[rep]])
    session.commit()
    found: str = store.id
    return found


@pytest.fixture
def store_id(session: Session, world: World, clock: FrozenClock) -> str:
    return add_store(session, world, clock, "A1", "rep_a")


@pytest.fixture
def other_store_id(session: Session, world: World, clock: FrozenClock) -> str:
    return add_store(session, world, clock, "B1", "rep_b")


@pytest.fixture
def rep(session: Session, world: World, clock: FrozenClock) -> Hand:
    return Hand(session, world.actors["rep_a"], clock)


@pytest.fixture
def other_rep(session: Session, world: World, clock: FrozenClock) -> Hand:
    return Hand(session, world.actors["rep_b"], clock)
