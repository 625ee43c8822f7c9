"""Balances are sums of entries in any order; movements are checked before they are made."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.problems import Problem
from server.materials import domain, ledger, over_issue
from server.materials.ledger import WAREHOUSE, Entry, EntryKind, rep_place
from tests.server.conftest import NOW, World
from tests.server.materials.conftest import add_material, move

PLACES = ("supplier", WAREHOUSE, "adjust", "rep:a", "rep:b", "store:s")
movements = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from(PLACES),
        st.integers(0, 1),
        st.integers(1, 10_000),
    ).filter(lambda row: row[0] != row[1]),
    max_size=25,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(movements=movements, order=st.randoms(use_true_random=False))
def test_balances_are_the_sum_of_entries_in_any_order(
    session: Session, world: World, clock: FrozenClock, movements: Any, order: Any
) -> None:
    with session.begin_nested() as undo:
        goods = [
            domain.create_material(
                session,
                world.actors["office"],
                clock,
                {"code": new_id(), "name": "物料", "kind": "posm", "unit": "张"},
            ).id
            for _ in range(2)
        ]
        expected: Counter[tuple[str, str]] = Counter()
        entries = []
        for source, target, number, quantity in movements:
            expected[(target, goods[number])] += quantity
            expected[(source, goods[number])] -= quantity
            author = world.people["office"]
            entries.append(
                Entry(EntryKind.TRANSFER, goods[number], source, target, quantity, NOW, author)
            )
        order.shuffle(entries)
        # Some at once and some one by one: how they are written makes no difference either.
        half = len(entries) // 2
        ledger.append(session, entries[:half])
        for entry in entries[half:]:
            ledger.append(session, [entry])
        found = ledger.balances(session, PLACES)
        assert found == dict(expected)
        assert sum(found.values()) == 0
        for (place, material_id), amount in expected.items():
            assert ledger.balance(session, place, material_id) == amount
        undo.rollback()


@pytest.mark.parametrize(("quantity", "target"), [(0, "rep:a"), (-1, "rep:a"), (1, WAREHOUSE)])
def test_an_entry_moves_something_somewhere(session: Session, quantity: int, target: str) -> None:
    entry = Entry(EntryKind.TRANSFER, "m", WAREHOUSE, target, quantity, NOW, "u")
    with pytest.raises(ValueError, match="no movement"):
        ledger.append(session, [entry])


def test_nothing_asked_is_nothing_answered(session: Session) -> None:
    assert ledger.balances(session, []) == {}
    assert ledger.balances(session, [WAREHOUSE], []) == {}


@pytest.mark.parametrize(
    ("before", "quantity", "short"),
    [(10, 10, None), (10, 11, 1), (0, 1, 1), (-5, 2, 7)],
)
def test_over_issued(before: int, quantity: int, short: int | None) -> None:
    flag = over_issue.over_issued(before, quantity)
    if short is None:
        assert flag is None
        return
    assert flag is not None
    assert flag["code"] == "over_issued"
    assert flag["numbers"]["balance_after"] == -short
    assert set(flag["words"]) == {"zh-CN", "en"}
    assert f"差 {short}" in flag["words"]["zh-CN"]
    assert f"{short} too many" in flag["words"]["en"]


def test_the_four_movements(session: Session, world: World, clock: FrozenClock, cap: str) -> None:
    rep = rep_place(world.people["rep_a"])

    def stock() -> tuple[int, int]:
        return ledger.balance(session, WAREHOUSE, cap), ledger.balance(session, rep, cap)

    rep_id = world.people["rep_a"]
    # kind, quantity, rep or the warehouse, then what each of the two holds
    for kind, quantity, who, after in (
        ("receive", 50, None, (50, 0)),
        ("issue", 20, rep_id, (30, 20)),
        ("return", 5, rep_id, (35, 15)),
        ("adjust", -5, rep_id, (35, 10)),
        ("adjust", 2, rep_id, (35, 12)),
        ("adjust", -35, None, (0, 12)),
        ("adjust", 1, None, (1, 12)),
    ):
        move(session, world, clock, kind, material_id=cap, quantity=quantity, rep_id=who)
        assert stock() == after, kind


@pytest.mark.parametrize(
    ("kind", "quantity", "who", "code"),
    [
        ("issue", 91, "rep_a", "stock_short"),
        ("return", 11, "rep_a", "stock_short"),
        ("return", 1, "rep_b", "stock_short"),
        ("issue", 1, None, "rep_unknown"),
        ("issue", 1, "office", "rep_unknown"),
        ("issue", 1, "nobody", "rep_unknown"),
        ("receive", 0, None, "quantity_invalid"),
        ("receive", -1, None, "quantity_invalid"),
        ("issue", -1, "rep_a", "quantity_invalid"),
        ("adjust", 0, "rep_a", "quantity_invalid"),
    ],
)
def test_a_refused_movement_changes_nothing(
    session: Session,
    world: World,
    clock: FrozenClock,
    bag: str,
    kind: str,
    quantity: int,
    who: str | None,
    code: str,
) -> None:
    places = [WAREHOUSE, rep_place(world.people["rep_a"])]
    before = ledger.balances(session, places)
    rep_id = world.people.get(who, "no-such-person") if who else None
    with pytest.raises(Problem) as caught:
        move(session, world, clock, kind, material_id=bag, quantity=quantity, rep_id=rep_id)
    assert caught.value.kind.code == code
    assert ledger.balances(session, places) == before


def test_unknown_material(session: Session, world: World, clock: FrozenClock) -> None:
    with pytest.raises(Problem) as caught:
        move(session, world, clock, "receive", material_id=new_id(), quantity=1)
    assert caught.value.kind.code == "material_unknown"


def test_a_retried_movement_is_made_once(
    session: Session, world: World, clock: FrozenClock
) -> None:
    cap = add_material(session, world, clock, "ONCE")
    values = {"id": new_id(), "material_id": cap, "quantity": 5}
    first = move(session, world, clock, "receive", **values)
    again = move(session, world, clock, "receive", **values)
    assert first.id == again.id
    assert ledger.balance(session, WAREHOUSE, cap) == 5
    with pytest.raises(Problem) as caught:
        move(session, world, clock, "receive", **(values | {"quantity": 6}))
    assert caught.value.kind.code == "record_exists"
