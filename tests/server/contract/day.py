"""A day in a small company: three reps in two regions, each with a record of every kind.

All of it is made through the API, as phones and the office make it, so that what the scope walk
finds (or must not find) is what the product really writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.organisation import Rules
from server.audit.reviews.models import ReauditCase, ReauditSample, ReviewBulk
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.photos import domain as photos
from server.stores import proposals
from server.stores.learning import Learned
from server.stores.models import PinProposal
from tests.server.conftest import NOW, Login, World
from tests.server.photos.conftest import picture, sha
from tests.server.sync.phone import AT, PIN, Phone

REPS = ("rep_a", "rep_b", "rep_w")
REGION_OF = {"rep_a": "park", "rep_b": "park", "rep_w": "west"}
CALLERS = (*REPS, "sup_east", "sup_west", "office")
# Whose records each of them finds, besides their own: rep_a and rep_b work in the east's park.
SUPERVISOR = {"rep_a": "sup_east", "rep_b": "sup_east", "rep_w": "sup_west"}
LATER = "2026-11-23T03:49:00.000Z"
PHOTOS = 3
COUNTED = "2026-11-23T03:45:00.000Z"
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Side:
    """What one rep's day left behind: ids and unmistakable words by kind, and who may see them."""

    rep: str
    region: str
    words: Mapping[str, str]
    seen_by: frozenset[str]
    signature: bytes


@dataclass(slots=True)
class Day:
    """All sides, what belongs to everybody (common), and who sees which region."""

    world: World
    sides: list[Side] = field(default_factory=list)
    common: dict[str, str] = field(default_factory=dict)

    def sees_region(self, caller: str, region: str) -> bool:
        """True if the region lies in the caller's subtree."""
        return self.world.actors[caller].sees_region(self.world.regions[region])

    def hidden_from(self, caller: str) -> dict[str, str]:
        """Words that may stand in no answer to the caller, with what each of them is."""
        hidden = {
            word: f"the {kind} of {side.rep}"
            for side in self.sides
            if caller not in side.seen_by
            for kind, word in side.words.items()
        }
        for region in ("park", "west"):
            if caller == "nobody" or not self.sees_region(caller, region):
                hidden[self.world.regions[region]] = f"the id of the region {region}"
        return hidden


def made(answer: Any, status: int = 201) -> dict[str, Any]:
    """The JSON of an answer that must have succeeded."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    body: dict[str, Any] = answer.json
    return body


def upload(client: FlaskClient, data: bytes) -> str:
    """Send bytes as a phone does; their hash."""
    headers = {"Upload-Offset": "0", "Upload-Length": str(len(data))}
    made(client.patch(f"/api/v1/uploads/{sha(data)}", data=data, headers=headers))
    return sha(data)


def make_day(world: World, login: Login, session: Session, clock: FrozenClock) -> Day:
    """Let the office set up, and each rep make a whole visit and report at an office."""
    office, day = login("office"), Day(world)
    hq = world.regions["hq"]
    values: dict[str, Any] = {"code": "BAG", "name": "手提袋", "kind": "giveaway", "unit": "个"}
    day.common["material"] = made(office.post("/api/v1/materials", json=values))["id"]
    values = {"code": "HQ", "name": "总部", "region_id": hq, "lat": PIN[0], "lon": PIN[1]}
    day.common["office"] = made(office.post("/api/v1/offices", json=values))["id"]
    entry = {"material_id": day.common["material"], "quantity": 100}
    received = made(office.post("/api/v1/ledger/entries", json=entry | {"kind": "receive"}))
    day.common |= {"entry": received["id"], "warehouse": "main"}
    day.common["everywhere"] = _plan(day, office, "ALL", "各处的活动", [])
    for number, rep in enumerate(REPS):
        side = _make_side(day, office, Phone(login(rep), world.people[rep], f"phone-{rep}"), number)
        words = dict(side.words) | {"proposal": _proposal(session, clock, side.words["store"])}
        words |= _reviews(session, world, side)
        day.sides.append(replace(side, words=words))
        for kind in ("photo", "photo_again", "photo_of_all"):
            photos.process(session, clock, side.words[kind])
    path = f"/api/v1/campaigns/{day.common['everywhere']}/state"
    made(office.post(path, json={"state": "running"}), 200)
    return day


def _proposal(session: Session, clock: FrozenClock, store_id: str) -> str:
    """A pin proposed for the store, as if many check-ins had been a kilometre away; its id."""
    place = Learned(PIN[0] + 0.01, PIN[1], 12.0, 15.0, fixes=9, left_out=1, reps=2, days=4)
    proposals.propose(session, clock, Rules(), {store_id: place})
    found = session.scalars(select(PinProposal.id).where(PinProposal.store_id == store_id)).one()
    session.commit()
    return str(found)


def _reviews(session: Session, world: World, side: Side) -> dict[str, str]:
    """A bulk of the side's supervisor, and a case for a second word, closed since."""
    office, supervisor = world.people["office"], world.people[SUPERVISOR[side.rep]]
    bulk = ReviewBulk(id=new_id(), actor_id=supervisor, at=NOW, filters={}, visits=0, by_flag={})
    sample = ReauditSample(
        id=new_id(),
        actor_id=office,
        at=NOW,
        share=1,
        seed=1,
        first=NOW.date(),
        last=NOW.date(),
        population=1,
        drawn=1,
    )
    session.add_all((bulk, sample))
    session.flush()
    case = ReauditCase(
        id=new_id(),
        sample_id=sample.id,
        visit_id=side.words["visit"],
        region_id=world.regions[side.region],
        author_id=side.words["person"],
        first_entry_id=new_id(),
        first_actor_id=new_id(),
        first_state="accepted",
        closed_at=NOW,
    )
    session.add(case)
    session.commit()
    return {"bulk": bulk.id, "case": case.id}


def _make_side(day: Day, office: FlaskClient, phone: Phone, number: int) -> Side:
    rep, region = REPS[number], REGION_OF[REPS[number]]
    lat = PIN[0] + number / 5
    material = day.common["material"]
    issue = {"material_id": material, "quantity": 10, "rep_id": phone.user_id}
    issued = made(office.post("/api/v1/ledger/movements", json=issue))["id"]
    store = made(
        office.post(
            "/api/v1/stores",
            json={
                "code": f"CODE-{rep}",
                "name": f"{rep}的门店",
                "address": f"{rep}路1号",
                "region_id": day.world.regions[region],
                "lat": lat,
                "lon": PIN[1],
                "rep_ids": [day.world.people[rep]],
            },
        )
    )
    campaign = _plan(day, office, rep, f"campaign of {rep}", [store["id"]])
    path = f"/api/v1/campaigns/{day.common['everywhere']}/stores"
    made(office.post(path, json={"how": "add", "store_ids": [store["id"]]}), 200)
    photo = upload(phone.client, picture(number))
    # The same picture from all three: pairs of photos of which some may see one side only.
    of_all = upload(phone.client, picture(0x5A5A5A))
    signature = PNG + f"signature for {rep}".encode()
    upload(phone.client, signature)
    check_in = phone.check_in(store["id"], fix=_fix(lat))
    visit = check_in["record_id"]
    ops = [
        check_in,
        phone.op("visit.note", {"visit_id": visit, "at": AT, "text": f"note by {rep}"}),
        phone.op("photo.add", _photo(visit, photo)),
        phone.op("handout.add", _handout(visit, material, rep, sha(signature))),
        phone.op("office.check_in", {"office_id": None, "at": AT, "fix": _fix(PIN[0])}),
        phone.op("stock.confirm", {"quantity": 9, "at": AT}, issued),
        phone.op("stock.count", {"material_id": material, "counted": 6, "at": COUNTED}),
        # One file under two records of a visit.
        phone.op("photo.add", _photo(visit, photo) | {"taken_at": LATER}),
        phone.op("photo.add", _photo(visit, of_all) | {"taken_at": LATER}),
        phone.op("visit.check_out", {"at": "2026-11-23T03:50:00.000Z", "fix": None}, visit),
        phone.op("office.exemption_request", _leave(rep)),
        phone.op("office.make_up", {"week": "2026-W47", "reason": f"away, says {rep}", "at": AT}),
        phone.op("visit.reply", {"visit_id": visit, "at": LATER, "text": f"answer by {rep}"}),
        phone.op("campaign.seen", _seen(visit, campaign, material, rep)),
    ]
    tasks = _tasks(office, phone.user_id, store["id"], rep)
    done = {"at": LATER, "note": f"done, says {rep}", "visit_id": visit}
    ops.append(phone.op("task.done", done, tasks[0]))
    results = phone.push(*ops)
    assert {row["status"] for row in results} == {"applied"}, results
    return Side(
        rep=rep,
        region=region,
        words={
            "store": store["id"],
            "store_name": store["name"],
            "store_code": store["code"],
            "store_address": store["address"],
            "visit": visit,
            "note": ops[1]["record_id"],
            "note_text": f"note by {rep}",
            "photo": ops[2]["record_id"],
            "photo_sha256": photo,
            "photo_again": ops[7]["record_id"],
            "photo_of_all": ops[8]["record_id"],
            "reply": ops[12]["record_id"],
            "reply_text": f"answer by {rep}",
            "seen": ops[13]["record_id"],
            "seen_note": f"seen by {rep}",
            "handout": ops[3]["record_id"],
            "recipient": f"shop keeper of {rep}",
            "signature_sha256": sha(signature),
            "office_check_in": ops[4]["record_id"],
            "exemption": ops[10]["record_id"],
            "exemption_reason": f"leave of {rep}",
            "make_up": ops[11]["record_id"],
            "make_up_reason": f"away, says {rep}",
            "person": day.world.people[rep],
            "movement": issued,
            "count": ops[6]["record_id"],
            "campaign": campaign,
            "campaign_name": f"campaign of {rep}",
            "task": tasks[0],
            "open_task": tasks[1],
            "task_title": f"task for {rep}",
            "task_note": f"done, says {rep}",
        },
        seen_by=frozenset({rep, SUPERVISOR[rep], "office"}),
        signature=signature,
    )


def _seen(visit: str, campaign: str, material: str, rep: str) -> dict[str, Any]:
    return {
        "campaign_id": campaign,
        "visit_id": visit,
        "at": LATER,
        "materials": [{"material_id": material, "state": "missing", "quantity": None}],
        "photo_kinds": [],
        "note": f"seen by {rep}",
    }


def _tasks(office: FlaskClient, rep_id: str, store_id: str, rep: str) -> list[str]:
    """Two tasks given to the rep, at their store."""
    values = {"title": f"task for {rep}", "rep_ids": [rep_id], "store_id": store_id}
    return [
        str(made(office.post("/api/v1/tasks", json=values))["items"][0]["id"]) for _ in range(2)
    ]


def _leave(rep: str) -> dict[str, Any]:
    return {
        "kind": "leave",
        "first_day": "2026-12-07",
        "last_day": "2026-12-11",
        "reason": f"leave of {rep}",
        "at": AT,
    }


def _plan(day: Day, office: FlaskClient, code: str, name: str, stores: list[str]) -> str:
    """A campaign; one with stores runs."""
    lines = [{"material_id": day.common["material"], "per_store": 2}]
    values: dict[str, Any] = {"code": f"C-{code}", "name": name, "materials": lines}
    values |= {"first_day": "2026-11-01", "last_day": "2026-11-30", "photo_kinds": ["shelf"]}
    campaign = made(office.post("/api/v1/campaigns", json=values))["id"]
    if stores:
        path = f"/api/v1/campaigns/{campaign}"
        made(office.post(f"{path}/stores", json={"how": "add", "store_ids": stores}), 200)
        made(office.post(f"{path}/state", json={"state": "running"}), 200)
    return str(campaign)


def _fix(lat: float) -> dict[str, Any]:
    return {"lat": lat, "lon": PIN[1], "accuracy_m": 12.0, "age_s": 1.0, "source": "gps"}


def _photo(visit: str, sha256: str) -> dict[str, Any]:
    return {
        "visit_id": visit,
        "office_check_in_id": None,
        "kind": "shelf",
        "sha256": sha256,
        "bytes": 1_000,
        "width": 64,
        "height": 48,
        "mime": "image/jpeg",
        "taken_at": AT,
        "source": "camera",
    }


def _handout(visit: str, material: str, rep: str, signature: str) -> dict[str, Any]:
    return {
        "visit_id": visit,
        "material_id": material,
        "quantity": 2,
        "recipient": f"shop keeper of {rep}",
        "signature_sha256": signature,
        "at": AT,
    }
