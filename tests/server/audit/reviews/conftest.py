"""Doubtful visits, and people who decide on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from tests.server.audit.conftest import Seed
from tests.server.conftest import Login, World


@dataclass
class Desk:
    """One person's way to the reviews."""

    client: FlaskClient

    def get(self, path: str, status: int = 200) -> Any:
        answer: Any = self.client.get(f"/api/v1{path}")
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.json

    def post(self, path: str, body: Any, status: int = 200) -> Any:
        answer: Any = self.client.post(f"/api/v1{path}", json=body)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.json

    def queue(self, query: str = "") -> list[str]:
        """The ids of the queue, in its order."""
        return [one["id"] for one in self.get(f"/reviews?{query}")["items"]]

    def decide(
        self, visit_id: str, action: str, *, rev: int | None = None, status: int = 200, **more: Any
    ) -> Any:
        """Decide on a visit as it stands now, or as it stood at rev."""
        if rev is None:
            rev = self.get(f"/reviews/{visit_id}")["review"]["rev"]
        body = {"id": new_id(), "action": action, "rev": rev} | more
        return self.post(f"/reviews/{visit_id}/decisions", body, status)

    def undo(self, visit_id: str, status: int = 200) -> Any:
        """Take back the decision that stands."""
        stands = self.get(f"/reviews/{visit_id}")["review"]["entry_id"]
        return self.decide(visit_id, "undo", undoes=stands, status=status)

    def state(self, visit_id: str) -> str | None:
        found: str | None = self.get(f"/reviews/{visit_id}")["review"]["state"]
        return found


Sit = Callable[[str], Desk]


@pytest.fixture
def desk(login: Login) -> Sit:
    """desk('sup_east') is that person at work."""
    return lambda username: Desk(login(username))


@pytest.fixture
def doubtful(seed: Seed) -> list[str]:
    """Five of the park: off site, a reused photo, uncertain, short, and a clean one."""
    rows = seed(
        [
            {"verdict": "off_site", "flags": ["off_site"]},
            {"flags": ["photo_reused", "short_visit"], "who": "rep_b"},
            {"verdict": "uncertain", "flags": ["uncertain"]},
            {"flags": ["short_visit"]},
            {},
        ]
    )
    return [row["id"] for row in rows]


@pytest.fixture
def others(world: World, seed: Seed, session: Session, clock: FrozenClock) -> list[str]:
    """A visit in the west that is off site."""
    rows = seed([{"region": "west", "who": "rep_w", "verdict": "off_site", "flags": ["off_site"]}])
    return [row["id"] for row in rows]
