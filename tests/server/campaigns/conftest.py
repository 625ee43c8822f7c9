"""A campaign at rep_a's store: three bags and a photo of a pile, from the 16th to the 29th."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.campaigns import domain
from server.campaigns.models import State
from server.kernel.clock import FrozenClock
from tests.server.conftest import World
from tests.server.materials.conftest import bag, cap, visit_id
from tests.server.photos.conftest import put
from tests.server.visits.conftest import other_rep, other_store_id, rep, store_id

__all__ = ["bag", "cap", "other_rep", "other_store_id", "put", "rep", "store_id", "visit_id"]

Make = Callable[..., str]


@pytest.fixture
def make(session: Session, world: World, clock: FrozenClock) -> Make:
    """make(code, stores, plan, …) gives the id of a running campaign."""

    def campaign(
        code: str, stores: list[str], plan: dict[str, int], *, start: bool = True, **more: Any
    ) -> str:
        office = world.actors["office"]
        lines = [{"material_id": key, "per_store": number} for key, number in plan.items()]
        values = {"code": code, "name": f"活动{code}", "materials": lines, "photo_kinds": ["pile"]}
        values |= {"first_day": date(2026, 11, 16), "last_day": date(2026, 11, 29)} | more
        made = domain.create_campaign(session, office, clock, values)
        if stores:
            wanted = {"how": "add", "store_ids": stores}
            domain.choose_stores(session, office, clock, made, wanted)
        if start:
            domain.set_state(session, office, clock, made, State.RUNNING)
        found: str = made.id
        session.commit()
        return found

    return campaign


@pytest.fixture
def campaign(make: Make, store_id: str, bag: str) -> str:
    return make("P1", [store_id], {bag: 3})
