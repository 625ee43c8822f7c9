"""Bulks: looked at first, confirmed as seen, bounded, in the journal, undone as one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.audit.reviews import bulk
from server.kernel import journal
from server.kernel.ids import new_id
from tests.server.audit.conftest import Seed
from tests.server.audit.reviews.conftest import Desk, Sit
from tests.server.conftest import Login


def confirm(desk: Desk, digest: str, status: int = 201, **filters: Any) -> Any:
    body = {"id": new_id(), "digest": digest} | filters
    return desk.post("/reviews/bulk", body, status)


def test_the_preview_says_what_would_happen(desk: Sit, doubtful: list[str]) -> None:
    sup = desk("sup_east")
    page = sup.get("/reviews/bulk/preview")
    assert (page["total"], page["limit"]) == (4, bulk.MAX_VISITS)
    assert page["by_flag"] == {"off_site": 1, "uncertain": 1, "short_visit": 2, "photo_reused": 1}
    assert page["by_verdict"] == {"on_site": 2, "off_site": 1, "uncertain": 1}
    assert page["oldest"] < page["newest"]
    assert {one["id"] for one in page["sample"]} <= set(doubtful)
    assert len(page["sample"]) == 4
    # Looking changes nothing.
    assert len(sup.queue("state=pending")) == 4


def test_accept_and_undo_as_one(
    desk: Sit, login: Login, doubtful: list[str], others: list[str], session: Session
) -> None:
    sup, (off, reused, _uncertain, short, _) = desk("sup_east"), doubtful
    # Decided already: no bulk touches it.
    sup.decide(off, "reject")
    digest = sup.get("/reviews/bulk/preview?flag=short_visit,off_site")["digest"]
    done = confirm(sup, digest, flag=["short_visit", "off_site"])
    assert (done["visits"], done["undone_at"]) == (2, None)
    assert [sup.state(one) for one in (off, reused, short)] == ["rejected", "accepted", "accepted"]
    assert sup.queue("state=accepted") == [reused, short]
    assert sup.get(f"/reviews/{short}")["history"][0]["bulk_id"] == done["id"]
    assert [one["id"] for one in sup.get("/reviews/bulk")["items"]] == [done["id"]]
    # One of them is decided on anew: the undo of the bulk leaves it so.
    sup.decide(reused, "reject")
    undone = sup.post(f"/reviews/bulk/{done['id']}/undo", None)
    assert (undone["kept"], undone["visits"]) == (1, 2)
    assert undone["undone_at"]
    assert [sup.state(one) for one in (off, reused, short)] == ["rejected", "rejected", "pending"]
    assert sup.post(f"/reviews/bulk/{done['id']}/undo", None) == undone
    events = [one["event"] for one in journal.for_subject(session, "review_bulk", done["id"])]
    assert events == ["reviews.accepted", "reviews.undone"]
    events = [one["event"] for one in journal.for_subject(session, "review", short)]
    assert events == ["review.accepted", "review.undone"]


def test_confirmed_twice_it_is_one(desk: Sit, doubtful: list[str]) -> None:
    sup = desk("sup_east")
    body = {"id": new_id(), "digest": sup.get("/reviews/bulk/preview")["digest"]}
    first = sup.post("/reviews/bulk", body, 201)
    assert sup.post("/reviews/bulk", body, 201) == first
    assert desk("office").post("/reviews/bulk", body, 409)["code"] == "conflict"


def test_only_what_was_shown(desk: Sit, doubtful: list[str], seed: Seed) -> None:
    sup = desk("sup_east")
    digest = sup.get("/reviews/bulk/preview")["digest"]
    seed([{"flags": ["off_site"], "verdict": "off_site"}])
    assert confirm(sup, digest, 409)["code"] == "bulk_changed"
    assert len(sup.queue("state=pending")) == 5
    # A digest of another filter confirms nothing either.
    narrow = sup.get("/reviews/bulk/preview?flag=short_visit")["digest"]
    assert confirm(sup, narrow, 409)["code"] == "bulk_changed"


def test_bounds(desk: Sit, doubtful: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sup = desk("sup_east")
    monkeypatch.setattr(bulk, "MAX_VISITS", 3)
    page = sup.get("/reviews/bulk/preview")
    assert (page["total"], page["digest"], page["sample"]) == (4, None, [])
    assert confirm(sup, "x", 422)["code"] == "bulk_too_many"
    assert sup.get("/reviews/bulk/preview?flag=clock_moved")["digest"] is None
    assert confirm(sup, "x", 422, flag=["clock_moved"])["code"] == "bulk_empty"


def test_whose_bulk_it_is(desk: Sit, doubtful: list[str], others: list[str]) -> None:
    sup = desk("sup_east")
    done = confirm(sup, sup.get("/reviews/bulk/preview")["digest"])
    assert desk("sup_west").get("/reviews/bulk")["items"] == []
    desk("sup_west").post(f"/reviews/bulk/{done['id']}/undo", None, 404)
    # The west's visit was never in it.
    assert desk("sup_west").state(others[0]) == "pending"
    assert desk("office").post(f"/reviews/bulk/{done['id']}/undo", None)["kept"] == 0
    assert sup.queue("state=accepted") == []
