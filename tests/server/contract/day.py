"""A day in a small company: three reps in two regions, each with a record of every kind.

All of it is made through the API, as phones and the office make it, so that what the scope walk
finds (or must not find) is what the product really writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.photos import domain as photos
from tests.server.conftest import Login, World
from tests.server.photos.conftest import picture, sha
from tests.server.sync.phone import AT, PIN, Phone

REPS = ("rep_a", "rep_b", "rep_w")
REGION_OF = {"rep_a": "park", "rep_b": "park", "rep_w": "west"}
CALLERS = (*REPS, "sup_east", "sup_west", "office")
# Whose records each of them finds, besides their own: rep_a and rep_b work in the east's park.
SUPERVISOR = {"rep_a": "sup_east", "rep_b": "sup_east", "rep_w": "sup_west"}
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
        day.sides.append(side)
        photos.process(session, clock, side.words["photo"])
    path = f"/api/v1/campaigns/{day.common['everywhere']}/state"
    made(office.post(path, json={"state": "running"}), 200)
    return day


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
        phone.op("visit.check_out", {"at": "2026-11-23T03:50:00.000Z", "fix": None}, visit),
    ]
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
            "handout": ops[3]["record_id"],
            "recipient": f"shop keeper of {rep}",
            "signature_sha256": sha(signature),
            "office_check_in": ops[4]["record_id"],
            "person": day.world.people[rep],
            "movement": issued,
            "count": ops[6]["record_id"],
            "campaign": campaign,
            "campaign_name": f"campaign of {rep}",
        },
        seen_by=frozenset({rep, SUPERVISOR[rep], "office"}),
        signature=signature,
    )


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
