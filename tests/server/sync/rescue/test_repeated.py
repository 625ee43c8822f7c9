"""What a rescue file holds is entered once, whatever was sent before, comes later or breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.kernel.changes import Change
from server.kernel.ids import new_id
from server.sync import push as push_module
from server.sync.models import OpReceipt
from tests.server.photos.conftest import sha
from tests.server.sync.phone import AT, Phone
from tests.server.sync.rescue.making import (
    RescueFile,
    counted,
    imported,
    put,
    whole_visit,
)


def test_twice_is_once(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    session: Session,
    fresh: Callable[[], bytes],
) -> None:
    photo = fresh()
    data = RescueFile(author, whole_visit(phone, store_id, photo), [photo]).build()
    imported(office, data)
    numbers = session.scalar(select(func.max(Change.seq)))
    again = imported(office, data)
    assert counted(again) == {"replayed": 4, "files_known": 1}
    assert session.scalar(select(func.max(Change.seq))) == numbers
    assert session.scalar(select(func.count()).select_from(OpReceipt)) == 4


def test_the_phone_sends_it_later(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    fresh: Callable[[], bytes],
) -> None:
    photo = fresh()
    ops = whole_visit(phone, store_id, photo)
    imported(office, RescueFile(author, ops, [photo]).build())
    assert {row["status"] for row in phone.push(*ops)} == {"replayed"}
    head: Any = phone.client.head(f"/api/v1/uploads/{sha(photo)}")
    assert head.headers["Upload-Complete"] == "?1"
    told = {change["id"] for change in phone.pull()}
    assert {op["record_id"] for op in ops} <= told


def test_the_phone_had_sent_half(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    fresh: Callable[[], bytes],
) -> None:
    whole, half, none = fresh(), fresh(), fresh()
    ops = whole_visit(phone, store_id, whole, half, none)
    phone.push(*ops[:3])
    put(phone, whole)
    assert put(phone, half, 0, 100).json["received"] == 100
    body = imported(office, RescueFile(author, ops, [whole, half, none]).build())
    assert counted(body) == {"replayed": 3, "applied": 3, "files_known": 1, "files_stored": 2}
    # Its half does not stand in the way, and is not asked for any more.
    head: Any = phone.client.head(f"/api/v1/uploads/{sha(half)}")
    assert (head.headers["Upload-Complete"], int(head.headers["Upload-Offset"])) == (
        "?1",
        len(half),
    )
    assert put(phone, half, 100).json["complete"] is True


def test_more_than_a_batch_in_any_order(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What belongs together may lie batches apart, and the parts before the whole."""
    monkeypatch.setattr("server.sync.rescue.importer.BATCH", 4)
    visits = [whole_visit(phone, store_id) for _ in range(4)]
    bad = whole_visit(phone, new_id())
    for op in bad[1:]:
        op["depends_on"] = [bad[0]["op_id"]]
    ops = [op for visit in [*visits, bad] for op in visit][::-1]
    data = RescueFile(author, ops).build()
    expected = {"applied": 12, "rejected": 1, "deferred": 2}
    assert counted(imported(office, data, dry_run=True)) == expected
    assert counted(imported(office, data)) == expected


def test_an_op_that_breaks_its_batch_takes_nothing_along(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The push undoes a broken batch; the batches before it stay, in a trial as well."""
    monkeypatch.setattr("server.sync.rescue.importer.BATCH", 3)
    real = push_module.HANDLERS["visit.note"]

    def breaks(session: Session, actor: Any, clock: Any, ops: Any) -> Any:
        if any(op.payload.get("text") == "break" for op in ops):
            raise RuntimeError("broken")
        return real(session, actor, clock, ops)

    handlers = {**push_module.HANDLERS, "visit.note": breaks}
    monkeypatch.setattr(push_module, "HANDLERS", handlers)
    first, second = whole_visit(phone, store_id), whole_visit(phone, store_id)
    second[1]["payload"]["text"] = "break"
    # In the first batch's visit too, so that its being there is needed after the second broke.
    late = phone.op("visit.note", {"visit_id": first[0]["record_id"], "at": AT, "text": "late"})
    data = RescueFile(author, [*first, *second, late]).build()
    for dry_run in (True, False):
        body = imported(office, data, dry_run=dry_run)
        assert counted(body) == {"applied": 6, "deferred": 1}
        assert body["ops"][4]["problem"]["code"] == "internal"
