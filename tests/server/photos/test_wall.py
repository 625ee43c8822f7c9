"""The photo wall: what hangs there, for whom, and page by page."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.campaigns import domain as campaigns
from server.campaigns.models import State
from server.kernel.clock import FrozenClock
from tests.server.conftest import Login, World
from tests.server.photos.conftest import picture
from tests.server.photos.evidence import Add
from tests.server.visits.hand import Hand

WALL = "/api/v1/photos/wall"


def ask(client: Any, status: int = 200, **query: Any) -> Any:
    query = {key.rstrip("_"): value for key, value in query.items()}
    answer = client.get(WALL, query_string=query)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json


def ids(page: Any) -> list[str]:
    return [one["id"] for one in page["items"]]


@pytest.fixture
def hung(
    add: Add,
    rep: Hand,
    visit_id: str,
    other_rep: Hand,
    other_store_id: str,
    far_rep: Hand,
    far_visit: str,
) -> dict[str, str]:
    """Photos by what is particular about them, the newest first."""

    def bring(hand: Hand, visit: str, seed: int, kind: str, taken: str) -> str:
        return add(hand, visit, picture(seed), kind=kind, taken_at=taken)

    other = other_rep.check_in(other_store_id)
    return {
        "far": bring(far_rep, far_visit, 4, "shelf", "2026-11-23T03:00:00.000Z"),
        "other": bring(other_rep, other, 3, "pile", "2026-11-22T16:30:00.000Z"),
        "late": bring(rep, visit_id, 2, "shelf", "2026-11-22T15:30:00.000Z"),
        "early": bring(rep, visit_id, 1, "shelf", "2026-11-10T03:00:00.000Z"),
    }


def test_the_newest_hang_first_and_are_named(
    login: Login, world: World, hung: dict[str, str], visit_id: str, store_id: str
) -> None:
    page = ask(login("office"))
    assert ids(page) == list(hung.values())
    assert page["next"] is None
    late = page["items"][2]
    assert late["visit_id"] == visit_id
    assert late["store_id"] == store_id
    assert (late["store_code"], late["author_name"], late["kind"]) == ("A1", "rep_a", "shelf")
    assert late["region_name"]
    # Half past eleven at night where the company is, and half past midnight an hour later.
    assert [one["day"] for one in page["items"][1:3]] == ["2026-11-23", "2026-11-22"]


def test_filters(login: Login, world: World, hung: dict[str, str], store_id: str) -> None:
    client = login("office")
    for query, wanted in (
        ({"kind": "pile"}, ["other"]),
        ({"kind": "pile,shelf", "from_": "2026-11-22"}, ["far", "other", "late"]),
        ({"store": store_id}, ["late", "early"]),
        ({"store": store_id, "kind": "shelf", "to": "2026-11-21"}, ["early"]),
        ({"rep": world.people["rep_b"]}, ["other"]),
        ({"region": world.regions["west"]}, ["far"]),
        ({"from_": "2026-11-22", "to": "2026-11-22"}, ["late"]),
        ({"photo": f"{hung['early']},{hung['far']}"}, ["far", "early"]),
    ):
        assert ids(ask(client, **query)) == [hung[name] for name in wanted], query
    for query in ({"kind": "selfie"}, {"from_": "x"}, {"limit": 0}, {"cursor": "x"}):
        assert ask(client, 422, **query)["code"] == "validation_failed"
    assert ask(client, 422, photo=",".join(["x"] * 51))["code"] == "validation_failed"


def test_photos_of_a_campaign(
    login: Login,
    world: World,
    session: Session,
    clock: FrozenClock,
    hung: dict[str, str],
    store_id: str,
    other_store_id: str,
) -> None:
    """At its stores, in its period, of the kinds that it asks for."""
    office = world.actors["office"]

    def plan(code: str, first: date, last: date, kinds: list[str], stores: list[str]) -> str:
        values = {"code": code, "name": code, "materials": [], "photo_kinds": kinds}
        made = campaigns.create_campaign(
            session, office, clock, values | {"first_day": first, "last_day": last}
        )
        chosen = {"how": "add", "store_ids": stores}
        campaigns.choose_stores(session, office, clock, made, chosen)
        campaigns.set_state(session, office, clock, made, State.RUNNING)
        session.commit()
        return str(made.id)

    both = [store_id, other_store_id]
    the_22nd, the_23rd = date(2026, 11, 22), date(2026, 11, 23)
    client = login("office")
    for campaign, more, wanted in (
        (plan("K1", the_22nd, the_23rd, ["shelf", "pile"], both), {}, ["other", "late"]),
        (plan("K2", the_22nd, the_23rd, ["pile"], both), {}, ["other"]),
        (plan("K3", the_22nd, the_22nd, ["shelf"], both), {}, ["late"]),
        (plan("K4", date(2026, 11, 1), the_23rd, ["shelf"], [store_id]), {}, ["late", "early"]),
        (plan("K5", the_22nd, the_23rd, ["shelf", "pile"], both), {"kind": "pile"}, ["other"]),
        (plan("K6", date(2026, 11, 1), the_23rd, ["shelf"], both), {"to": "2026-11-21"}, ["early"]),
    ):
        page = ask(client, campaign=campaign, **more)
        assert ids(page) == [hung[name] for name in wanted], more
        assert ids(ask(login("sup_east"), campaign=campaign, **more)) == ids(page)
        # No store of theirs takes part.
        assert ask(login("sup_west"), 404, campaign=campaign)["code"] == "not_found"
    assert ask(client, 404, campaign=store_id)["code"] == "not_found"


def test_page_by_page_nothing_is_skipped_or_shown_twice(login: Login, hung: dict[str, str]) -> None:
    client, seen, cursor = login("office"), [], None
    while True:
        page = ask(client, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += ids(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == list(hung.values())


def test_each_sees_their_own_regions(login: Login, world: World, hung: dict[str, str]) -> None:
    east = [hung[name] for name in ("other", "late", "early")]
    assert ids(ask(login("sup_east"))) == east
    assert ids(ask(login("sup_west"))) == [hung["far"]]
    # Not by its id, either.
    assert ids(ask(login("sup_west"), photo=hung["late"])) == []
    assert ask(login("sup_west"), 404, region=world.regions["park"])["code"] == "not_found"
    assert ask(login("rep_a"), 403)["code"] == "forbidden"


def test_only_what_can_be_shown_hangs_there(login: Login, stored: str) -> None:
    assert stored
    assert ids(ask(login("office"))) == []
