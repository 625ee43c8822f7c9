"""Who visits a store: history, the phones' feeds, and the right to send late records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import changes
from server.kernel.clock import FrozenClock
from server.stores import domain, queries
from server.stores.models import StoreAssignment
from tests.server.conftest import NOW, World


def feed(session: Session, user_id: str) -> list[tuple[str, bool]]:
    """The store changes in a person's feed as (id, tombstone)."""
    changes.write_pending(session)
    rows = changes.changes_after(session, changes.user_scope(user_id), 0, 100)
    return [(record_id, deleted) for _, entity, record_id, deleted in rows if entity == "store"]


def test_hand_over_keeps_history(
    session: Session, world: World, clock: FrozenClock, stores: dict[str, str]
) -> None:
    office, store_id = world.actors["office"], stores["S1"]
    rep_a, rep_b = world.people["rep_a"], world.people["rep_b"]
    assert feed(session, rep_a) == [(store_id, False)]
    clock.advance(3600)
    domain.set_assignments(session, office, clock, store_id, [rep_b])
    rows = session.scalars(select(StoreAssignment).where(StoreAssignment.store_id == store_id))
    spans = {row.user_id: (row.since, row.until) for row in rows}
    assert spans == {rep_a: (NOW, clock.now()), rep_b: (clock.now(), None)}
    assert feed(session, rep_a) == [(store_id, True)]
    assert feed(session, rep_b) == [(store_id, False)]
    # Back again: a new span, and the tombstone is taken back.
    domain.set_assignments(session, office, clock, store_id, [rep_a, rep_b])
    assert feed(session, rep_a) == [(store_id, False)]
    domain.set_assignments(session, office, clock, store_id, [rep_b, rep_a])
    assert len(list(session.scalars(select(StoreAssignment.id)))) == 3


def test_late_records_are_still_theirs(
    session: Session, world: World, clock: FrozenClock, stores: dict[str, str]
) -> None:
    office, ids = world.actors["office"], list(stores.values())
    domain.set_assignments(session, office, clock, stores["S1"], [])

    def may_report(who: str) -> set[str]:
        found = queries.stores_for_ops(session, world.actors[who], ids)
        return {ref.code for ref in found.values()}

    assert may_report("rep_a") == {"S1"}
    assert may_report("rep_b") == set()
    assert may_report("sup_east") == {"S1", "S2"}
    assert may_report("sup_west") == {"W1"}
    assert may_report("office") == {"S1", "S2", "W1"}
    assert queries.stores_for_ops(session, world.actors["office"], ["nothing"]) == {}


def test_reader_follows_the_scope(
    session: Session, world: World, clock: FrozenClock, stores: dict[str, str]
) -> None:
    read, actor = queries.READERS["store"], world.actors["rep_a"]
    found: dict[str, dict[str, Any]] = read(session, actor, list(stores.values()))
    assert set(found) == {stores["S1"]}
    assert set(found[stores["S1"]]) == set(queries.RECORD_FIELDS)
    domain.set_assignments(session, world.actors["office"], clock, stores["S1"], [])
    assert read(session, actor, list(stores.values())) == {}


def test_a_change_reaches_the_phones(
    session: Session, world: World, clock: FrozenClock, stores: dict[str, str]
) -> None:
    rep_a = world.people["rep_a"]
    changes.write_pending(session)
    before = changes.changes_after(session, changes.user_scope(rep_a), 0, 100)[-1][0]
    store = queries.find_store(session, world.actors["office"], stores["S1"])
    domain.change_store(session, world.actors["office"], clock, store, {"phone": "0512-1"})
    changes.write_pending(session)
    after = changes.changes_after(session, changes.user_scope(rep_a), before, 100)
    assert [(row[1], row[2]) for row in after] == [("store", stores["S1"])]


def test_names_and_refs(session: Session, world: World, stores: dict[str, str]) -> None:
    names = queries.store_names(session, [stores["S2"], "nothing"])
    assert names == {stores["S2"]: "7天超市"}
    ref = queries.store_refs(session, [stores["S2"]])[stores["S2"]]
    assert (ref.name, ref.lat, ref.lon, ref.radius_m) == ("7天超市", 31.31, 120.7, None)


def test_initials() -> None:
    table = {
        "家乐福园区店": "jlfyqd",
        "7天超市": "7tcs",
        "家乐福 - Carrefour": "jlfcarrefour",
        "甪直镇便利": "lzzbl",
        "": "",
        "★!?": "",
    }
    assert {name: domain.initials_of(name) for name in table} == table
