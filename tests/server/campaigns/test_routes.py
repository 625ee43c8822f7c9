"""The office plans, supervisors watch and sum up, files go in and out, phones hear of it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import domain as accounts
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.journal import JournalEntry
from server.kernel.sheets import MIME
from server.stores import domain as stores
from tests.server.campaigns.conftest import Make
from tests.server.conftest import PASSWORD_HASH, Login, World
from tests.server.materials.conftest import give, handout
from tests.server.sync.phone import Phone
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import Hand

BODY: dict[str, Any] = {
    "code": "S1",
    "name": "双旦促销",
    "first_day": "2026-11-16",
    "last_day": "2026-11-29",
}


def add(office: FlaskClient, **more: Any) -> Any:
    return office.post("/api/v1/campaigns", json=BODY | more)


def test_a_campaign_from_draft_to_closed(login: Login, bag: str, store_id: str) -> None:
    office = login("office")
    made: Any = add(office, materials=[{"material_id": bag, "per_store": 2}])
    assert (made.status_code, made.json["state"], made.json["stores"]) == (201, "draft", 0)
    path = f"/api/v1/campaigns/{made.json['id']}"
    empty: Any = office.post(f"{path}/state", json={"state": "running"})
    assert (empty.status_code, empty.json["code"]) == (409, "campaign_empty")
    body = {"how": "add", "store_ids": [store_id, new_id()]}
    chosen: Any = office.post(f"{path}/stores", json=body)
    assert (chosen.json["added"], chosen.json["total"]) == (1, 1)
    assert chosen.json["unmatched"] == [body["store_ids"][1]]
    assert login("sup_east").get(path).status_code == 404
    for state in ("running", "running", "ended", "running", "ended", "closed"):
        done: Any = office.post(f"{path}/state", json={"state": state})
        assert (done.status_code, done.json["state"]) == (200, state)
        assert login("sup_east").get(path).status_code == 200
    wrong: Any = office.post(f"{path}/state", json={"state": "running"})
    assert (wrong.status_code, wrong.json["code"]) == (409, "campaign_state")
    late: Any = office.post(f"{path}/stores", json=body)
    assert late.json["code"] == "campaign_closed"
    tag = office.get(path).headers["ETag"]
    late = office.patch(path, json={"name": "x"}, headers={"If-Match": tag})
    assert late.json["code"] == "campaign_closed"


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"last_day": "2026-11-15"}, 422, "campaign_period"),
        ({"target": 5}, 422, "campaign_target"),
        ({"target_kind": "total"}, 422, "campaign_target"),
        ({"photo_kinds": ["selfie"]}, 422, "validation_failed"),
        ({"materials": [{"material_id": "none", "per_store": 1}]}, 404, "material_unknown"),
        ({"materials": [{"material_id": "none", "per_store": 0}]}, 422, "validation_failed"),
    ],
)
def test_what_makes_no_sense_is_refused(
    login: Login, more: dict[str, Any], status: int, code: str
) -> None:
    answer: Any = add(login("office"), **more)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_codes_are_unique_and_changes_are_guarded(login: Login, bag: str) -> None:
    office = login("office")
    made: Any = add(office)
    assert add(office).json["code"] == "campaign_code_taken"
    path = f"/api/v1/campaigns/{made.json['id']}"
    assert office.patch(path, json={"name": "x"}).status_code == 428
    lines = [{"material_id": bag, "per_store": 4}]
    tag = {"If-Match": office.get(path).headers["ETag"]}
    changed: Any = office.patch(
        path, json={"materials": lines, "last_day": "2026-12-05"}, headers=tag
    )
    assert [one["per_store"] for one in changed.json["materials"]] == [4]
    assert (changed.json["last_day"], changed.json["rev"]) == ("2026-12-05", 2)
    assert office.patch(path, json={"name": "x"}, headers=tag).status_code == 412


def test_a_campaign_sent_again_after_a_lost_answer(
    login: Login, bag: str, session: Session, world: World, clock: FrozenClock
) -> None:
    office, key = login("office"), new_id()
    plan = {"materials": [{"material_id": bag, "per_store": 2}]}
    first: Any = add(office, id=key, **plan)
    again: Any = add(office, id=key, **plan)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    made = session.scalars(select(JournalEntry).where(JournalEntry.event == "campaign.created"))
    assert len(made.all()) == 1
    # Another content under its id, or somebody else's.
    for more in ({"name": "别的"}, {"materials": []}, {"target": 5, "target_kind": "total"}):
        other: Any = add(office, id=key, **(plan | more))
        assert (other.status_code, other.json["code"]) == (409, "record_exists"), more
        assert other.json["field"] == "id"
    values = {"username": "office2", "name": "x", "role": "office"}
    values |= {"region_id": world.regions["hq"]}
    accounts.create_person(session, None, clock, values, password_hash=PASSWORD_HASH)
    session.commit()
    theirs: Any = add(login("office2"), id=key, **plan)
    assert (theirs.status_code, theirs.json["code"]) == (409, "record_exists")
    taken: Any = add(office, id=new_id(), **plan)
    assert taken.json["code"] == "campaign_code_taken"


def test_stores_by_region_chain_code_and_file(
    login: Login, world: World, session: Session, clock: FrozenClock
) -> None:
    ids = {
        code: add_store(session, world, clock, code, "rep_a", chain=chain, region_id=region)
        for code, chain, region in (
            ("001", "大润发", world.regions["park"]),
            ("002", "大润发", world.regions["west"]),
            ("003", "永辉", world.regions["park"]),
        )
    }
    office = login("office")
    assert office.get("/api/v1/campaigns/chains").json == {"items": ["大润发", "永辉"]}
    path = f"/api/v1/campaigns/{add(office).json['id']}/stores"  # type: ignore[index]

    def choose(how: str, **more: Any) -> Any:
        return office.post(path, json={"how": how} | more).json

    assert choose("add", region_id=world.regions["east"])["total"] == 2
    assert choose("replace", chain="大润发")["total"] == 2
    assert choose("replace", chain="大润发", region_id=world.regions["west"])["total"] == 1
    found = choose("add", codes=["001", "009"])
    assert (found["added"], found["unmatched"]) == (1, ["009"])
    assert choose("remove", store_ids=[ids["002"]]) == {
        "added": 0,
        "removed": 1,
        "total": 1,
        "unmatched": [],
    }
    assert choose("add")["code"] == "validation_failed"
    assert choose("add", region_id=new_id())["code"] == "region_unknown"
    book = Workbook()
    for row in (["门店", "门店编码"], ["x", "003"], ["y", "002"], ["z", "404"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    for data, kind in ((out.getvalue(), "xlsx"), ("门店编码\n001\n".encode("gb18030"), "csv")):
        answer: Any = office.post(
            f"{path}/import?how=replace", data=data, headers={"Content-Type": MIME[kind]}
        )
        assert answer.status_code == 200, answer.json
    assert answer.json["total"] == 1
    broken: Any = office.post(
        f"{path}/import", data=b"PK\x03\x04no", headers={"Content-Type": MIME["xlsx"]}
    )
    assert broken.json["code"] == "sheet_unreadable"
    wrong: Any = office.post(f"{path}/import", data=b"x", headers={"Content-Type": "text/html"})
    assert wrong.status_code == 415


def test_the_board_is_paged_and_filtered(
    login: Login, world: World, session: Session, clock: FrozenClock, bag: str, make: Make
) -> None:
    ids = [add_store(session, world, clock, f"N{n}", "rep_a") for n in range(5)]
    ids.append(add_store(session, world, clock, "N5", "rep_b"))
    campaign = make("P1", ids, {bag: 1})
    hand = Hand(session, world.actors["rep_a"], clock)
    visit = hand.check_in(ids[0])
    give(hand, handout(hand, visit, bag, 1, at=hand.ago()))
    client, path = login("sup_east"), f"/api/v1/campaigns/{campaign}/board?limit=2"
    seen: list[str] = []
    cursor = ""
    while True:
        page: Any = client.get(path + cursor)
        seen += [one["store_code"] for one in page.json["items"]]
        if page.json["next"] is None:
            break
        cursor = f"&cursor={page.json['next']}"
    assert seen == [f"N{n}" for n in range(6)]
    for query, codes in (
        ("state=handed_out", ["N0"]),
        ("q=n4", ["N4"]),
        (f"rep={world.people['rep_b']}", ["N5"]),
        (f"region={world.regions['park']}&state=planned&q=N1", ["N1"]),
        ("state=missing", []),
    ):
        found: Any = client.get(f"{path}&{query}")
        assert [one["store_code"] for one in found.json["items"]] == codes, query
        assert found.json["counts"]["stores"] >= len(codes)
    assert client.get(f"{path}&region={world.regions['west']}").status_code == 404
    assert client.get(f"{path}&cursor=x").status_code == 422


def test_summaries_are_prefilled_versioned_and_guarded(
    login: Login, campaign: str, rep: Hand, visit_id: str, bag: str
) -> None:
    give(rep, handout(rep, visit_id, bag, 2))
    path = f"/api/v1/campaigns/{campaign}/summaries"
    client = login("sup_east")
    first: Any = client.get(path)
    assert first.json["version"] == 0
    assert "有效发放 0 / 1 笔（0%）" in first.json["draft"]
    assert "物料BAG：计划 3，已发放 2" in first.json["draft"]
    english: Any = client.get(path, headers={"Accept-Language": "en"})
    assert "0 of 1 handouts" in english.json["draft"]
    made: Any = client.post(path, json={"text": first.json["draft"], "after": 0})
    assert (made.status_code, made.json["version"], made.json["share"]) == (201, 1, 0.0)
    again: Any = client.post(path, json={"text": first.json["draft"], "after": 0})
    assert again.json["id"] == made.json["id"]
    clash: Any = client.post(path, json={"text": "另一个", "after": 0})
    assert (clash.status_code, clash.json["code"]) == (409, "summary_changed")
    assert client.post(path, json={"text": "改过", "after": 1}).status_code == 201
    # The office writes of the whole company: a version of its own, which the region is not shown.
    assert login("office").post(path, json={"text": "全公司", "after": 0}).status_code == 201
    shown: Any = login("office").get(path)
    assert [one["text"] for one in shown.json["items"]][::-1][0] == first.json["draft"]
    assert len(shown.json["items"]) == 3
    mine: Any = client.get(path)
    assert [one["version"] for one in mine.json["items"]] == [2, 1]


def test_tables_leave_as_files_and_the_journal_knows(
    login: Login, campaign: str, session: Session, rep: Hand, visit_id: str, bag: str
) -> None:
    give(rep, handout(rep, visit_id, bag, 2))
    client = login("sup_east")
    path = f"/api/v1/campaigns/{campaign}"
    client.post(f"{path}/summaries", json={"text": "=小结", "after": 0})
    for table, part in (("board", "缺少的照片"), ("effect", "有效率"), ("summaries", "版本")):
        answer: Any = client.post(f"{path}/export", json={"table": table, "format": "csv"})
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert part in rows[0]
        assert len({len(row) for row in rows[:2]}) == 1
        answer = client.post(
            f"{path}/export",
            json={"table": table, "format": "xlsx"},
            headers={"Accept-Language": "en"},
        )
        sheet = load_workbook(io.BytesIO(answer.data)).active
        assert sheet["A1"].value.isascii()
    board: Any = client.post(f"{path}/export", json={"table": "board", "format": "csv"})
    assert "有缺项" in board.data.decode("utf-8-sig")
    events = session.scalars(select(JournalEntry.event)).all()
    assert events.count("table.exported") == 7
    for event in ("created", "stores", "started", "summarised"):
        assert f"campaign.{event}" in events


def test_the_feed_follows_assignments_and_handouts(
    login: Login,
    world: World,
    campaign: str,
    store_id: str,
    bag: str,
    session: Session,
    clock: FrozenClock,
) -> None:
    def told(phone: Phone) -> list[Any]:
        return [one["record"] for one in phone.pull() if one["entity"] == "campaign"]

    mine = Phone(login("rep_a"), world.people["rep_a"])
    other = Phone(login("rep_b"), world.people["rep_b"], "phone-2")
    assert [one["id"] for one in told(mine)] == [campaign]
    assert told(other) == []
    office = world.actors["office"]
    reps = [world.people["rep_a"], world.people["rep_b"]]
    stores.set_assignments(session, office, clock, store_id, reps)
    session.commit()
    assert [one["id"] for one in told(other)] == [campaign]
    visit = mine.check_in(store_id)
    given = {
        "visit_id": visit["record_id"],
        "material_id": bag,
        "quantity": 2,
        "at": visit["payload"]["at"],
    }
    results = mine.push(visit, mine.op("handout.add", given))
    assert [one["status"] for one in results] == ["applied", "applied"]
    # The colleague at the same store hears of what was given out there.
    assert told(other)[0]["stores"][0]["handed"] == [{"material_id": bag, "quantity": 2}]
    stores.set_assignments(session, office, clock, store_id, reps[:1])
    session.commit()
    assert told(other) == [None]
    assert told(other) == []
