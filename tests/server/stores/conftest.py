"""Two stores in the park (rep_a visits the first) and one in the west."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.stores import domain
from server.stores.models import Store
from tests.server.conftest import World

MakeStore = Callable[..., Store]


@pytest.fixture
def make_store(session: Session, world: World, clock: FrozenClock) -> MakeStore:
    """make_store('S1', region='park', lat=…) adds a store as the office does."""

    def make(code: str, *, region: str = "park", **values: Any) -> Store:
        defaults = {"name": f"{code}号店", "address": "星湖街1号", "lat": 31.3, "lon": 120.7}
        return domain.create_store(
            session,
            world.actors["office"],
            clock,
            {"code": code, "region_id": world.regions[region]} | defaults | values,
        )

    return make


@pytest.fixture
def stores(session: Session, world: World, make_store: MakeStore) -> dict[str, str]:
    """Ids by code."""
    made = [
        make_store("S1", name="家乐福园区店", rep_ids=[world.people["rep_a"]]),
        make_store("S2", name="7天超市", lat=31.31),
        make_store("W1", name="西山便利", region="west", lat=31.1, lon=120.4),
    ]
    session.commit()
    return {store.code: store.id for store in made}
