"""visit.received at once, visit.complete once and not before all of the visit is here."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.materials import domain as materials
from server.visits.completion import tell_complete
from tests.server.conftest import World
from tests.server.sync.phone import AT, Phone


@pytest.fixture
def material_id(world: World, session: Session, clock: FrozenClock) -> str:
    values = {"code": "M1", "name": "试饮小杯", "kind": "giveaway", "unit": "个"}
    found: str = materials.create_material(session, world.actors["office"], clock, values).id
    session.commit()
    return found


def events(session: Session, visit_id: str) -> list[str]:
    return [entry["event"] for entry in journal.for_subject(session, "visit", visit_id)]


def photo(phone: Phone, visit_id: str, data: bytes) -> dict[str, Any]:
    payload = {
        "visit_id": visit_id,
        "office_check_in_id": None,
        "kind": "shelf",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "width": 4,
        "height": 3,
        "mime": "image/jpeg",
        "taken_at": AT,
        "source": "camera",
    }
    return phone.op("photo.add", payload)


def check_out(phone: Phone, visit_id: str, **more: Any) -> dict[str, Any]:
    return phone.op("visit.check_out", {"at": AT, "fix": None} | more, visit_id)


def send_bytes(phone: Phone, data: bytes) -> None:
    answer = phone.client.patch(
        f"/api/v1/uploads/{hashlib.sha256(data).hexdigest()}",
        data=data,
        headers={
            "Upload-Offset": "0",
            "Upload-Length": str(len(data)),
            "Content-Type": "application/offset+octet-stream",
        },
    )
    assert answer.status_code == 201


def test_a_visit_is_complete_when_its_last_photo_has_come(
    phone: Phone, store_id: str, session: Session, clock: FrozenClock
) -> None:
    first, second = b"one picture", b"another picture"
    visit = phone.check_in(store_id)
    visit_id = visit["record_id"]
    phone.push(visit, photo(phone, visit_id, first))
    assert events(session, visit_id)[0] == "visit.received"
    send_bytes(phone, first)
    assert tell_complete(session, clock) == []
    late = photo(phone, visit_id, second)
    phone.push(check_out(phone, visit_id, photos=2))
    # The phone has announced two, of which one is not even known yet.
    assert tell_complete(session, clock) == []
    # A photo that goes with an answer is none of the two, and nothing waits for it.
    phone.push(photo(phone, visit_id, b"what the shelf looks like today"))
    assert tell_complete(session, clock) == []
    send_bytes(phone, b"what the shelf looks like today")
    assert tell_complete(session, clock) == []
    phone.push(photo(phone, visit_id, b"another answer, still on its way"))
    phone.push(late)
    assert tell_complete(session, clock) == []
    send_bytes(phone, second)
    assert tell_complete(session, clock) == [visit_id]
    assert tell_complete(session, clock) == []
    assert events(session, visit_id).count("visit.complete") == 1


def test_a_signature_on_its_way_holds_it_back(
    phone: Phone, store_id: str, material_id: str, session: Session, clock: FrozenClock
) -> None:
    signature = b"a name drawn with a finger"
    visit = phone.check_in(store_id)
    visit_id = visit["record_id"]
    handout = {
        "visit_id": visit_id,
        "material_id": material_id,
        "quantity": 1,
        "recipient": "王店长",
        "signature_sha256": hashlib.sha256(signature).hexdigest(),
        "at": AT,
    }
    phone.push(visit, phone.op("handout.add", handout), check_out(phone, visit_id))
    assert tell_complete(session, clock, [visit_id]) == []
    send_bytes(phone, signature)
    assert tell_complete(session, clock, [visit_id]) == [visit_id]


def test_open_and_cancelled_visits_are_never_complete(
    phone: Phone, store_id: str, session: Session, clock: FrozenClock
) -> None:
    still_open, off = phone.check_in(store_id), phone.check_in(store_id)
    cancel = phone.op("visit.cancel", {"at": AT, "reason": "店休"}, off["record_id"])
    phone.push(still_open, off, cancel)
    assert tell_complete(session, clock) == []


def test_a_number_of_photos_that_is_none_is_refused(phone: Phone, store_id: str) -> None:
    visit = phone.check_in(store_id)
    refused = check_out(phone, visit["record_id"], photos=-1)
    _, answer = phone.push(visit, refused)
    assert answer["problem"]["field"] == "payload.photos"
