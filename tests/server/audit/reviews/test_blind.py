"""The blind re-audit: drawn at random and again alike, judged unseen, agreement by region."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from server.audit.reviews.blind import choose
from server.kernel import journal
from tests.server.audit.conftest import Seed
from tests.server.audit.reviews.conftest import Desk, Sit
from tests.server.conftest import World

DAYS = {"from": "2026-11-01", "to": "2026-11-30"}


@pytest.fixture
def decided(desk: Sit, doubtful: list[str], others: list[str]) -> dict[str, str]:
    """Who decided what: sup_east on three of the park's, sup_west on the one in the west."""
    east = desk("sup_east")
    for visit, action in zip(doubtful, ("reject", "accept", "accept"), strict=False):
        east.decide(visit, action)
    desk("sup_west").decide(others[0], "accept")
    return dict(
        zip((*doubtful[:3], *others), ("rejected", "accepted", "accepted", "accepted"), strict=True)
    )


def draw(desk: Desk, share: float = 1, status: int = 201, **more: Any) -> Any:
    return desk.post("/reaudit/samples", {"share": share, "seed": 7} | DAYS | more, status)


def test_a_share_of_each_decision(desk: Sit, decided: dict[str, str]) -> None:
    office = desk("office")
    sample = draw(office, 0.5)
    # One of one rejection, two of three acceptances.
    assert (sample["population"], sample["drawn"], sample["seed"]) == (4, 3, 7)
    assert (sample["from"], sample["to"]) == (DAYS["from"], DAYS["to"])
    assert office.get("/reaudit/samples")["items"][0]["actor_name"] == "office"
    # Drawn once, a decision is not drawn again.
    assert draw(office, 1)["population"] == 1
    assert draw(office, 1, 422)["code"] == "reaudit_nothing"


def test_the_second_person_does_not_see(
    desk: Sit, decided: dict[str, str], doubtful: list[str], session: Session
) -> None:
    office, east = desk("office"), desk("sup_east")
    draw(office)
    # Nobody is asked about a decision of their own.
    assert east.get("/reaudit/cases") == {"items": [], "total": 0}
    cases = office.get("/reaudit/cases")
    assert cases["total"] == 4
    by_visit = {one["visit_id"]: one["id"] for one in cases["items"]}
    assert by_visit.keys() == decided.keys()
    off = doubtful[0]
    east.get(f"/reaudit/cases/{by_visit[off]}", 404)
    page = office.get(f"/reaudit/cases/{by_visit[off]}")
    assert page["visit"]["id"] == off
    assert not page.keys() & {"review", "history", "risk"}
    # Nor does any other way tell.
    review = office.get(f"/reviews/{off}")
    assert review["review"] == {
        "state": None,
        "question": None,
        "at": None,
        "entry_id": None,
        "mine": False,
        "rev": 0,
        "blind": True,
    }
    assert review["history"] == []
    assert all(part["code"] != "repeat" for part in review["risk"]["parts"])
    assert not set(office.queue()) & decided.keys()
    refused = office.decide(off, "accept", rev=1, status=409)
    assert refused["code"] == "review_under_reaudit"
    mates = office.get(f"/reviews/{doubtful[1]}")["earlier"]["store"]
    assert all(one["state"] is None for one in mates["items"] if one["id"] in decided)
    assert mates["rejected"] == 0
    # The first person sees their own decision as before.
    assert east.state(off) == "rejected"


def test_agreement_by_region(
    desk: Sit, decided: dict[str, str], others: list[str], world: World
) -> None:
    office = desk("office")
    draw(office)
    assert office.get("/reaudit/agreement")["open"] == 4
    told = {}
    for one in office.get("/reaudit/cases")["items"]:
        answer = office.post(f"/reaudit/cases/{one['id']}", {"state": "accepted"})
        told[one["visit_id"]] = answer
    for visit, first in decided.items():
        assert told[visit] == {"agreed": first == "accepted", "first": first}
    page = office.get("/reaudit/agreement")
    assert page["open"] == 0
    assert [row["region_name"] for row in page["regions"]] == ["park", "west"]
    park, west = page["regions"]
    assert (park["cases"], park["agreed"], park["percent"], park["kappa"]) == (3, 2, 66.7, 0.0)
    assert (west["cases"], west["percent"], west["kappa"]) == (1, 100.0, None)
    assert page["all"]["cases"] == 4
    seen = desk("sup_west").get("/reaudit/agreement")
    assert [row["region_name"] for row in seen["regions"]] == ["west"]
    assert seen["all"]["cases"] == 1
    # The first decisions stand as they were.
    assert desk("sup_west").state(others[0]) == "accepted"


def test_answered_once(desk: Sit, decided: dict[str, str], session: Session) -> None:
    office = desk("office")
    draw(office)
    case = office.get("/reaudit/cases")["items"][0]
    path = f"/reaudit/cases/{case['id']}"
    first = office.post(path, {"state": "rejected"})
    assert office.post(path, {"state": "rejected"}) == first
    assert office.post(path, {"state": "accepted"}, 409)["code"] == "reaudit_closed"
    assert office.post(path, {"state": "asked"}, 422)["field"] == "state"
    events = [one["event"] for one in journal.for_subject(session, "review", case["visit_id"])]
    assert events[-1] == "reaudit.answered"
    assert len(events) == 2
    # Now it is told.
    assert office.state(case["visit_id"]) == decided[case["visit_id"]]


def test_taken_back_it_waits_no_more(
    desk: Sit, decided: dict[str, str], doubtful: list[str]
) -> None:
    office, east = desk("office"), desk("sup_east")
    draw(office)
    case = next(
        one for one in office.get("/reaudit/cases")["items"] if one["visit_id"] == doubtful[0]
    )
    east.undo(doubtful[0])
    assert office.get("/reaudit/cases")["total"] == 3
    closed = office.post(f"/reaudit/cases/{case['id']}", {"state": "accepted"}, 409)
    assert closed["code"] == "reaudit_closed"
    assert office.get("/reaudit/agreement")["all"]["cases"] == 0
    assert office.state(doubtful[0]) == "pending"


def test_in_scope_only(desk: Sit, decided: dict[str, str], others: list[str], world: World) -> None:
    draw(desk("office"))
    # The west's only case is the supervisor's own decision.
    assert desk("sup_west").get("/reaudit/cases")["total"] == 0
    for case in desk("office").get("/reaudit/cases")["items"]:
        desk("sup_west").post(f"/reaudit/cases/{case['id']}", {"state": "accepted"}, 404)
    desk("sup_east").post("/reaudit/samples", {"share": 1} | DAYS, 403)
    assert draw(desk("office"), 1, 404, region="nowhere")["code"] == "not_found"
    for wrong in ({"share": 0}, {"share": 1.5}, {"seed": -1}, {"from": "x"}):
        assert draw(desk("office"), **{"share": 1, "status": 422} | wrong)["field"] in wrong


rows = st.lists(
    st.tuples(st.integers(0, 500), st.sampled_from(["accepted", "rejected"])),
    unique_by=lambda pair: pair[0],
    max_size=60,
).map(lambda pairs: [{"visit_id": f"v{number:03}", "state": state} for number, state in pairs])


@given(rows, st.floats(0.01, 1), st.integers(0, 2**31 - 1), st.randoms())
def test_the_same_seed_draws_the_same(
    found: list[dict[str, str]], share: float, seed: int, chance: Any
) -> None:
    chosen = choose(found, share, seed)
    mixed = list(found)
    chance.shuffle(mixed)
    assert choose(mixed, share, seed) == chosen
    assert len({row["visit_id"] for row in chosen}) == len(chosen)
    for state in ("accepted", "rejected"):
        whole = sum(row["state"] == state for row in found)
        drawn = sum(row["state"] == state for row in chosen)
        assert whole * share - 1e-3 <= drawn < whole * share + 1


def test_seeds_differ() -> None:
    found = [{"visit_id": f"v{number:03}", "state": "accepted"} for number in range(200)]
    draws = {tuple(row["visit_id"] for row in choose(found, 0.1, seed)) for seed in range(20)}
    assert len(draws) == 20


def test_nobody_is_asked_about_their_own_visit(desk: Sit, seed: Seed) -> None:
    [row] = seed([{"who": "sup_east", "flags": ["off_site"], "verdict": "off_site"}])
    desk("office").decide(row["id"], "accept")
    draw(desk("office"))
    assert desk("sup_east").get("/reaudit/cases")["total"] == 0
