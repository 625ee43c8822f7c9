"""Stock ops of several phones, in any order, repeated and late: the books end up the same.

The machine lets three reps and the office do what they do, each thing at its own moment, and hands
the ops to the real push in whatever order, some of them again and again. A model that knows all
facts in the order in which they happened says what the books must hold.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock, wire_time
from server.kernel.db import db
from server.kernel.ids import new_id
from server.materials import domain, ledger
from server.materials.counts import AdjustmentState
from server.materials.ledger import ADJUST, SUPPLIER, WAREHOUSE
from server.materials.models import Handout, StockAdjustment, StockMovement
from server.materials.stock import adjustments, movements
from server.materials.stock.movements import Settling, State
from server.sync.envelope import Device
from server.sync.push import push
from tests.server.conftest import NOW, make_world, undone
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import Hand

REPS = ("rep_a", "rep_b", "rep_w")
GOODS = 2
rep_names = st.sampled_from(REPS)
goods = st.integers(0, GOODS - 1)
few = st.integers(1, 9)


@dataclass
class Sent:
    """A movement as its maker knows it."""

    id: str
    to_place: str
    from_place: str
    goods: int
    quantity: int
    confirmed_at: datetime | None = None


@dataclass
class Model:
    """All that has happened, with its moments: (at, from, to, goods, quantity), and the counts."""

    facts: list[tuple[datetime, str, str, int, int]] = field(default_factory=list)
    cancelled: dict[str, tuple[datetime, str, str, int, int]] = field(default_factory=dict)
    counts: dict[str, tuple[datetime, str, int, int]] = field(default_factory=dict)

    def balances(self, approved: set[str]) -> tuple[Counter[tuple[str, int]], dict[str, int]]:
        """The final balances, and what the books should say at the moment of each count."""
        events: list[tuple[datetime, int, Any]] = [
            (fact[0], 0, fact) for fact in [*self.facts, *self.cancelled.values()]
        ]
        events += [(one[0], 1, (count_id, *one)) for count_id, one in self.counts.items()]
        found: Counter[tuple[str, int]] = Counter()
        says: dict[str, int] = {}
        for _, kind, event in sorted(events, key=lambda one: (one[0], one[1])):
            if kind == 0:
                _, source, target, number, quantity = event
                found[(target, number)] += quantity
                found[(source, number)] -= quantity
                continue
            count_id, _, place, number, counted = event
            says[count_id] = found[(place, number)]
            if count_id in approved:
                missing = counted - found[(place, number)]
                found[(place, number)] += missing
                found[(ADJUST, number)] -= missing
        return found, says


class Phones(RuleBasedStateMachine):
    """Reps with phones that are mostly offline, and an office that is not."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(undone(self.app))
        self.session: Session = db.session()  # type: ignore[assignment]
        self.clock = FrozenClock(NOW)
        self.world = make_world(self.session, self.clock)
        self.office = self.world.actors["office"]
        self.model = Model()
        self.waiting: dict[str, list[dict[str, Any]]] = {rep: [] for rep in REPS}
        self.acknowledged: list[tuple[str, dict[str, Any]]] = []
        self.movements: list[Sent] = []
        self.handouts = 0
        self.seq = 0
        self.goods: list[str] = []
        self.visits: dict[str, tuple[str, str]] = {}
        for number in range(GOODS):
            values = {"code": f"G{number}", "name": "物料", "kind": "posm", "unit": "张"}
            made = domain.create_material(self.session, self.office, self.clock, values)
            self.goods.append(made.id)
            receive = {"kind": "receive", "material_id": made.id, "quantity": 10_000}
            domain.move_stock(self.session, self.office, self.clock, receive)
            self.happened(SUPPLIER, WAREHOUSE, number, 10_000)
        for rep in REPS:
            store = add_store(self.session, self.world, self.clock, f"S-{rep}", rep)
            hand = Hand(self.session, self.world.actors[rep], self.clock)
            self.visits[rep] = (hand.check_in(store), store)

    def teardown(self) -> None:
        self.drain()
        self.compare()
        self.stack.close()

    # --- time, facts, ops

    def tick(self) -> datetime:
        self.clock.advance(60)
        return self.clock.now()

    def place(self, rep: str) -> str:
        return ledger.rep_place(self.world.people[rep])

    def happened(self, source: str, target: str, number: int, quantity: int) -> None:
        if quantity:
            self.model.facts.append((self.clock.now(), source, target, number, quantity))

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

    # --- what reps do

    @rule(rep=rep_names, number=goods, quantity=few)
    def hand_out(self, rep: str, number: int, quantity: int) -> None:
        self.tick()
        visit, store = self.visits[rep]
        said = {"visit_id": visit, "material_id": self.goods[number], "quantity": quantity}
        self.write(rep, "handout.add", said)
        self.handouts += 1
        self.happened(self.place(rep), ledger.store_place(store), number, quantity)

    @rule(rep=rep_names, taker=rep_names, number=goods, quantity=few)
    def give_on(self, rep: str, taker: str, number: int, quantity: int) -> None:
        if rep == taker:
            return
        self.tick()
        said = {"to_id": self.world.people[taker], "material_id": self.goods[number]}
        movement_id = self.write(rep, "stock.transfer", said | {"quantity": quantity})
        self.sent(movement_id, self.place(rep), self.place(taker), number, quantity)

    @rule(rep=rep_names, number=goods, quantity=few)
    def send_back(self, rep: str, number: int, quantity: int) -> None:
        self.tick()
        said = {"warehouse_id": "main", "material_id": self.goods[number], "quantity": quantity}
        movement_id = self.write(rep, "stock.return", said)
        self.sent(movement_id, self.place(rep), WAREHOUSE, number, quantity)

    def sent(self, key: str, source: str, target: str, number: int, quantity: int) -> None:
        self.movements.append(Sent(key, target, source, number, quantity))
        self.happened(source, ledger.transit_place(target), number, quantity)

    @precondition(lambda self: self.to_confirm())
    @rule(which=st.integers(0, 50), less=st.integers(-2, 2))
    def confirm(self, which: int, less: int) -> None:
        """The taker may know of a movement before the giver's phone has told the server."""
        found = self.to_confirm()
        one = found[which % len(found)]
        rep = next(rep for rep in REPS if self.place(rep) == one.to_place)
        one.confirmed_at = self.tick()
        quantity = max(0, one.quantity - less)
        self.write(rep, "stock.confirm", {"quantity": quantity}, one.id)
        self.happened(ledger.transit_place(one.to_place), one.to_place, one.goods, quantity)
        # A confirmation undoes a calling off that it did not know of.
        self.model.cancelled.pop(one.id, None)

    def to_confirm(self) -> list[Sent]:
        return [
            one for one in self.movements if one.to_place != WAREHOUSE and one.confirmed_at is None
        ]

    @rule(rep=rep_names, number=goods, counted=st.integers(0, 30))
    def count(self, rep: str, number: int, counted: int) -> None:
        at = self.tick()
        said = {"material_id": self.goods[number], "counted": counted, "seen": 5}
        count_id = self.write(rep, "stock.count", said)
        self.model.counts[count_id] = (at, self.place(rep), number, counted)

    # --- what becomes of their ops

    @rule(rep=rep_names, order=st.randoms(use_true_random=False), size=st.integers(1, 6))
    def arrive(self, rep: str, order: Any, size: int) -> None:
        queue = self.waiting[rep]
        order.shuffle(queue)
        self.deliver(rep, queue[:size])

    def deliver(self, rep: str, batch: list[dict[str, Any]]) -> None:
        if not batch:
            return
        statuses = self.push(rep, batch)
        for op, status in zip(list(batch), statuses, strict=True):
            assert status in {"applied", "deferred"}, (op, status)
            if status == "applied":
                self.waiting[rep].remove(op)
                self.acknowledged.append((rep, op))

    @precondition(lambda self: self.acknowledged)
    @rule(which=st.integers(0, 100), new_op=st.booleans())
    def arrive_again(self, which: int, new_op: bool) -> None:
        rep, op = self.acknowledged[which % len(self.acknowledged)]
        again = op | {"op_id": new_id()} if new_op else op
        assert self.push(rep, [again]) == ["applied" if new_op else "replayed"]

    # --- what the office does

    @rule(rep=rep_names, number=goods, quantity=few)
    def issue(self, rep: str, number: int, quantity: int) -> None:
        self.tick()
        values = {"material_id": self.goods[number], "quantity": quantity}
        values |= {"rep_id": self.world.people[rep]}
        made = movements.issue(self.session, self.office, self.clock, values)
        self.session.commit()
        self.sent(made.id, WAREHOUSE, self.place(rep), number, quantity)

    def known(self, *states: State) -> list[StockMovement]:
        query = select(StockMovement).where(StockMovement.state.in_(states))
        return list(self.session.scalars(query.order_by(StockMovement.at)))

    @rule(which=st.integers(0, 50), less=st.integers(0, 2))
    def take_back(self, which: int, less: int) -> None:
        found = [one for one in self.known(State.IN_TRANSIT) if one.to_place == WAREHOUSE]
        if not found:
            return
        self.tick()
        one = found[which % len(found)]
        quantity = max(0, one.quantity - less)
        movements.confirm(self.session, self.office, self.clock, one, quantity)
        self.session.commit()
        number = self.goods.index(one.material_id)
        self.happened(ledger.transit_place(WAREHOUSE), WAREHOUSE, number, quantity)

    @rule(which=st.integers(0, 50), how=st.sampled_from([*Settling]))
    def settle(self, which: int, how: Settling) -> None:
        found = self.known(State.SHORT)
        if not found:
            return
        one = found[which % len(found)]
        missing = one.quantity - (one.confirmed or 0)
        number, at = self.goods.index(one.material_id), one.confirmed_at
        movements.settle(self.session, self.office, self.clock, one, how, "")
        self.session.commit()
        other = one.from_place if how is Settling.BACK else ADJUST
        way = (ledger.transit_place(one.to_place), other)
        source, target = way if missing > 0 else (way[1], way[0])
        assert at is not None
        self.model.facts.append((at, source, target, number, abs(missing)))

    @rule(which=st.integers(0, 50))
    def call_off(self, which: int) -> None:
        found = self.known(State.IN_TRANSIT)
        if not found:
            return
        at = self.tick()
        one = found[which % len(found)]
        movements.cancel(self.session, self.office, self.clock, one)
        self.session.commit()
        known = next(sent for sent in self.movements if sent.id == one.id)
        if known.confirmed_at is None:
            way = (ledger.transit_place(one.to_place), one.from_place)
            self.model.cancelled[one.id] = (at, *way, known.goods, one.quantity)

    @rule(which=st.integers(0, 50), approve=st.booleans())
    def decide(self, which: int, approve: bool) -> None:
        query = select(StockAdjustment).where(StockAdjustment.state == AdjustmentState.PENDING)
        found = list(self.session.scalars(query.order_by(StockAdjustment.at)))
        if found:
            one = found[which % len(found)]
            adjustments.decide(self.session, self.office, self.clock, one, approve=approve)
            self.session.commit()

    @rule(rep=rep_names, number=goods, quantity=st.integers(-5, 5).filter(bool))
    def adjust(self, rep: str, number: int, quantity: int) -> None:
        self.tick()
        values = {"kind": "adjust", "material_id": self.goods[number], "quantity": quantity}
        values |= {"rep_id": self.world.people[rep], "reason": "damaged"}
        asked = adjustments.ask(self.session, self.office, self.clock, values)
        chief = self.world.actors["sup_east"]
        adjustments.decide(self.session, chief, self.clock, asked, approve=True)
        self.session.commit()
        way = (ADJUST, self.place(rep)) if quantity > 0 else (self.place(rep), ADJUST)
        self.happened(*way, number, abs(quantity))

    # --- what must hold

    @invariant()
    def the_books_balance(self) -> None:
        assert ledger.check(self.session) == {}
        per_material: Counter[str] = Counter()
        for _, material_id, amount in ledger.trial_balance(self.session):
            per_material[material_id] += amount
        assert not any(per_material.values())

    def drain(self) -> None:
        """Everybody comes online; what waited for another phone comes after it."""
        self.clock.advance(timedelta(hours=1).total_seconds())
        for _ in range(3):
            for rep in REPS:
                self.deliver(rep, list(self.waiting[rep]))
        assert not any(self.waiting.values())

    def compare(self) -> None:
        """The books hold what has happened, whatever the order in which they heard of it."""
        self.the_books_balance()
        rows = {one.id: one for one in self.session.scalars(select(StockAdjustment))}
        assert self.model.counts.keys() <= rows.keys()
        approved = {
            one.id for one in rows.values() if one.state == AdjustmentState.APPROVED
        } & self.model.counts.keys()
        wanted, says = self.model.balances(approved)
        places = {place for place, _ in wanted}
        found = ledger.balances(self.session, places)
        assert {key: amount for key, amount in found.items() if amount} == {
            (place, self.goods[number]): amount
            for (place, number), amount in wanted.items()
            if amount
        }
        for count_id, expected in says.items():
            one = rows[count_id]
            if one.state == AdjustmentState.REJECTED:
                continue
            # Every difference is explained by what the books say of that very moment.
            assert (one.expected, one.quantity) == (expected, (one.counted or 0) - expected)
            if one.state != AdjustmentState.APPROVED:
                assert (one.state == AdjustmentState.MATCHED) == (one.quantity == 0)
        assert self.session.scalar(select(func.count()).select_from(Handout)) == self.handouts
        in_books = self.session.scalar(select(func.count()).select_from(StockMovement))
        assert in_books == len(self.movements)


def test_any_order_of_arrival_gives_the_same_books(shared_app: Flask) -> None:
    class Machine(Phones):
        app = shared_app

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
