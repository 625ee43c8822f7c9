"""Push: each op is answered by itself, at most once applied, whatever the phone repeats."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.kernel.changes import Change
from server.kernel.ids import new_id
from server.sync import push as push_module
from server.sync.models import Device, OpReceipt
from tests.server.sync.phone import AT, Phone, nested


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [row["status"] for row in results]


def codes(results: list[dict[str, Any]]) -> list[str | None]:
    return [row["problem"]["code"] if row["problem"] else None for row in results]


def test_a_whole_visit_in_one_batch_in_any_order(phone: Phone, store_id: str) -> None:
    check_in = phone.check_in(store_id)
    visit_id = check_in["record_id"]
    note = phone.op("visit.note", {"visit_id": visit_id, "at": AT, "text": "缺货两种"})
    check_out = phone.op(
        "visit.check_out", {"at": "2026-11-23T03:45:00.000Z", "fix": None}, visit_id
    )
    results = phone.push(check_out, note, check_in)
    assert statuses(results) == ["applied"] * 3
    assert results[2]["result"]["verdict"] == "on_site"
    assert results[0]["result"]["state"] == "completed"
    assert results[0]["result"]["dwell_s"] == 900


def test_sent_twice_is_stored_once_and_answered_alike(
    phone: Phone, store_id: str, session: Session
) -> None:
    op = phone.check_in(store_id)
    first = phone.push(op)
    before = session.scalar(select(func.max(Change.seq)))
    second = phone.push(op)
    assert statuses(second) == ["replayed"]
    assert second[0]["result"] == first[0]["result"]
    assert session.scalar(select(func.count()).select_from(OpReceipt)) == 1
    assert session.scalar(select(func.max(Change.seq))) == before


def test_the_replay_is_the_first_answers_bytes(phone: Phone, store_id: str) -> None:
    op = phone.check_in(store_id)
    first, second = phone.send([op]), phone.send([op])
    assert first.data.partition(b'"result":')[2] == second.data.partition(b'"result":')[2]


def test_twice_in_one_batch(phone: Phone, store_id: str) -> None:
    op = phone.check_in(store_id)
    assert statuses(phone.push(op, op)) == ["applied", "replayed"]


def test_another_content_between_two_twins_changes_neither(phone: Phone, store_id: str) -> None:
    op = phone.check_in(store_id)
    changed = op | {"payload": op["payload"] | {"reason": "changed"}}
    results = phone.push(op, changed, op)
    assert statuses(results) == ["applied", "conflict", "replayed"]
    assert results[2]["result"] == results[0]["result"]


def test_another_content_before_a_repetition_leaves_it_one(phone: Phone, store_id: str) -> None:
    op = phone.check_in(store_id)
    [stored] = phone.push(op)
    changed = op | {"payload": op["payload"] | {"reason": "changed"}}
    said = {"visit_id": op["record_id"], "at": AT, "text": "x"}
    note = phone.op("visit.note", said, depends_on=[op["op_id"]])
    results = phone.push(changed, op, changed, op, note)
    told = ["conflict", "replayed", "conflict", "replayed", "applied"]
    assert statuses(results) == told
    assert results[1]["result"] == results[3]["result"] == stored["result"]


def test_another_content_under_the_same_id_is_a_conflict(phone: Phone, store_id: str) -> None:
    op = phone.check_in(store_id)
    phone.push(op)
    changed = op | {"payload": op["payload"] | {"reason": "changed"}}
    results = phone.push(changed)
    assert statuses(results) == ["conflict"]
    assert codes(results) == ["op_conflict"]


def test_somebody_elses_op_id_is_a_conflict_and_tells_nothing(
    phone: Phone, other_phone: Phone, store_id: str
) -> None:
    op = phone.check_in(store_id)
    phone.push(op)
    results = other_phone.push(op | {"author": other_phone.user_id})
    assert statuses(results) == ["conflict"]
    assert results[0]["result"] is None


def test_bad_ops_are_refused_one_by_one(phone: Phone, other_phone: Phone, store_id: str) -> None:
    good = phone.check_in(store_id)
    no_id = {k: v for k, v in phone.check_in(store_id).items() if k != "op_id"}
    bad: list[tuple[Any, str]] = [
        ("not an object", "op_malformed"),
        (no_id, "op_id_missing"),
        (phone.check_in(store_id) | {"op_id": "42"}, "op_id_missing"),
        (phone.op("visit.teleport", {}), "op_kind_unknown"),
        (phone.check_in(store_id) | {"payload": []}, "op_malformed"),
        (phone.check_in(store_id) | {"device_at": "yesterday"}, "op_malformed"),
        (phone.check_in(store_id) | {"device_seq": -1}, "op_malformed"),
        (phone.check_in(store_id) | {"record_id": "x"}, "op_malformed"),
        (phone.check_in(store_id) | {"author": other_phone.user_id}, "author_mismatch"),
        (phone.check_in(new_id()), "store_unknown"),
        (phone.check_in(store_id, at="soon"), "op_malformed"),
    ]
    results = phone.push(*[op for op, _ in bad], good)
    assert codes(results) == [code for _, code in bad] + [None]
    assert statuses(results) == ["rejected"] * len(bad) + ["applied"]
    for row in results[:-1]:
        assert row["problem"]["title"]
        assert row["problem"]["detail"]


@pytest.mark.parametrize("levels", [252, 253, 300, 900])
def test_a_payload_nested_too_deep_is_one_ops_fault(
    phone: Phone, store_id: str, levels: int
) -> None:
    """Deeper than can be written again: that op is refused, whichever the level, and no other."""
    good, deep, late = (phone.check_in(store_id) for _ in range(3))
    results = phone.push_text(good, nested(deep, levels), late)
    assert statuses(results)[::2] == ["applied", "applied"]
    writable = levels < 253
    assert codes(results)[1] == (None if writable else "op_malformed")
    assert statuses(phone.push_text(good, nested(deep, levels), late)) == [
        "replayed",
        "replayed" if writable else "rejected",
        "replayed",
    ]


def test_a_store_of_somebody_else_is_unknown(other_phone: Phone, store_id: str) -> None:
    assert codes(other_phone.push(other_phone.check_in(store_id))) == ["store_unknown"]


def test_somebody_elses_visit_is_unknown(phone: Phone, other_phone: Phone, store_id: str) -> None:
    check_in = phone.check_in(store_id)
    phone.push(check_in)
    note = other_phone.op(
        "visit.note", {"visit_id": check_in["record_id"], "at": AT, "text": "mine?"}
    )
    results = other_phone.push(note)
    assert (statuses(results), codes(results)) == (["rejected"], ["visit_unknown"])


def test_what_comes_too_early_waits(phone: Phone, store_id: str) -> None:
    check_in = phone.check_in(store_id)
    note = phone.op("visit.note", {"visit_id": check_in["record_id"], "at": AT, "text": "x"})
    early = phone.push(note)
    assert (statuses(early), codes(early)) == (["deferred"], ["dependency_missing"])
    assert statuses(phone.push(check_in, note)) == ["applied", "applied"]


def test_dependents_of_a_refused_op_wait(phone: Phone, store_id: str) -> None:
    bad = phone.check_in(store_id, at="soon")
    note = phone.op(
        "visit.note",
        {"visit_id": bad["record_id"], "at": AT, "text": "x"},
        depends_on=[bad["op_id"]],
    )
    assert statuses(phone.push(bad, note)) == ["rejected", "deferred"]


def test_problems_speak_the_callers_language(phone: Phone) -> None:
    op = phone.op("visit.teleport", {})
    zh = phone.send([op], {"Accept-Language": "zh-CN"}).json["results"][0]["problem"]
    en = phone.send([op], {"Accept-Language": "en-US,en;q=0.8"}).json["results"][0]["problem"]
    assert "不认识" in zh["title"]
    assert "does not know" in en["title"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], ""),
        ({}, "ops"),
        ({"ops": [None] * 501}, "ops"),
        ({"ops": []}, "device"),
        ({"ops": [], "device": {}}, "device.id"),
        ({"ops": [], "device": {"id": "\0"}}, "device.id"),
    ],
)
def test_bad_envelopes(phone: Phone, body: Any, field: str) -> None:
    answer = phone.client.post("/api/v1/sync/push", json=body)
    assert answer.status_code == 422
    assert answer.json["code"] == "validation_failed"
    assert answer.json.get("field", "") == field


def test_malformed_foreign_and_huge_bodies(phone: Phone) -> None:
    def send(data: bytes, kind: str = "application/json") -> tuple[int, str]:
        answer = phone.client.post("/api/v1/sync/push", data=data, content_type=kind)
        return answer.status_code, answer.json["code"]

    assert send(b"{") == (400, "malformed_json")
    assert send(b"\xff\xfe") == (400, "malformed_json")
    assert send(b"x=1", "application/x-www-form-urlencoded") == (415, "not_json")
    assert send(b" " * 50_000_000) == (413, "too_large")


def test_an_expired_session_changes_nothing(phone: Phone, store_id: str, session: Session) -> None:
    op = phone.check_in(store_id)
    phone.client.delete("/api/v1/session")
    assert phone.send([op]).status_code == 401
    assert session.scalar(select(func.count()).select_from(OpReceipt)) == 0


def test_one_op_that_breaks_the_batch_does_not_take_the_others(
    phone: Phone, store_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = push_module.HANDLERS["visit.check_in"]
    poison = phone.check_in(store_id)

    def handler(session: Any, actor: Any, clock: Any, ops: Any) -> Any:
        if any(op.op_id == poison["op_id"] for op in ops):
            raise RuntimeError("nobody foresaw this")
        return real(session, actor, clock, ops)

    monkeypatch.setattr(
        push_module, "HANDLERS", {**push_module.HANDLERS, "visit.check_in": handler}
    )
    results = phone.push(phone.check_in(store_id), poison, phone.check_in(store_id))
    assert statuses(results) == ["applied", "deferred", "applied"]
    assert codes(results) == [None, "internal", None]


def test_the_device_is_remembered(phone: Phone, session: Session) -> None:
    phone.push()
    device = session.get(Device, ("phone-1", phone.user_id))
    assert device is not None
    assert device.app_version == "0.1.0"


NEVER = "0001-01-01T00:00:00.000+23:59"
# What a phone says about itself, and what is remembered where that cannot be read.
UNREADABLE = [
    ({"oldest_unsent_at": "yesterday"}, "oldest_unsent_at", None),
    ({"oldest_unsent_at": 7}, "oldest_unsent_at", None),
    ({"oldest_unsent_at": "2026-11-23T03:30:00"}, "oldest_unsent_at", None),
    ({"oldest_unsent_at": NEVER}, "oldest_unsent_at", None),
    ({"unsent": "many"}, "unsent", 0),
    ({"unsent": -1}, "unsent", 0),
    ({"unsent": None}, "unsent", 0),
    ({"unsent": 10**12}, "unsent", 0),
    ({"app_version": None}, "app_version", ""),
    ({"app_version": ["0.1.0"]}, "app_version", ""),
    ({"app_version": "9\0" * 50}, "app_version", "9" * 40),
    ({"schema": None}, "schema", 0),
    ({"schema": "1"}, "schema", 0),
    ({"schema": 10**12}, "schema", 0),
    ({"schema": True}, "schema", 0),
]


@pytest.mark.parametrize(("said", "field", "kept"), UNREADABLE)
def test_what_a_phone_says_of_itself_keeps_no_op_waiting(
    phone: Phone, store_id: str, session: Session, said: dict[str, Any], field: str, kept: Any
) -> None:
    about: dict[str, Any] = {"id": "phone-1", "app_version": "0.1.0", "unsent": 1, "schema": 1}
    about |= said
    body = {"schema": about.pop("schema"), "device": about, "ops": [phone.check_in(store_id)]}
    answer: Any = phone.client.post("/api/v1/sync/push", json=body)
    assert (answer.status_code, statuses(answer.json["results"])) == (200, ["applied"])
    device = session.get_one(Device, ("phone-1", phone.user_id))
    assert getattr(device, field) == kept


def test_a_time_before_all_times_is_one_ops_fault(phone: Phone, store_id: str) -> None:
    wrong = phone.check_in(store_id) | {"device_at": NEVER}
    results = phone.push(wrong, phone.check_in(store_id), phone.check_in(store_id, at=NEVER))
    assert statuses(results) == ["rejected", "applied", "rejected"]


def test_dependents_of_the_same_kind_wait_too(phone: Phone, store_id: str) -> None:
    bad = phone.check_in(store_id, at="soon")
    good = phone.check_in(store_id)
    waits = phone.check_in(store_id) | {"depends_on": [bad["op_id"]]}
    waits_too = phone.check_in(store_id) | {"depends_on": [waits["op_id"], good["op_id"]]}
    free = phone.check_in(store_id) | {"depends_on": [good["op_id"]]}
    results = phone.push(waits_too, free, waits, bad, good)
    assert statuses(results) == ["deferred", "applied", "deferred", "rejected", "applied"]


def test_ops_that_wait_for_each_other_are_still_answered(phone: Phone, store_id: str) -> None:
    one, two = phone.check_in(store_id), phone.check_in(store_id)
    one["depends_on"], two["depends_on"] = [two["op_id"]], [one["op_id"]]
    assert statuses(phone.push(one, two)) == ["applied", "applied"]
