"""Offices over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel.changes import ORG, Change
from server.kernel.ids import new_id
from server.office.queries import read_offices
from tests.server.conftest import Login, World


@pytest.fixture
def new(world: World) -> dict[str, Any]:
    return {
        "code": "OF-1",
        "name": "总部",
        "address": "人民路1号",
        "region_id": world.regions["hq"],
        "lat": 31.3,
        "lon": 120.6,
    }


def test_the_office_keeps_offices(
    login: Login, new: dict[str, Any], session: Session, world: World
) -> None:
    office = login("office")
    made: Any = office.post("/api/v1/offices", json=new)
    assert made.status_code == 201, made.json
    assert made.json["radius_m"] == 300.0
    again: Any = office.post("/api/v1/offices", json=new)
    assert (again.status_code, again.json["code"]) == (409, "office_code_taken")
    path = f"/api/v1/offices/{made.json['id']}"
    assert office.get(path).headers["ETag"] == '"1"'
    assert office.patch(path, json={"name": "x"}).status_code == 428
    assert office.patch(path, json={"name": "x"}, headers={"If-Match": '"2"'}).status_code == 412
    done: Any = office.patch(path, json={"lat": 31.4, "radius_m": 150}, headers={"If-Match": '"1"'})
    assert (done.json["lat"], done.json["radius_m"], done.json["rev"]) == (31.4, 150.0, 2)
    off: Any = office.patch(path, json={"active": False}, headers={"If-Match": '"2"'})
    assert off.json["active"] is False
    rep = login("rep_a")
    listed: Any = rep.get("/api/v1/offices")
    assert (listed.json["total"], listed.json["items"]) == (1, [off.json])
    active: Any = rep.get("/api/v1/offices?active=true")
    assert active.json["items"] == []
    told = session.scalars(
        select(Change.record_id).where(Change.scope == ORG, Change.entity == "office")
    )
    assert list(told) == [made.json["id"]]
    found = read_offices(session, world.actors["rep_a"], [made.json["id"], new_id()])
    assert found == {made.json["id"]: off.json}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"lat": 91}, "office_pin_invalid", "lat"),
        ({"lat": 0, "lon": 0}, "office_pin_invalid", "lat"),
        ({"lat": "north"}, "validation_failed", "lat"),
        ({"lon": "NaN"}, "validation_failed", "lon"),
        ({"region_id": "nowhere"}, "region_unknown", "region_id"),
        ({"radius_m": 5}, "validation_failed", "radius_m"),
        ({"radius_m": 9_000}, "validation_failed", "radius_m"),
        ({"name": ""}, "validation_failed", "name"),
    ],
)
def test_bad_offices(
    login: Login, new: dict[str, Any], change: dict[str, Any], code: str, field: str
) -> None:
    client = login("office")
    answer: Any = client.post("/api/v1/offices", json=new | change)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, code, field)
    listed: Any = client.get("/api/v1/offices")
    assert listed.json["total"] == 0


def test_a_bad_change_changes_nothing(login: Login, new: dict[str, Any]) -> None:
    client = login("office")
    made: Any = client.post("/api/v1/offices", json=new)
    other: Any = client.post("/api/v1/offices", json=new | {"code": "OF-2"})
    path = f"/api/v1/offices/{made.json['id']}"
    for change, code in (
        ({"lat": 95}, "office_pin_invalid"),
        ({"code": "OF-2"}, "office_code_taken"),
    ):
        answer: Any = client.patch(path, json=change, headers={"If-Match": '"1"'})
        assert answer.json["code"] == code
    shown: Any = client.get(path)
    assert shown.json == made.json
    assert other.json["code"] == "OF-2"


def test_only_the_office_writes(login: Login, new: dict[str, Any]) -> None:
    for who in ("rep_a", "sup_east"):
        client = login(who)
        assert client.post("/api/v1/offices", json=new).status_code == 403
        assert client.patch(f"/api/v1/offices/{new_id()}", json={}).status_code == 403
    assert login("rep_a").get(f"/api/v1/offices/{new_id()}").status_code == 404
