"""A handout that the office reverses counts no more, and everybody who was told of it hears."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.campaigns import queries, summaries
from server.campaigns.models import Campaign
from server.kernel import changes
from server.kernel.changes import Change
from server.materials.queries import read_handouts
from tests.server.campaigns.test_seen import look, see
from tests.server.conftest import Login
from tests.server.materials.conftest import give, handout
from tests.server.visits.hand import Hand


def reverse(login: Login, handout_id: str) -> None:
    """The office reverses the entry of a handout."""
    office = login("office")
    listed: Any = office.get("/api/v1/ledger/entries?kind=handout")
    entry = next(one for one in listed.json["items"] if one["handout_id"] == handout_id)
    path = f"/api/v1/ledger/entries/{entry['id']}/reverse"
    answer: Any = office.post(path, json={"note": "多打了一个零"})
    assert answer.status_code == 201, answer.json


def shown(login: Login, campaign: str, part: str) -> Any:
    answer: Any = login("office").get(f"/api/v1/campaigns/{campaign}/{part}")
    assert answer.status_code == 200, answer.json
    return answer.json


def feed(session: Session, rep: Hand) -> dict[tuple[str, str], int]:
    session.expire_all()
    mine = session.query(Change).filter(Change.scope == changes.user_scope(rep.actor.user_id))
    return {(one.entity, one.record_id): one.seq for one in mine}


def test_what_was_reversed_counts_for_no_campaign(
    rep: Hand, visit_id: str, bag: str, campaign: str, login: Login, session: Session
) -> None:
    wrong = handout(rep, visit_id, bag, 100)
    right = handout(rep, visit_id, bag, 2)
    give(rep, wrong, right)
    assert shown(login, campaign, "numbers")["target"]["reached"] == 102
    reverse(login, wrong.record_id)

    found = shown(login, campaign, "numbers")
    assert found["target"]["reached"] == 2
    assert [one["handed"] for one in found["materials"]] == [2]
    assert (found["effectiveness"]["handouts"], found["effectiveness"]["units"]) == (1, 2)
    assert [one["handouts"] for one in found["by_rep"]] == [1]
    row = shown(login, campaign, "board")["items"][0]
    assert (row["state"], row["materials"][0]["handed"]) == ("missing", 2)
    text = summaries.prefilled(session.get_one(Campaign, campaign), found, "en")
    assert "3 planned, 2 handed out" in text
    store = queries.read_campaigns(session, rep.actor, [campaign])[campaign]["stores"][0]
    assert store["handed"] == [{"material_id": bag, "quantity": 2}]


def test_phone_and_visit_page_say_that_it_was_reversed(
    rep: Hand, visit_id: str, bag: str, campaign: str, login: Login, session: Session
) -> None:
    wrong, right = handout(rep, visit_id, bag, 100), handout(rep, visit_id, bag, 2)
    give(rep, wrong, right)
    before = feed(session, rep)
    reverse(login, wrong.record_id)

    after = feed(session, rep)
    for record in (("handout", wrong.record_id), ("campaign", campaign), ("stock", bag)):
        assert after[record] > before[record], record
    assert after["handout", right.record_id] == before["handout", right.record_id]
    at = rep.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = read_handouts(session, rep.actor, [wrong.record_id, right.record_id])
    assert {key: one["reversed_at"] for key, one in told.items()} == {
        wrong.record_id: at,
        right.record_id: None,
    }
    page: Any = login("office").get(f"/api/v1/visits/{visit_id}")
    assert {one["id"]: one["reversed_at"] for one in page.json["handouts"]} == {
        wrong.record_id: at,
        right.record_id: None,
    }


def test_what_was_missing_is_missing_again_once_its_handout_is_reversed(
    rep: Hand, visit_id: str, bag: str, campaign: str, login: Login
) -> None:
    see(rep, look(rep, visit_id, campaign, [(bag, "missing", None)], at=rep.ago(400)))
    given = handout(rep, visit_id, bag, 3)
    give(rep, given)
    assert shown(login, campaign, "numbers")["materials"][0]["missing_stores"] == 0
    reverse(login, given.record_id)
    assert shown(login, campaign, "numbers")["materials"][0]["missing_stores"] == 1
