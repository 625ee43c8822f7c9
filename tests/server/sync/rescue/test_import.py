"""A rescue file is entered under its author's name, each op answered by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts import domain as accounts
from server.accounts.models import User
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.journal import JournalEntry
from server.sync.models import Device
from tests.server.conftest import Login, World
from tests.server.photos.conftest import sha
from tests.server.sync.phone import AT, Phone, nested
from tests.server.sync.rescue.making import (
    MADE_AT,
    RescueFile,
    counted,
    everything,
    imported,
    put,
    send,
    whole_visit,
)


def test_a_visit_is_entered_under_its_authors_name(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    login: Login,
    fresh: Callable[[], bytes],
) -> None:
    photos = [fresh(), fresh()]
    ops = whole_visit(phone, store_id, *photos)
    body = imported(office, RescueFile(author, ops, photos).build())
    assert body["author"] == {"id": author["id"], "name": "rep_a", "username": "rep_a"}
    assert (body["made_at"], body["device_id"]) == (MADE_AT, "phone-1")
    assert counted(body) == {"applied": 5, "files_stored": 2}
    assert [(row["op_id"], row["kind"], row["record_id"]) for row in body["ops"]] == [
        (op["op_id"], op["kind"], op["record_id"]) for op in ops
    ]
    assert [row["sha256"] for row in body["files"]] == [sha(photo) for photo in photos]
    page: Any = login("sup_east").get(f"/api/v1/visits/{ops[0]['record_id']}")
    assert page.json["author_name"] == "rep_a"
    assert page.json["state"] == "completed"
    assert (page.json["photos_total"], page.json["photos_arrived"]) == (2, 2)
    assert [note["text"] for note in page.json["notes"]] == ["缺货两种"]
    for op, photo in zip(ops[2:4], photos, strict=True):
        original: Any = login("sup_east").get(f"/api/v1/photos/{op['record_id']}/original")
        assert original.data == photo


def test_the_journal_says_who_entered_it(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    session: Session,
    world: World,
) -> None:
    data = RescueFile(author, whole_visit(phone, store_id)).build()
    body = imported(office, data)
    [entry] = session.scalars(select(JournalEntry).where(JournalEntry.event == "rescue.imported"))
    assert entry.actor_id == world.people["office"]
    assert (entry.subject_kind, entry.subject_id) == ("person", author["id"])
    told = {"counts": body["counts"], "sha256": sha(data), "device_id": "phone-1"}
    assert entry.data == told
    # What the file holds was done by its author.
    others = session.scalars(
        select(JournalEntry.actor_id).where(JournalEntry.event.like("visit.%"))
    )
    assert author["id"] in set(others)


def test_the_phone_itself_was_not_in_contact(
    phone: Phone, office: FlaskClient, store_id: str, author: dict[str, str], session: Session
) -> None:
    imported(office, RescueFile(author, whole_visit(phone, store_id)).build())
    assert session.scalar(select(func.count()).select_from(Device)) == 0


def test_a_trial_says_the_same_and_changes_nothing(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    session: Session,
    fresh: Callable[[], bytes],
    monkeypatch: pytest.MonkeyPatch,
    app: Any,
) -> None:
    known, new = fresh(), fresh()
    put(phone, known)
    ops = [*whole_visit(phone, store_id, known, new), phone.check_in(new_id())]
    phone.push(ops[0])
    data = RescueFile(author, ops, [known, new]).build()
    sent: list[Any] = []
    monkeypatch.setattr(app.extensions["storewalk.jobs"], "send", lambda *job: sent.append(job))
    before = everything(session)
    trial = imported(office, data, dry_run=True)
    assert trial["dry_run"] is True
    assert everything(session) == before
    assert sent == []
    assert counted(trial) == {
        "applied": 4,
        "replayed": 1,
        "rejected": 1,
        "files_stored": 1,
        "files_known": 1,
    }
    real = imported(office, data)
    assert real == trial | {"dry_run": False}
    assert len(sent) == 2


def test_one_bad_op_stops_no_other(
    phone: Phone, other_phone: Phone, office: FlaskClient, store_id: str, author: dict[str, str]
) -> None:
    good, bad = whole_visit(phone, store_id), phone.check_in(new_id())
    waits = phone.op("visit.note", {"visit_id": bad["record_id"], "at": AT, "text": "x"})
    waits["depends_on"] = [bad["op_id"]]
    theirs = other_phone.check_in(store_id)
    first = phone.check_in(store_id)
    phone.push(first)
    changed = first | {"payload": first["payload"] | {"reason": "changed"}}
    ops = ["no op", bad, waits, theirs, changed, *good]
    body = imported(office, RescueFile(author, ops).build())
    found = [(row["status"], (row["problem"] or {}).get("code")) for row in body["ops"]]
    assert found == [
        ("rejected", "op_malformed"),
        ("rejected", "store_unknown"),
        ("deferred", "dependency_missing"),
        ("rejected", "author_mismatch"),
        ("conflict", "op_conflict"),
        *[("applied", None)] * 3,
    ]
    assert body["ops"][0] | {"problem": None} == {
        "op_id": None,
        "kind": None,
        "record_id": None,
        "status": "rejected",
        "problem": None,
    }


def test_an_author_who_has_left(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    session: Session,
    world: World,
    clock: FrozenClock,
) -> None:
    user = session.get_one(User, author["id"])
    accounts.change_person(session, world.actors["office"], clock, user, {"active": False})
    session.commit()
    body = imported(office, RescueFile(author, whole_visit(phone, store_id)).build())
    assert counted(body) == {"applied": 3}


def test_problems_are_in_the_callers_language(
    phone: Phone, office: FlaskClient, store_id: str, author: dict[str, str]
) -> None:
    data = RescueFile(author, [phone.check_in(new_id())]).build()
    english = send(office, data, dry_run=True, **{"Accept-Language": "en"}).json
    chinese = send(office, data, dry_run=True, **{"Accept-Language": "zh-CN"}).json
    titles = [body["ops"][0]["problem"]["title"] for body in (english, chinese)]
    assert titles[0] == "No such store, or it was never assigned to you"
    assert titles[1] == "门店不存在，或从未分配给您"


def test_an_op_nested_too_deep_keeps_no_other_outside(
    phone: Phone, office: FlaskClient, store_id: str, author: dict[str, str]
) -> None:
    before, deep, after = (phone.check_in(store_id) for _ in range(3))
    file = RescueFile(author, [before, "deep", after])
    text = json.dumps(file.manifest()).replace('"deep"', nested(deep, 300))
    for dry_run in (True, False):
        body = imported(office, file.build(text.encode()), dry_run=dry_run)
        assert [row["status"] for row in body["ops"]] == ["applied", "rejected", "applied"]
        assert body["ops"][1]["problem"]["code"] == "op_malformed"
