"""Logging in, sessions, people and regions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from tests.server.conftest import PASSWORD, Login, World


def test_bearer_login_and_logout(client: FlaskClient, world: World) -> None:
    answer: Any = client.post("/api/v1/session", json={"username": "Rep_A ", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json["user"]["role"] == "rep"
    head = {"Authorization": f"Bearer {answer.json['token']}"}
    me: Any = client.get("/api/v1/me", headers=head)
    assert me.json["user"]["id"] == world.people["rep_a"]
    assert me.json["organisation"]["time_zone"] == "Asia/Shanghai"
    assert client.delete("/api/v1/session", headers=head).status_code == 204
    assert client.get("/api/v1/me", headers=head).status_code == 401


def test_cookie_login_hides_the_token(client: FlaskClient, world: World) -> None:
    body = {"username": "rep_a", "password": PASSWORD, "client": "cookie"}
    answer: Any = client.post("/api/v1/session", json=body)
    assert "token" not in answer.json
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    "body", [{"username": "rep_a", "password": "wrong"}, {"username": "nobody", "password": "x"}]
)
def test_wrong_password_tells_nothing(
    client: FlaskClient, world: World, body: dict[str, str]
) -> None:
    answer: Any = client.post("/api/v1/session", json=body, headers={"Accept-Language": "en"})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "wrong_credentials"
    assert answer.json["title"] == "Wrong user name or password"


def test_problem_is_in_chinese_by_default(client: FlaskClient, world: World) -> None:
    answer: Any = client.get("/api/v1/me")
    assert answer.json["title"] == "请先登录"


def test_session_expires(login: Login, clock: FrozenClock) -> None:
    client = login("rep_a")
    assert client.get("/api/v1/me").status_code == 200
    clock.advance(31 * 86_400)
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://localhost"}, 401),
        ({}, 401),
    ],
)
def test_other_sites_cannot_write(
    client: FlaskClient, world: World, headers: dict[str, str], status: int
) -> None:
    body = {"username": "rep_a", "password": "wrong"}
    assert client.post("/api/v1/session", json=body, headers=headers).status_code == status


def test_bad_bodies(client: FlaskClient, world: World) -> None:
    bad: Any = client.post("/api/v1/session", data="{", content_type="application/json")
    assert (bad.status_code, bad.json["code"]) == (400, "malformed_json")
    form: Any = client.post("/api/v1/session", data={"username": "x"})
    assert (form.status_code, form.json["code"]) == (415, "not_json")
    empty: Any = client.post("/api/v1/session", json={"username": "x"})
    assert (empty.status_code, empty.json["field"]) == (422, "password")
    put: Any = client.put("/api/v1/session", json={})
    assert put.status_code == 405
    assert "POST" in put.headers["Allow"]


def test_office_keeps_people(login: Login, world: World) -> None:
    office = login("office")
    new = {
        "username": "New.One",
        "name": "新人",
        "role": "rep",
        "region_id": world.regions["park"],
        "password": "long enough",
    }
    made: Any = office.post("/api/v1/people", json=new)
    assert made.status_code == 201, made.json
    assert made.json["username"] == "new.one"
    again: Any = office.post("/api/v1/people", json=new)
    assert (again.status_code, again.json["code"]) == (409, "username_taken")
    weak: Any = office.post("/api/v1/people", json=new | {"username": "b2", "password": "short"})
    assert (weak.status_code, weak.json["code"]) == (422, "password_weak")
    path = f"/api/v1/people/{made.json['id']}"
    assert office.patch(path, json={"name": "甲"}).status_code == 428
    stale: Any = office.patch(path, json={"name": "甲"}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json["code"]) == (412, "stale")
    done: Any = office.patch(path, json={"name": "甲"}, headers={"If-Match": '"1"'})
    assert (done.status_code, done.json["name"], done.json["rev"]) == (200, "甲", 2)


def test_new_password_ends_log_ins(login: Login, world: World) -> None:
    rep, office = login("rep_a"), login("office")
    path = f"/api/v1/people/{world.people['rep_a']}"
    answer = office.patch(path, json={"password": "another password"}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    assert rep.get("/api/v1/me").status_code == 401


def test_scopes_of_people(login: Login, world: World) -> None:
    def names(who: str) -> set[str]:
        answer: Any = login(who).get("/api/v1/people")
        return {row["username"] for row in answer.json["items"]}

    assert names("rep_a") == {"rep_a"}
    assert names("sup_east") == {"sup_east", "rep_a", "rep_b"}
    assert len(names("office")) == 6
    answer: Any = login("sup_east").get(f"/api/v1/people?region={world.regions['west']}")
    assert answer.status_code == 404


def test_only_the_office_edits(login: Login, world: World) -> None:
    answer: Any = login("sup_east").post("/api/v1/regions", json={})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_region_moves_with_its_subtree(login: Login, world: World, session: Session) -> None:
    office = login("office")
    path = f"/api/v1/regions/{world.regions['east']}"
    loop: Any = office.patch(
        path, json={"parent_id": world.regions["park"]}, headers={"If-Match": '"1"'}
    )
    assert (loop.status_code, loop.json["code"]) == (409, "region_loop")
    moved = office.patch(
        path, json={"parent_id": world.regions["west"]}, headers={"If-Match": '"1"'}
    )
    assert moved.status_code == 200
    seen: Any = login("sup_west").get("/api/v1/regions")
    assert {row["code"] for row in seen.json["items"]} == {"west", "east", "park"}


def test_too_many_wrong_passwords(
    app: Flask, client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = replace(app.config["SETTINGS"], login_rate="3 per minute")
    monkeypatch.setitem(app.config, "SETTINGS", rules)

    def tried(username: str, password: str) -> Any:
        body = {"username": username, "password": password}
        return client.post("/api/v1/session", json=body)

    for _ in range(3):
        answer = tried("sup_east", "wrong")
        assert answer.status_code == 401
        # To wait is what the person would read there, and there is nothing to wait for.
        assert "Retry-After" not in answer.headers
    answer = tried("sup_east", PASSWORD)
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    # The shop's Wi-Fi is one address: others in it are not locked out.
    answer = tried("sup_west", PASSWORD)
    assert answer.status_code == 200
    assert "Retry-After" not in answer.headers
