"""Which campaign a handout counts for, what a store has done, and how much of it holds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.campaigns import domain, numbers, queries
from server.campaigns.models import Campaign, State
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.materials.ledger import WAREHOUSE, balance
from server.photos import domain as photos
from tests.server.campaigns.conftest import Make
from tests.server.conftest import Login, World
from tests.server.materials.conftest import give, handout
from tests.server.photos.conftest import Put, picture, sha
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import Hand, applied, fix

SIGNATURE = b"\x89PNG\r\n\x1a\na signature of the campaign"


def given_for(rep: Hand, visit_id: str, material_id: str, **more: Any) -> Any:
    return applied(give(rep, handout(rep, visit_id, material_id, **more))[0])["campaign_id"]


def test_the_campaign_is_found_by_material_store_and_day(
    rep: Hand, visit_id: str, bag: str, cap: str, campaign: str
) -> None:
    assert given_for(rep, visit_id, bag) == campaign
    assert given_for(rep, visit_id, cap) is None
    # 20 days earlier it had not begun.
    assert given_for(rep, visit_id, bag, at=rep.ago(20 * 86_400)) is None


def test_the_rep_may_choose_another_or_none(
    rep: Hand, visit_id: str, store_id: str, bag: str, campaign: str, make: Make
) -> None:
    sooner = make("P2", [store_id], {bag: 1}, last_day=date(2026, 11, 25))
    draft = make("P3", [store_id], {bag: 1}, start=False)
    elsewhere = make("P4", [], {bag: 1}, start=False)
    assert given_for(rep, visit_id, bag) == sooner
    assert given_for(rep, visit_id, bag, campaign_id=campaign) == campaign
    assert given_for(rep, visit_id, bag, campaign_id=None) is None
    for wrong in (draft, elsewhere, new_id()):
        # It has happened, so it is stored; and it counts where it fits.
        assert given_for(rep, visit_id, bag, campaign_id=wrong) == sooner


def test_a_campaign_of_another_store_does_not_count(
    rep: Hand, visit_id: str, other_store_id: str, bag: str, make: Make
) -> None:
    make("P5", [other_store_id], {bag: 1})
    assert given_for(rep, visit_id, bag) is None


def test_what_came_late_still_counts(
    rep: Hand, visit_id: str, bag: str, campaign: str, session: Session, world: World
) -> None:
    office = world.actors["office"]
    for state in (State.ENDED, State.CLOSED):
        domain.set_state(session, office, rep.clock, session.get_one(Campaign, campaign), state)
    session.commit()
    assert given_for(rep, visit_id, bag) == campaign


@pytest.fixture
def photo(rep: Hand, visit_id: str, login: Login, put: Put) -> str:
    """A photo of a pile in rep_a's visit, arrived and looked into."""
    data = picture(int(new_id().replace("-", ""), 16) % 1_000_003)
    assert put(login("rep_a"), data).status_code == 201
    op = rep.photo_op(visit_id, sha(data), kind="pile")
    applied(rep.run(op)[0])
    assert photos.process(rep.session, rep.clock, op.record_id)
    return op.record_id


def board_of(login: Login, campaign: str, query: str = "") -> Any:
    answer: Any = login("office").get(f"/api/v1/campaigns/{campaign}/board{query}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_store_goes_from_planned_to_photographed(
    rep: Hand, visit_id: str, bag: str, campaign: str, login: Login, put: Put
) -> None:
    def shown() -> Any:
        return board_of(login, campaign)["items"][0]

    assert (shown()["state"], shown()["reps"]) == ("planned", ["rep_a"])
    give(rep, handout(rep, visit_id, bag, 2))
    assert shown()["state"] == "missing"
    give(rep, handout(rep, visit_id, bag, 1))
    row = shown()
    assert (row["state"], row["lacking_photos"], row["complete"]) == ("handed_out", ["pile"], False)
    assert [(one["planned"], one["handed"]) for one in row["materials"]] == [(3, 3)]
    data = picture(int(new_id().replace("-", ""), 16) % 1_000_003)
    applied(rep.run(rep.photo_op(visit_id, sha(data), kind="pile"))[0])
    # Announced is not arrived.
    assert shown()["state"] == "handed_out"
    assert put(login("rep_a"), data).status_code == 201
    row = shown()
    assert (row["state"], row["photos"], row["complete"]) == ("photographed", ["pile"], True)


def test_after_the_last_day_what_lacks_is_missing(
    campaign: str, login: Login, clock: FrozenClock
) -> None:
    clock.advance(7 * 86_400)
    assert board_of(login, campaign)["counts"]["missing"] == 1
    listed: Any = login("office").get("/api/v1/campaigns?state=ended")
    assert [one["state"] for one in listed.json["items"]] == ["ended"]
    running: Any = login("office").get("/api/v1/campaigns?state=running")
    assert running.json["items"] == []


def effect(login: Login, campaign: str, who: str = "office") -> Any:
    answer: Any = login(who).get(f"/api/v1/campaigns/{campaign}/numbers")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_effective_needs_signature_photo_and_fence(
    rep: Hand,
    visit_id: str,
    store_id: str,
    bag: str,
    campaign: str,
    photo: str,
    login: Login,
    put: Put,
) -> None:
    signed = {"signature_sha256": sha(SIGNATURE)}
    give(rep, handout(rep, visit_id, bag, 2, **signed))
    # The picture of the signature is not here yet.
    assert effect(login, campaign)["effectiveness"]["effective"] == 0
    assert put(login("rep_a"), SIGNATURE).status_code == 201
    give(rep, handout(rep, visit_id, bag, 1))
    no_photo = rep.check_in(store_id, seconds_ago=500)
    give(rep, handout(rep, no_photo, bag, 1, **signed))
    away = rep.check_in(store_id, seconds_ago=400, fix=fix(5_000))
    give(rep, handout(rep, away, bag, 1, **signed))
    found = effect(login, campaign)
    assert found["effectiveness"] == {
        "handouts": 4,
        "effective": 1,
        "share": 0.25,
        "units": 5,
        "effective_units": 2,
        "unsigned": 1,
        "no_photo": 2,
        "not_on_site": 1,
    }
    assert "签名" in found["definition"]["zh-CN"]
    assert "signature" in found["definition"]["en"]
    assert found["target"] == {"kind": "plan", "number": 3, "reached": 5, "share": 1.6667}
    for key, name in (("by_region", "park"), ("by_rep", "rep_a"), ("by_material", "物料BAG")):
        assert [(one["name"], one["effective"]) for one in found[key]] == [(name, 1)]


# What is left out of a handout that has everything, and what is then said to lack.
LACKS: list[tuple[str, dict[str, bool], dict[str, int]]] = [
    ("nothing", {}, {}),
    ("the signature", {"signed": False}, {"unsigned": 1}),
    ("the signature's bytes", {"signature_arrives": False}, {"unsigned": 1}),
    ("the photo", {"photo": False}, {"no_photo": 1}),
    ("the photo's bytes", {"photo_arrives": False}, {"no_photo": 1}),
    ("the fence", {"on_site": False}, {"not_on_site": 1}),
    ("a sure position", {"sure": False}, {"not_on_site": 1}),
]


@pytest.mark.parametrize(
    ("without", "lacks"), [row[1:] for row in LACKS], ids=[r[0] for r in LACKS]
)
def test_each_proof_is_needed(
    rep: Hand,
    store_id: str,
    bag: str,
    campaign: str,
    login: Login,
    put: Put,
    without: dict[str, bool],
    lacks: dict[str, int],
) -> None:
    has = dict.fromkeys(("signed", "signature_arrives", "photo", "photo_arrives"), True)
    has |= {"on_site": True, "sure": True} | without
    where = fix(0 if has["on_site"] else 5_000) if has["sure"] else None
    visit = rep.check_in(store_id, seconds_ago=500, fix=where)
    signature = SIGNATURE + new_id().encode()
    signed = {"signature_sha256": sha(signature)} if has["signed"] else {}
    give(rep, handout(rep, visit, bag, 2, **signed))
    if has["signature_arrives"]:
        assert put(login("rep_a"), signature).status_code == 201
    if has["photo"]:
        data = picture(int(new_id().replace("-", ""), 16) % 1_000_003)
        op = rep.photo_op(visit, sha(data), kind="other")
        applied(rep.run(op)[0])
        if has["photo_arrives"]:
            assert put(login("rep_a"), data).status_code == 201
            assert photos.process(rep.session, rep.clock, op.record_id)
    found = effect(login, campaign)["effectiveness"]
    good = not lacks
    assert (found["handouts"], found["effective"], found["share"]) == (1, int(good), float(good))
    assert {key: found[key] for key in ("unsigned", "no_photo", "not_on_site")} == {
        "unsigned": 0,
        "no_photo": 0,
        "not_on_site": 0,
    } | lacks


@pytest.mark.parametrize(
    ("first", "last", "counted"),
    [(23, 23, 1), (16, 23, 1), (23, 29, 1), (24, 29, 0), (16, 22, 0)],
)
def test_only_the_days_of_the_campaign_count(
    rep: Hand,
    visit_id: str,
    bag: str,
    campaign: str,
    login: Login,
    first: int,
    last: int,
    counted: int,
) -> None:
    """Also after the office has moved them: neither above nor below the line."""
    assert given_for(rep, visit_id, bag) == campaign
    office = login("office")
    path = f"/api/v1/campaigns/{campaign}"
    days = {"first_day": f"2026-11-{first}", "last_day": f"2026-11-{last}"}
    tag = {"If-Match": office.get(path).headers["ETag"]}
    assert office.patch(path, json=days, headers=tag).status_code == 200
    found = effect(login, campaign)
    assert found["effectiveness"]["handouts"] == counted
    assert found["effectiveness"]["share"] == (0.0 if counted else None)
    assert found["target"]["reached"] == 3 * counted


def test_a_supervisor_counts_what_is_theirs(
    rep: Hand, visit_id: str, bag: str, store_id: str, make: Make, login: Login, world: World
) -> None:
    campaign = make("P6", [store_id], {bag: 3}, target_kind="total", target=10)
    give(rep, handout(rep, visit_id, bag, 2))
    assert effect(login, campaign, "sup_east")["target"]["number"] == 10
    assert login("sup_west").get(f"/api/v1/campaigns/{campaign}/numbers").status_code == 404
    assert login("rep_a").get("/api/v1/campaigns").status_code == 403


def test_of_a_total_only_the_whole_is_told(
    rep: Hand,
    visit_id: str,
    bag: str,
    store_id: str,
    make: Make,
    login: Login,
    world: World,
) -> None:
    west = add_store(rep.session, world, rep.clock, "W1", "rep_w", region_id=world.regions["west"])
    campaign = make("P7", [store_id, west], {bag: 3}, target_kind="total", target=10)
    give(rep, handout(rep, visit_id, bag, 2))
    assert effect(login, campaign, "sup_west")["target"]["number"] is None
    assert effect(login, campaign, "sup_west")["effectiveness"]["handouts"] == 0
    assert effect(login, campaign)["target"] == {
        "kind": "total",
        "number": 10,
        "reached": 2,
        "share": 0.2,
    }
    for who, names in (("sup_east", ["店A1"]), ("sup_west", ["店W1"])):
        board: Any = login(who).get(f"/api/v1/campaigns/{campaign}/board")
        assert [one["store_name"] for one in board.json["items"]] == names


def test_phones_are_told_of_their_stores_alone(
    rep: Hand,
    other_rep: Hand,
    visit_id: str,
    store_id: str,
    other_store_id: str,
    bag: str,
    make: Make,
    world: World,
) -> None:
    session, clock = rep.session, rep.clock
    campaign = make("P8", [store_id, other_store_id], {bag: 3})
    give(rep, handout(rep, visit_id, bag, 2))
    mine = queries.read_campaigns(session, rep.actor, [campaign])[campaign]
    assert [one["store_id"] for one in mine["stores"]] == [store_id]
    assert mine["stores"][0]["handed"] == [{"material_id": bag, "quantity": 2}]
    assert mine["materials"] == [{"material_id": bag, "per_store": 3}]
    theirs = queries.read_campaigns(session, other_rep.actor, [campaign])[campaign]
    assert theirs["stores"] == [{"store_id": other_store_id, "handed": [], "photos": []}]
    assert queries.read_campaigns(session, world.actors["rep_w"], [campaign]) == {}
    office = world.actors["office"]
    for state in (State.ENDED, State.CLOSED):
        domain.set_state(session, office, clock, session.get_one(Campaign, campaign), state)
    assert queries.read_campaigns(session, rep.actor, [campaign]) == {}


def test_the_books_do_not_know_campaigns(
    rep: Hand, visit_id: str, bag: str, campaign: str, session: Session
) -> None:
    before = balance(session, WAREHOUSE, bag)
    give(rep, handout(rep, visit_id, bag, 2))
    assert balance(session, WAREHOUSE, bag) == before
    assert numbers.plan(session, session.get_one(Campaign, campaign)).materials == {bag: 3}
