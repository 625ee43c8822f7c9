"""task.done: a rep says from the phone that a task is done."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server.accounts.retention import Retention
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.purge import look, purge
from server.tasks.models import Task
from tests.server.conftest import Login, World
from tests.server.sync.phone import Phone
from tests.server.tasks.conftest import DONE_AT, Give

DAY_S = 86_400.0


def op(phone: Phone, task: dict[str, Any], **more: Any) -> dict[str, Any]:
    payload = {"at": DONE_AT, "note": "都换好了", "visit_id": None} | more
    return phone.op("task.done", payload, task["id"])


def problem(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["status"], answer["problem"]["code"]


def test_it_is_done_and_everybody_is_told(
    phone: Phone, supervisor: FlaskClient, give: Give, session: Session
) -> None:
    task = give()
    phone.pull()
    # The phone's clock is five minutes slow, and so it was said to be at its last contact.
    [answer] = phone.push(op(phone, task) | {"clock_offset_ms": 300_000})
    assert answer["status"] == "applied"
    record = answer["result"]
    assert (record["state"], record["done_note"]) == ("done", "都换好了")
    assert record["done_at"] == "2026-11-23T03:45:00.000Z"
    assert [(row["entity"], row["record"]) for row in phone.pull()] == [("task", record)]
    page: Any = supervisor.get(f"/api/v1/tasks/{task['id']}").json
    assert (page["state"], page["closed_by_name"]) == ("done", "rep_a")
    assert page["done_at"] == record["done_at"]
    row = session.get_one(Task, task["id"])
    assert row.done_device_id == "phone-1"
    assert row.done_device_at is not None
    assert row.done_device_at.isoformat() == "2026-11-23T03:30:00+00:00"


def test_sent_again_it_is_done_once(phone: Phone, give: Give) -> None:
    task = give()
    first = op(phone, task)
    [applied] = phone.push(first)
    [again] = phone.push(first)
    [other_op] = phone.push(first | {"op_id": new_id()})
    assert (again["status"], other_op["status"]) == ("replayed", "applied")
    assert applied["result"] == again["result"] == other_op["result"]
    [changed] = phone.push(op(phone, task, note="别的"))
    assert problem(changed) == ("rejected", "task_done")


def test_twice_in_one_batch_it_is_done_once(phone: Phone, give: Give) -> None:
    said = op(phone, give())
    results = phone.push(said, said | {"op_id": new_id()})
    assert [row["status"] for row in results] == ["applied", "applied"]
    assert results[0]["result"] == results[1]["result"]
    assert results[0]["result"]["rev"] == 2


def test_in_a_visit_of_ones_own(
    phone: Phone, other_phone: Phone, give: Give, store_id: str, other_store_id: str
) -> None:
    task = give(store_id=store_id)
    mine, theirs = phone.check_in(store_id), other_phone.check_in(other_store_id)
    other_phone.push(theirs)
    [strange] = phone.push(op(phone, task, visit_id=theirs["record_id"]))
    assert problem(strange) == ("rejected", "visit_unknown")
    said = op(phone, task, visit_id=mine["record_id"])
    [early] = phone.push(said)
    assert problem(early) == ("deferred", "dependency_missing")
    # In one batch the check-in comes first, wherever it stands.
    results = phone.push(said | {"op_id": new_id()}, mine)
    assert [row["status"] for row in results] == ["applied", "applied"]
    assert results[0]["result"]["done_visit_id"] == mine["record_id"]


def test_only_ones_own(phone: Phone, other_phone: Phone, give: Give) -> None:
    task = give()
    [theirs] = other_phone.push(op(other_phone, task))
    [nobodys] = phone.push(op(phone, {"id": new_id()}))
    assert problem(theirs) == problem(nobodys) == ("rejected", "task_unknown")
    assert not [row for row in other_phone.pull() if row["entity"] == "task"]


@pytest.mark.parametrize(
    "bad",
    [{"at": "yesterday"}, {"note": "字" * 501}, {"note": 5}, {"visit_id": "x"}, {"at": None}],
    ids=str,
)
def test_what_cannot_be_read_is_refused(phone: Phone, give: Give, bad: dict[str, Any]) -> None:
    [answer] = phone.push(op(phone, give(), **bad))
    assert problem(answer) == ("rejected", "op_malformed")


def test_a_supervisor_has_no_tasks_on_a_phone(login: Login, world: World, give: Give) -> None:
    give()
    theirs = Phone(login("sup_east"), world.people["sup_east"])
    assert not [row for row in theirs.pull() if row["entity"] == "task"]


def test_the_words_go_with_the_other_answers(
    phone: Phone, give: Give, session: Session, clock: FrozenClock, app: Flask
) -> None:
    said = op(phone, give())
    phone.push(said)
    phone.pull()
    clock.advance(40 * DAY_S)
    days = Retention(replies=30)
    assert look(session, clock, days).task_notes == 1
    assert purge(session, clock, days).task_notes == 1
    assert look(session, clock, days).task_notes == 0
    row = session.get_one(Task, said["record_id"])
    session.refresh(row)
    assert (row.state, row.done_note) == ("done", "")
    # The stored answer to the op held the words, too.
    phone.client.environ_base.update(_again(app).environ_base)
    [answer] = phone.push(said)
    assert (answer["status"], answer["result"]["done_note"]) == ("applied", "")
    [told] = [one["record"] for one in phone.pull()]
    assert told["done_note"] == ""


def _again(app: Flask) -> FlaskClient:
    """Log-ins do not last as long as this waits."""
    from tests.server.conftest import log_in

    return log_in(app, "rep_a")


def test_what_is_held_about_the_rep(phone: Phone, supervisor: FlaskClient, give: Give) -> None:
    phone.push(op(phone, give()))
    page: Any = phone.client.get("/api/v1/me/data/tasks").json
    [item] = page["items"]
    assert (item["title"], item["done_note"]) == ("更换价签", "都换好了")
    assert "done_digest" not in item
    theirs: Any = supervisor.get("/api/v1/me/data/tasks").json
    assert theirs["items"] == []
