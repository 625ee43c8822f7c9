"""Sync health: who is listed, in which order, with which words, and to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server.accounts import domain as accounts
from server.accounts.models import User
from server.kernel.clock import FrozenClock, wire_time
from tests.server.conftest import NOW, Login, World
from tests.server.sync.phone import AT
from tests.server.sync.test_devices import PARKED, REPORT, oldest_is_2

__all__ = ["oldest_is_2"]  # a fixture


def ago(**time: float) -> str:
    return str(wire_time(NOW - timedelta(**time)))


@pytest.fixture
def tell(login: Login, clock: FrozenClock) -> Any:
    """tell('rep_a', days=2, unsent=3, …): that person's phone reported so long ago."""
    clients: dict[str, FlaskClient] = {}

    def report(who: str, *, days: float = 0, phone: str = "", **changes: Any) -> None:
        clock.at = NOW
        client = clients.get(who) or clients.setdefault(who, login(who))
        quiet = {"unsent": 0, "oldest_unsent_at": None, "parked": []}
        clock.at = NOW - timedelta(days=days)
        body = REPORT | quiet | {"id": phone or f"phone-{who}"} | changes
        answer: Any = client.put("/api/v1/sync/device", json=body)
        clock.at = NOW
        assert answer.status_code == 200, answer.get_data(as_text=True)

    return report


def health(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer: Any = client.get("/api/v1/sync/health", query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    body: dict[str, Any] = answer.json
    return body


def names(body: dict[str, Any]) -> list[str]:
    return [row["person"]["name"] for row in body["items"]]


def test_everything_a_phone_told(login: Login, world: World, tell: Any) -> None:
    tell("rep_a", unsent=7, oldest_unsent_at=AT, parked=[PARKED])
    [row] = health(login("sup_east"), q="rep_a")["items"]
    words, remedy = row["parked"][0].pop("words"), row["parked"][0].pop("remedy")
    assert row == {
        "person": {
            "id": world.people["rep_a"],
            "name": "rep_a",
            "region_id": world.regions["park"],
            "region_name": "park",
        },
        "device_id": "phone-rep_a",
        "app_version": "0.2.0",
        "schema": 1,
        "too_old": False,
        "last_contact_at": wire_time(NOW),
        "reported_at": wire_time(NOW),
        "unsent": 7,
        "oldest_unsent_at": AT,
        "parked": [PARKED],
        "storage": REPORT["storage"],
        "standalone": True,
        "problems": ["parked"],
    }
    # The phone does not tell the value in the sentence: the sentence does without it.
    assert words == {"zh-CN": "数量不对", "en": "The quantity is not valid"}
    assert remedy["en"] == "Enter a whole number from 1 to 10,000."


def test_words_for_codes_with_a_kind_and_for_unknown_ones(login: Login, tell: Any) -> None:
    strange = PARKED | {"code": "op_kind_unknown", "kind": "visit.teleport"}
    tell("rep_a", parked=[strange, PARKED | {"code": "of_a_later_server"}])
    [row] = health(login("office"), q="rep_a")["items"]
    known, unknown = row["parked"]
    assert known["words"]["en"].endswith("visit.teleport")
    assert (unknown["words"], unknown["remedy"]) == (None, None)


def test_the_order_and_the_totals(login: Login, tell: Any) -> None:
    tell("rep_a", unsent=2, oldest_unsent_at=ago(hours=30))
    tell("rep_b", unsent=1, oldest_unsent_at=ago(hours=50), days=4)
    tell("rep_w", unsent=9, oldest_unsent_at=ago(hours=1), parked=[PARKED])
    tell("sup_east", days=5)
    tell("sup_west")
    body = health(login("office"))
    assert names(body) == ["rep_w", "rep_b", "rep_a", "sup_east", "sup_west"]
    assert body["totals"] == {"devices": 5, "parked": 1, "unsent_old": 2, "silent": 2}
    assert body["total"] == 5
    assert body["next"] is None
    for problem, found in {
        "parked": ["rep_w"],
        "unsent_old": ["rep_b", "rep_a"],
        "silent": ["rep_b", "sup_east"],
    }.items():
        narrowed = health(login("office"), problem=problem)
        assert names(narrowed) == found
        assert narrowed["total"] == len(found)
        assert narrowed["totals"] == body["totals"]


def test_reps_who_have_no_phone_yet(login: Login, tell: Any) -> None:
    tell("rep_a")
    body = health(login("sup_east"))
    # Never heard of is longest silent; supervisors need no phone.
    assert names(body) == ["rep_b", "rep_a"]
    assert body["items"][0]["device_id"] is None
    assert body["items"][0]["problems"] == ["silent"]
    assert body["totals"] == {"devices": 1, "parked": 0, "unsent_old": 0, "silent": 1}


def test_each_sees_their_regions(login: Login, world: World, tell: Any) -> None:
    tell("rep_a")
    tell("rep_w")
    assert names(health(login("sup_west"))) == ["rep_w"]
    park = {"region_id": world.regions["park"]}
    assert set(names(health(login("office"), **park))) == {"rep_a", "rep_b"}
    for region in (world.regions["park"], "no-such-region"):
        answer: Any = login("sup_west").get(f"/api/v1/sync/health?region_id={region}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    answer = login("rep_a").get("/api/v1/sync/health")
    assert answer.status_code == 403


def test_a_replaced_phone_counts_only_for_what_is_in_it(login: Login, tell: Any) -> None:
    tell("rep_a", phone="old", days=10)
    tell("rep_a", phone="new")
    office = login("office")
    assert [row["device_id"] for row in health(office, q="rep_a")["items"]] == ["new"]
    tell("rep_a", phone="old", days=10, unsent=1, oldest_unsent_at=ago(days=11))
    assert [row["device_id"] for row in health(office, q="rep_a")["items"]] == ["old", "new"]


def test_the_last_phone_stays_however_silent(login: Login, tell: Any) -> None:
    tell("rep_a", phone="old", days=30)
    tell("rep_a", phone="last", days=20)
    [row] = health(login("office"), q="rep_a")["items"]
    assert (row["device_id"], row["problems"]) == ("last", ["silent"])


def test_who_has_left_is_shown_while_work_is_on_their_phone(
    login: Login, world: World, session: Session, clock: FrozenClock, tell: Any
) -> None:
    tell("rep_a", unsent=3, oldest_unsent_at=ago(hours=1))
    tell("rep_b")
    for name in ("rep_a", "rep_b"):
        user = session.get_one(User, world.people[name])
        accounts.change_person(session, world.actors["office"], clock, user, {"active": False})
    session.commit()
    assert names(health(login("sup_east"))) == ["rep_a"]


def test_too_old_apps_are_marked(login: Login, tell: Any, oldest_is_2: None) -> None:
    tell("rep_a", schema=1)
    tell("rep_b", schema=2)
    rows = health(login("sup_east"))["items"]
    assert {row["person"]["name"]: row["too_old"] for row in rows} == {
        "rep_a": True,
        "rep_b": False,
    }


def test_unsent_old_needs_something_unsent(login: Login, tell: Any) -> None:
    tell("rep_a", unsent=0, oldest_unsent_at=ago(days=2))
    [row] = health(login("office"), q="rep_a")["items"]
    assert (row["problems"], row["oldest_unsent_at"]) == ([], None)


def test_pages_neither_skip_nor_repeat(login: Login, tell: Any) -> None:
    for number in range(7):
        tell("rep_a", phone=f"a{number}", unsent=number % 3, oldest_unsent_at=ago(hours=number))
        tell("rep_b", phone=f"b{number}", parked=[PARKED] * (number % 2))
    office = login("office")
    whole = health(office)["items"]
    pages: list[Any] = []
    cursor = None
    while True:
        body = health(office, limit=4, **({"cursor": cursor} if cursor else {}))
        pages += body["items"]
        cursor = body["next"]
        if cursor is None:
            break
    assert pages == whole
    assert len(whole) == 15  # and rep_w, who has none


@pytest.mark.parametrize(
    "key", [(2, "", "", "", ""), (True, "", "", "", ""), (0, 1, "", "", ""), (None,) * 5]
)
def test_forged_cursors(login: Login, key: tuple[Any, ...]) -> None:
    from server.kernel.paging import encode_cursor

    answer: Any = login("office").get(f"/api/v1/sync/health?cursor={encode_cursor(*key)}")
    assert (answer.status_code, answer.json["field"]) == (422, "cursor")
