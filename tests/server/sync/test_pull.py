"""Pull: scoped, in commit order, complete, and quiet when nothing changed."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from server.kernel.changes import Change, ChangeCounter, renew_generation, touch, user_scope
from server.kernel.clock import FrozenClock
from server.kernel.paging import decode_cursor, encode_cursor
from server.stores import domain as stores
from tests.server.conftest import World
from tests.server.sync.phone import Phone


def entities(changes: list[dict[str, Any]]) -> set[str]:
    return {row["entity"] for row in changes}


def test_first_pull_brings_the_scope(phone: Phone, store_id: str) -> None:
    changes = phone.pull()
    assert {row["id"] for row in changes if row["entity"] == "store"} == {store_id}
    people = {row["record"]["role"] for row in changes if row["entity"] == "person"}
    assert people == {"rep", "supervisor"}


def test_the_next_pull_brings_nothing(phone: Phone) -> None:
    phone.pull()
    assert phone.pull() == []


def test_small_pages_bring_the_same(phone: Phone, login: Any) -> None:
    whole = phone.pull()
    pieces = Phone(phone.client, phone.user_id).pull(limit=1)
    assert pieces == whole


def test_the_verdict_comes_back(phone: Phone, store_id: str) -> None:
    phone.pull()
    op = phone.check_in(store_id)
    phone.push(op)
    visits = [row for row in phone.pull() if row["entity"] == "visit"]
    assert [row["id"] for row in visits] == [op["record_id"]]
    record = visits[0]["record"]
    assert record["verdict"] == "on_site"
    assert record["explanation"]["words"].keys() == {"zh-CN", "en"}


def test_others_see_none_of_it(phone: Phone, other_phone: Phone, store_id: str) -> None:
    phone.push(phone.check_in(store_id))
    assert entities(other_phone.pull()) <= {"person", "material", "office"}


def test_a_store_that_is_taken_away_comes_as_a_tombstone(
    phone: Phone,
    other_phone: Phone,
    store_id: str,
    world: World,
    session: Session,
    clock: FrozenClock,
) -> None:
    phone.pull()
    other_phone.pull()
    reps = [world.people["rep_b"]]
    stores.set_assignments(session, world.actors["office"], clock, store_id, reps)
    session.commit()
    gone = [row for row in phone.pull() if row["entity"] == "store"]
    assert gone == [{"entity": "store", "id": store_id, "record": None}]
    new = [row for row in other_phone.pull() if row["entity"] == "store"]
    assert new[0]["record"]["id"] == store_id


def test_work_for_a_store_that_was_taken_away_is_still_stored(
    phone: Phone, store_id: str, world: World, session: Session, clock: FrozenClock
) -> None:
    stores.set_assignments(session, world.actors["office"], clock, store_id, [])
    session.commit()
    assert phone.push(phone.check_in(store_id))[0]["status"] == "applied"


def test_somebody_elses_cursor_is_refused(phone: Phone, other_phone: Phone) -> None:
    phone.pull()
    for cursor in (phone.cursor, "forged", "W10"):
        answer: Any = other_phone.client.get("/api/v1/sync/pull", query_string={"cursor": cursor})
        assert (answer.status_code, answer.json["field"]) == (422, "cursor")


def test_after_a_restore_from_backup_everything_is_told_again(
    phone: Phone, session: Session
) -> None:
    first = phone.pull()
    # The restored database never handed out the numbers that this phone has seen.
    session.execute(update(ChangeCounter).values(seq=0))
    session.commit()
    assert phone.pull() == first


FEED = (ChangeCounter, Change)


def backup(session: Session) -> list[list[dict[str, Any]]]:
    """The feed as a backup of the database holds it."""
    tables = [model.__table__ for model in FEED]
    return [[dict(row) for row in session.execute(select(one)).mappings()] for one in tables]


def restore(session: Session, rows: list[list[dict[str, Any]]]) -> None:
    """Set the feed back to a backup."""
    for model, kept in zip(FEED, rows, strict=True):
        session.execute(delete(model))
        session.execute(insert(model), kept)
    session.commit()


def test_after_a_restore_no_new_row_is_missed(
    phone: Phone, store_id: str, session: Session
) -> None:
    """The restored server hands out as many numbers as were lost before the phone comes again."""
    phone.pull()
    kept = backup(session)
    for _ in range(5):
        touch(session, user_scope(phone.user_id), "store", [store_id])
        session.commit()
    phone.pull()
    restore(session, kept)
    op = phone.check_in(store_id)
    phone.push(op)
    for _ in range(20):
        touch(session, "org", "material", ["none"])
        touch(session, user_scope(phone.user_id), "person", ["none"])
        session.commit()
    told = {(row["entity"], row["id"]) for row in phone.pull()}
    assert ("visit", op["record_id"]) in told


def test_a_restore_that_was_told_brings_back_what_the_backup_knew(
    phone: Phone, store_id: str, session: Session, app: Flask
) -> None:
    first = phone.pull()
    kept = backup(session)
    phone.push(phone.check_in(store_id))
    phone.pull()
    restore(session, kept)
    # The newest number is above the phone's again before it asks: numbers alone say nothing now.
    touch(session, "org", "material", ["none"])
    touch(session, user_scope(phone.user_id), "person", ["none"])
    session.commit()
    said = app.test_cli_runner().invoke(args=["storewalk", "restored"])
    assert said.exit_code == 0, said.output
    told = {(row["entity"], row["id"]) for row in phone.pull()}
    assert told >= {(row["entity"], row["id"]) for row in first}
    assert phone.pull() == []


def test_each_restore_is_another_generation(phone: Phone, session: Session) -> None:
    first = phone.pull()
    for _ in range(2):
        renew_generation(session)
        session.commit()
        assert phone.pull() == first
    assert phone.pull() == []


def test_cursors_of_small_numbers_go_on(phone: Phone, store_id: str, session: Session) -> None:
    """A phone that was told when numbers were counted from one."""
    phone.pull()
    for scope in ("org", user_scope(phone.user_id)):
        for table in FEED:
            session.execute(update(table).where(table.scope == scope).values(seq=7))
    session.commit()
    phone.cursor = encode_cursor(1, phone.user_id, 7, 7)
    assert phone.pull() == []
    op = phone.check_in(store_id)
    phone.push(op)
    assert op["record_id"] in {row["id"] for row in phone.pull()}
    assert decode_cursor(phone.cursor, 4)[3] < 2**53
