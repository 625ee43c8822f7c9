"""The list and the page of visits: filters, order, cursors, scope, and what the API promises."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.visits import schemas
from tests.server.conftest import Login, World
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import Hand, fix

DAY = 86_400


def get(login: Login, who: str, path: str, **query: Any) -> Any:
    answer: Any = login(who).get(f"/api/v1{path}", query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json


def ids(page: Any) -> list[str]:
    return [item["id"] for item in page["items"]]


@pytest.fixture
def visits(
    rep: Hand, other_rep: Hand, store_id: str, other_store_id: str, session: Session
) -> dict[str, str]:
    """Five visits: two of rep_a today, one yesterday, one long ago, one of rep_b today."""
    done = rep.check_in(store_id, seconds_ago=3_600)
    rep.check_out(done, seconds_ago=1_800)
    gone = rep.check_in(store_id, seconds_ago=40 * DAY, fix=None)
    cancelled = rep.op("visit.cancel", {"at": rep.ago(), "reason": "店休"}, gone)
    rep.run(cancelled)
    return {
        "done": done,
        "open": rep.check_in(store_id, seconds_ago=60, fix=fix(5_000)),
        "abandoned": rep.check_in(store_id, seconds_ago=DAY, fix=fix(205)),
        "cancelled": gone,
        "b": other_rep.check_in(other_store_id, seconds_ago=30),
    }


NEWEST_FIRST = ["b", "open", "done", "abandoned", "cancelled"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, NEWEST_FIRST),
        ({"from": "2026-11-23", "to": "2026-11-23"}, ["b", "open", "done"]),
        ({"to": "2026-11-22"}, ["abandoned", "cancelled"]),
        ({"from": "2026-11-22"}, ["b", "open", "done", "abandoned"]),
        ({"verdict": "off_site"}, ["open"]),
        ({"verdict": "off_site,uncertain"}, ["open", "abandoned"]),
        ({"verdict": ["off_site", "unverifiable"]}, ["open", "cancelled"]),
        ({"state": "in_progress"}, ["b", "open"]),
        ({"state": "abandoned"}, ["abandoned"]),
        ({"state": "completed"}, ["done"]),
        ({"state": "cancelled"}, ["cancelled"]),
        ({"q": "店B1"}, ["b"]),
        ({"q": "rep_b"}, ["b"]),
        ({"q": "no such thing"}, []),
    ],
)
def test_filters(
    login: Login, visits: dict[str, str], query: dict[str, Any], expected: list[str]
) -> None:
    page = get(login, "sup_east", "/visits", **query)
    assert ids(page) == [visits[name] for name in expected]
    assert page["total"] == len(expected)
    assert page["next"] is None


def test_filters_by_record(
    login: Login, visits: dict[str, str], world: World, store_id: str
) -> None:
    by_rep = get(login, "office", "/visits", rep=world.people["rep_b"])
    assert ids(by_rep) == [visits["b"]]
    by_store = get(login, "office", "/visits", store=store_id)
    assert visits["b"] not in ids(by_store)
    assert by_store["total"] == 4
    by_region = get(login, "office", "/visits", region=world.regions["west"])
    assert by_region["total"] == 0


def test_pages_neither_skip_nor_repeat(login: Login, visits: dict[str, str]) -> None:
    client, seen, cursor = login("office"), [], None
    for _ in range(10):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer: Any = client.get("/api/v1/visits", query_string=query)
        assert answer.json["total"] == 5
        seen += ids(answer.json)
        cursor = answer.json["next"]
        if cursor is None:
            break
    assert seen == [visits[name] for name in NEWEST_FIRST]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "forged"}, "cursor"),
        ({"cursor": "WzEsMl0"}, "cursor"),
        ({"cursor": "WyJub3cgYW5kIHRoZW4iLCAieCJd"}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"from": "tomorrow"}, "from"),
        ({"verdict": "guilty"}, "verdict"),
        ({"state": "lost"}, "state"),
    ],
)
def test_bad_queries(login: Login, query: dict[str, Any], field: str) -> None:
    answer: Any = login("office").get("/api/v1/visits", query_string=query)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
    assert answer.json["field"].startswith(field)


def test_everybody_sees_their_own_scope(login: Login, visits: dict[str, str]) -> None:
    assert set(ids(get(login, "rep_a", "/visits"))) == set(visits.values()) - {visits["b"]}
    assert ids(get(login, "rep_b", "/visits")) == [visits["b"]]
    assert get(login, "sup_west", "/visits")["total"] == 0
    assert get(login, "office", "/visits")["total"] == 5


def test_what_is_out_of_scope_is_not_there(
    login: Login, visits: dict[str, str], world: World
) -> None:
    for who in ("rep_b", "sup_west", "rep_w"):
        answer: Any = login(who).get(f"/api/v1/visits/{visits['done']}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    answer = login("sup_west").get(f"/api/v1/visits?region={world.regions['east']}")
    assert answer.status_code == 404
    assert login("office").get("/api/v1/visits/nonsense").status_code == 404


def test_nobody_reads_without_a_session(client: Any, world: World) -> None:
    assert client.get("/api/v1/visits").status_code == 401


def test_abandoned_is_seen_not_stored(
    login: Login, visits: dict[str, str], rep: Hand, clock: FrozenClock
) -> None:
    page = get(login, "sup_east", f"/visits/{visits['abandoned']}")
    assert page["state"] == "abandoned"
    # Its check-out may still come, days late.
    assert rep.check_out(visits["abandoned"])["state"] == "completed"
    assert get(login, "sup_east", f"/visits/{visits['open']}")["state"] == "in_progress"
    clock.advance(DAY)
    assert get(login, "sup_east", f"/visits/{visits['open']}")["state"] == "abandoned"


def test_the_page_has_everything(
    login: Login, rep: Hand, session: Session, world: World, clock: FrozenClock
) -> None:
    store = add_store(session, world, clock, "A7", "rep_a", radius_m=350.0)
    visit_id = rep.check_in(store, seconds_ago=600, fix=fix(300))
    rep.run(rep.op("visit.note", {"visit_id": visit_id, "at": rep.ago(), "text": "缺货"}))
    rep.run(rep.photo_op(visit_id, "a" * 64))
    rep.check_out(visit_id)
    page = get(login, "sup_east", f"/visits/{visit_id}")
    assert (page["store_name"], page["store"]["radius_m"]) == ("店A7", 350.0)
    assert page["author"]["name"] == page["author_name"] == "rep_a"
    assert page["region_name"] == "park"
    assert [note["text"] for note in page["notes"]] == ["缺货"]
    assert (page["photos_total"], page["photos_arrived"]) == (1, 0)
    assert page["photos"][0]["state"] == "awaiting_bytes"
    assert page["photos"][0]["urls"]["thumb"].endswith("/thumb")
    assert page["handouts"] == []
    assert page["judgements"] == []
    events = [(entry["event"], entry["actor_name"]) for entry in page["journal"]]
    assert events == [
        ("visit.received", "rep_a"),
        ("visit.noted", "rep_a"),
        ("photo.added", "rep_a"),
        ("visit.checked_out", "rep_a"),
    ]


@pytest.mark.parametrize("path", ["list", "page"])
def test_the_documented_shape_is_the_real_one(
    login: Login, visits: dict[str, str], rep: Hand, path: str
) -> None:
    rep.run(rep.op("visit.note", {"visit_id": visits["open"], "at": rep.ago(), "text": "好"}))
    rep.run(rep.photo_op(visits["open"], "b" * 64))
    schema: Schema = schemas.VisitsOut() if path == "list" else schemas.VisitPageOut()
    where = "/visits" if path == "list" else f"/visits/{visits['open']}"
    body = get(login, "office", where)
    assert schema.validate(body) == {}
    assert schema.dump(schema.load(body)) == body
