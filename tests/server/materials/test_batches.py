"""Counts and corrections of what is kept by batch."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.materials import ledger
from server.materials.stock import adjustments, places
from server.materials.stock.feed import read_stock
from tests.server.conftest import Login, World
from tests.server.materials.conftest import move
from tests.server.visits.hand import Hand


@pytest.fixture
def lots(session: Session, world: World, clock: FrozenClock, cap: str) -> list[str]:
    """rep_a holds 10 of L1, which expires first, and 5 of L2."""
    found = []
    for number, quantity in ((1, 10), (2, 5)):
        lot = places.batch_of(session, cap, f"L{number}", date(2027, number, 1))
        assert lot is not None
        what = {"material_id": cap, "batch_id": lot, "quantity": quantity}
        move(session, world, clock, "receive", **what)
        move(session, world, clock, "issue", **what, rep_id=world.people["rep_a"])
        found.append(lot)
    return found


def held(session: Session, world: World, material_id: str, lots: list[str]) -> list[int]:
    """What rep_a holds of no batch, and of each."""
    place = ledger.rep_place(world.people["rep_a"])
    found = ledger.batch_balances(session, [place], [material_id])
    return [found.get((place, material_id, lot), 0) for lot in ["", *lots]]


def test_what_has_expired_is_written_off_its_batch(
    session: Session,
    world: World,
    clock: FrozenClock,
    cap: str,
    lots: list[str],
    login: Login,
    rep: Hand,
) -> None:
    body = {"kind": "adjust", "material_id": cap, "rep_id": world.people["rep_a"]}
    body |= {"quantity": -10, "reason": "expired"}
    supervisor, path = login("sup_east"), "/api/v1/ledger/adjustments"
    refused: Any = supervisor.post(path, json=body)
    assert (refused.status_code, refused.json["code"]) == (422, "batch_needed")
    assert refused.json["field"] == "batch_id"
    asked: Any = supervisor.post(path, json=body | {"batch_id": lots[0]})
    assert asked.status_code == 201, asked.get_data(as_text=True)
    decision = f"{path}/{asked.json['id']}/decision"
    assert login("office").post(decision, json={"approve": True}).status_code == 200
    assert held(session, world, cap, lots) == [0, 0, 5]
    told = read_stock(session, rep.actor, [cap])[cap]["batches"]
    assert [(one["code"], one["balance"]) for one in told if one["balance"]] == [("L2", 5)]
    # What was found may belong to no batch, and be written off from there again.
    more = {"material_id": cap, "rep_id": world.people["rep_a"], "reason": "mistake"}
    move(session, world, clock, "adjust", **more, quantity=3)
    move(session, world, clock, "adjust", **more, quantity=-3)
    assert held(session, world, cap, lots) == [0, 0, 5]


@pytest.mark.parametrize(
    ("counted", "left"),
    [
        (15, [0, 10, 5]),
        (12, [0, 7, 5]),
        (4, [0, 0, 4]),
        (0, [0, 0, 0]),
        (18, [3, 10, 5]),
    ],
)
def test_a_whole_count_leaves_no_batch_that_is_not_there(
    session: Session,
    world: World,
    clock: FrozenClock,
    cap: str,
    lots: list[str],
    counted: int,
    left: list[int],
) -> None:
    clock.advance(60)
    values = {"kind": "count", "material_id": cap, "rep_id": world.people["rep_a"]}
    office, chief = world.actors["office"], world.actors["sup_east"]
    made = adjustments.ask(session, office, clock, values | {"counted": counted})
    if made.quantity:
        adjustments.decide(session, chief, clock, made, approve=True)
    session.commit()
    assert held(session, world, cap, lots) == left
    assert ledger.check(session) == {}


def test_batches_below_zero_are_settled_first(
    session: Session, world: World, clock: FrozenClock, cap: str, lots: list[str]
) -> None:
    rep_id = world.people["rep_a"]
    more = {"material_id": cap, "batch_id": lots[0], "quantity": -14, "rep_id": rep_id}
    move(session, world, clock, "adjust", **more, reason="lost")
    assert held(session, world, cap, lots) == [0, -4, 5]
    clock.advance(60)
    values = {"kind": "count", "material_id": cap, "rep_id": rep_id, "counted": 3}
    made = adjustments.ask(session, world.actors["office"], clock, values)
    adjustments.decide(session, world.actors["sup_east"], clock, made, approve=True)
    session.commit()
    assert held(session, world, cap, lots) == [0, 0, 3]
