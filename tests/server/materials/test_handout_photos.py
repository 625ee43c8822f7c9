"""The photo that shows a handout: told where the handout is, and only if it is of that visit."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from server.photos import domain as photos
from tests.server.conftest import Login
from tests.server.materials.conftest import give, handout
from tests.server.photos.conftest import Put, picture, put, sha
from tests.server.visits.hand import Hand, applied

__all__ = ["put"]


def add_photo(hand: Hand, visit_id: str, login: Login, send: Put, data: bytes) -> str:
    """A photo of a visit, its bytes here and looked into."""
    assert send(login("rep_a"), data).status_code == 201
    op = hand.photo_op(visit_id, sha(data), kind="other")
    applied(hand.run(op)[0])
    assert photos.process(hand.session, hand.clock, op.record_id)
    return op.record_id


def told(login: Login, visit_id: str) -> list[tuple[Any, Any]]:
    """(photo_id, photo_state) of the visit's handouts: the page, the ledger and the file agree."""
    office = login("office")
    page: Any = office.get(f"/api/v1/visits/{visit_id}")
    found = {one["id"]: (one["photo_id"], one["photo_state"]) for one in page.json["handouts"]}
    listed: Any = office.get("/api/v1/ledger/entries?kind=handout")
    mine = [one for one in listed.json["items"] if one["visit_id"] == visit_id]
    assert {one["handout_id"]: (one["photo_id"], one["photo_state"]) for one in mine} == found
    asked, english = {"table": "handouts", "format": "csv"}, {"Accept-Language": "en"}
    file: Any = office.post("/api/v1/stock/export", json=asked, headers=english)
    rows = list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))
    filed = [(row["photo"] or None, row["photo state"]) for row in rows if row["visit"] == visit_id]
    words = {
        None: "",
        "here": "here",
        "awaited": "not here yet",
        "elsewhere": "of another visit",
        "unreadable": "cannot be shown",
    }
    assert sorted(filed, key=str) == sorted(((a, words[b]) for a, b in found.values()), key=str)
    return list(found.values())


def test_a_photo_of_the_visit_is_told(
    rep: Hand, visit_id: str, bag: str, login: Login, put: Put
) -> None:
    photo = add_photo(rep, visit_id, login, put, picture(31))
    give(rep, handout(rep, visit_id, bag, 1, photo_id=photo))
    assert told(login, visit_id) == [(photo, "here")]


def test_what_names_no_photo_has_none(rep: Hand, visit_id: str, bag: str, login: Login) -> None:
    give(rep, handout(rep, visit_id, bag, 1))
    assert told(login, visit_id) == [(None, None)]


@pytest.mark.parametrize("announced", [True, False])
def test_a_photo_may_come_after_its_handout(
    rep: Hand, visit_id: str, bag: str, login: Login, put: Put, announced: bool
) -> None:
    data = picture(32 + announced)
    photo = rep.photo_op(visit_id, sha(data), kind="other")
    given = handout(rep, visit_id, bag, 1, photo_id=photo.record_id)
    if announced:
        applied(rep.run(photo)[0])
    applied(give(rep, given)[0])
    assert told(login, visit_id) == [(photo.record_id, "awaited")]
    assert put(login("rep_a"), data).status_code == 201
    if not announced:
        applied(rep.run(photo)[0])
    assert told(login, visit_id) == [(photo.record_id, "here")]


def test_a_photo_of_another_visit_is_named_as_such_and_refuses_nothing(
    rep: Hand, visit_id: str, store_id: str, bag: str, login: Login, put: Put
) -> None:
    other = rep.check_in(store_id, seconds_ago=500)
    photo = add_photo(rep, other, login, put, picture(34))
    applied(give(rep, handout(rep, visit_id, bag, 1, photo_id=photo))[0])
    assert told(login, visit_id) == [(photo, "elsewhere")]


def test_a_photo_that_cannot_be_shown_says_so(
    rep: Hand, visit_id: str, bag: str, login: Login, put: Put
) -> None:
    photo = add_photo(rep, visit_id, login, put, b"no picture, but sent as one")
    give(rep, handout(rep, visit_id, bag, 1, photo_id=photo))
    assert told(login, visit_id) == [(photo, "unreadable")]
