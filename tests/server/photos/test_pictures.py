"""Pictures in the right hands only, and the list of photos."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from server.kernel.ids import new_id
from server.office.ops import OPS as OFFICE_OPS
from server.photos import schemas
from tests.server.conftest import Login, World
from tests.server.visits.hand import Hand, applied


def test_three_sizes(login: Login, shown: str, fresh: bytes) -> None:
    client = login("sup_east")
    for size in ("thumb", "screen", "original"):
        answer = client.get(f"/api/v1/photos/{shown}/{size}")
        assert answer.status_code == 200
        assert answer.content_type == "image/jpeg"
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert Image.open(io.BytesIO(answer.data)).size == (64, 48)
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert client.get(f"/api/v1/photos/{shown}/{size}", headers=tag).status_code == 304
    assert answer.data == fresh


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("rep_a", 200),
        ("rep_b", 404),
        ("rep_w", 404),
        ("sup_east", 200),
        ("sup_west", 404),
        ("office", 200),
    ],
)
def test_pictures_only_in_scope(login: Login, shown: str, who: str, status: int) -> None:
    client = login(who)
    assert client.get(f"/api/v1/photos/{shown}/thumb").status_code == status
    page: Any = client.get("/api/v1/photos")
    assert page.json["total"] == (1 if status == 200 else 0)


def test_no_session_no_picture(client: Any, shown: str) -> None:
    assert client.get(f"/api/v1/photos/{shown}/thumb").status_code == 401


@pytest.mark.parametrize("path", ["x/thumb", "x/huge"])
def test_what_is_not_there(login: Login, path: str, world: World) -> None:
    assert login("office").get(f"/api/v1/photos/{path}").status_code == 404


def test_the_list_filters_and_pages(
    rep: Hand, visit_id: str, login: Login, store_id: str, shown: str, world: World
) -> None:
    for n in range(4):
        rep.run(rep.photo_op(visit_id, f"{n}" * 64, kind="posm", taken_at=rep.ago(86_400 * n)))
    client = login("office")

    def total(**query: Any) -> int:
        answer: Any = client.get("/api/v1/photos", query_string=query)
        assert answer.status_code == 200, answer.json
        found: int = answer.json["total"]
        assert len(answer.json["items"]) == found
        return found

    assert total() == 5
    assert total(kind="posm") == 4
    assert total(visit=visit_id) == total(store=store_id) == 5
    assert total(visit=new_id()) == 0
    assert total(rep=world.people["rep_b"]) == 0
    assert total(**{"from": "2026-11-23"}) == 2
    assert total(to="2026-11-22") == 3
    seen: list[str] = []
    cursor = None
    for _ in range(5):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer: Any = client.get("/api/v1/photos", query_string=query)
        assert schemas.PhotosOut().validate(answer.json) == {}
        assert schemas.PhotosOut().dump(schemas.PhotosOut().load(answer.json)) == answer.json
        seen += [item["taken_at"] for item in answer.json["items"]]
        cursor = answer.json["next"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    bad: Any = client.get("/api/v1/photos?cursor=WyJ4IiwxXQ")
    assert (bad.status_code, bad.json["field"]) == (422, "cursor")


def test_the_photos_of_an_office_check_in_whenever_they_were_taken(
    rep: Hand, visit_id: str, login: Login, shown: str
) -> None:
    ops = [rep.op("office.check_in", {"at": rep.ago(), "fix": None}) for _ in range(2)]
    for op in ops:
        applied(OFFICE_OPS["office.check_in"](rep.session, rep.actor, rep.clock, [op])[0])
    [first, second] = [op.record_id for op in ops]
    # One from now, a file of the gallery from last month, one of the other check-in.
    for check_in, days, seed in ((first, 0, "0"), (first, 30, "1"), (second, 0, "2")):
        to = {"visit_id": None, "office_check_in_id": check_in}
        photo = rep.photo_op("", seed * 64, taken_at=rep.ago(86_400 * days)).payload
        rep.run(rep.op("photo.add", photo | to))
    path = "/api/v1/photos"
    for who, count in (("sup_east", 2), ("rep_a", 2), ("sup_west", 0), ("rep_b", 0)):
        answer: Any = login(who).get(path, query_string={"office_check_in": first})
        assert {item["office_check_in_id"] for item in answer.json["items"]} <= {first}
        assert len(answer.json["items"]) == answer.json["total"] == count


def test_the_list_of_visits_shows_the_first_picture(
    login: Login, shown: str, visit_id: str
) -> None:
    answer: Any = login("sup_east").get("/api/v1/visits")
    assert [(item["id"], item["thumb"]) for item in answer.json["items"]] == [(visit_id, shown)]


def test_a_photo_in_preparation_asks_for_patience(login: Login, stored: str, fresh: bytes) -> None:
    client = login("rep_a")
    answer: Any = client.get(f"/api/v1/photos/{stored}/thumb")
    assert (answer.status_code, answer.json["code"]) == (409, "photo_in_preparation")
    assert answer.headers["Retry-After"] == "2"
    assert client.get(f"/api/v1/photos/{stored}/original").data == fresh
