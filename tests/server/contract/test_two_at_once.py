"""Two in the office press a button at the same moment: one wins, and the other is told so.

On SQLite one waits for the other's commit by itself. PostgreSQL (tests/server/sync/test_at_once.py
says how) lets both read what neither has committed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from server.kernel.db import db
from server.kernel.ids import new_id
from tests.server.conftest import log_in
from tests.server.own_app import own_app
from tests.server.sync.test_at_once import make_phones

__all__ = ["own_app"]

# Long enough for the later one to come as far as it can.
_HEAD_START_S = 0.7
Ask = Callable[[], Any]


class Two:
    """Two desks of the office."""

    def __init__(self, app: Flask) -> None:
        phones, self.store_id = make_phones(app)
        self.rep_id = phones[0].user_id
        self.desk, self.other_desk = log_in(app, "office"), log_in(app, "office")
        with app.app_context():
            self._engine = db.engine

    def made(self, path: str, values: dict[str, Any]) -> Any:
        answer: Any = self.desk.post(f"/api/v1{path}", json=values)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return answer.json

    def found(self, path: str) -> Any:
        answer: Any = self.desk.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.json

    def change(self, path: str, rev: int) -> None:
        """Both change a name at once: one does, the other is told that it is stale."""
        head = {"If-Match": f'"{rev}"'}
        first, later = self.at_once(
            lambda desk: desk.patch(f"/api/v1{path}", json={"name": "新"}, headers=head)
        )
        assert (first.status_code, first.json["rev"]) == (200, rev + 1), path
        assert (later.status_code, later.json["code"]) == (412, "stale"), path

    def at_once(self, ask: Callable[[FlaskClient], Any]) -> tuple[Any, Any]:
        """The answers to the same request of both, the later one's of before the first's commit."""
        later: list[Any] = []
        other = threading.Thread(target=lambda: later.append(ask(self.other_desk)))
        first = threading.current_thread()

        def hold(_connection: Any) -> None:
            if threading.current_thread() is first and other.ident is None:
                other.start()
                other.join(_HEAD_START_S)

        event.listen(self._engine, "commit", hold)
        try:
            answer = ask(self.desk)
            other.join(30)
        finally:
            event.remove(self._engine, "commit", hold)
        assert len(later) == 1
        return answer, later[0]


@pytest.fixture
def two(own_app: Flask) -> Two:
    return Two(own_app)


MATERIAL = {"code": "M1", "name": "货架插卡", "kind": "posm", "unit": "个"}
WAREHOUSE = {"code": "W1", "name": "东区仓"}
CAMPAIGN = {"code": "P1", "name": "活动", "first_day": "2026-11-16", "last_day": "2026-11-29"}


@pytest.mark.parametrize(
    ("path", "values"),
    [("/materials", MATERIAL), ("/warehouses", WAREHOUSE), ("/campaigns", CAMPAIGN)],
)
def test_a_change_is_not_lost_to_another(two: Two, path: str, values: dict[str, Any]) -> None:
    made = two.made(path, values)
    two.change(f"{path}/{made['id']}", made["rev"])


def test_changes_of_those_who_work_and_of_where_are_not_lost(two: Two) -> None:
    two.change(f"/stores/{two.store_id}", two.found(f"/stores/{two.store_id}")["rev"])
    rep = two.found(f"/people/{two.rep_id}")
    two.change(f"/people/{two.rep_id}", rep["rev"])
    values = {"code": "O1", "name": "公司", "lat": 31.3, "lon": 120.6}
    office = two.made("/offices", values | {"region_id": rep["region_id"]})
    two.change(f"/offices/{office['id']}", office["rev"])
    region = two.made("/regions", {"code": "new", "name": "新区", "parent_id": rep["region_id"]})
    two.change(f"/regions/{region['id']}", region["rev"])


@pytest.mark.parametrize(
    ("path", "values", "code"),
    [
        ("/materials", MATERIAL, "material_code_taken"),
        ("/warehouses", WAREHOUSE, "warehouse_code_taken"),
    ],
)
def test_a_code_goes_to_one(two: Two, path: str, values: dict[str, Any], code: str) -> None:
    first, later = two.at_once(lambda desk: desk.post(f"/api/v1{path}", json=values))
    assert first.status_code == 201
    assert (later.status_code, later.json["code"], later.json["field"]) == (409, code, "code")
    made = [two.made(path, values | {"code": name}) for name in ("X1", "X2")]
    desks = iter(made)

    def change(desk: FlaskClient) -> Any:
        one = next(desks)
        head = {"If-Match": f'"{one["rev"]}"'}
        return desk.patch(f"/api/v1{path}/{one['id']}", json={"code": "NEW"}, headers=head)

    first, later = two.at_once(change)
    assert first.status_code == 200
    assert (later.status_code, later.json["code"], later.json["field"]) == (409, code, "code")


def test_an_entry_is_reversed_once(two: Two) -> None:
    material_id = two.made("/materials", MATERIAL)["id"]
    received = {"kind": "receive", "material_id": material_id, "quantity": 5}
    entry = two.made("/ledger/entries", received)
    path = f"/api/v1/ledger/entries/{entry['id']}/reverse"
    first, later = two.at_once(lambda desk: desk.post(path, json={"note": "记错"}))
    assert (first.status_code, later.status_code) == (201, 201)
    assert first.json == later.json
    stock: Any = two.desk.get("/api/v1/stock")
    assert [row["balance"] for row in stock.json["items"] if row["balance"]] == []


def test_a_giving_that_comes_twice_gives_once(two: Two) -> None:
    giving = {"id": new_id(), "title": "更换价签", "rep_ids": [two.rep_id]}
    first, later = two.at_once(lambda desk: desk.post("/api/v1/tasks", json=giving))
    assert (first.status_code, later.status_code) == (201, 201)
    assert first.json == later.json
    listed: Any = two.desk.get("/api/v1/tasks")
    assert listed.json["total"] == 1


def test_a_campaign_that_comes_twice_is_made_once(two: Two) -> None:
    values = CAMPAIGN | {"id": new_id()}
    first, later = two.at_once(lambda desk: desk.post("/api/v1/campaigns", json=values))
    assert (first.status_code, later.status_code) == (201, 201)
    assert first.json == later.json
