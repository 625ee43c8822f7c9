"""Stock ops of several phones, in any order, repeated and late: the books end up the same.

The machine lets three reps and the office do what they do, each thing at its own moment, and hands
the ops to the real push in whatever order, some of them again and again. A model that knows all
facts in the order in which they happened says what the books must hold.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from server.kernel.ids import new_id
from server.materials import domain, ledger
from server.materials.counts import AdjustmentState
from server.materials.ledger import ADJUST, WAREHOUSE
from server.materials.models import Handout, LedgerEntry, StockAdjustment, StockMovement
from server.materials.stock import adjustments, movements
from server.materials.stock.movements import Settling, State
from tests.server.materials.company import BATCHES, GOODS, REPS, Company, Sent
from tests.server.materials.model import Count, Fact

rep_names = st.sampled_from(REPS)
goods = st.integers(0, GOODS - 1)
lots = st.integers(0, BATCHES - 1)
few = st.integers(1, 9)


class Phones(Company):
    """Reps with phones that are mostly offline, and an office that is not."""

    def teardown(self) -> None:
        self.drain()
        self.compare()
        self.stack.close()

    # --- what reps do

    @rule(rep=rep_names, number=goods, batch=lots, quantity=few)
    def hand_out(self, rep: str, number: int, batch: int, quantity: int) -> None:
        self.tick()
        visit, store = self.visits[rep]
        batch = self.lot(number, batch)
        said = self.named(number, batch) | {"visit_id": visit, "quantity": quantity}
        key = self.write(rep, "handout.add", said)
        target = ledger.store_place(store)
        self.happened(self.place(rep), target, number, batch, quantity, handout_id=key)

    @rule(rep=rep_names, taker=rep_names, number=goods, batch=lots, quantity=few)
    def give_on(self, rep: str, taker: str, number: int, batch: int, quantity: int) -> None:
        if rep == taker:
            return
        self.tick()
        batch = self.lot(number, batch)
        said = self.named(number, batch) | {"to_id": self.world.people[taker]}
        movement_id = self.write(rep, "stock.transfer", said | {"quantity": quantity})
        self.sent(movement_id, self.place(rep), self.place(taker), number, batch, quantity)

    @rule(rep=rep_names, number=goods, batch=lots, quantity=few)
    def send_back(self, rep: str, number: int, batch: int, quantity: int) -> None:
        self.tick()
        batch = self.lot(number, batch)
        said = self.named(number, batch) | {"warehouse_id": "main", "quantity": quantity}
        movement_id = self.write(rep, "stock.return", said)
        self.sent(movement_id, self.place(rep), WAREHOUSE, number, batch, quantity)

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
        way = (ledger.transit_place(one.to_place), one.to_place)
        self.happened(*way, one.goods, one.batch, quantity)
        # A confirmation undoes a calling off that it did not know of.
        self.model.cancelled.pop(one.id, None)

    def to_confirm(self) -> list[Sent]:
        return [
            one for one in self.movements if one.to_place != WAREHOUSE and one.confirmed_at is None
        ]

    @rule(rep=rep_names, number=goods, batch=lots, counted=st.integers(0, 30))
    def count(self, rep: str, number: int, batch: int, counted: int) -> None:
        at = self.tick()
        batch = self.lot(number, batch)
        said = self.named(number, batch) | {"counted": counted, "seen": 5}
        key = self.write(rep, "stock.count", said)
        self.model.counts[key] = Count(key, at, self.place(rep), number, batch, counted)

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

    @rule(rep=rep_names, number=goods, batch=lots, quantity=few)
    def issue(self, rep: str, number: int, batch: int, quantity: int) -> None:
        self.tick()
        batch = self.lot(number, batch)
        values = self.named(number, batch) | {"quantity": quantity}
        values |= {"rep_id": self.world.people[rep]}
        made = movements.issue(self.session, self.office, self.clock, values)
        self.session.commit()
        self.sent(made.id, WAREHOUSE, self.place(rep), number, batch, quantity)

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
        way = (ledger.transit_place(WAREHOUSE), WAREHOUSE)
        self.happened(*way, *self.numbers(one), quantity)

    @rule(which=st.integers(0, 50), how=st.sampled_from([*Settling]))
    def settle(self, which: int, how: Settling) -> None:
        found = self.known(State.SHORT)
        if not found:
            return
        one = found[which % len(found)]
        missing = one.quantity - (one.confirmed or 0)
        at = one.confirmed_at
        movements.settle(self.session, self.office, self.clock, one, how, "")
        self.session.commit()
        other = one.from_place if how is Settling.BACK else ADJUST
        way = (ledger.transit_place(one.to_place), other)
        source, target = way if missing > 0 else (way[1], way[0])
        assert at is not None
        self.happened(source, target, *self.numbers(one), abs(missing), at=at)

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
            fact = Fact(at, *way, known.goods, known.batch, one.quantity)
            self.model.cancelled[one.id] = fact

    @rule(which=st.integers(0, 50), approve=st.booleans())
    def decide(self, which: int, approve: bool) -> None:
        query = select(StockAdjustment).where(StockAdjustment.state == AdjustmentState.PENDING)
        found = list(self.session.scalars(query.order_by(StockAdjustment.at)))
        if found:
            one = found[which % len(found)]
            other = self.chief if one.author_id == self.office.user_id else self.office
            adjustments.decide(self.session, other, self.clock, one, approve=approve)
            self.session.commit()

    @rule(rep=rep_names, number=goods, batch=lots, quantity=st.integers(-5, 5).filter(bool))
    def adjust(self, rep: str, number: int, batch: int, quantity: int) -> None:
        self.tick()
        batch = self.lot(number, batch)
        if number and not batch:
            # To take units of a material with batches one has to say of which.
            quantity = abs(quantity)
        values = self.named(number, batch) | {"kind": "adjust", "quantity": quantity}
        values |= {"rep_id": self.world.people[rep], "reason": "damaged"}
        asked = adjustments.ask(self.session, self.office, self.clock, values)
        adjustments.decide(self.session, self.chief, self.clock, asked, approve=True)
        self.session.commit()
        way = (ADJUST, self.place(rep)) if quantity > 0 else (self.place(rep), ADJUST)
        self.happened(*way, number, batch, abs(quantity))

    @rule(number=goods, batch=lots, missing=st.integers(-5, 20))
    def count_the_warehouse(self, number: int, batch: int, missing: int) -> None:
        at = self.tick()
        batch = self.lot(number, batch)
        counted = (10_000 if batch or not number else BATCHES * 10_000) - missing
        values = self.named(number, batch) | {"kind": "count", "counted": counted}
        made = adjustments.ask(self.session, self.office, self.clock, values)
        self.session.commit()
        self.model.counts[made.id] = Count(made.id, at, WAREHOUSE, number, batch, counted)

    @rule(which=st.integers(0, 50))
    def reverse(self, which: int) -> None:
        entry = LedgerEntry
        again = select(entry.reverses_id).where(entry.reverses_id.is_not(None))
        query = select(entry).where(entry.handout_id.is_not(None), entry.id.not_in(again))
        found = list(self.session.scalars(query.order_by(entry.at)))
        if not found:
            return
        self.tick()
        one = found[which % len(found)]
        domain.reverse(self.session, self.office, self.clock, one, "记错")
        self.session.commit()
        self.happened(one.to_place, one.from_place, *self.numbers(one), one.quantity)

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
        end = self.model.outcome(approved)
        found = ledger.batch_balances(self.session, {place for place, _, _ in end.balances})
        assert {key: amount for key, amount in found.items() if amount} == {
            (place, self.goods[number], self.batches[number][batch] or ""): amount
            for (place, number, batch), amount in end.balances.items()
            if amount
        }
        for count_id, expected in end.says.items():
            one = rows[count_id]
            if one.state == AdjustmentState.REJECTED:
                continue
            # Every difference is explained by what the books say of that very moment.
            assert (one.expected, one.quantity) == (expected, (one.counted or 0) - expected)
            if one.state != AdjustmentState.APPROVED:
                assert (one.state == AdjustmentState.MATCHED) == (one.quantity == 0)
        handouts = {one.id: one.flags for one in self.session.scalars(select(Handout))}
        assert handouts.keys() == {one.handout_id for one in self.model.facts if one.handout_id}
        assert {key for key, flags in handouts.items() if flags} == end.over_issued
        in_books = self.session.scalar(select(func.count()).select_from(StockMovement))
        assert in_books == len(self.movements)


def test_any_order_of_arrival_gives_the_same_books(shared_app: Flask) -> None:
    class Machine(Phones):
        app = shared_app

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
