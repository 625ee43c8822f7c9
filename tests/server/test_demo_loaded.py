"""The demo in a database: made of real records, and loaded once.

Once for all tests of this file, too, since drawing its photos takes a while.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from server.demo import company, people
from server.demo.script import Size
from server.kernel.blobs import blob_store, content_key, thumb_key
from server.kernel.clock import FrozenClock
from server.kernel.db import Base, db
from server.materials import ledger
from server.materials.models import LedgerEntry
from tests.server.conftest import NOW, undone

SMALL = Size(
    shops_per_rep=4, days=10, visits_a_day=(2, 3), photo_days=5, photo_share=0.25, workers=0
)


def rows(session: Session) -> dict[str, int]:
    """Rows by table."""
    return {
        name: session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
    }


Loaded = tuple[company.Summary, Connection]


@pytest.fixture(scope="module")
def loaded(shared_app: Flask) -> Iterator[Loaded]:
    clock = FrozenClock(NOW)
    shared_app.extensions["storewalk.clock"] = clock
    with undone(shared_app) as connection:
        session = db.session()
        summary = company.load(session, clock, size=SMALL)
        session.commit()
        yield summary, connection


@pytest.fixture
def app(shared_app: Flask, loaded: Loaded, clock: FrozenClock) -> Iterator[Flask]:
    """The app with the demo; what a test changes is undone."""
    with undone(shared_app, loaded[1]):
        yield shared_app


@pytest.fixture
def summary(loaded: Loaded) -> company.Summary:
    return loaded[0]


def log_in(client: FlaskClient, username: str) -> dict[str, str]:
    answer: Any = client.post(
        "/api/v1/session", json={"username": username, "password": people.PASSWORD}
    )
    assert answer.status_code == 200, answer.json
    return {"Authorization": f"Bearer {answer.json['token']}"}


def test_loads_once(summary: company.Summary, session: Session, clock: FrozenClock) -> None:
    before = rows(session)
    assert before["user_account"] == summary.counts["person"] == 15
    assert before["store"] == summary.counts["store"] == 48
    assert before["visit"] == summary.counts["visit.check_in"] > 100
    assert before["handout"] == summary.counts["handout.add"] > 20
    assert before["office_check_in"] == summary.counts["office.check_in"] > 10
    assert before["visit_note"] > 10
    assert before["office"] == 3
    assert before["material"] == 8
    assert before["region"] == 9
    assert before["task"] == summary.counts["task"] == 10
    assert company.is_demo(session)
    assert_books_balance(session)
    again = company.load(session, clock, size=SMALL)
    session.commit()
    assert again.counts == {}
    assert again.logins == company.logins()
    assert rows(session) == before


def assert_books_balance(session: Session) -> None:
    places = set(session.scalars(select(LedgerEntry.from_place)))
    places |= set(session.scalars(select(LedgerEntry.to_place)))
    found = ledger.balances(session, places)
    assert sum(found.values()) == 0
    assert all(amount >= 0 for (place, _), amount in found.items() if place == ledger.WAREHOUSE)


def test_everybody_can_log_in_and_sees_their_part(
    summary: company.Summary, client: FlaskClient
) -> None:
    assert any(people.PASSWORD in line for line in summary.logins)
    seen = {}
    for who in ("rep01", "rep12", "sup01", "sup02", "office"):
        head = log_in(client, who)
        visits: Any = client.get("/api/v1/visits", headers=head)
        stores: Any = client.get("/api/v1/stores?limit=500", headers=head)
        seen[who] = (visits.json["total"], stores.json["total"])
    assert seen["rep01"][1] == seen["rep12"][1] == 4
    assert seen["sup01"][1] == seen["sup02"][1] == 24
    assert seen["sup01"][0] + seen["sup02"][0] == seen["office"][0]
    assert 0 < seen["rep01"][0] < seen["sup01"][0]
    board: Any = client.get("/api/v1/office/weeks/2026-W47", headers=log_in(client, "office"))
    assert sum(board.json["counts"].values()) == len(board.json["rows"]) == 12
    assert board.json["counts"]["done"] > board.json["counts"]["doubtful"]
    assert_phone_gets_all(client, "rep03")


def test_every_screen_of_stock_and_campaigns_has_something(
    summary: company.Summary, client: FlaskClient
) -> None:
    head = log_in(client, "office")

    def shown(path: str) -> Any:
        return client.get(f"/api/v1{path}", headers=head).json

    campaigns = {one["state"]: one["id"] for one in shown("/campaigns")["items"]}
    assert campaigns.keys() == {"running", "ended"}
    running = shown(f"/campaigns/{campaigns['running']}/numbers")
    # Every store of so small a company has been visited, so none is merely planned.
    states = running["execution"]
    assert all(states[one] > 0 for one in ("photographed", "handed_out", "missing"))
    assert 0 < running["effectiveness"]["effective"] < running["effectiveness"]["handouts"]
    assert all(one["missing_stores"] for one in running["materials"])
    board = shown(f"/campaigns/{campaigns['running']}/board")
    assert any(row["seen"] and row["seen"]["note"] for row in board["items"])
    [version] = shown(f"/campaigns/{campaigns['ended']}/summaries")["items"]
    assert version["region_name"] == "苏州东区"
    waiting = shown("/office/requests")
    assert {"make_up", "exemption"} <= {one["what"] for one in waiting["items"]}
    open_ones = shown("/ledger/movements?state=in_transit")["items"]
    assert any(one["kind"] == "issue" for one in open_ones)
    counts = shown("/ledger/adjustments?state=pending")["items"]
    assert [one["kind"] for one in counts] == ["count"]
    phone: Any = client.get("/api/v1/sync/pull?limit=500", headers=log_in(client, "rep01"))
    found = Counter(row["entity"] for row in phone.json["changes"] if row["record"] is not None)
    assert found["campaign"] == 2
    assert found["campaign_seen"] > 0


def test_tasks_are_in_every_state(summary: company.Summary, client: FlaskClient) -> None:
    told: Any = client.get("/api/v1/tasks", headers=log_in(client, "office"))
    assert told.json["counts"] == {"open": 7, "overdue": 2, "done": 2, "cancelled": 1}
    east: Any = client.get("/api/v1/tasks", headers=log_in(client, "sup01"))
    assert east.json["total"] == 8
    answer: Any = client.get("/api/v1/sync/pull?limit=500", headers=log_in(client, "rep01"))
    tasks = [row["record"] for row in answer.json["changes"] if row["entity"] == "task"]
    assert {task["state"] for task in tasks} == {"open", "done"}


def assert_phone_gets_all(client: FlaskClient, username: str) -> None:
    answer: Any = client.get("/api/v1/sync/pull?limit=500", headers=log_in(client, username))
    found = Counter(row["entity"] for row in answer.json["changes"] if row["record"] is not None)
    assert found["store"] == 4
    assert found["material"] == found["stock"] == 8
    assert found["office"] == 3
    # The rep, the supervisor above, and the colleagues of the same district.
    assert found["person"] == 3
    assert found["warehouse"] == 1
    assert found["stock_movement"] > 8
    assert found["visit"] > 5


def test_photos_and_signatures_are_real(
    summary: company.Summary, session: Session, client: FlaskClient
) -> None:
    photo, handout = Base.metadata.tables["photo"], Base.metadata.tables["handout"]
    photos = session.execute(select(photo)).mappings().all()
    assert len(photos) == summary.counts["photo.add"] > 10
    # A file that a rep sends once more is found by the comparison, which the console shows.
    again = len(photos) - len({row["sha256"] for row in photos})
    finding = Base.metadata.tables["photo_finding"]
    kinds = Counter(session.scalars(select(finding.c.kind)))
    assert again == kinds["reused_exact"] == 1
    head = log_in(client, "office")
    for row in photos:
        # A lost one is still on its phone.
        assert row["state"] in {"complete", "awaiting_bytes"}
        if row["state"] == "complete":
            assert blob_store().size(content_key(row["sha256"])) == row["bytes"]
            assert blob_store().exists(thumb_key(row["sha256"], "screen"))
            path = f"/api/v1/photos/{row['id']}/thumb"
            assert client.get(path, headers=head).mimetype == "image/jpeg"
    signed = session.scalars(select(handout.c.id).where(handout.c.signature_sha256.is_not(None)))
    found = [client.get(f"/api/v1/handouts/{one}/signature", headers=head) for one in signed]
    assert len(found) > 5
    assert {(answer.status_code, answer.mimetype) for answer in found} == {(200, "image/png")}
