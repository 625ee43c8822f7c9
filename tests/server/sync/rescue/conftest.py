"""The office, an author, and pictures of one's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from server.kernel.ids import new_id
from tests.server.conftest import Login, World
from tests.server.photos.conftest import picture


@pytest.fixture
def office(login: Login) -> FlaskClient:
    return login("office")


@pytest.fixture
def fresh() -> Callable[[], bytes]:
    """Pictures that no test of this process has stored."""
    return lambda: picture(int(new_id().replace("-", ""), 16) % 1_000_003)


@pytest.fixture
def author(world: World) -> dict[str, str]:
    return {"id": world.people["rep_a"], "name": "as the phone wrote it", "username": "rep_a"}
