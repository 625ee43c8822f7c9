"""The right of reply: what a rep answers is kept beside the flag, and takes nothing away."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import bindparam, literal, select
from sqlalchemy.orm import Session

from server.audit.answers import queries
from server.kernel.clock import FrozenClock
from server.kernel.db import Utc
from server.kernel.ids import new_id
from server.photos import domain as photos
from tests.server.conftest import Login
from tests.server.contract.day import upload
from tests.server.photos.conftest import picture
from tests.server.rights.conftest import OUT
from tests.server.sync.phone import AT, Phone


def reply(phone: Phone, visit: str, **more: Any) -> dict[str, Any]:
    payload = {"visit_id": visit, "at": OUT, "text": "门店搬到对面了", "photo_id": None}
    return phone.op("visit.reply", payload | more)


def codes(client: FlaskClient, visit_id: str) -> list[str]:
    page: Any = client.get(f"/api/v1/visits/{visit_id}").json
    return [flag["code"] for flag in page["flags"]]


def test_it_is_kept_told_and_takes_no_flag_away(
    phone: Phone, supervisor: FlaskClient, visit_id: str
) -> None:
    before = codes(supervisor, visit_id)
    assert "off_site" in before
    phone.pull()
    op = reply(phone, visit_id)
    [answer] = phone.push(op)
    assert answer["status"] == "applied"
    record = answer["result"]
    assert record["text"] == "门店搬到对面了"
    assert (record["visit_id"], record["photo_id"]) == (visit_id, None)
    assert [(row["entity"], row["record"]) for row in phone.pull()] == [("visit_reply", record)]
    told: Any = supervisor.get(f"/api/v1/replies?visit={visit_id}").json
    assert told == {"items": [record | {"photo": None}]}
    assert codes(supervisor, visit_id) == before
    page: Any = supervisor.get(f"/api/v1/visits/{visit_id}").json
    [entry] = [row for row in page["journal"] if row["event"] == "visit.replied"]
    assert entry["data"] == {"reply_id": record["id"], "photo": False}
    assert "门店搬到对面了" not in str(page["journal"])


def test_sent_again_it_is_one(phone: Phone, supervisor: FlaskClient, visit_id: str) -> None:
    op = reply(phone, visit_id)
    [first] = phone.push(op)
    [again] = phone.push(op)
    [other_op] = phone.push(op | {"op_id": new_id()})
    assert (again["status"], other_op["status"]) == ("replayed", "applied")
    assert first["result"] == again["result"] == other_op["result"]
    [changed] = phone.push(reply(phone, visit_id, text="别的") | {"record_id": op["record_id"]})
    assert changed["problem"]["code"] == "record_exists"
    told: Any = supervisor.get(f"/api/v1/replies?visit={visit_id}").json
    assert len(told["items"]) == 1


def test_twice_in_one_batch_it_is_one(phone: Phone, visit_id: str) -> None:
    op = reply(phone, visit_id)
    results = phone.push(op, op | {"op_id": new_id()})
    assert results[0]["result"] == results[1]["result"]


@pytest.mark.parametrize(
    "bad",
    [
        {"text": ""},
        {"text": " \0 "},
        {"text": "字" * 501},
        {"text": None},
        {"text": 7},
        {"at": "yesterday"},
        {"visit_id": "x"},
        {"photo_id": "x"},
        {"photo_id": 7},
    ],
)
def test_what_is_none_is_rejected_alone(phone: Phone, visit_id: str, bad: dict[str, Any]) -> None:
    results = phone.push(reply(phone, visit_id, **bad), reply(phone, visit_id, text="字" * 500))
    assert [row["status"] for row in results] == ["rejected", "applied"]
    assert results[0]["problem"]["code"] == "op_malformed"
    assert results[0]["problem"]["field"] == f"payload.{next(iter(bad))}"


@pytest.mark.parametrize("words", ["", " \0 ", None])
def test_a_photo_alone_is_an_answer(
    phone: Phone, supervisor: FlaskClient, visit_id: str, words: str | None
) -> None:
    photo = new_id()
    [answer] = phone.push(reply(phone, visit_id, text=words, photo_id=photo))
    assert answer["status"] == "applied"
    assert (answer["result"]["text"], answer["result"]["photo_id"]) == ("", photo)
    page: Any = supervisor.get(f"/api/v1/reviews/{visit_id}").json
    assert page["review"]["state"] == "explained"
    [refused] = phone.push(reply(phone, visit_id, text=7, photo_id=photo))
    assert refused["problem"]["field"] == "payload.text"


def test_it_waits_for_its_visit(phone: Phone, store_id: str) -> None:
    check_in = phone.check_in(store_id)
    op = reply(phone, check_in["record_id"])
    [deferred] = phone.push(op)
    assert (deferred["status"], deferred["problem"]["code"]) == ("deferred", "dependency_missing")
    # In whatever order a batch was written.
    assert {row["status"] for row in phone.push(op, check_in)} == {"applied"}


def test_nobody_answers_for_another(
    phone: Phone, other_phone: Phone, login: Login, visit_id: str
) -> None:
    [answer] = other_phone.push(reply(other_phone, visit_id))
    assert answer["problem"]["code"] == "visit_unknown"
    for who, status in (("rep_b", 404), ("sup_west", 404), ("sup_east", 200), ("office", 200)):
        assert login(who).get(f"/api/v1/replies?visit={visit_id}").status_code == status


def test_a_photo_stands_beside_it_and_clears_nothing(
    phone: Phone, supervisor: FlaskClient, visit_id: str, session: Session, clock: FrozenClock
) -> None:
    before = codes(supervisor, visit_id)
    assert "no_photo" in before
    sha256 = upload(phone.client, picture(77))
    payload = {
        "visit_id": visit_id,
        "office_check_in_id": None,
        "kind": "other",
        "sha256": sha256,
        "bytes": 1_000,
        "width": 64,
        "height": 48,
        "mime": "image/jpeg",
        "taken_at": OUT,
        "source": "camera",
    }
    photo = phone.op("photo.add", payload)
    op = reply(phone, visit_id, photo_id=photo["record_id"])
    # The words do not wait for the picture.
    [first] = phone.push(op)
    assert first["result"]["photo_id"] == photo["record_id"]
    told: Any = supervisor.get(f"/api/v1/replies?visit={visit_id}").json
    assert told["items"][0]["photo"] is None
    phone.push(photo)
    photos.process(session, clock, photo["record_id"])
    told = supervisor.get(f"/api/v1/replies?visit={visit_id}").json
    assert told["items"][0]["photo"]["id"] == photo["record_id"]
    assert codes(supervisor, visit_id) == before


def test_a_photo_of_another_visit_is_not_shown(
    phone: Phone, other_phone: Phone, supervisor: FlaskClient, visit_id: str
) -> None:
    phone.push(reply(phone, visit_id, photo_id=new_id()))
    told: Any = supervisor.get(f"/api/v1/replies?visit={visit_id}").json
    assert told["items"][0]["photo"] is None


def test_what_reviews_ask(phone: Phone, visit_id: str, session: Session) -> None:
    first = phone.push(reply(phone, visit_id, text="一"))[0]["result"]
    second = phone.push(reply(phone, visit_id, text="二"))[0]["result"]
    found = queries.of_visits(session, [visit_id, new_id()])
    assert {visit: {row["text"] for row in rows} for visit, rows in found.items()} == {
        visit_id: {"一", "二"}
    }
    assert found[visit_id][0]["at"] == first["received_at"] == second["received_at"]

    def since(at: Any) -> bool:
        asked = queries.since(literal(visit_id), bindparam("at", at, Utc))
        return bool(session.scalar(select(asked)))

    assert since(None)
    received = session.scalar(select(queries.VisitReply.received_at).limit(1))
    assert not since(received)


def test_a_reply_made_before_its_receipt_keeps_both_times(phone: Phone, visit_id: str) -> None:
    record = phone.push(reply(phone, visit_id, at=AT))[0]["result"]
    assert record["at"] == AT
    assert record["received_at"] == "2026-11-23T04:00:00.000Z"


def test_a_decision_knows_of_the_answer(
    phone: Phone, supervisor: FlaskClient, visit_id: str, clock: FrozenClock
) -> None:
    def decide(rev: int, action: str = "accept") -> Any:
        clock.advance(1)
        body = {"id": new_id(), "action": action, "rev": rev, "text": "怎么回事？"}
        return supervisor.post(f"/api/v1/reviews/{visit_id}/decisions", json=body)

    def rev() -> int:
        page: Any = supervisor.get(f"/api/v1/reviews/{visit_id}").json
        found: int = page["review"]["rev"]
        return found

    seen = rev()
    phone.push(reply(phone, visit_id))
    refused = decide(seen)
    assert (refused.status_code, refused.json["code"]) == (409, "review_answered")
    asked = decide(rev(), "ask")
    assert asked.status_code == 200
    seen = asked.json["review"]["rev"]
    op = reply(phone, visit_id, text="我在后门")
    clock.advance(1)
    phone.push(op)
    assert decide(seen).json["code"] == "review_answered"
    # Sent again it is the same answer, which has been seen.
    seen = rev()
    phone.push(op | {"op_id": new_id()})
    assert decide(seen).status_code == 200
    # What another person decided since is told as that.
    assert decide(seen).json["code"] == "review_moved_on"


def test_an_answer_shows_no_review_where_there_was_none(phone: Phone, visit_id: str) -> None:
    phone.pull()
    phone.push(reply(phone, visit_id))
    assert [row["entity"] for row in phone.pull()] == ["visit_reply"]
