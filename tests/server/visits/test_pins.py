"""Proposed pins from end to end: learned, previewed, decided on, and honest reps cleared."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import jobs, journal
from server.kernel.clock import FrozenClock
from server.stores.models import PinProposal, Store
from server.visits import pins
from server.visits.models import RejudgeDue, Visit
from server.visits.rejudge import REJUDGE
from tests.server.conftest import Login, World
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import PIN, Hand, fix

PATH = "/api/v1/stores/pin-proposals"


@pytest.fixture
def wrong_pin(session: Session, world: World, clock: FrozenClock, rep: Hand) -> str:
    """A store whose pin is 340 m off, visited on five days by an honest rep."""
    store_id = add_store(session, world, clock, "OFF", "rep_a")
    for day in range(5):
        clock.advance(86_400)
        visit = rep.check_in(store_id, seconds_ago=1_800, fix=fix(340 + 3 * day, lon=120.6))
        rep.check_out(visit, seconds_ago=600)
    return store_id


def learn(session: Session, clock: FrozenClock, *, everything: bool = False) -> int:
    # What this session has begun ends here: a rollback must not reach back behind the requests.
    session.commit()
    return pins.learn_all(session, clock, everything=everything)


def verdicts(session: Session, store_id: str) -> set[str]:
    session.expire_all()
    return set(session.scalars(select(Visit.verdict).where(Visit.store_id == store_id)))


def test_an_honest_rep_is_cleared(
    wrong_pin: str, session: Session, clock: FrozenClock, login: Login, world: World
) -> None:
    assert verdicts(session, wrong_pin) == {"off_site"}
    assert learn(session, clock) == 1
    office = login("office")
    page: Any = office.get(PATH).json
    assert page["total"] == 1
    (item,) = page["items"]
    assert item["store_id"] == wrong_pin
    assert item["distance_m"] == pytest.approx(346, abs=5)
    assert (item["fixes"], item["reps"], item["days"]) == (5, 1, 5)
    # First what would be.
    query = {"store": wrong_pin, "lat": item["lat"], "lon": item["lon"]}
    seen: Any = office.get("/api/v1/visits/pin-preview", query_string=query).json
    assert (seen["visits"], seen["changed"]) == (5, 5)
    assert seen["verdicts"] == [{"before": "off_site", "after": "on_site", "count": 5}]
    assert (seen["raised"], seen["cleared"]) == ({}, {"off_site": 5})
    assert len(seen["fixes"]) == 5
    assert verdicts(session, wrong_pin) == {"off_site"}
    # Then it is done, in the background.
    body, headers = {"accept": True}, {"If-Match": f'"{item["rev"]}"'}
    done: Any = office.patch(f"{PATH}/{item['id']}", json=body, headers=headers)
    assert done.status_code == 200, done.get_data(as_text=True)
    assert done.json["state"] == "accepted"
    assert session.scalars(select(RejudgeDue.store_id)).all() == [wrong_pin]
    jobs.run_now(REJUDGE)
    assert session.scalars(select(RejudgeDue.store_id)).all() == []
    assert verdicts(session, wrong_pin) == {"on_site"}
    store = session.get_one(Store, wrong_pin)
    assert store.pin_source == "learned"
    assert store.pin_quality_m == item["quality_m"]
    entries = journal.for_subject(session, "store", wrong_pin)
    assert [one["event"] for one in entries][-2:] == ["store.pin_accepted", "store.changed"]
    (past,) = login("sup_east").get(f"/api/v1/stores/{wrong_pin}/pins").json["items"]  # type: ignore[index]
    assert (past["lat"], past["source"], past["actor_name"]) == (PIN[0], "office", "office")
    # And there is nothing more to say.
    assert learn(session, clock) == 0
    assert office.get(PATH).json["total"] == 0  # type: ignore[index]
    again: Any = office.patch(f"{PATH}/{item['id']}", json=body, headers={"If-Match": "*"})
    assert (again.status_code, again.json["code"]) == (409, "proposal_decided")


def test_asked_twice_it_says_the_same(wrong_pin: str, session: Session, clock: FrozenClock) -> None:
    assert learn(session, clock) == 1
    before = session.scalars(select(PinProposal)).one()
    kept = (before.id, before.rev, before.made_at, before.lat)
    clock.advance(3_600)
    assert learn(session, clock, everything=True) == 0
    session.expire_all()
    after = session.scalars(select(PinProposal)).one()
    assert (after.id, after.rev, after.made_at, after.lat) == kept


def test_a_declined_place_comes_back_only_with_much_more_behind_it(
    wrong_pin: str, session: Session, clock: FrozenClock, login: Login, rep: Hand
) -> None:
    learn(session, clock)
    office = login("office")
    (item,) = office.get(PATH).json["items"]  # type: ignore[index]
    path, headers = f"{PATH}/{item['id']}", {"If-Match": '"1"'}
    done: Any = office.patch(path, json={"accept": False}, headers=headers)
    assert done.json["state"] == "declined"
    assert session.get_one(Store, wrong_pin).pin_source == "office"
    assert learn(session, clock) == 0
    for more in (2, 1):
        for _ in range(more):
            clock.advance(86_400)
            rep.check_in(wrong_pin, seconds_ago=60, fix=fix(346))
        assert learn(session, clock) == (more == 1)


def test_a_proposal_goes_when_the_pin_is_put_right_by_hand(
    wrong_pin: str, session: Session, clock: FrozenClock, login: Login
) -> None:
    learn(session, clock)
    office = login("office")
    path = f"/api/v1/stores/{wrong_pin}"
    moved = office.patch(path, json={"lat": PIN[0] + 346 / 110_860}, headers={"If-Match": "*"})
    assert moved.status_code == 200
    assert learn(session, clock) == 1
    assert office.get(PATH).json["total"] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "bad",
    [
        {"accuracy_m": 400.0},
        {"accuracy_m": None},
        {"age_s": 900.0},
    ],
)
def test_fixes_that_prove_nothing_teach_nothing(
    session: Session, world: World, clock: FrozenClock, rep: Hand, bad: dict[str, Any]
) -> None:
    store_id = add_store(session, world, clock, "BAD", "rep_a")
    for _ in range(6):
        clock.advance(86_400)
        rep.check_in(store_id, fix=fix(340) | bad)
    assert learn(session, clock) == 0


def test_another_region_is_not_asked(
    wrong_pin: str, session: Session, clock: FrozenClock, login: Login
) -> None:
    learn(session, clock)
    (item,) = login("sup_east").get(PATH).json["items"]  # type: ignore[index]
    west = login("sup_west")
    assert west.get(PATH).json == {"items": [], "next": None, "total": 0}
    assert west.get(f"{PATH}/{item['id']}").status_code == 404
    query = {"store": wrong_pin, "lat": 31.3, "lon": 120.6}
    assert west.get("/api/v1/visits/pin-preview", query_string=query).status_code == 404


def test_a_pin_that_is_a_known_guess_accuses_nobody(
    session: Session, world: World, clock: FrozenClock, rep: Hand
) -> None:
    guess = {"pin_quality_m": 2_000.0, "pin_source": "geocoded"}
    store_id = add_store(session, world, clock, "GUESS", "rep_a", **guess)
    # The real door is 100 km from where the geocoder put it.
    for _ in range(5):
        clock.advance(86_400)
        rep.check_in(store_id, fix=fix(100_000))
    assert verdicts(session, store_id) == {"unverifiable"}
    assert learn(session, clock) == 1
    proposal = session.scalars(select(PinProposal)).one()
    assert proposal.distance_m == pytest.approx(100_000, rel=0.01)


def test_the_round_of_the_background_does_it_by_itself(
    wrong_pin: str, session: Session, app: Flask
) -> None:
    del app
    jobs.run_now(pins.LEARN)
    assert session.scalars(select(PinProposal.store_id)).all() == [wrong_pin]


def test_pages_of_proposals(
    session: Session, world: World, clock: FrozenClock, rep: Hand, login: Login
) -> None:
    stores = [add_store(session, world, clock, f"P{n}", "rep_a") for n in range(3)]
    for _ in range(5):
        clock.advance(86_400)
        for n, store_id in enumerate(stores):
            rep.check_in(store_id, seconds_ago=3_600 * (3 - n), fix=fix(200 + 100 * n))
    assert learn(session, clock) == 3
    office = login("office")
    first: Any = office.get(PATH, query_string={"limit": 2}).json
    rest: Any = office.get(PATH, query_string={"limit": 2, "cursor": first["next"]}).json
    assert [one["store_id"] for one in first["items"] + rest["items"]] == stores[::-1]
    assert rest["next"] is None
