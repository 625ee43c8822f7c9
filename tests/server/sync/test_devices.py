"""What a phone reports of itself, and which schemas it may speak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.kernel.changes import Change
from server.kernel.clock import FrozenClock, wire_time
from server.kernel.journal import JournalEntry
from server.sync.models import Device
from server.sync.negotiation import NEWEST_SCHEMA
from tests.server.conftest import NOW
from tests.server.sync.phone import AT, Phone

PARKED = {
    "op_id": "0190b5c0-0000-7000-8000-000000000001",
    "kind": "handout.add",
    "record_id": "0190b5c0-0000-7000-8000-000000000002",
    "state": "rejected",
    "code": "quantity_invalid",
    "field": "payload.quantity",
    "made_at": AT,
}
REPORT: dict[str, Any] = {
    "id": "phone-1",
    "app_version": "0.2.0",
    "schema": 1,
    "unsent": 7,
    "oldest_unsent_at": AT,
    "parked": [PARKED],
    "storage": {"usage": 1_000, "quota": 2_000, "persisted": True},
    "standalone": True,
}


def report(phone: Phone, **changes: Any) -> Any:
    return phone.client.put("/api/v1/sync/device", json=REPORT | changes)


def device(session: Session) -> Device:
    session.expire_all()
    return session.scalars(select(Device)).one()


@pytest.fixture
def oldest_is_2(app: Flask) -> Iterator[None]:
    """A server that has given up the first schema."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, oldest_schema=2)
    yield
    app.config["SETTINGS"] = before


def test_a_report_is_kept(phone: Phone, session: Session) -> None:
    answer = report(phone)
    assert answer.status_code == 200
    assert answer.json == {
        "server_time": wire_time(NOW),
        "schema": {"oldest": 1, "newest": NEWEST_SCHEMA},
    }
    row = device(session)
    assert (row.id, row.user_id) == ("phone-1", phone.user_id)
    assert (row.app_version, row.schema, row.unsent) == ("0.2.0", 1, 7)
    assert wire_time(row.oldest_unsent_at) == AT
    assert row.parked == [PARKED]
    assert row.storage == REPORT["storage"]
    assert row.standalone is True
    assert row.reported_at == row.last_contact_at == NOW


def test_it_replaces_the_one_before(phone: Phone, session: Session, clock: FrozenClock) -> None:
    report(phone)
    clock.advance(60)
    few = {"id": "phone-1", "app_version": "0.3.0", "schema": 1, "unsent": 0}
    answer: Any = phone.client.put("/api/v1/sync/device", json=few)
    assert answer.status_code == 200
    row = device(session)
    assert (row.parked, row.storage, row.standalone) == ([], None, None)
    assert (row.unsent, row.oldest_unsent_at, row.app_version) == (0, None, "0.3.0")
    assert row.reported_at == clock.now()


def test_a_push_says_its_part_and_leaves_the_rest(
    phone: Phone, session: Session, clock: FrozenClock, store_id: str
) -> None:
    report(phone)
    clock.advance(60)
    phone.push(phone.check_in(store_id))
    row = device(session)
    assert (row.unsent, row.app_version) == (1, "0.1.0")
    assert row.last_contact_at == clock.now()
    assert row.parked == [PARKED]
    assert row.storage == REPORT["storage"]
    assert row.reported_at == NOW


def test_a_push_from_an_unknown_phone_leaves_the_rest_empty(phone: Phone, session: Session) -> None:
    phone.push()
    row = device(session)
    assert (row.parked, row.storage, row.standalone, row.reported_at) == ([], None, None, None)


def test_one_phone_of_two_people_has_two_rows(
    phone: Phone, other_phone: Phone, session: Session
) -> None:
    report(phone)
    report(other_phone, unsent=1, parked=[])
    rows = session.execute(select(Device.user_id, Device.unsent)).all()
    assert set(rows) == {(phone.user_id, 7), (other_phone.user_id, 1)}


def test_a_report_changes_nothing_else(phone: Phone, session: Session) -> None:
    def counted() -> list[Any]:
        return [
            session.scalar(select(func.count()).select_from(table))
            for table in (Change, JournalEntry)
        ]

    before = counted()
    report(phone)
    assert counted() == before


def test_what_a_newer_app_tells_more_is_left_out(phone: Phone, session: Session) -> None:
    parked = PARKED | {"tries": 3}
    storage = REPORT["storage"] | {"files": 12}
    assert report(phone, battery=0.5, parked=[parked], storage=storage).status_code == 200
    row = device(session)
    assert (row.parked, row.storage) == ([PARKED], REPORT["storage"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "x" * 65),
        ("id", None),
        ("app_version", "x" * 41),
        ("schema", 0),
        ("unsent", -1),
        ("unsent", 10**12),
        ("oldest_unsent_at", "yesterday"),
        ("parked", [PARKED] * 51),
        ("parked.0.state", [PARKED | {"state": "waiting"}]),
        ("parked.0.made_at", [PARKED | {"made_at": "x"}]),
        ("parked.0.code", [PARKED | {"code": "x" * 61}]),
        ("storage.usage", {"usage": -1}),
        ("storage.quota", {"quota": 2**60}),
        ("standalone", "perhaps"),
    ],
)
def test_bad_reports_are_refused(phone: Phone, session: Session, field: str, value: Any) -> None:
    answer = report(phone, **{field.partition(".")[0]: value})
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
    assert answer.json["field"] == field
    assert session.scalar(select(func.count()).select_from(Device)) == 0


def pull(phone: Phone, schema: int) -> Any:
    return phone.client.get(f"/api/v1/sync/pull?schema={schema}")


def test_too_old_a_phone_is_told_so_and_may_send(
    phone: Phone, store_id: str, oldest_is_2: None
) -> None:
    refused = pull(phone, 1)
    assert (refused.status_code, refused.json["code"]) == (426, "app_too_old")
    assert refused.json["field"] == "schema"
    assert phone.push(phone.check_in(store_id))[0]["status"] == "applied"
    answer = report(phone)
    assert answer.json["schema"]["oldest"] == 2
    assert pull(phone, 2).status_code == 200


def test_a_newer_phone_is_served_what_there_is(phone: Phone, store_id: str) -> None:
    newest, beyond = pull(phone, NEWEST_SCHEMA), pull(phone, NEWEST_SCHEMA + 5)
    assert beyond.status_code == 200
    assert beyond.json["changes"] == newest.json["changes"] != []


def test_me_tells_the_range(phone: Phone) -> None:
    answer: Any = phone.client.get("/api/v1/me")
    assert answer.json["schema"] == {"oldest": 1, "newest": NEWEST_SCHEMA}
