"""A store in the park, assigned to rep_a, and their phones."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.stores import domain as stores
from tests.server.conftest import Login, World
from tests.server.own_app import own_app
from tests.server.sync.phone import PIN, Phone

__all__ = ["own_app"]


@pytest.fixture
def store_id(world: World, session: Session, clock: FrozenClock) -> str:
    values: dict[str, Any] = {
        "code": "S1",
        "name": "园区一店",
        "address": "星湖街1号",
        "region_id": world.regions["park"],
        "lat": PIN[0],
        "lon": PIN[1],
    }
    store = stores.create_store(session, world.actors["office"], clock, values)
    stores.set_assignments(
        session, world.actors["office"], clock, store.id, [world.people["rep_a"]]
    )
    session.commit()
    found: str = store.id
    return found


@pytest.fixture
def phone(login: Login, world: World, store_id: str) -> Phone:
    return Phone(login("rep_a"), world.people["rep_a"])


@pytest.fixture
def other_phone(login: Login, world: World) -> Phone:
    return Phone(login("rep_b"), world.people["rep_b"], device_id="phone-2")
