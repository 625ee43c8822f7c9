"""The store routes: who sees which stores, and what a change may and may not do."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.stores import domain
from server.stores.schemas import StoreOut, StoreRecord
from tests.server.conftest import Login, World
from tests.server.stores.conftest import MakeStore

NEW = {"code": "N1", "name": "新店", "lat": 31.2, "lon": 120.6}


def codes(answer: Any) -> set[str]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {item["code"] for item in answer.json["items"]}


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("office", {"S1", "S2", "W1"}),
        ("sup_east", {"S1", "S2"}),
        ("sup_west", {"W1"}),
        ("rep_a", {"S1"}),
        ("rep_b", set()),
        ("rep_w", set()),
    ],
)
def test_each_sees_their_own(
    login: Login, stores: dict[str, str], who: str, sees: set[str]
) -> None:
    client = login(who)
    answer: Any = client.get("/api/v1/stores")
    assert codes(answer) == sees
    assert answer.json["total"] == len(sees)
    for code, store_id in stores.items():
        status = client.get(f"/api/v1/stores/{store_id}").status_code
        assert status == (200 if code in sees else 404)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "家乐福"}, {"S1"}),
        ({"q": "星湖街"}, {"S1", "S2", "W1"}),
        ({"q": "jlf"}, {"S1"}),
        ({"q": "7TC"}, {"S2"}),
        ({"q": "w1"}, {"W1"}),
        ({"q": "100%"}, set()),
        ({"region": "east"}, {"S1", "S2"}),
        ({"rep": "rep_a"}, {"S1"}),
        ({"active": "false"}, set()),
    ],
)
def test_filters(
    login: Login, world: World, stores: dict[str, str], query: dict[str, str], found: set[str]
) -> None:
    if "region" in query:
        query = query | {"region": world.regions[query["region"]]}
    if "rep" in query:
        query = query | {"rep": world.people[query["rep"]]}
    assert codes(login("office").get("/api/v1/stores", query_string=query)) == found


def test_region_out_of_scope_is_not_found(
    login: Login, world: World, stores: dict[str, str]
) -> None:
    query = {"region": world.regions["west"]}
    answer: Any = login("sup_east").get("/api/v1/stores", query_string=query)
    assert answer.status_code == 404
    assert answer.json["code"] == "not_found"
    # A rep learns nothing from a region: it only narrows what they see anyway.
    assert codes(login("rep_a").get("/api/v1/stores", query_string=query)) == set()


def test_pages_neither_skip_nor_repeat(
    login: Login, session: Session, make_store: MakeStore
) -> None:
    for number in range(7):
        make_store(f"P{number}", name="同名店" if number < 5 else f"店{number}")
    session.commit()
    client = login("office")
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer: Any = client.get("/api/v1/stores", query_string=query)
        assert answer.json["total"] == 7
        seen += [item["code"] for item in answer.json["items"]]
        if answer.json["next"] is None:
            break
        query["cursor"] = answer.json["next"]
    assert sorted(seen) == [f"P{number}" for number in range(7)]


@pytest.mark.parametrize("cursor", ["x", "bm8", "WzEsMl0", "W251bGwsIm8iXQ"])
def test_forged_cursor(login: Login, cursor: str) -> None:
    answer: Any = login("office").get("/api/v1/stores", query_string={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json["field"] == "cursor"


def test_answer_is_what_the_schema_says(login: Login, stores: dict[str, str]) -> None:
    answer: Any = login("office").get(f"/api/v1/stores/{stores['S1']}")
    assert set(answer.json) == set(StoreOut().fields)
    assert StoreOut().validate(answer.json) == {}
    assert set(StoreRecord().fields) < set(answer.json)
    assert answer.json["reps"][0]["name"] == "rep_a"
    assert answer.headers["ETag"] == '"1"'


def test_add_and_change(login: Login, world: World, stores: dict[str, str]) -> None:
    office = login("office")
    body = NEW | {"region_id": world.regions["park"], "rep_ids": [world.people["rep_b"]]}
    added: Any = office.post("/api/v1/stores", json=body)
    assert added.status_code == 201, added.get_data(as_text=True)
    assert added.json["initials"] == "xd"
    assert added.json["pin_source"] == "office"
    assert codes(login("rep_b").get("/api/v1/stores")) == {"N1"}
    path = f"/api/v1/stores/{added.json['id']}"
    changed: Any = office.patch(path, json={"name": "老店"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert (changed.json["name"], changed.json["initials"], changed.json["rev"]) == (
        "老店",
        "ld",
        2,
    )
    assert changed.headers["ETag"] == '"2"'


def test_change_needs_the_revision(login: Login, stores: dict[str, str]) -> None:
    office, path = login("office"), f"/api/v1/stores/{stores['S1']}"
    missing: Any = office.patch(path, json={"name": "x"})
    assert (missing.status_code, missing.json["code"]) == (428, "precondition_required")
    stale: Any = office.patch(path, json={"name": "x"}, headers={"If-Match": '"9"'})
    assert (stale.status_code, stale.json["code"]) == (412, "stale")
    kept: Any = office.get(path)
    assert kept.json["name"] == "家乐福园区店"


@pytest.mark.parametrize("who", ["rep_a", "sup_east"])
def test_only_the_office_edits(
    login: Login, world: World, stores: dict[str, str], who: str
) -> None:
    client = login(who)
    body = NEW | {"region_id": world.regions["park"]}
    patch = client.patch(
        f"/api/v1/stores/{stores['S1']}", json={"name": "x"}, headers={"If-Match": '"1"'}
    )
    posts = [
        client.post("/api/v1/stores", json=body),
        client.post("/api/v1/stores/import?crs=wgs84", data=b"name", content_type="text/csv"),
    ]
    for answer in [patch, *posts]:
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("values", "status", "code", "field"),
    [
        ({"lat": 91}, 422, "validation_failed", "lat"),
        ({"lat": "north"}, 422, "validation_failed", "lat"),
        ({"lat": 0, "lon": 0}, 422, "pin_invalid", "lat"),
        ({"lat": None}, 422, "validation_failed", "lat"),
        ({"name": ""}, 422, "validation_failed", "name"),
        ({"code": "S1"}, 409, "store_code_taken", "code"),
        ({"region_id": "nowhere"}, 422, "region_unknown", "region_id"),
        ({"radius_m": 5}, 422, "validation_failed", "radius_m"),
        ({"rep_ids": ["nobody"]}, 422, "rep_unknown", "rep_ids"),
        ({"rep_ids": ["sup_east"]}, 422, "rep_unknown", "rep_ids"),
        ({"pin_source": "guess"}, 422, "validation_failed", "pin_source"),
        ({"rev": 7}, 422, "validation_failed", "rev"),
    ],
)
def test_bad_stores_change_nothing(
    login: Login,
    world: World,
    stores: dict[str, str],
    values: dict[str, Any],
    status: int,
    code: str,
    field: str,
) -> None:
    if "rep_ids" in values:
        values = {"rep_ids": [world.people.get(name, name) for name in values["rep_ids"]]}
    office = login("office")
    body = NEW | {"region_id": world.regions["park"]} | values
    answer: Any = office.post("/api/v1/stores", json=body)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (status, code, field)
    again: Any = office.patch(
        f"/api/v1/stores/{stores['S2']}", json=values, headers={"If-Match": '"1"'}
    )
    assert (again.status_code, again.json["code"]) == (status, code)
    assert codes(office.get("/api/v1/stores")) == {"S1", "S2", "W1"}
    kept: Any = office.get(f"/api/v1/stores/{stores['S2']}")
    assert (kept.json["rev"], kept.json["name"], kept.json["reps"]) == (1, "7天超市", [])


def test_moving_the_pin_calls_the_judges(
    session: Session, world: World, clock: Clock, make_store: MakeStore
) -> None:
    store = make_store("M1", pin_quality_m=2_000.0, pin_source="geocoded")
    office = world.actors["office"]
    called: list[str] = []

    def hook(_session: Session, actor: Actor, _clock: Clock, store_id: str) -> None:
        assert actor == office
        called.append(store_id)

    domain.on_pin_changed.append(hook)
    try:
        domain.change_store(session, office, clock, store, {"name": "改名"})
        assert called == []
        domain.change_store(session, office, clock, store, {"lat": store.lat, "phone": "1"})
        assert called == []
        domain.change_store(session, office, clock, store, {"lat": 31.4})
        assert called == [store.id]
        assert (store.pin_source, store.pin_quality_m) == ("office", 0.0)
        domain.change_store(session, office, clock, store, {"radius_m": 80.0})
        assert called == [store.id, store.id]
    finally:
        domain.on_pin_changed.remove(hook)
    events = [entry["event"] for entry in journal.for_subject(session, "store", store.id)]
    assert events == ["store.created"] + ["store.changed"] * 4


def test_the_same_again_is_no_change(
    session: Session, world: World, clock: Clock, make_store: MakeStore
) -> None:
    store = make_store("M2")
    domain.change_store(session, world.actors["office"], clock, store, {"name": store.name})
    assert store.rev == 1
