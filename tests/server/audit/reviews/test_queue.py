"""Who finds which doubtful visits, in which order, by which filters."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import ColumnElement, literal, or_, update
from sqlalchemy.orm import Session

from server.audit import replies
from server.audit.reviews.risk import risk_of
from server.kernel.clock import FrozenClock
from server.visits.flag_bits import bits_of
from server.visits.models import Visit
from tests.server.audit.conftest import Seed
from tests.server.audit.reviews.conftest import Sit
from tests.server.conftest import NOW, Login, World


def test_the_riskiest_first_and_no_clean_one(desk: Sit, doubtful: list[str]) -> None:
    page = desk("sup_east").get("/reviews")
    off, reused, uncertain, short, _clean = doubtful
    assert [one["id"] for one in page["items"]] == [reused, off, uncertain, short]
    assert page["total"] == 4
    first = page["items"][0]
    assert first["risk"] == {
        "points": 36,
        "parts": [
            {"code": "photo_reused", "points": 30},
            {"code": "short_visit", "points": 6},
        ],
    }
    assert first["review"] == {
        "state": "pending",
        "question": None,
        "at": None,
        "entry_id": None,
        "mine": False,
        "rev": 0,
        "blind": False,
    }


def test_only_in_ones_own_regions(desk: Sit, doubtful: list[str], others: list[str]) -> None:
    assert set(desk("sup_west").queue()) == set(others)
    assert set(desk("sup_east").queue()) == set(doubtful[:4])
    assert set(desk("office").queue()) == {*doubtful[:4], *others}
    for path in (f"/reviews/{others[0]}", "/reviews?region=nowhere"):
        desk("sup_east").get(path, 404)


def test_a_rep_never_reviews(login: Login, doubtful: list[str]) -> None:
    client = login("rep_b")
    assert client.get("/api/v1/reviews").status_code == 403
    assert client.get(f"/api/v1/reviews/{doubtful[0]}").status_code == 403
    answer = client.post(f"/api/v1/reviews/{doubtful[0]}/decisions", json={})
    assert answer.status_code == 403


def test_nobody_finds_their_own(desk: Sit, seed: Seed, world: World) -> None:
    [row] = seed([{"who": "sup_east", "flags": ["off_site"], "verdict": "off_site"}])
    sup = desk("sup_east")
    assert sup.queue() == []
    assert desk("office").queue() == [row["id"]]
    body = sup.decide(row["id"], "accept", status=403)
    assert body["code"] == "review_own"


def test_filters(desk: Sit, doubtful: list[str], world: World, seed: Seed) -> None:
    off, reused, uncertain, short, _ = doubtful
    [old] = seed([{"flags": ["clock_moved"], "at": NOW - timedelta(days=40)}])
    sup = desk("sup_east")
    assert sup.queue("flag=short_visit,off_site") == [reused, off, short]
    assert sup.queue("verdict=uncertain") == [uncertain]
    assert sup.queue(f"rep={world.people['rep_b']}") == [reused]
    assert sup.queue(f"region={world.regions['park']}&from=2026-11-01&verdict=off_site") == [off]
    assert sup.queue("to=2026-11-01") == [old["id"]]
    sup.decide(off, "reject")
    assert sup.queue("state=rejected") == [off]
    assert off not in sup.queue("state=pending,explained")
    sup.get("/reviews?state=nonsense", 422)


def test_pages_cover_it_all_once(desk: Sit, seed: Seed) -> None:
    codes = ["off_site", "short_visit", "photo_old"]
    rows = seed([{"flags": codes[: number % 3 + 1]} for number in range(11)])
    sup, seen, cursor = desk("sup_east"), [], ""
    while True:
        page = sup.get(f"/reviews?limit=3{cursor}")
        seen += [one["id"] for one in page["items"]]
        assert page["total"] == 11
        if not page["next"]:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == sorted(row["id"] for row in rows)
    points = [one["risk"]["points"] for one in sup.get("/reviews")["items"]]
    assert points == sorted(points, reverse=True)


def test_a_new_flag_brings_an_accepted_visit_back(
    desk: Sit, doubtful: list[str], session: Session
) -> None:
    sup, short = desk("sup_east"), doubtful[3]
    sup.decide(short, "accept")
    assert sup.state(short) == "accepted"
    codes = ["short_visit", "photo_reused"]
    flags = [{"code": code, "words": {}, "numbers": {}} for code in codes]
    session.execute(
        update(Visit).where(Visit.id == short).values(flags=flags, flag_bits=bits_of(codes))
    )
    session.commit()
    assert sup.state(short) == "pending"
    assert short in sup.queue("state=pending")
    # A flag that is gone brings nothing back.
    sup.decide(short, "accept")
    session.execute(
        update(Visit).where(Visit.id == short).values(flags=flags[:1], flag_bits=bits_of(codes[:1]))
    )
    session.commit()
    assert sup.state(short) == "accepted"


def test_rejections_of_late_raise_the_next(
    desk: Sit, doubtful: list[str], clock: FrozenClock
) -> None:
    sup = desk("sup_east")
    off, _reused, uncertain, _, _ = doubtful
    sup.decide(off, "reject")
    risk = sup.get(f"/reviews/{uncertain}")["risk"]
    assert risk == risk_of(["uncertain"], "uncertain", 10.0, 1).as_dict()
    assert {"code": "repeat", "points": 4} in risk["parts"]


class Told:
    """Answers that a test has put there."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def of_visits(
        self, session: Session, visit_ids: Collection[str]
    ) -> dict[str, Sequence[dict[str, Any]]]:
        keys = ("id", "at", "text", "photo_id")
        return {
            row["visit_id"]: [{key: row[key] for key in keys}]
            for row in self.rows
            if row["visit_id"] in visit_ids
        }

    def since(self, visit_id: ColumnElement[str], at: ColumnElement[Any]) -> ColumnElement[bool]:
        each = [
            (visit_id == row["visit_id"]) & ((at < row["when"]) | at.is_(None)) for row in self.rows
        ]
        return or_(literal(False), *each)


@pytest.fixture
def told() -> Iterator[Told]:
    """Where a test puts answers."""
    source = Told()
    replies.tell_of(source)
    yield source
    replies.forget(source)


def test_an_answer_explains_until_the_next_decision(
    desk: Sit, doubtful: list[str], told: Told, clock: FrozenClock
) -> None:
    sup, (off, reused, uncertain, short, _) = desk("sup_east"), doubtful
    sup.decide(off, "ask", text="为什么离店这么远？")
    sup.decide(reused, "accept")
    sup.decide(uncertain, "reject")
    clock.advance(60)
    answer = {"id": "r", "at": "2026-11-23T04:01:00.000Z", "text": "店搬了", "photo_id": None}
    told.rows = [answer | {"visit_id": one, "when": clock.now()} for one in doubtful[:4]]
    # What was rejected is looked at again when the rep speaks up; what was accepted need not be.
    states = [sup.state(one) for one in (off, reused, uncertain, short)]
    assert states == ["explained", "accepted", "explained", "explained"]
    assert set(sup.queue("state=explained")) == {off, uncertain, short}
    assert sup.get(f"/reviews/{off}")["replies"] == [answer]
    clock.advance(60)
    for one in (off, uncertain, short):
        sup.decide(one, "reject")
        assert sup.state(one) == "rejected"
