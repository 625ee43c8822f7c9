"""What a rep saw of a campaign: kept once, told to whom it concerns; the newest counts."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.campaigns import domain
from server.campaigns.models import Campaign, State
from server.campaigns.seen.models import CampaignSeen
from server.campaigns.seen.ops import OPS
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.ops import Op, Outcome, Rejected
from tests.server.campaigns.conftest import Make
from tests.server.conftest import Login, World
from tests.server.materials.conftest import give, handout
from tests.server.sync.phone import AT, Phone
from tests.server.visits.hand import Hand, applied


def look(
    hand: Hand,
    visit_id: str,
    campaign: str,
    lines: list[tuple[str, str, int | None]],
    **more: Any,
) -> Op:
    record_id = more.pop("record_id", None)
    payload = {
        "campaign_id": campaign,
        "visit_id": visit_id,
        "at": hand.ago(200),
        "materials": [
            {"material_id": key, "state": state, "quantity": quantity}
            for key, state, quantity in lines
        ],
        "photo_kinds": [],
        "note": "",
    }
    return hand.op("campaign.seen", payload | more, record_id)


def see(hand: Hand, *ops: Op) -> list[Outcome]:
    outcomes = OPS["campaign.seen"](hand.session, hand.actor, hand.clock, ops)
    hand.session.commit()
    return outcomes


def code_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Rejected), outcome
    return outcome.problem.kind.code


def row_of(login: Login, campaign: str) -> Any:
    board: Any = login("office").get(f"/api/v1/campaigns/{campaign}/board")
    assert board.status_code == 200, board.json
    return board.json["items"][0]


def test_what_is_said_to_be_missing_is_missing_until_it_is_handed_out(
    rep: Hand, visit_id: str, bag: str, campaign: str, login: Login
) -> None:
    give(rep, handout(rep, visit_id, bag, 3))
    assert row_of(login, campaign)["state"] == "handed_out"
    seen = applied(see(rep, look(rep, visit_id, campaign, [(bag, "missing", 2)], note="丢了"))[0])
    assert seen["materials"] == [{"material_id": bag, "state": "missing", "quantity": 2}]
    row = row_of(login, campaign)
    assert (row["state"], row["complete"]) == ("missing", False)
    [line] = row["materials"]
    assert (line["seen"], line["seen_quantity"], line["handed"]) == ("missing", 2, 3)
    assert (row["seen"]["rep_name"], row["seen"]["note"]) == ("rep_a", "丢了")
    # Handed out earlier, told of later: it had gone since.
    give(rep, handout(rep, visit_id, bag, 1, at=rep.ago(250)))
    assert row_of(login, campaign)["state"] == "missing"
    give(rep, handout(rep, visit_id, bag, 1, at=rep.ago(150)))
    row = row_of(login, campaign)
    assert (row["state"], row["materials"][0]["seen"]) == ("handed_out", None)
    assert row["seen"]["note"] == "丢了"


def test_the_newest_look_counts_however_late_it_comes(
    rep: Hand, visit_id: str, bag: str, cap: str, store_id: str, make: Make, login: Login
) -> None:
    campaign = make("N1", [store_id], {bag: 1, cap: 1})
    see(rep, look(rep, visit_id, campaign, [(bag, "present", None)], at=rep.ago(100)))
    late = [(bag, "missing", None), (cap, "missing", 1)]
    see(rep, look(rep, visit_id, campaign, late, at=rep.ago(400)))
    states = {one["material_id"]: one["seen"] for one in row_of(login, campaign)["materials"]}
    # Of the cap nothing newer was said.
    assert states == {bag: "present", cap: "missing"}
    numbers: Any = login("office").get(f"/api/v1/campaigns/{campaign}/numbers").json
    assert {one["id"]: one["missing_stores"] for one in numbers["materials"]} == {bag: 0, cap: 1}


def test_a_look_outside_the_days_does_not_count(
    rep: Hand, visit_id: str, bag: str, campaign: str, login: Login
) -> None:
    long_ago = rep.ago(20 * 86_400)
    applied(see(rep, look(rep, visit_id, campaign, [(bag, "missing", 1)], at=long_ago))[0])
    row = row_of(login, campaign)
    assert (row["state"], row["seen"], row["materials"][0]["seen"]) == ("planned", None, None)


def test_a_photo_that_could_not_be_taken(
    rep: Hand, visit_id: str, campaign: str, login: Login
) -> None:
    applied(see(rep, look(rep, visit_id, campaign, [], photo_kinds=["pile"], note="店里不让拍"))[0])
    row = row_of(login, campaign)
    assert (row["state"], row["seen"]["photo_kinds"]) == ("missing", ["pile"])


def test_sent_again_it_is_one(
    rep: Hand, visit_id: str, bag: str, campaign: str, session: Session
) -> None:
    op = look(rep, visit_id, campaign, [(bag, "missing", 1)])
    again = look(rep, visit_id, campaign, [(bag, "missing", 1)], record_id=op.record_id)
    other = look(rep, visit_id, campaign, [(bag, "present", 1)], record_id=op.record_id)
    first, second = see(rep, op, again)
    [third] = see(rep, op)
    assert applied(first) == applied(second) == applied(third)
    assert code_of(see(rep, other)[0]) == "record_exists"
    assert session.scalar(select(func.count()).select_from(CampaignSeen)) == 1


def test_what_arrives_after_the_end_is_kept(
    rep: Hand, visit_id: str, store_id: str, bag: str, campaign: str, session: Session, world: World
) -> None:
    office, found = world.actors["office"], session.get_one(Campaign, campaign)
    gone = {"how": "remove", "store_ids": [store_id]}
    domain.choose_stores(session, office, rep.clock, found, gone)
    for state in (State.ENDED, State.CLOSED):
        domain.set_state(session, office, rep.clock, found, state)
    session.commit()
    assert applied(see(rep, look(rep, visit_id, campaign, [(bag, "missing", 1)]))[0])["id"]


def test_what_is_not_there_is_refused_alone(
    rep: Hand, other_rep: Hand, visit_id: str, bag: str, campaign: str, make: Make
) -> None:
    draft = make("N2", [], {bag: 1}, start=False)
    lines = [(bag, "missing", 1)]
    outcomes = see(
        rep,
        look(rep, visit_id, new_id(), lines),
        look(rep, visit_id, draft, lines),
        look(rep, visit_id, campaign, [(new_id(), "missing", 1)]),
        look(rep, visit_id, campaign, lines),
    )
    assert [code_of(one) for one in outcomes[:3]] == [
        "campaign_unknown",
        "campaign_unknown",
        "material_unknown",
    ]
    assert applied(outcomes[3])["campaign_id"] == campaign
    assert code_of(see(other_rep, look(other_rep, visit_id, campaign, lines))[0]) == "visit_unknown"


def line(material_id: Any, state: Any = "missing", quantity: Any = None) -> dict[str, Any]:
    return {"material_id": material_id, "state": state, "quantity": quantity}


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"materials": []}, "materials"),
        ({"materials": None}, "materials"),
        ({"materials": ["x"]}, "materials"),
        ({"materials": [line("x")]}, "materials"),
        ({"materials": [line(new_id(), "gone")]}, "materials"),
        ({"materials": [line(new_id(), ["missing"])]}, "materials"),
        ({"materials": [line(one) for one in [new_id()] * 2]}, "materials"),
        ({"materials": [line(new_id()) for _ in range(51)]}, "materials"),
        ({"photo_kinds": "pile"}, "photo_kinds"),
        ({"photo_kinds": ["selfie"]}, "photo_kinds"),
        ({"photo_kinds": ["pile", "pile"]}, "photo_kinds"),
        ({"photo_kinds": [["pile"]]}, "photo_kinds"),
        ({"note": "字" * 501}, "note"),
        ({"at": "yesterday"}, "at"),
        ({"campaign_id": 7}, "campaign_id"),
    ],
)
def test_what_says_nothing_is_malformed(
    rep: Hand, visit_id: str, bag: str, campaign: str, bad: dict[str, Any], field: str
) -> None:
    [outcome] = see(rep, look(rep, visit_id, campaign, [(bag, "missing", 1)], **bad))
    assert isinstance(outcome, Rejected)
    assert (code_of(outcome), outcome.problem.field) == ("op_malformed", f"payload.{field}")


@pytest.mark.parametrize("quantity", [-1, 10_001, 1.5, True, "2"])
def test_a_quantity_is_a_whole_number(
    rep: Hand, visit_id: str, bag: str, campaign: str, quantity: Any
) -> None:
    [outcome] = see(rep, look(rep, visit_id, campaign, [(bag, "missing", quantity)]))
    assert code_of(outcome) == "quantity_invalid"


def test_it_reaches_the_phone_the_visit_the_file_and_my_data(
    login: Login, world: World, store_id: str, bag: str, campaign: str, clock: FrozenClock
) -> None:
    phone = Phone(login("rep_a"), world.people["rep_a"])
    check_in = phone.check_in(store_id)
    visit = check_in["record_id"]
    payload = {"campaign_id": campaign, "visit_id": visit, "at": AT, "note": "=1+1"}
    payload |= {"materials": [line(bag, quantity=2)], "photo_kinds": ["pile"]}
    # It waits for its visit, in whatever order the batch was written.
    op = phone.op("campaign.seen", payload)
    [deferred] = phone.push(op)
    assert (deferred["status"], deferred["problem"]["code"]) == ("deferred", "dependency_missing")
    answers = phone.push(op, check_in)
    assert {one["status"] for one in answers} == {"applied"}
    told = [one for one in phone.pull() if one["entity"] == "campaign_seen"]
    assert [one["record"] for one in told] == [answers[0]["result"]]
    other = Phone(login("rep_b"), world.people["rep_b"])
    assert not [one for one in other.pull() if one["entity"] == "campaign_seen"]
    path = f"/api/v1/campaigns/seen?visit={visit}"
    page: Any = login("sup_east").get(path).json
    assert [(one["campaign_name"], one["note"]) for one in page["items"]] == [("活动P1", "=1+1")]
    assert [one["name"] for one in page["items"][0]["materials"]] == ["物料BAG"]
    assert login("sup_west").get(path).status_code == 404
    visited: Any = login("sup_east").get(f"/api/v1/visits/{visit}").json
    [entry] = [row for row in visited["journal"] if row["event"] == "campaign.seen"]
    assert entry["data"]["missing"] == 1
    body = {"table": "board", "format": "csv"}
    data = login("office").post(f"/api/v1/campaigns/{campaign}/export", json=body).data
    header, row = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert dict(zip(header, row, strict=True))["现场缺少"] == "物料BAG"
    # What a spreadsheet would run is kept a text.
    assert dict(zip(header, row, strict=True))["原因"] == "'=1+1"
    mine: Any = login("rep_a").get("/api/v1/me/data/campaign_seen").json
    assert [one["campaign_name"] for one in mine["items"]] == ["活动P1"]
