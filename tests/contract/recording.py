"""Replaying the stories against the app, on a clock that stands still, and writing them down."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient

from server.app import create_app
from server.config import Settings
from server.kernel.clock import FrozenClock
from server.kernel.db import db
from tests.contract.company import NOW, PASSWORD, fill
from tests.contract.phone import Json
from tests.contract.stories import FILES

FOLDER = Path(__file__).parent
# Headers that the app reads; the others are not part of the contract.
HEADERS = (
    "Allow",
    "Content-Language",
    "Content-Type",
    "ETag",
    "Retry-After",
    "Upload-Complete",
    "Upload-Offset",
)


@contextmanager
def stage() -> Iterator[Flask]:
    """An app of its own with the company in it, thrown away afterwards."""
    # Numbers of the feed are moments. Where time stands at the beginning, they count from one.
    standing = patch("server.kernel.changes.time_ns", return_value=0)
    with tempfile.TemporaryDirectory() as folder, standing:
        clock = FrozenClock(NOW)
        app = create_app(Settings(data_dir=Path(folder), password_cost="test"), clock=clock)
        with app.app_context():
            db.create_all()
            fill(db.session(), clock)
            db.session.remove()
        yield app
        with app.app_context():
            db.engine.dispose()


def replay(stories: dict[str, list[tuple[str, Json]]]) -> dict[str, list[Json]]:
    """Send the requests of all stories of a file, in order, to one app.

    Returns the exchanges by story: {name, request, answer}.
    """
    told: dict[str, list[Json]] = {}
    with stage() as app:
        clients: dict[str | None, FlaskClient] = {None: app.test_client()}
        for story, requests in stories.items():
            told[story] = exchanges = []
            for name, asked in requests:
                who = asked["as"]
                if who not in clients:
                    clients[who] = _log_in(app, who)
                request = with_cursor(asked, exchanges)
                answer = _send(clients[who], request)
                exchanges.append({"name": name, "request": request, "answer": answer})
    return told


def _log_in(app: Flask, who: str) -> FlaskClient:
    client = app.test_client()
    answer: Any = client.post("/api/v1/session", json={"username": who, "password": PASSWORD})
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {answer.json['token']}"
    return client


def with_cursor(asked: Json, before: list[Json]) -> Json:
    """Put in the cursor that an earlier answer gave."""
    cursor = asked.get("query", {}).get("cursor", "")
    for exchange in before:
        if cursor == f"<cursor of {exchange['name']}>":
            cursor = exchange["answer"]["json"]["cursor"]
            return asked | {"query": asked["query"] | {"cursor": cursor}}
    return asked


def _send(client: FlaskClient, request: Json) -> Json:
    data = request.get("text")
    if "base64" in request:
        data = base64.b64decode(request["base64"])
    answer = client.open(
        request["path"],
        method=request["method"],
        query_string=request.get("query"),
        headers=request.get("headers"),
        json=request.get("json"),
        data=data,
    )
    headers = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
    found: Json = {"status": answer.status_code, "headers": headers}
    if answer.data:
        found["json"] = json.loads(answer.data)
        if "token" in found["json"]:
            # Random, and a secret by its nature.
            found["json"]["token"] = f"<{len(found['json']['token'])} characters>"
    return found


def record(name: str) -> str:
    """The text of a file as it would be written now."""
    return json.dumps(replay(FILES[name]), ensure_ascii=False, indent=1) + "\n"


def written(name: str) -> str:
    """The text of a file as it is; empty where there is none."""
    path = FOLDER / f"{name}.json"
    return path.read_text("utf-8") if path.exists() else ""
