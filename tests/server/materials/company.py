"""A small company whose books are kept: its people, the ops of their phones, what has happened."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Flask
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock, wire_time
from server.kernel.db import db
from server.kernel.ids import new_id
from server.materials import domain, ledger
from server.materials.ledger import SUPPLIER, WAREHOUSE
from server.materials.models import LedgerEntry, StockMovement
from server.materials.stock import places
from server.sync.envelope import Device
from server.sync.push import push
from tests.server.conftest import NOW, make_world, undone
from tests.server.materials.model import Fact, Model
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import Hand

REPS = ("rep_a", "rep_b", "rep_w")
GOODS = 2
# The second material is kept by batch; 0 stands for none.
BATCHES = 3


@dataclass
class Sent:
    """A movement as its maker knows it."""

    id: str
    to_place: str
    from_place: str
    goods: int
    batch: int
    quantity: int
    confirmed_at: datetime | None = None


class Company(RuleBasedStateMachine):
    """Its people, their materials and visits; each example in a transaction that is undone."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(undone(self.app))
        self.session: Session = db.session()  # type: ignore[assignment]
        self.clock = FrozenClock(NOW)
        self.world = make_world(self.session, self.clock)
        self.office, self.chief = self.world.actors["office"], self.world.actors["sup_east"]
        self.model = Model()
        self.waiting: dict[str, list[dict[str, Any]]] = {rep: [] for rep in REPS}
        self.acknowledged: list[tuple[str, dict[str, Any]]] = []
        self.movements: list[Sent] = []
        self.seq = 0
        self.goods: list[str] = []
        self.batches: list[list[str | None]] = []
        self.visits: dict[str, tuple[str, str]] = {}
        for number in range(GOODS):
            values = {"code": f"G{number}", "name": "物料", "kind": "posm", "unit": "张"}
            made = domain.create_material(self.session, self.office, self.clock, values)
            self.goods.append(made.id)
            self.batches.append([None])
            for batch in range(BATCHES if number else 1):
                self.receive(number, batch)
        for rep in REPS:
            store = add_store(self.session, self.world, self.clock, f"S-{rep}", rep)
            hand = Hand(self.session, self.world.actors[rep], self.clock)
            self.visits[rep] = (hand.check_in(store), store)

    def receive(self, number: int, batch: int) -> None:
        material_id = self.goods[number]
        if batch:
            expires = date(2027, batch, 1)
            made = places.batch_of(self.session, material_id, f"L{batch}", expires)
            self.batches[number].append(made)
        values = self.named(number, batch) | {"kind": "receive", "quantity": 10_000}
        domain.move_stock(self.session, self.office, self.clock, values)
        self.happened(SUPPLIER, WAREHOUSE, number, batch, 10_000)

    # --- time, facts, ops

    def tick(self) -> datetime:
        self.clock.advance(60)
        return self.clock.now()

    def place(self, rep: str) -> str:
        return ledger.rep_place(self.world.people[rep])

    def named(self, number: int, batch: int) -> dict[str, Any]:
        return {"material_id": self.goods[number], "batch_id": self.batches[number][batch]}

    def lot(self, number: int, batch: int) -> int:
        return batch if number else 0

    def happened(
        self,
        source: str,
        target: str,
        number: int,
        batch: int,
        quantity: int,
        *,
        handout_id: str | None = None,
        at: datetime | None = None,
    ) -> None:
        if quantity:
            fact = (at or self.clock.now(), source, target, number, batch, quantity, handout_id)
            self.model.facts.append(Fact(*fact))

    def write(
        self, rep: str, kind: str, payload: dict[str, Any], record_id: str | None = None
    ) -> str:
        self.seq += 1
        at = wire_time(self.clock.now())
        op = {
            "op_id": new_id(),
            "kind": kind,
            "record_id": record_id or new_id(),
            "author": self.world.people[rep],
            "depends_on": [],
            "payload": payload | {"at": at},
            "device_seq": self.seq,
            "device_at": at,
            "clock_offset_ms": 0,
            "monotonic_ms": None,
        }
        self.waiting[rep].append(op)
        return str(op["record_id"])

    def push(self, rep: str, ops: list[dict[str, Any]]) -> list[str]:
        device = Device(
            id=f"phone-{rep}", app_version="1", schema=2, unsent=0, oldest_unsent_at=None
        )
        actor = self.world.actors[rep]
        answer = json.loads(push(self.session, actor, self.clock, device, ops, "en"))
        self.session.commit()
        return [row["status"] for row in answer["results"]]

    def sent(
        self, key: str, source: str, target: str, number: int, batch: int, quantity: int
    ) -> None:
        self.movements.append(Sent(key, target, source, number, batch, quantity))
        self.happened(source, ledger.transit_place(target), number, batch, quantity)

    def numbers(self, one: StockMovement | LedgerEntry) -> tuple[int, int]:
        number = self.goods.index(one.material_id)
        return number, self.batches[number].index(one.batch_id)
