"""Many devices push at the same moment while a phone follows the feed: nothing doubled, no gap."""

from __future__ import annotations

import hashlib
import random
import threading
from collections import Counter
from typing import Any

from flask import Flask
from sqlalchemy import event, func, select

from server.kernel.changes import Change, ChangeCounter, user_scope
from server.kernel.clock import FrozenClock
from server.kernel.db import db
from server.stores import domain as stores
from server.stores.models import Store
from server.sync.models import OpReceipt
from server.visits.models import Visit, VisitNote
from tests.chaos.diary import picture
from tests.server.conftest import NOW, log_in, make_world
from tests.server.sync.phone import AT, PIN, Phone

DEVICES = 6
VISITS = 12


def make_phones(app: Flask) -> tuple[list[Phone], str]:
    """One rep's devices, and a store."""
    clock = FrozenClock(NOW)
    with app.app_context():
        session = db.session()
        world = make_world(session, clock)
        rep_id = world.people["rep_a"]
        values: dict[str, Any] = {
            "code": "S1",
            "name": "园区一店",
            "address": "",
            "region_id": world.regions["park"],
            "lat": PIN[0],
            "lon": PIN[1],
            "rep_ids": [rep_id],
        }
        store_id = stores.create_store(session, world.actors["office"], clock, values).id
        session.commit()
        db.session.remove()
    names = range(DEVICES + 1)
    return [Phone(log_in(app, "rep_a"), rep_id, f"device-{name}") for name in names], store_id


Answers = list[dict[str, Any]]
Known = dict[tuple[str, str], Any]


def test_nothing_doubled_and_no_gap(own_app: Flask) -> None:
    (reader, *phones), store_id = make_phones(own_app)
    ops, piles = make_work(phones, store_id)
    seen: Known = {}
    answers: Answers = []
    together = threading.Barrier(len(phones))

    def work(phone: Phone, pile: Answers, seed: int) -> None:
        random.Random(seed).shuffle(pile)
        together.wait()
        for _ in range(4):
            for at in range(0, len(pile), 7):
                answers.extend(phone.push(*pile[at : at + 7]))

    threads = [
        threading.Thread(target=work, args=(phone, pile, seed))
        for seed, (phone, pile) in enumerate(zip(phones, piles, strict=True))
    ]
    for thread in threads:
        thread.start()
    while any([thread.is_alive() for thread in threads]):  # noqa: C419 -- ask all of them
        follow(reader, seen)
    follow(reader, seen)
    check_answers(answers, ops)
    whole: Known = {}
    follow(Phone(reader.client, reader.user_id), whole)
    assert seen == whole, "the cursor has stepped over a change"
    check_tables(own_app, reader.user_id, len(ops))


def make_work(phones: list[Phone], store_id: str) -> tuple[set[str], list[Answers]]:
    """Ops for each device, each op on two: the rep changed phones in the middle of the day."""
    piles: list[Answers] = [[] for _ in phones]
    ops: set[str] = set()
    for index, phone in enumerate(phones):
        for _ in range(VISITS):
            check_in = phone.check_in(store_id)
            said = {"visit_id": check_in["record_id"], "at": AT, "text": "缺货"}
            note = phone.op("visit.note", said, depends_on=[check_in["op_id"]])
            for op in (check_in, note):
                ops.add(op["op_id"])
                piles[index].append(op)
                piles[index - 1].append(op)
    return ops, piles


def check_answers(answers: Answers, ops: set[str]) -> None:
    """Each op was applied once, put off at most for cause, and always given the same result."""
    applied = Counter(row["op_id"] for row in answers if row["status"] == "applied")
    assert applied == Counter(ops)
    assert {row["status"] for row in answers} <= {"applied", "replayed", "deferred"}
    put_off = {row["problem"]["code"] for row in answers if row["status"] == "deferred"}
    assert put_off <= {"dependency_missing"}
    results: dict[str, Any] = {}
    for row in answers:
        if row["result"] is not None:
            assert results.setdefault(row["op_id"], row["result"]) == row["result"]


def check_tables(app: Flask, user_id: str, ops: int) -> None:
    with app.app_context():
        session = db.session()
        for table, count in ((OpReceipt, ops), (Visit, ops // 2), (VisitNote, ops // 2)):
            assert session.scalar(select(func.count()).select_from(table)) == count
        scope = user_scope(user_id)
        numbers = list(session.scalars(select(Change.seq).where(Change.scope == scope)))
        assert len(numbers) == len(set(numbers))
        assert max(numbers) == session.get_one(ChangeCounter, scope).seq


def test_a_photo_and_its_bytes_that_arrive_at_once_find_each_other(own_app: Flask) -> None:
    phone, tablet = make_phones(own_app)[0][:2]
    with own_app.app_context():
        store_id = db.session.scalars(select(Store.id)).one()
    data = picture(random.Random(1), (24, 18))
    sha256 = hashlib.sha256(data).hexdigest()
    check_in = phone.check_in(store_id)
    phone.push(check_in)
    said = {
        "visit_id": check_in["record_id"],
        "office_check_in_id": None,
        "kind": "shelf",
        "sha256": sha256,
        "bytes": len(data),
        "width": 24,
        "height": 18,
        "mime": "image/jpeg",
        "taken_at": AT,
        "source": "camera",
    }
    photo = phone.op("photo.add", said)
    uploaded = threading.Event()

    def upload() -> None:
        headers = {"Upload-Offset": "0", "Upload-Length": str(len(data))}
        kind = "application/offset+octet-stream"
        path = f"/api/v1/uploads/{sha256}"
        answer = tablet.client.patch(path, data=data, headers=headers, content_type=kind)
        assert answer.status_code == 201
        uploaded.set()

    sender = threading.Thread(target=upload)

    def hold(_connection: Any) -> None:
        # The record is written and not yet committed: now the bytes come. They may have to wait.
        if threading.current_thread() is not sender and not sender.ident:
            sender.start()
            uploaded.wait(1)

    with own_app.app_context():
        engine = db.engine
    event.listen(engine, "commit", hold)
    assert phone.push(photo)[0]["status"] == "applied"
    sender.join()
    event.remove(engine, "commit", hold)
    assert uploaded.is_set()
    seen: Known = {}
    follow(phone, seen)
    assert seen["photo", photo["record_id"]]["state"] != "awaiting_bytes"
    assert seen["visit", check_in["record_id"]]["photos_arrived"] == 1


def follow(phone: Phone, seen: Known) -> None:
    """Take what is new into what is known."""
    for change in phone.pull(limit=20):
        seen[change["entity"], change["id"]] = change["record"]
