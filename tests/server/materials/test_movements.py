"""Issues, transfers, returns, counts and corrections: who may, what differs, what is told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.ops import Op
from server.kernel.problems import Problem
from server.materials import domain, ledger
from server.materials.ledger import WAREHOUSE
from server.materials.models import StockAdjustment
from server.materials.stock import adjustments, movements
from server.materials.stock.feed import read_counts, read_movements, read_stock
from server.materials.stock.movements import Settling
from server.materials.stock.ops import OPS
from tests.server.conftest import Login, World
from tests.server.materials.conftest import give, handout
from tests.server.visits.hand import Hand, applied, code


def run(hand: Hand, *ops: Op) -> Any:
    outcomes = OPS[ops[0].kind](hand.session, hand.actor, hand.clock, ops)
    hand.session.commit()
    return outcomes


def issue(session: Session, world: World, clock: FrozenClock, material: str, n: int) -> str:
    values = {"material_id": material, "quantity": n, "rep_id": world.people["rep_a"]}
    made = movements.issue(session, world.actors["office"], clock, values)
    session.commit()
    found: str = made.id
    return found


def bag_of(hand: Hand, material: str) -> int:
    return ledger.balance(hand.session, ledger.rep_place(hand.actor.user_id), material)


def in_transit(hand: Hand, material: str) -> int:
    place = ledger.transit_place(ledger.rep_place(hand.actor.user_id))
    return ledger.balance(hand.session, place, material)


def test_a_partial_confirmation_leaves_its_difference_in_sight(
    rep: Hand, world: World, bag: str, session: Session, clock: FrozenClock
) -> None:
    movement_id = issue(session, world, clock, bag, 20)
    assert (bag_of(rep, bag), in_transit(rep, bag)) == (10, 20)
    op = rep.op("stock.confirm", {"quantity": 17, "note": "少三个", "at": rep.ago()}, movement_id)
    record = applied(run(rep, op)[0])
    assert (record["state"], record["confirmed"], record["difference"]) == ("short", 17, -3)
    assert (bag_of(rep, bag), in_transit(rep, bag)) == (27, 3)
    told = read_movements(session, rep.actor, [movement_id])[movement_id]
    assert (told["from_name"], told["to_name"], told["confirm_note"]) == ("总仓", "rep_a", "少三个")
    assert read_stock(session, rep.actor, [bag])[bag]["in_transit"] == 3


@pytest.mark.parametrize(
    ("confirmed", "how", "warehouse", "adjust"),
    [(17, "back", 73, 0), (17, "lost", 70, 3), (22, "back", 68, 0), (22, "lost", 70, -2)],
)
def test_a_difference_is_settled(  # noqa: PLR0917 -- fixtures
    rep: Hand,
    world: World,
    bag: str,
    session: Session,
    clock: FrozenClock,
    confirmed: int,
    how: str,
    warehouse: int,
    adjust: int,
) -> None:
    movement_id = issue(session, world, clock, bag, 20)
    office = world.actors["office"]
    movement = movements.find_movement(session, office, movement_id)
    with pytest.raises(Problem) as early:
        movements.settle(session, office, clock, movement, Settling(how), "")
    assert early.value.kind.code == "movement_closed"
    run(rep, rep.op("stock.confirm", {"quantity": confirmed, "at": rep.ago()}, movement_id))
    done = movements.settle(session, office, clock, movement, Settling(how), "")
    assert movements.settle(session, office, clock, movement, Settling(how), "") is done
    assert (done.state, in_transit(rep, bag), bag_of(rep, bag)) == ("confirmed", 0, 10 + confirmed)
    assert ledger.balance(session, WAREHOUSE, bag) == warehouse
    assert ledger.balance(session, ledger.ADJUST, bag) == adjust
    assert ledger.check(session) == {}


def test_a_confirmation_again_and_another_one(
    rep: Hand, other_rep: Hand, world: World, bag: str, session: Session, clock: FrozenClock
) -> None:
    movement_id = issue(session, world, clock, bag, 20)
    said = {"quantity": 20, "at": rep.ago()}
    assert code(run(other_rep, other_rep.op("stock.confirm", said, movement_id))[0]) == (
        "movement_unknown"
    )
    assert code(run(rep, rep.op("stock.confirm", said, new_id()))[0]) == (
        "deferred dependency_missing"
    )
    first = rep.op("stock.confirm", said, movement_id)
    assert [code(one) for one in run(rep, first, first)] == ["applied", "applied"]
    other = rep.op("stock.confirm", said | {"quantity": 19}, movement_id)
    assert code(run(rep, other)[0]) == "movement_closed"
    assert bag_of(rep, bag) == 30
    # A second phone that says the same is no contradiction.
    second = rep.op("stock.confirm", said | {"at": rep.ago(60), "note": "齐了"}, movement_id)
    assert applied(run(rep, second)[0])["confirmed"] == 20
    assert bag_of(rep, bag) == 30


def test_a_confirmation_that_the_office_had_on_paper(
    rep: Hand, world: World, bag: str, session: Session, clock: FrozenClock
) -> None:
    movement_id = issue(session, world, clock, bag, 20)
    office = world.actors["office"]
    movement = movements.find_movement(session, office, movement_id, lock=True)
    movements.confirm(session, office, clock, movement, 20)
    session.commit()
    op = rep.op("stock.confirm", {"quantity": 20, "at": rep.ago(60)}, movement_id)
    record = applied(run(rep, op)[0])
    assert (record["state"], record["confirmed_by"]) == ("confirmed", office.user_id)
    other = rep.op("stock.confirm", {"quantity": 19, "at": rep.ago(60)}, movement_id)
    assert code(run(rep, other)[0]) == "movement_closed"
    assert bag_of(rep, bag) == 30


def test_what_is_issued_by_the_pallet_is_confirmed_given_on_and_counted(
    rep: Hand, world: World, cap: str, session: Session, clock: FrozenClock
) -> None:
    values = {"kind": "receive", "material_id": cap, "quantity": 1_000_000}
    domain.move_stock(session, world.actors["office"], clock, values)
    movement_id = issue(session, world, clock, cap, 1_000_000)
    confirmed = {"quantity": 1_000_000, "at": rep.ago()}
    applied(run(rep, rep.op("stock.confirm", confirmed, movement_id))[0])
    said = {"material_id": cap, "at": rep.ago()}
    applied(run(rep, rep.op("stock.count", said | {"counted": 1_000_000, "seen": 1_000_000}))[0])
    given = said | {"to_id": world.people["rep_b"], "quantity": 12_000}
    applied(run(rep, rep.op("stock.transfer", given))[0])
    back = said | {"warehouse_id": "main", "quantity": 12_000}
    applied(run(rep, rep.op("stock.return", back))[0])
    for kind, more in (("stock.count", {"counted": 1_000_001}), ("stock.transfer", given)):
        op = rep.op(kind, said | more | ({} if "counted" in more else {"quantity": 1_000_001}))
        assert code(run(rep, op)[0]) == "quantity_invalid"


@pytest.mark.parametrize("confirmed_first", [True, False])
def test_calling_off_meets_a_confirmation(
    rep: Hand, world: World, bag: str, session: Session, clock: FrozenClock, confirmed_first: bool
) -> None:
    movement_id = issue(session, world, clock, bag, 20)
    office = world.actors["office"]
    movement = movements.find_movement(session, office, movement_id)
    op = rep.op("stock.confirm", {"quantity": 20, "at": rep.ago(5)}, movement_id)
    if confirmed_first:
        run(rep, op)
        with pytest.raises(Problem):
            movements.cancel(session, office, clock, movement)
    else:
        movements.cancel(session, office, clock, movement)
        assert ledger.balance(session, WAREHOUSE, bag) == 90
        run(rep, op)
    # What has changed hands has changed hands, whichever the books heard of first.
    assert (bag_of(rep, bag), in_transit(rep, bag)) == (30, 0)
    assert ledger.balance(session, WAREHOUSE, bag) == 70


def test_a_transfer_takes_two(
    rep: Hand, other_rep: Hand, world: World, bag: str, session: Session
) -> None:
    said = {"to_id": world.people["rep_b"], "material_id": bag, "quantity": 4, "at": rep.ago(60)}
    op = rep.op("stock.transfer", said)
    record = applied(run(rep, op)[0])
    assert (record["kind"], record["state"]) == ("transfer", "in_transit")
    assert (bag_of(rep, bag), bag_of(other_rep, bag), in_transit(other_rep, bag)) == (6, 0, 4)
    for hand in (rep, other_rep):
        assert op.record_id in read_movements(session, hand.actor, [op.record_id])
    got = other_rep.op("stock.confirm", {"quantity": 4, "at": rep.ago(30)}, op.record_id)
    assert code(run(other_rep, got)[0]) == "applied"
    assert (bag_of(rep, bag), bag_of(other_rep, bag), in_transit(other_rep, bag)) == (6, 4, 0)
    third = world.actors["rep_w"]
    assert read_movements(session, third, [op.record_id]) == {}
    again = rep.op("stock.transfer", said, op.record_id)
    other = rep.op("stock.transfer", said | {"quantity": 5}, op.record_id)
    assert [code(one) for one in run(rep, again, other)] == ["applied", "record_exists"]


BAD = [
    ("stock.transfer", {"to_id": "rep_a"}, "rep_unknown"),
    ("stock.transfer", {"to_id": "office"}, "rep_unknown"),
    ("stock.transfer", {"to_id": 7}, "op_malformed"),
    ("stock.transfer", {"to_id": "rep_b", "quantity": 0}, "quantity_invalid"),
    ("stock.transfer", {"to_id": "rep_b", "quantity": True}, "quantity_invalid"),
    ("stock.transfer", {"to_id": "rep_b", "material_id": new_id()}, "material_unknown"),
    ("stock.transfer", {"to_id": "rep_b", "batch_id": new_id()}, "batch_unknown"),
    ("stock.transfer", {"to_id": "rep_b", "at": "now"}, "op_malformed"),
    ("stock.return", {"warehouse_id": "nowhere"}, "warehouse_unknown"),
    ("stock.return", {"warehouse_id": "a\0b"}, "op_malformed"),
    ("stock.return", {"warehouse_id": "main", "quantity": 1_000_001}, "quantity_invalid"),
    ("stock.return", {"warehouse_id": "main", "note": "长" * 201}, "op_malformed"),
    ("stock.count", {"counted": -1}, "quantity_invalid"),
    ("stock.count", {"counted": 2.5}, "quantity_invalid"),
    ("stock.count", {"counted": 1, "seen": "x"}, "op_malformed"),
    ("stock.count", {"counted": 1, "seen": 10**9}, "op_malformed"),
]


@pytest.mark.parametrize(("kind", "change", "expected"), BAD)
def test_a_bad_op_is_refused_alone(
    rep: Hand, world: World, bag: str, kind: str, change: dict[str, Any], expected: str
) -> None:
    said: dict[str, Any] = {"material_id": bag, "quantity": 1, "counted": 10, "at": rep.ago(10)}
    said |= {"to_id": world.people["rep_b"], "warehouse_id": "main"}
    change = {
        key: world.people.get(value, value) if key == "to_id" else value
        for key, value in change.items()
    }
    outcomes = run(rep, rep.op(kind, said), rep.op(kind, said | change), rep.op(kind, said))
    assert [code(one) for one in outcomes] == ["applied", expected, "applied"]


def test_a_return_waits_for_the_office(
    rep: Hand, world: World, bag: str, login: Login, session: Session
) -> None:
    said = {"warehouse_id": "main", "material_id": bag, "quantity": 6, "at": rep.ago()}
    op = rep.op("stock.return", said)
    run(rep, op)
    assert (bag_of(rep, bag), ledger.balance(session, WAREHOUSE, bag)) == (4, 90)
    office = login("office")
    listed: Any = office.get("/api/v1/ledger/movements?state=open")
    assert [row["id"] for row in listed.json["items"]] == [op.record_id]
    path = f"/api/v1/ledger/movements/{op.record_id}/confirm"
    assert login("sup_east").post(path, json={"quantity": 6}).status_code == 403
    done: Any = office.post(path, json={"quantity": 5, "note": "破了一个"})
    assert (done.json["state"], done.json["difference"]) == ("short", -1)
    assert ledger.balance(session, WAREHOUSE, bag) == 95
    settled: Any = office.post(
        f"/api/v1/ledger/movements/{op.record_id}/settle", json={"how": "lost"}
    )
    assert settled.json["state"] == "confirmed"
    assert ledger.check(session) == {}


def test_a_count_is_decided_by_somebody_else_and_late_entries_shrink_it(
    rep: Hand,
    world: World,
    visit_id: str,
    bag: str,
    session: Session,
    clock: FrozenClock,
    login: Login,
) -> None:
    clock.advance(1_000)
    said = {"material_id": bag, "counted": 7, "seen": 10, "at": rep.ago(100)}
    op = rep.op("stock.count", said)
    record = applied(run(rep, op)[0])
    assert (record["expected"], record["quantity"], record["state"]) == (10, -3, "pending")
    path = f"/api/v1/ledger/adjustments/{op.record_id}/decision"
    assert login("rep_a").post(path, json={"approve": True}).status_code == 403
    assert login("sup_west").post(path, json={"approve": True}).status_code == 404
    done: Any = login("sup_east").post(path, json={"approve": True, "note": "核对过"})
    assert (done.status_code, done.json["state"]) == (200, "approved")
    again: Any = login("office").post(path, json={"approve": False})
    assert again.json["code"] == "adjustment_decided"
    assert bag_of(rep, bag) == 7
    # A handout of before the count, which explains two of the three, arrives after the decision.
    assert code(give(rep, handout(rep, visit_id, bag, 2, at=rep.ago(300)))[0]) == "applied"
    assert bag_of(rep, bag) == 7
    told = read_counts(session, rep.actor, [op.record_id])[op.record_id]
    assert (told["expected"], told["quantity"]) == (8, -1)
    # One of after the count is another matter.
    give(rep, handout(rep, visit_id, bag, 2, at=rep.ago(50)))
    assert bag_of(rep, bag) == 5
    events = [
        row["event"] for row in journal.for_subject(session, "stock_adjustment", op.record_id)
    ]
    assert events == ["stock.counted", "adjustment.approved"]


def test_nobody_decides_about_their_own(
    world: World, bag: str, session: Session, clock: FrozenClock, login: Login
) -> None:
    office = login("office")
    body = {"kind": "adjust", "material_id": bag, "quantity": -4, "reason": "damaged"}
    body |= {"id": new_id(), "warehouse_id": "main"}
    asked: Any = office.post("/api/v1/ledger/adjustments", json=body)
    assert (asked.status_code, asked.json["state"]) == (201, "pending")
    assert office.post("/api/v1/ledger/adjustments", json=body).json == asked.json
    own: Any = office.post(
        f"/api/v1/ledger/adjustments/{asked.json['id']}/decision", json={"approve": True}
    )
    assert (own.status_code, own.json["code"]) == (403, "own_adjustment")
    assert ledger.balance(session, WAREHOUSE, bag) == 90
    one = session.get_one(StockAdjustment, asked.json["id"])
    adjustments.decide(session, world.actors["sup_east"], clock, one, approve=True)
    assert ledger.balance(session, WAREHOUSE, bag) == 86
