"""Materials and stock over HTTP: who may do what, and how bad input is answered."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel.changes import ORG, Change, user_scope
from server.kernel.ids import new_id
from server.materials.queries import read_materials
from tests.server.conftest import Login, World
from tests.server.materials.conftest import give, handout
from tests.server.visits.hand import Hand

NEW = {
    "code": "P-01",
    "name": "海报",
    "kind": "posm",
    "unit": "张",
    "barcode": "4006381333931",
}


def test_the_office_keeps_materials(login: Login, world: World, session: Session) -> None:
    office = login("office")
    made: Any = office.post("/api/v1/materials", json=NEW)
    assert made.status_code == 201, made.json
    rest = {"value_cents": None, "tracks_batches": False, "photo_url": None}
    assert made.json == NEW | rest | {"id": made.json["id"], "active": True, "rev": 1}
    again: Any = office.post("/api/v1/materials", json=NEW)
    assert (again.status_code, again.json["code"]) == (409, "material_code_taken")
    path = f"/api/v1/materials/{made.json['id']}"
    shown = office.get(path)
    assert shown.headers["ETag"] == '"1"'
    assert office.patch(path, json={"name": "新"}).status_code == 428
    stale: Any = office.patch(path, json={"name": "新"}, headers={"If-Match": '"9"'})
    assert (stale.status_code, stale.json["code"]) == (412, "stale")
    change = {"name": "新海报", "barcode": None}
    done: Any = office.patch(path, json=change, headers={"If-Match": '"1"'})
    assert (done.status_code, done.json["rev"], done.json["barcode"]) == (200, 2, None)
    other: Any = office.post("/api/v1/materials", json=NEW | {"code": "P-02"})
    clash: Any = office.patch(
        f"/api/v1/materials/{other.json['id']}",
        json={"code": "P-01"},
        headers={"If-Match": '"1"'},
    )
    assert clash.json["code"] == "material_code_taken"
    told = session.scalars(
        select(Change.record_id).where(Change.scope == ORG, Change.entity == "material")
    )
    assert set(told) == {made.json["id"], other.json["id"]}
    found = read_materials(session, world.actors["rep_a"], [made.json["id"], new_id()])
    assert found == {made.json["id"]: done.json}


def test_a_material_has_a_picture_once_its_bytes_are_here(login: Login, bag: str) -> None:
    office = login("office")
    data = b"\x89PNG\r\n\x1a\n" + b"a picture"
    sha256 = hashlib.sha256(data).hexdigest()
    path, head = f"/api/v1/materials/{bag}", {"If-Match": "*"}
    early: Any = office.patch(path, json={"photo_sha256": sha256}, headers=head)
    assert (early.status_code, early.json["code"]) == (409, "material_photo_missing")
    assert login("rep_a").get(f"{path}/photo").status_code == 409
    sent = {"Upload-Offset": "0", "Upload-Length": str(len(data))}
    assert office.patch(f"/api/v1/uploads/{sha256}", data=data, headers=sent).status_code == 201
    done: Any = office.patch(path, json={"photo_sha256": sha256}, headers=head)
    assert done.json["photo_url"].startswith(f"{path}/photo?v=")
    shown = login("rep_a").get(done.json["photo_url"])
    assert (shown.data, shown.mimetype) == (data, "image/png")
    gone: Any = office.patch(path, json={"photo_sha256": None}, headers=head)
    assert gone.json["photo_url"] is None


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"barcode": "6.90123E+12"}, "barcode_scientific", "barcode"),
        ({"barcode": "4006381333932"}, "barcode_check_digit", "barcode"),
        ({"barcode": 4006381333931}, "validation_failed", "barcode"),
        ({"kind": "food"}, "validation_failed", "kind"),
        ({"name": ""}, "validation_failed", "name"),
        ({"code": "C" * 41}, "validation_failed", "code"),
        ({"surprise": 1}, "validation_failed", "surprise"),
    ],
)
def test_bad_materials(login: Login, change: dict[str, Any], code: str, field: str) -> None:
    office = login("office")
    answer: Any = office.post("/api/v1/materials", json=NEW | change)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, code, field)
    assert office.get("/api/v1/materials").json["total"] == 0  # type: ignore[index]


def test_the_list_is_searched_and_paged(login: Login) -> None:
    office = login("office")
    for number in range(5):
        body = NEW | {"code": f"M{number}", "name": f"物料{number}", "barcode": f"00{number}"}
        assert office.post("/api/v1/materials", json=body).status_code == 201
    rep = login("rep_a")
    seen: list[str] = []
    cursor = ""
    while True:
        page: Any = rep.get(f"/api/v1/materials?limit=2{cursor}")
        assert page.json["total"] == 5
        seen += [row["code"] for row in page.json["items"]]
        if page.json["next"] is None:
            break
        cursor = f"&cursor={page.json['next']}"
    assert seen == ["M0", "M1", "M2", "M3", "M4"]
    found: Any = rep.get("/api/v1/materials?q=003")
    assert [row["code"] for row in found.json["items"]] == ["M3"]
    none: Any = rep.get("/api/v1/materials?kind=sample")
    assert none.json["items"] == []
    forged: Any = rep.get("/api/v1/materials?cursor=bm9uc2Vuc2U")
    assert (forged.status_code, forged.json["field"]) == (422, "cursor")


def test_stock_is_seen_in_scope(
    login: Login, world: World, rep: Hand, visit_id: str, bag: str, cap: str
) -> None:
    give(rep, handout(rep, visit_id, bag, 3), handout(rep, visit_id, cap, 2))

    def stock(who: str, query: str = "") -> Any:
        return login(who).get(f"/api/v1/stock{query}").json

    def rows(who: str, query: str = "") -> list[tuple[str, str, int]]:
        return [
            (row["rep_name"], row["material_code"], row["balance"])
            for row in stock(who, query)["items"]
        ]

    own = [("rep_a", "BAG", 7), ("rep_a", "CAP", -2)]
    assert rows("rep_a") == own
    assert rows("rep_b") == []
    assert rows("sup_east") == own
    assert rows("sup_west") == []
    assert rows("office") == [(None, "BAG", 90), *own]
    assert stock("office")["items"][0]["holder_name"] == "总仓"
    rep_id = world.people["rep_a"]
    assert rows("office", f"?rep={rep_id}") == own
    for who in ("rep_b", "sup_west"):
        assert login(who).get(f"/api/v1/stock?rep={rep_id}").status_code == 404
    first = stock("office", "?limit=2")
    assert first["total"] == 3
    assert rows("office", f"?limit=2&cursor={first['next']}") == own[1:]


def test_an_issue_is_in_transit_until_the_rep_confirms(
    login: Login, world: World, bag: str, session: Session
) -> None:
    office, rep_id = login("office"), world.people["rep_b"]
    body = {"id": new_id(), "material_id": bag, "quantity": 5, "rep_id": rep_id}
    made: Any = office.post("/api/v1/ledger/movements", json=body)
    assert made.status_code == 201, made.json
    assert made.json["from_place"] == "warehouse:main"
    assert made.json["to_place"] == f"rep:{rep_id}"
    assert (made.json["state"], made.json["confirmed"]) == ("in_transit", None)
    assert office.post("/api/v1/ledger/movements", json=body).json == made.json
    changed: Any = office.post("/api/v1/ledger/movements", json=body | {"quantity": 6})
    assert changed.json["code"] == "record_exists"
    told = session.scalars(
        select(Change.entity).where(Change.scope == user_scope(rep_id), Change.record_id == bag)
    )
    assert list(told) == ["stock"]
    [row] = login("rep_b").get("/api/v1/stock").json["items"]  # type: ignore[index]
    assert (row["balance"], row["in_transit"]) == (0, 5)
    short: Any = office.post(
        "/api/v1/ledger/movements",
        json={"material_id": bag, "quantity": 86, "rep_id": rep_id},
        headers={"Accept-Language": "en"},
    )
    assert (short.status_code, short.json["code"]) == (409, "stock_short")
    assert short.json["title"] == "Only 85 are on the books, not 86"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "handout"}, "kind"),
        ({"kind": "count"}, "kind"),
        ({"kind": "issue"}, "kind"),
        ({"kind": "adjust"}, "kind"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": "5"}, "quantity"),
        ({"quantity": 1_000_001}, "quantity"),
        ({"id": "7"}, "id"),
    ],
)
def test_bad_movements(login: Login, bag: str, change: dict[str, Any], field: str) -> None:
    body = {"kind": "receive", "material_id": bag, "quantity": 1} | change
    answer: Any = login("office").post("/api/v1/ledger/entries", json=body)
    assert (answer.status_code, answer.json["field"]) == (422, field)


def test_only_the_office_writes(login: Login, bag: str) -> None:
    for who in ("rep_a", "sup_east"):
        client = login(who)
        assert client.post("/api/v1/materials", json=NEW).status_code == 403
        assert client.patch(f"/api/v1/materials/{bag}", json={}).status_code == 403
        assert client.post("/api/v1/ledger/entries", json={}).status_code == 403
    assert login("rep_a").get(f"/api/v1/materials/{new_id()}").status_code == 404
