"""Values that no database column holds, and cursors that nobody handed out: refused everywhere.

PostgreSQL stores no NUL in text and no number above its column's size. SQLite takes both, so only
a rule that refuses them before the database keeps the two alike.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from sqlalchemy import BigInteger

from server.kernel.paging import encode_cursor
from server.openapi import document
from server.sync.models import OpReceipt
from tests.server.conftest import Login
from tests.server.contract.day import Day
from tests.server.contract.doors import DOORS
from tests.server.sync.phone import AT, PIN, Phone

LISTS = [
    "/api/v1/stores",
    "/api/v1/stores/pin-proposals",
    "/api/v1/visits",
    "/api/v1/photos",
    "/api/v1/photos/wall",
    "/api/v1/reviews",
    "/api/v1/tasks",
    "/api/v1/campaigns",
    "/api/v1/campaigns/{campaign_id}/board",
    "/api/v1/me/data/{section}",
    "/api/v1/materials",
    "/api/v1/stock",
    "/api/v1/ledger/entries",
    "/api/v1/ledger/movements",
    "/api/v1/ledger/adjustments",
    "/api/v1/sync/pull",
    "/api/v1/sync/health",
]
NUL = "a\0b"


def test_every_list_with_a_cursor_is_tried(day: Day) -> None:
    with_cursor = {
        path
        for path, item in document()["paths"].items()
        if any(one["name"] == "cursor" for one in item.get("get", {}).get("parameters", ()))
    }
    assert with_cursor == set(LISTS), "add the new list to LISTS"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "key",
    [
        (None, None),
        (1, 2),
        ("", ""),
        (True, 1.5),
        (NUL, NUL),
        ("2026-11-23T03:30:00+00:00", NUL),
        ("2026-11-23T03:30:00+00:00", 7),
        ("0001-01-01T00:00:00+14:00", "x"),
        ("9999-12-31T23:59:59-14:00", "x"),
        (1, "someone", 10**30, -1),
        (1, None, None, None),
    ],
    ids=repr,
)
def test_forged_cursors(day: Day, login: Login, path: str, key: tuple[Any, ...]) -> None:
    path = path.format(campaign_id=day.common["everywhere"], section="journal")
    answer: Any = login("office").get(path, query_string={"cursor": encode_cursor_raw(key)})
    if answer.status_code == 200:
        # A position like any other: it names a place in the list, and shows nothing more.
        assert "items" in answer.json
    else:
        assert (answer.status_code, answer.json["field"]) == (422, "cursor")


def encode_cursor_raw(key: tuple[Any, ...]) -> str:
    """As encode_cursor, also of numbers beyond 64 bits."""
    if any(isinstance(part, int) and abs(part) > 2**63 for part in key):
        return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
    return encode_cursor(*key)


@pytest.mark.parametrize("key", [key for key in DOORS if "<" in key])
def test_nul_in_a_path(day: Day, login: Login, key: str) -> None:
    method, rule = key.split()
    path = "/".join("a%00b" if part.startswith("<") else part for part in rule.split("/"))
    headers = {"If-Match": "*", "Upload-Offset": "0", "Upload-Length": "1"}
    body = None if "uploads" in rule else DOORS[key].json
    answer = login("office").open(path, method=method, json=body, headers=headers)
    assert answer.status_code == 404, answer.get_data(as_text=True)


def test_nul_in_a_query(day: Day, login: Login) -> None:
    client, tried = login("office"), 0
    for path, item in document()["paths"].items():
        for one in item.get("get", {}).get("parameters", ()):
            if one.get("in") == "query" and one["schema"].get("type") == "string":
                query = {"bbox": "120,31,121,32", "zoom": "5", one["name"]: NUL}
                answer: Any = client.get(path.replace("{week}", "2026-W48"), query_string=query)
                assert answer.status_code == 422, f"{path} {one['name']}"
                assert answer.json["field"].startswith(one["name"])
                tried += 1
    assert tried > 20


@pytest.mark.parametrize("key", [key for key in DOORS if DOORS[key].json and "push" not in key])
def test_nul_in_a_body(day: Day, login: Login, key: str) -> None:
    method, rule = key.split()
    path = rule.replace("<", "{").replace(">", "}")
    names = {"user_id": "person", "store_id": "store", "visit_id": "visit"}
    names |= {"case_id": "case", "bulk_id": "bulk", "task_id": "task"}
    words = {**day.sides[0].words, **day.common, "region_id": day.world.regions["park"]}
    words |= {name: words[kind] for name, kind in names.items()}
    words |= {"material_id": words["material"], "office_id": words["office"]}
    words |= {"movement_id": words["movement"], "adjustment_id": words["count"]}
    words |= {"entry_id": words["entry"], "warehouse_id": words["warehouse"]}
    words |= {f"{kind}_id": words[kind] for kind in ("exemption", "make_up")}
    words |= {"check_in_id": words["office_check_in"], "week": "2026-W48"}
    words |= {"campaign_id": day.common["everywhere"]}
    for field, value in DOORS[key].json.items():
        if isinstance(value, str):
            body = DOORS[key].json | {field: NUL}
            answer: Any = login("office").open(
                path.format(**words), method=method, json=body, headers={"If-Match": "*"}
            )
            assert (answer.status_code, answer.json["field"]) == (422, field), f"{key} {field}"


@pytest.mark.parametrize("levels", [60, 900])
# Push and the calendar read their bodies themselves, and have tests of their own.
@pytest.mark.parametrize(
    "key", [key for key in DOORS if DOORS[key].json and not key.endswith(("push", "calendars"))]
)
def test_a_body_nested_too_deep(day: Day, login: Login, key: str, levels: int) -> None:
    method, rule = key.split()
    headers = {"If-Match": "*", "Content-Type": "application/json", "Accept-Language": "en"}
    for opens, ends in (("[", "]"), ('{"a":', "}")):
        deep = opens * levels + "0" + ends * levels
        text = json.dumps(DOORS[key].json | {"deep": "?"}).replace('"?"', deep)
        answer: Any = login("office").open(rule, method=method, data=text, headers=headers)
        assert (answer.status_code, answer.json["field"]) == (422, "deep"), answer.json
        assert answer.json["errors"][0]["message"] == "This is nested too deep."


def test_nul_from_a_phone(day: Day, login: Login) -> None:
    phone = Phone(login("rep_a"), day.world.people["rep_a"])
    fix = {"lat": PIN[0], "lon": PIN[1], "accuracy_m": 5, "age_s": 1, "source": NUL}
    store = day.sides[0].words["store"]
    results = phone.push(
        phone.check_in(store, fix=fix, reason=NUL),
        phone.op("office.check_in", {"at": AT, "fix": fix, "reason": NUL}),
    )
    assert [row["status"] for row in results] == ["applied", "applied"]
    assert [row["result"]["fix"]["source"] for row in results] == ["gps", "gps"]
    assert [row["result"]["reason"] for row in results] == ["ab", "ab"]
    device = {"id": NUL, "app_version": "1"}
    body = {"schema": 1, "device": device, "ops": []}
    refused: Any = phone.client.post("/api/v1/sync/push", json=body)
    assert (refused.status_code, refused.json["field"]) == (422, "device.id")
    body["device"] = {"id": "phone-1", "app_version": NUL}
    assert phone.client.post("/api/v1/sync/push", json=body).status_code == 200


def test_the_largest_numbers_of_a_phone_are_stored(day: Day, login: Login) -> None:
    phone = Phone(login("rep_a"), day.world.people["rep_a"])
    most = {"device_seq": 2**53, "clock_offset_ms": 3_660 * 86_400_000, "monotonic_ms": 2**38}
    op = phone.check_in(day.sides[0].words["store"]) | most
    assert phone.push(op)[0]["status"] == "applied"
    # SQLite would take it in any case.
    assert isinstance(OpReceipt.__table__.c.device_seq.type, BigInteger)


@pytest.mark.parametrize(("wanted", "status"), [("bytes=0-9", 206), ("bytes=99999999-", 416)])
def test_ranges_of_a_picture(day: Day, login: Login, wanted: str, status: int) -> None:
    path = f"/api/v1/photos/{day.sides[0].words['photo']}/screen"
    answer = login("rep_a").get(path, headers={"Range": wanted})
    assert answer.status_code == status
    if status == 416:
        assert answer.json["code"] == "range_invalid"
        assert answer.headers["Content-Range"].startswith("bytes */")
