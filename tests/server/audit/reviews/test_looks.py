"""Who looked at a doubtful visit: told to the rep when it was shown, not when it was fetched."""

from __future__ import annotations

from typing import Any

import pytest

from server.kernel.ids import new_id
from tests.server.audit.reviews.conftest import Sit
from tests.server.conftest import Login


@pytest.fixture
def looked(login: Login) -> Any:
    """looked() names those who looked at rep_a's visits, by visit."""

    def told() -> set[tuple[str, str]]:
        answer: Any = login("rep_a").get("/api/v1/me/data/views")
        return {(row["visit_id"], row["viewer_name"]) for row in answer.json["items"]}

    return told


def test_fetched_ahead_is_no_look(desk: Sit, doubtful: list[str], looked: Any) -> None:
    supervisor = desk("sup_east")
    supervisor.get(f"/reviews/{doubtful[0]}?ahead=true")
    supervisor.get("/reviews")
    assert looked() == set()
    for _ in range(2):
        assert supervisor.client.post(f"/api/v1/reviews/{doubtful[0]}/looks").status_code == 204
    assert looked() == {(doubtful[0], "sup_east")}


def test_read_otherwise_it_is_one(desk: Sit, doubtful: list[str], looked: Any) -> None:
    desk("sup_east").get(f"/reviews/{doubtful[2]}")
    assert looked() == {(doubtful[2], "sup_east")}


def test_a_decision_is_one(desk: Sit, doubtful: list[str], looked: Any) -> None:
    desk("office").decide(doubtful[0], "accept", rev=0)
    assert looked() == {(doubtful[0], "office")}


def test_a_second_word_is_one(desk: Sit, doubtful: list[str], looked: Any) -> None:
    desk("sup_east").decide(doubtful[0], "accept", rev=0)
    days = {"from": "2026-11-23", "to": "2026-11-23"}
    desk("office").post("/reaudit/samples", {"share": 1.0} | days, 201)
    office = desk("office")
    [case] = office.get("/reaudit/cases")["items"]
    assert (doubtful[0], "office") not in looked()
    office.get(f"/reaudit/cases/{case['id']}")
    assert (doubtful[0], "office") in looked()


def test_nobody_looks_at_what_they_may_not_see(desk: Sit, doubtful: list[str], looked: Any) -> None:
    for path in (f"/reviews/{doubtful[0]}/looks", f"/reviews/{new_id()}/looks"):
        desk("sup_west").post(path, None, 404)
    assert looked() == set()
