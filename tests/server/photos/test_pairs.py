"""Pairs of photos as the console is told of them, in and out of scope."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.ids import new_id
from tests.server.conftest import Login, World
from tests.server.photos.evidence import DAY_S, Add
from tests.server.visits.hand import Hand


def test_a_pair_with_both_sides(
    session: Session, rep: Hand, other_rep: Hand, visit_id: str, other_store_id: str,
    shelf: bytes, add: Add, login: Login,
) -> None:  # fmt: skip
    first = add(rep, visit_id, shelf, ago=2 * DAY_S)
    other_visit = other_rep.check_in(other_store_id)
    second = add(other_rep, other_visit, shelf)
    answer: Any = login("sup_east").get(f"/api/v1/photos/findings?visit={other_visit}")
    [item] = answer.json["items"]
    assert (item["kind"], item["distance_bits"], item["likeness"]) == ("reused_exact", 0, 1.0)
    assert item["photo"]["photo_id"] == second
    assert item["photo"]["author_name"] == "rep_b"
    assert item["other"] == {
        "visible": True,
        "day": "2026-11-21",
        "region_name": "park",
        "photo_id": first,
        "kind": "shelf",
        "added_at": "2026-11-21T04:00:00.000Z",
        "visit_id": visit_id,
        "office_check_in_id": None,
        "store_name": "店A1",
        "store_code": "A1",
        "author_name": "rep_a",
    }


def test_of_another_region_only_day_and_region_are_told(
    session: Session, rep: Hand, far_rep: Hand, visit_id: str, far_visit: str,
    shelf: bytes, add: Add, login: Login,
) -> None:  # fmt: skip
    first = add(far_rep, far_visit, shelf, ago=DAY_S)
    add(rep, visit_id, shelf)
    path = f"/api/v1/photos/findings?visit={visit_id}"
    hidden: Any = login("sup_east").get(path)
    other = hidden.json["items"][0]["other"]
    assert {name: value for name, value in other.items() if value is not None} == {
        "visible": False,
        "day": "2026-11-22",
        "region_name": "west",
    }
    for secret in (first, far_visit, "西店", "rep_w"):
        assert secret not in hidden.get_data(as_text=True)
    whole: Any = login("office").get(path)
    assert whole.json["items"][0]["other"]["photo_id"] == first


@pytest.mark.parametrize(
    ("who", "status"), [("rep_a", 403), ("sup_east", 200), ("sup_west", 404), ("office", 200)]
)
def test_who_may_ask(login: Login, visit_id: str, who: str, status: int) -> None:
    answer: Any = login(who).get(f"/api/v1/photos/findings?visit={visit_id}")
    assert answer.status_code == status
    if status == 200:
        assert answer.json == {"items": []}


def test_a_visit_must_be_named(login: Login, world: World) -> None:
    assert login("office").get("/api/v1/photos/findings").status_code == 422
    assert login("office").get(f"/api/v1/photos/findings?visit={new_id()}").status_code == 404
