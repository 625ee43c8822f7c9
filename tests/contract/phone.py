"""The requests of a phone in the stories."""

from __future__ import annotations

from typing import Any, Final

from server.sync.negotiation import NEWEST_SCHEMA
from tests.contract.company import MATERIAL, PEOPLE, PIN, STORES, fixed_id

Json = dict[str, Any]

AT: Final = "2026-11-23T03:30:00.000Z"
LATER: Final = "2026-11-23T03:50:00.000Z"
FIX: Final[Json] = {
    "lat": PIN[0],
    "lon": PIN[1],
    "accuracy_m": 12.0,
    "age_s": 1.5,
    "source": "gps",
}
VISIT: Final = fixed_id("f1", 1)
THEIR_VISIT: Final = fixed_id("f1", 2)
NO_VISIT: Final = fixed_id("f1", 99)


def op(kind: str, number: int, payload: Json, record_id: str, **more: Any) -> Json:
    """One op; its number makes its id and its place in the phone's own count."""
    return {
        "op_id": fixed_id("0b", number),
        "kind": kind,
        "record_id": record_id,
        "author": PEOPLE["rep"],
        "depends_on": [],
        "payload": payload,
        "device_seq": number,
        "device_at": AT,
        "clock_offset_ms": 0,
        "monotonic_ms": None,
    } | more


def check_in(number: int, visit_id: str = VISIT, store: str = "lake", **more: Any) -> Json:
    """A check-in at a store."""
    payload = {"store_id": STORES[store], "at": AT, "planned": True, "fix": FIX, "reason": None}
    return op("visit.check_in", number, payload | more, visit_id)


def photo(visit_id: str, **more: Any) -> Json:
    """The payload of photo.add."""
    return {
        "visit_id": visit_id,
        "office_check_in_id": None,
        "kind": "shelf",
        "sha256": "5" * 64,
        "bytes": 245_000,
        "width": 1600,
        "height": 1200,
        "mime": "image/jpeg",
        "taken_at": AT,
        "source": "camera",
    } | more


def handout(visit_id: str, **more: Any) -> Json:
    """The payload of handout.add."""
    return {
        "visit_id": visit_id,
        "material_id": MATERIAL,
        "quantity": 3,
        "recipient": "店长 王女士",
        "signature_sha256": None,
        "batch_id": None,
        "photo_id": None,
        "at": LATER,
    } | more


def request(method: str, path: str, who: str | None = "rep", **more: Any) -> Json:
    """One request; who: the user name it is sent as, None without a log-in."""
    return {"as": who, "method": method, "path": "/api/v1" + path} | more


def push(*ops: Json, who: str = "rep") -> Json:
    """A batch."""
    device = {"id": "phone-1", "app_version": "0.1.0", "unsent": len(ops), "oldest_unsent_at": AT}
    body = {"schema": NEWEST_SCHEMA, "device": device, "ops": list(ops)}
    return request("POST", "/sync/push", who, json=body)


def their_visit() -> Json:
    """The other rep's check-in, about which the rep must learn nothing."""
    theirs = check_in(1001, THEIR_VISIT, "theirs") | {"author": PEOPLE["other"]}
    return push(theirs, who="other")
