"""The API describes itself completely: who may call what, which problems there are."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from server.kernel.problems import catalogue
from server.openapi import document
from tests.server.conftest import Login

CORE = {
    "/api/v1/session": {"post", "delete"},
    "/api/v1/me": {"get"},
    "/api/v1/sync/push": {"post"},
    "/api/v1/sync/pull": {"get"},
    "/api/v1/uploads/{sha256}": {"head", "patch"},
    "/api/v1/visits": {"get"},
    "/api/v1/visits/{visit_id}": {"get"},
    "/api/v1/photos/{photo_id}/{size}": {"get"},
    "/api/v1/stores": {"get"},
    "/api/v1/map/clusters": {"get"},
    "/api/v1/office/weeks/{week}": {"get"},
}
# What anybody may call. A new name here is a decision, not a convenience.
PUBLIC = {
    "healthz",
    "readyz",
    "session.log_in",
    "web.index",
    "web.console",
    "web.docs",
    "web.problem",
    "web.file",
    "api-docs.openapi_json",
    # Calendar programs cannot log in: its long random token is the key, and can be voided.
    "reminders.show_calendar",
}


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        roles = getattr(app.view_functions[rule.endpoint], "storewalk_roles", None)
        assert roles is not None, f"{rule.rule} needs @needs(...) or @public"
        if roles == ():
            assert rule.endpoint in PUBLIC, rule.endpoint


def test_without_a_session_every_other_route_is_closed(app: Flask) -> None:
    client = app.test_client()
    walked = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        path = rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<{argument}>", "x").replace(f"<string:{argument}>", "x")
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = client.open(path, method=method, json={} if method != "GET" else None)
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            walked += 1
    assert walked > 20


def test_core_paths_are_there(app: Flask) -> None:
    paths = document()["paths"]
    for path, methods in CORE.items():
        assert path in paths, sorted(paths)
        assert methods <= set(paths[path]), path


def test_openapi_is_served(client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["openapi"] == "3.1.0"


def test_docs_page_needs_no_other_host(client: FlaskClient) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert "/api/v1/sync/push" in text
    assert "<script" not in text
    assert "hash_mismatch" in text


def test_every_problem_speaks_both_languages() -> None:
    for kind in catalogue().values():
        for words in (kind.title, kind.remedy):
            assert words.zh, kind.code
            assert words.en, kind.code
            assert any("\u4e00" <= char <= "\u9fff" for char in words.zh), kind.code
            assert words.zh.count("{") == words.en.count("{"), kind.code


def test_each_operation_is_described(app: Flask) -> None:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                assert operation.get("summary"), f"{method} {path} needs a docstring"


def test_unknown_paths_are_problems(login: Login) -> None:
    answer = login("rep_a").get("/api/v1/nothing-here")
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"


def test_license_file_names_what_the_api_claims() -> None:
    text = (Path(__file__).resolve().parents[2] / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
