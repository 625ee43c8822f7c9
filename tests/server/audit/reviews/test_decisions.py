"""Decisions: entries that are only added, undone by further ones, told to the rep's phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.audit.reviews.domain import Entry, standing
from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.visits.models import Visit
from tests.server.audit.conftest import Seed
from tests.server.audit.reviews.conftest import Desk, Sit
from tests.server.conftest import NOW, Login, World


def pulled(login: Login, username: str) -> dict[str, Any]:
    """What a phone is told of reviews, by visit."""
    answer: Any = login(username).get("/api/v1/sync/pull?schema=1")
    assert answer.status_code == 200
    return {one["id"]: one["record"] for one in answer.json["changes"] if one["entity"] == "review"}


def test_accept_reject_ask_and_back(desk: Sit, doubtful: list[str], clock: FrozenClock) -> None:
    sup, visit = desk("sup_east"), doubtful[0]
    for action, state in (("accept", "accepted"), ("reject", "rejected")):
        clock.advance(1)
        review = sup.decide(visit, action)["review"]
        assert (review["state"], review["mine"]) == (state, True)
    clock.advance(1)
    review = sup.decide(visit, "ask", text="  请说明  ")["review"]
    assert (review["state"], review["question"]) == ("asked", "请说明")
    # Each undo brings back what stood before.
    states = [sup.undo(visit)["review"]["state"] for _ in range(3)]
    assert states == ["rejected", "accepted", "pending"]
    page = sup.get(f"/reviews/{visit}")
    assert [one["action"] for one in page["history"]] == [
        "accept",
        "reject",
        "ask",
        "undo",
        "undo",
        "undo",
    ]
    assert page["review"]["rev"] == 6
    assert sup.decide(visit, "undo", undoes=None, status=409)["code"] == "review_nothing_to_undo"


def test_sent_twice_it_is_one(desk: Sit, doubtful: list[str]) -> None:
    sup, visit = desk("sup_east"), doubtful[0]
    body = {"id": new_id(), "action": "accept", "rev": 0}
    first = sup.post(f"/reviews/{visit}/decisions", body)
    assert sup.post(f"/reviews/{visit}/decisions", body) == first
    assert len(first["history"]) == 1
    other = sup.post(f"/reviews/{doubtful[1]}/decisions", body, 409)
    assert other["code"] == "conflict"


def test_two_supervisors_at_once(desk: Sit, doubtful: list[str]) -> None:
    visit = doubtful[0]
    desk("sup_east").decide(visit, "accept", rev=0)
    late = desk("office").decide(visit, "reject", rev=0, status=409)
    assert late["code"] == "review_moved_on"
    assert late["params"] == {"rev": 1}
    assert desk("sup_east").state(visit) == "accepted"


def test_who_may_undo(desk: Sit, doubtful: list[str]) -> None:
    visit = doubtful[0]
    desk("office").decide(visit, "reject")
    assert desk("sup_east").undo(visit, 409)["code"] == "review_nothing_to_undo"
    desk("sup_east").decide(visit, "accept")
    # The office may take back anybody's.
    assert desk("office").undo(visit)["review"]["state"] == "rejected"


def test_out_of_scope_is_not_there(desk: Sit, others: list[str]) -> None:
    sup = desk("sup_east")
    assert sup.decide(others[0], "accept", rev=0, status=404)["code"] == "not_found"
    assert sup.decide(new_id(), "accept", rev=0, status=404)["code"] == "not_found"


def test_bad_input(desk: Sit, doubtful: list[str]) -> None:
    sup, visit = desk("sup_east"), doubtful[0]
    for wrong in ({"text": " "}, {"text": "x" * 501}, {"text": None}):
        assert sup.decide(visit, "ask", rev=0, status=422, **wrong)["field"] == "text"
    assert sup.decide(visit, "accept", rev=-1, status=422)["field"] == "rev"
    assert sup.decide(visit, "nonsense", rev=0, status=422)["field"] == "action"
    assert sup.decide(visit, "accept", rev=0, id="x", status=422)["field"] == "id"
    assert sup.state(visit) == "pending"


def test_the_phone_is_told(login: Login, desk: Sit, doubtful: list[str]) -> None:
    sup, visit = desk("sup_east"), doubtful[0]
    sup.decide(visit, "ask", text="为什么？")
    told = pulled(login, "rep_a")
    assert told == {
        visit: {
            "id": visit,
            "visit_id": visit,
            "state": "asked",
            "cleared": False,
            "question": "为什么？",
            "at": "2026-11-23T04:00:00.000Z",
        }
    }
    assert pulled(login, "rep_b") == {}
    sup.undo(visit)
    assert pulled(login, "rep_a")[visit]["state"] == "pending"
    assert pulled(login, "rep_a")[visit]["question"] is None


def test_each_is_in_the_journal(desk: Sit, doubtful: list[str], session: Session) -> None:
    sup, visit = desk("sup_east"), doubtful[0]
    sup.decide(visit, "reject")
    sup.undo(visit)
    found = journal.for_subject(session, "review", visit)
    assert [one["event"] for one in found] == ["review.rejected", "review.undone"]
    # Not among the visit's own entries, which a blind re-audit shows.
    assert journal.for_subject(session, "visit", visit) == []
    entries = session.scalars(
        select(journal.JournalEntry.actor_id).where(journal.JournalEntry.subject_kind == "review")
    )
    assert len(set(entries)) == 1


def test_the_day_around_it(desk: Sit, seed: Seed, world: World) -> None:
    at = NOW - timedelta(hours=2)
    rows = seed(
        [
            {"at": at, "lat": 31.30},
            {"at": at + timedelta(minutes=30), "lat": 31.32, "flags": ["off_site"]},
            {"at": at + timedelta(minutes=50), "lat": None, "lon": None},
            {"at": at + timedelta(minutes=70), "who": "rep_b"},
            {"at": at - timedelta(days=1)},
            # The same rep elsewhere: out of the supervisor's sight.
            {"at": at + timedelta(minutes=80), "region": "west"},
        ]
    )
    page = desk("sup_east").get(f"/reviews/{rows[1]['id']}")
    assert [stop["id"] for stop in page["day"]] == [row["id"] for row in rows[:3]]
    first, second, third = page["day"]
    assert (first["distance_m"], first["travel_s"]) == (None, None)
    assert second["travel_s"] == 1_800
    assert 2_200 < second["distance_m"] < 2_250
    assert (third["distance_m"], third["travel_s"], third["speed_kmh"]) == (None, 1_200, None)
    assert len(desk("office").get(f"/reviews/{rows[1]['id']}")["day"]) == 4
    assert "journal" not in page["visit"]


def test_an_impossible_way_says_how_fast(desk: Sit, seed: Seed, session: Session) -> None:
    rows = seed([{"at": NOW - timedelta(hours=1)}, {"flags": ["impossible_travel"], "at": NOW}])
    numbers = {"speed_kmh": 212.5, "distance_m": 1.0, "span_s": 1.0, "limit_kmh": 120.0}
    flags = [{"code": "impossible_travel", "words": {}, "numbers": numbers}]
    session.execute(update(Visit).where(Visit.id == rows[1]["id"]).values(flags=flags))
    session.commit()
    page = desk("sup_east").get(f"/reviews/{rows[1]['id']}")
    assert [stop["speed_kmh"] for stop in page["day"]] == [None, 212.5]


def test_earlier_findings(desk: Sit, seed: Seed) -> None:
    day = timedelta(days=1)
    rows = seed(
        [
            {"flags": ["off_site"], "at": NOW},
            {"flags": ["short_visit"], "at": NOW - 2 * day},
            {"flags": ["short_visit"], "at": NOW - 3 * day, "who": "rep_b"},
            {"at": NOW - 4 * day},
            {"flags": ["short_visit"], "at": NOW - 91 * day},
            {"flags": ["short_visit"], "at": NOW + day},
        ]
    )
    sup: Desk = desk("sup_east")
    sup.decide(rows[1]["id"], "reject")
    earlier = sup.get(f"/reviews/{rows[0]['id']}")["earlier"]
    assert [one["id"] for one in earlier["rep"]["items"]] == [rows[1]["id"]]
    assert (earlier["rep"]["doubtful"], earlier["rep"]["rejected"]) == (1, 1)
    assert [one["id"] for one in earlier["store"]["items"]] == [rows[1]["id"], rows[2]["id"]]
    assert earlier["store"]["items"][0]["state"] == "rejected"
    assert (earlier["store"]["doubtful"], earlier["store"]["rejected"]) == (2, 1)


@given(st.lists(st.sampled_from(["accept", "reject", "ask", "undo"]), max_size=30))
def test_what_stands_is_what_was_not_undone(actions: list[str]) -> None:
    """Against the plainest model: a pile of which undo takes the top."""
    pile: list[str] = []
    entries: list[Entry] = []
    for number, action in enumerate(actions):
        top = pile[-1] if pile else None
        if action == "undo":
            if pile:
                pile.pop()
        else:
            pile.append(str(number))
        undoes = top if action == "undo" else None
        entries.append(Entry(str(number), "x", NOW, action, None, 0, undoes))
        stands = standing(entries)
        assert (stands.id if stands else None) == (pile[-1] if pile else None)
