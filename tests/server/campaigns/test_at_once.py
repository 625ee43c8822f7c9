"""A rep is given a store at the very moment the office touches a campaign there.

Neither transaction sees what the other has not committed; the rep's phone hears of it all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from server.campaigns import domain
from server.campaigns.models import Campaign, State
from server.kernel.changes import Change, user_scope
from server.kernel.clock import FrozenClock
from server.kernel.db import db
from server.materials.domain import create_material
from server.stores import domain as stores
from tests.server.conftest import NOW, World, make_world
from tests.server.own_app import own_app
from tests.server.visits.conftest import add_store

__all__ = ["own_app"]

CLOCK = FrozenClock(NOW)
Act = Callable[[Session, World, "Ids"], object]
Ids = tuple[str, str]  # campaign, store


def assign(session: Session, world: World, ids: Ids) -> None:
    rep = world.people["rep_a"]
    stores.set_assignments(session, world.actors["office"], CLOCK, ids[1], [rep])


def start(session: Session, world: World, ids: Ids) -> None:
    found = session.get_one(Campaign, ids[0])
    domain.set_state(session, world.actors["office"], CLOCK, found, State.RUNNING)


def add(session: Session, world: World, ids: Ids) -> None:
    found, wanted = session.get_one(Campaign, ids[0]), {"how": "add", "store_ids": [ids[1]]}
    domain.choose_stores(session, world.actors["office"], CLOCK, found, wanted)


def prepare(session: Session, world: World, *, begun: bool) -> Ids:
    """A campaign begun without a store, or a draft with it. The store is not rep_a's yet."""
    office = world.actors["office"]
    names = {"code": "B", "name": "袋", "kind": "giveaway", "unit": "个"}
    material = create_material(session, office, CLOCK, names).id
    store = add_store(session, world, CLOCK, "S1", "rep_b")
    other = add_store(session, world, CLOCK, "S2", "rep_b")
    values = {"code": "P1", "name": "活动", "photo_kinds": [], "materials": []}
    values["materials"] = [{"material_id": material, "per_store": 1}]
    values |= {"first_day": date(2026, 11, 16), "last_day": date(2026, 11, 29)}
    campaign = domain.create_campaign(session, office, CLOCK, values)
    wanted = {"how": "add", "store_ids": [other if begun else store]}
    domain.choose_stores(session, office, CLOCK, campaign, wanted)
    if begun:
        domain.set_state(session, office, CLOCK, campaign, State.RUNNING)
    ids = (campaign.id, store)
    session.commit()
    return ids


@pytest.mark.parametrize("rep_first", [True, False], ids=["rep first", "campaign first"])
@pytest.mark.parametrize(("act", "begun"), [(start, False), (add, True)], ids=["start", "add"])
def test_the_phone_hears_of_the_campaign(
    own_app: Flask, act: Act, begun: bool, rep_first: bool
) -> None:
    with own_app.app_context():
        session = db.session()
        world = make_world(session, CLOCK)
        ids = prepare(session, world, begun=begun)
        db.session.remove()
        engine = db.engine
    first, second = (assign, act) if rep_first else (act, assign)
    done = threading.Event()

    def work(one: Act) -> None:
        with own_app.app_context():
            one(db.session(), world, ids)
            db.session.commit()
            db.session.remove()

    def later() -> None:
        work(second)
        done.set()

    other = threading.Thread(target=later)

    def hold(_connection: Any) -> None:
        # The first has written everything and not committed: now comes the second, and may wait.
        if threading.current_thread() is not other and not other.ident:
            other.start()
            done.wait(1)

    event.listen(engine, "commit", hold)
    work(first)
    other.join()
    event.remove(engine, "commit", hold)
    assert done.is_set()
    with own_app.app_context():
        mine = user_scope(world.people["rep_a"])
        told = select(Change.record_id).where(Change.scope == mine, Change.entity == "campaign")
        assert set(db.session.scalars(told)) == {ids[0]}
