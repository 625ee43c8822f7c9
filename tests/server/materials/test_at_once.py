"""What the office books while a phone pushes: whoever comes second sees what the first did."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from server.kernel.clock import FrozenClock, wire_time
from server.kernel.db import db
from server.materials import domain, ledger
from server.materials.models import StockAdjustment
from server.materials.stock import movements, places
from tests.server.conftest import NOW, log_in, make_world
from tests.server.sync.phone import Phone
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import Hand

MORNING = NOW - timedelta(hours=3)


def minutes(after: int) -> str:
    return wire_time(MORNING + timedelta(minutes=after))


@dataclass
class Stage:
    """rep_a holds 10 of a material with one batch, and is in a store since the morning."""

    app: Flask
    phone: Phone
    office: Any
    supervisor: Any
    place: str
    material_id: str
    batch_id: str
    visit_id: str
    colleague: str

    def handout(self, quantity: int, at: str) -> dict[str, Any]:
        said = {"visit_id": self.visit_id, "material_id": self.material_id, "at": at}
        said |= {"quantity": quantity, "batch_id": self.batch_id}
        return self.phone.op("handout.add", said)

    def count(self, counted: int, at: str) -> dict[str, Any]:
        said = {"material_id": self.material_id, "counted": counted, "seen": 10, "at": at}
        return self.phone.op("stock.count", said)

    def balance(self) -> int:
        with self.app.app_context():
            session = db.session()
            assert ledger.check(session) == {}
            return ledger.balance(session, self.place, self.material_id)

    def adjustment(self, adjustment_id: str) -> StockAdjustment:
        with self.app.app_context():
            return db.session.get_one(StockAdjustment, adjustment_id)


@pytest.fixture
def stage(own_app: Flask) -> Stage:
    clock = FrozenClock(MORNING)
    with own_app.app_context():
        session: Any = db.session()
        world = make_world(session, clock)
        office, rep_id = world.actors["office"], world.people["rep_a"]
        values = {"code": "BAG", "name": "袋子", "kind": "giveaway", "unit": "个"}
        material_id = domain.create_material(session, office, clock, values).id
        batch_id = places.batch_of(session, material_id, "L1")
        assert batch_id is not None
        what = {"material_id": material_id, "batch_id": batch_id}
        domain.move_stock(session, office, clock, what | {"kind": "receive", "quantity": 100})
        sent = what | {"quantity": 10, "rep_id": rep_id}
        made = movements.issue(session, office, clock, sent)
        movements.confirm(session, office, clock, made, 10)
        store_id = add_store(session, world, clock, "S1", "rep_a")
        visit_id = Hand(session, world.actors["rep_a"], clock).check_in(store_id)
        session.commit()
        db.session.remove()
    phone = Phone(log_in(own_app, "rep_a"), rep_id)
    office_client, supervisor = log_in(own_app, "office"), log_in(own_app, "sup_east")
    place = ledger.rep_place(rep_id)
    colleague = world.people["rep_b"]
    return Stage(
        own_app, phone, office_client, supervisor, place, material_id, batch_id, visit_id, colleague
    )


def while_open(app: Flask, first: Callable[[], Any], second: Callable[[], None]) -> None:
    """Begin the second when the first has written all and not committed; wait for both."""
    ended = threading.Event()

    def run() -> None:
        second()
        ended.set()

    other = threading.Thread(target=run)

    def hold(_connection: Any) -> None:
        if threading.current_thread() is not other and not other.ident:
            other.start()
            # It may get through, or have to wait for this commit.
            ended.wait(0.5)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "commit", hold)
    try:
        first()
    finally:
        event.remove(engine, "commit", hold)
        other.join(20)
    assert ended.is_set()


def test_a_late_handout_while_its_count_is_approved(stage: Stage) -> None:
    count = stage.count(8, minutes(60))
    assert stage.phone.push(count)[0]["result"]["quantity"] == -2
    late = stage.handout(2, minutes(30))
    path = f"/api/v1/ledger/adjustments/{count['record_id']}/decision"

    def approve() -> None:
        answer = stage.supervisor.post(path, json={"approve": True})
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def hand_out() -> None:
        assert stage.phone.push(late)[0]["status"] == "applied"

    while_open(stage.app, approve, hand_out)
    one = stage.adjustment(count["record_id"])
    assert (one.state, one.expected, one.quantity) == ("approved", 8, 0)
    assert stage.balance() == 8


def test_an_approval_while_a_late_handout_arrives(stage: Stage) -> None:
    count = stage.count(8, minutes(60))
    stage.phone.push(count)
    path = f"/api/v1/ledger/adjustments/{count['record_id']}/decision"
    answers: list[Any] = []

    def hand_out() -> None:
        late = stage.handout(2, minutes(30))
        assert stage.phone.push(late)[0]["status"] == "applied"

    def approve() -> None:
        answers.append(stage.supervisor.post(path, json={"approve": True}))

    while_open(stage.app, hand_out, approve)
    # The handout explains the difference: there is nothing left to approve.
    assert (answers[0].status_code, answers[0].json["code"]) == (409, "adjustment_decided")
    assert stage.adjustment(count["record_id"]).state == "matched"
    assert stage.balance() == 8


def test_a_count_while_the_office_books_a_return(stage: Stage) -> None:
    values = {"kind": "return", "material_id": stage.material_id, "quantity": 4}
    values |= {"rep_id": stage.phone.user_id, "batch_id": stage.batch_id}
    count = stage.count(6, wire_time(NOW + timedelta(minutes=1)))

    def book() -> None:
        assert stage.office.post("/api/v1/ledger/entries", json=values).status_code == 201

    def tell() -> None:
        assert stage.phone.push(count)[0]["status"] == "applied"

    while_open(stage.app, book, tell)
    one = stage.adjustment(count["record_id"])
    assert (one.expected, one.state) == (6, "matched")


def test_a_count_while_a_difference_goes_back(stage: Stage) -> None:
    """Settling is dated at the confirmation, and so comes before a count made since."""
    given = {"to_id": stage.colleague, "material_id": stage.material_id, "quantity": 5}
    given |= {"at": minutes(10)}
    transfer = stage.phone.op("stock.transfer", given)
    assert stage.phone.push(transfer)[0]["status"] == "applied"
    path = f"/api/v1/ledger/movements/{transfer['record_id']}"
    confirmed = stage.office.post(f"{path}/confirm", json={"quantity": 3})
    assert confirmed.status_code == 200
    count = stage.count(7, wire_time(NOW + timedelta(minutes=1)))

    def settle() -> None:
        answer = stage.office.post(f"{path}/settle", json={"how": "back", "note": ""})
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def tell() -> None:
        assert stage.phone.push(count)[0]["status"] == "applied"

    while_open(stage.app, settle, tell)
    one = stage.adjustment(count["record_id"])
    assert (one.expected, one.state) == (7, "matched")
