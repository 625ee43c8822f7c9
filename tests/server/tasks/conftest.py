"""rep_a's phone and store, and tasks given by the supervisor of the east."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.server.conftest import Login, World
from tests.server.contract.day import made
from tests.server.sync.conftest import other_phone, phone, store_id
from tests.server.visits.conftest import other_store_id

__all__ = ["other_phone", "other_store_id", "phone", "store_id"]  # fixtures are found by name
DONE_AT = "2026-11-23T03:40:00.000Z"

Give = Callable[..., dict[str, Any]]


@pytest.fixture
def supervisor(login: Login) -> FlaskClient:
    return login("sup_east")


@pytest.fixture
def give(supervisor: FlaskClient, world: World) -> Give:
    """give(title='…', …) gives rep_a (or rep_ids) a task; the first of the answer."""

    def one(**more: Any) -> dict[str, Any]:
        values = {"title": "更换价签", "rep_ids": [world.people["rep_a"]]} | more
        task: dict[str, Any] = made(supervisor.post("/api/v1/tasks", json=values))["items"][0]
        return task

    return one
