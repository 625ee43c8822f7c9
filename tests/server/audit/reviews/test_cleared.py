"""A rejection whose every ground was a wrong pin counts for nothing once the pin is right."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.visits.rejudge import rejudge_store
from tests.server.audit.reviews.conftest import Sit
from tests.server.conftest import Login, World
from tests.server.visits.conftest import rep, store_id
from tests.server.visits.hand import PIN, Hand, applied, fix
from tests.server.visits.test_rejudge import move_pin

__all__ = ["rep", "store_id"]  # fixtures are found by name
NORTH_M = 340.0
RIGHT = PIN[0] + NORTH_M / 110_860


def visit(rep: Hand, store_id: str, stayed_s: int = 600) -> str:
    """A visit at the store as it really lies, with a photo."""
    visit_id = rep.check_in(store_id, seconds_ago=stayed_s, fix=fix(NORTH_M))
    payload = {"at": rep.ago(), "fix": fix(NORTH_M), "photos": 1}
    applied(rep.run(rep.op("visit.check_out", payload, visit_id))[0])
    rep.clock.advance(3_600)  # type: ignore[attr-defined]  # the frozen one
    return visit_id


@pytest.fixture
def move(session: Session, store_id: str, clock: FrozenClock, world: World) -> Any:
    """move(latitude) puts the pin there and judges again."""

    def to(lat: float) -> None:
        clock.advance(1)
        move_pin(session, store_id, lat=lat)
        rejudge_store(session, world.actors["office"], clock, store_id)
        session.commit()

    return to


def told(login: Login, visit_id: str) -> dict[str, Any]:
    """What the rep's phone hears of the review."""
    changes: Any = login("rep_a").get("/api/v1/sync/pull?schema=4&limit=500").json["changes"]
    [record] = [
        one["record"] for one in changes if (one["entity"], one["id"]) == ("review", visit_id)
    ]
    found: dict[str, Any] = record
    return found


def test_it_is_cleared_told_and_no_risk(
    rep: Hand, store_id: str, desk: Sit, move: Any, login: Login, session: Session
) -> None:
    sup = desk("sup_east")
    rejected = [visit(rep, store_id) for _ in range(3)]
    doubtful = visit(rep, store_id, stayed_s=60)
    for one in rejected:
        sup.decide(one, "reject")
    repeat = {"code": "repeat", "points": 12}
    assert repeat in sup.get(f"/reviews/{doubtful}")["risk"]["parts"]
    move(RIGHT)
    for one in rejected:
        page = sup.get(f"/reviews/{one}")
        assert (page["review"]["state"], page["visit"]["flags"]) == ("cleared", [])
        # What was decided stays in the history.
        assert [entry["action"] for entry in page["history"]] == ["reject"]
        record = told(login, one)
        # Older apps know no other word for it.
        assert (record["state"], record["cleared"]) == ("accepted", True)
        events = [row["event"] for row in journal.for_subject(session, "review", one)]
        assert events == ["review.rejected", "review.cleared"]
    [item] = sup.get("/reviews?flag=short_visit")["items"]
    assert (item["id"], item["risk"]["points"]) == (doubtful, 6)
    assert sup.get(f"/reviews/{doubtful}")["risk"]["points"] == 6


def test_what_another_flag_is_a_ground_for_stays(
    rep: Hand, store_id: str, desk: Sit, move: Any, login: Login
) -> None:
    sup = desk("sup_east")
    short = visit(rep, store_id, stayed_s=60)
    sup.decide(short, "reject")
    move(RIGHT)
    assert sup.state(short) == "rejected"
    assert (told(login, short)["state"], told(login, short)["cleared"]) == ("rejected", False)


def test_who_rejects_without_any_flag_has_other_grounds(
    rep: Hand, store_id: str, desk: Sit, move: Any
) -> None:
    sup = desk("sup_east")
    move(RIGHT)
    clean = visit(rep, store_id)
    sup.decide(clean, "reject")
    assert sup.state(clean) == "rejected"
    # Also where a rejection had been cleared: the second word is a new one.
    move(PIN[0])
    sup.decide(clean, "reject")
    move(RIGHT)
    assert sup.state(clean) == "cleared"
    sup.decide(clean, "reject")
    assert sup.state(clean) == "rejected"


def test_where_the_doubt_comes_back_the_rejection_does(
    rep: Hand, store_id: str, desk: Sit, move: Any, login: Login, session: Session
) -> None:
    sup = desk("sup_east")
    one = visit(rep, store_id)
    sup.decide(one, "reject")
    move(RIGHT)
    before = told(login, one)
    move(PIN[0])
    assert sup.state(one) == "rejected"
    after = told(login, one)
    assert (after["state"], after["cleared"]) == ("rejected", False)
    assert after["at"] > before["at"]
    move(RIGHT)
    events = [row["event"] for row in journal.for_subject(session, "review", one)]
    assert events == ["review.rejected", "review.cleared", "review.cleared"]


def test_nobody_is_asked_for_a_second_word_on_it(
    rep: Hand, store_id: str, desk: Sit, move: Any
) -> None:
    sup, office = desk("sup_east"), desk("office")
    days = {"from": "2026-11-01", "to": "2026-11-30", "share": 1}
    first, second = (visit(rep, store_id) for _ in range(2))
    sup.decide(first, "reject")
    assert office.post("/reaudit/samples", days, 201)["drawn"] == 1
    sup.decide(second, "reject")
    move(RIGHT)
    assert office.get("/reaudit/cases")["total"] == 0
    assert office.post("/reaudit/samples", days, 422)["code"] == "reaudit_nothing"
