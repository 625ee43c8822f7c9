"""Two materials, one of them issued to rep_a, and a visit of rep_a's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.kernel.ops import Op, Outcome
from server.materials import domain
from server.materials.ops import OPS
from server.materials.stock import adjustments, movements
from tests.server.conftest import World
from tests.server.own_app import own_app
from tests.server.visits.conftest import other_rep, other_store_id, rep, store_id
from tests.server.visits.hand import Hand

__all__ = ["other_rep", "other_store_id", "own_app", "rep", "store_id"]


def add_material(session: Session, world: World, clock: FrozenClock, code: str) -> str:
    values = {"code": code, "name": f"物料{code}", "kind": "giveaway", "unit": "个"}
    material = domain.create_material(session, world.actors["office"], clock, values)
    session.commit()
    found: str = material.id
    return found


def move(session: Session, world: World, clock: FrozenClock, kind: str, **values: Any) -> Any:
    """Book a movement as the office does, an issue or an adjustment with all that it takes."""
    office, values = world.actors["office"], {"kind": kind} | values
    if kind == "issue":
        made: Any = movements.issue(session, office, clock, values)
        movements.confirm(session, office, clock, made, values["quantity"])
    elif kind == "adjust":
        made = adjustments.ask(session, office, clock, values)
        adjustments.decide(session, world.actors["sup_east"], clock, made, approve=True)
    else:
        made = domain.move_stock(session, office, clock, values)
    session.commit()
    return made


@pytest.fixture
def bag(session: Session, world: World, clock: FrozenClock) -> str:
    """A material: 100 in the warehouse, of which rep_a got 10 an hour ago."""
    material_id = add_material(session, world, clock, "BAG")
    clock = FrozenClock(clock.now() - timedelta(hours=1))
    move(session, world, clock, "receive", material_id=material_id, quantity=100)
    rep_id = world.people["rep_a"]
    move(session, world, clock, "issue", material_id=material_id, quantity=10, rep_id=rep_id)
    return material_id


@pytest.fixture
def cap(session: Session, world: World, clock: FrozenClock) -> str:
    """A material that nobody has any of."""
    return add_material(session, world, clock, "CAP")


@pytest.fixture
def visit_id(rep: Hand, store_id: str) -> str:
    return rep.check_in(store_id, seconds_ago=600)


def handout(hand: Hand, visit_id: str, material_id: str, quantity: Any = 3, **more: Any) -> Op:
    record_id = more.pop("record_id", None)
    payload = {
        "visit_id": visit_id,
        "material_id": material_id,
        "quantity": quantity,
        "recipient": "店长 王女士",
        "signature_sha256": None,
        "at": hand.ago(300),
    }
    return hand.op("handout.add", payload | more, record_id)


def give(hand: Hand, *ops: Op) -> list[Outcome]:
    """Hand the ops to their handler and commit."""
    outcomes = OPS["handout.add"](hand.session, hand.actor, hand.clock, ops)
    hand.session.commit()
    return outcomes
