"""The pages: right kinds, right caching, strict safety headers, compressed where it pays."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture
def site(app: Flask, tmp_path: Path) -> FlaskClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>rep</title>")
    (tmp_path / "console.html").write_text("<title>console</title>")
    (tmp_path / "sw.js").write_text("// worker")
    script = "export const a = 1;\n" * 50
    (tmp_path / "assets" / "app-abc123.js").write_text(script)
    (tmp_path / "assets" / "app-abc123.js.gz").write_bytes(gzip.compress(script.encode()))
    before = app.config["STOREWALK_DIST"]
    app.config["STOREWALK_DIST"] = tmp_path
    yield app.test_client()
    app.config["STOREWALK_DIST"] = before


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "rep"),
        ("/stores/1", "rep"),
        ("/console/", "console"),
        ("/console/visits/1", "console"),
    ],
)
def test_screens(site: FlaskClient, path: str, title: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 200
    assert title in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_hashed_files_never_change(site: FlaskClient) -> None:
    answer = site.get("/assets/app-abc123.js")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.mimetype == "text/javascript"
    packed = site.get("/assets/app-abc123.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.get_data()) == answer.get_data()


def test_the_worker_is_always_asked_for(site: FlaskClient) -> None:
    assert site.get("/sw.js").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/missing.png", "/api/v1/none", "/../config.py", "/%2e%2e/app.py"]
)
def test_nothing_else_is_served(site: FlaskClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"


def test_health(site: FlaskClient) -> None:
    assert site.get("/healthz").get_json() == {"status": "ok"}
    assert site.get("/readyz").status_code == 200


def test_problem_pages(site: FlaskClient) -> None:
    answer = site.get("/problems/wrong_credentials")
    assert "用户名或密码不正确" in answer.get_data(as_text=True)
    assert site.get("/problems/none").status_code == 404


def test_answers_travel_compressed(site: FlaskClient) -> None:
    plain = site.get("/api/v1/openapi.json")
    packed = site.get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.get_data()) == plain.get_data()
    assert len(packed.get_data()) < len(plain.get_data()) / 4
