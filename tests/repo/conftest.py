"""The repository's own tests use the server's fixtures."""

from __future__ import annotations

from tests.server.conftest import (  # noqa: F401 -- fixtures are found by name
    app,
    client,
    clock,
    login,
    session,
    shared_app,
    world,
)
