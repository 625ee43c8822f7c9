"""Giving tasks: to whom, by whom, what can be changed, and the list of them."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.paging import encode_cursor
from server.stores import domain as stores
from tests.server.conftest import Login, World
from tests.server.contract.day import made
from tests.server.sync.phone import Phone
from tests.server.tasks.conftest import DONE_AT, Give

DAY_S = 86_400.0


def code(answer: Any) -> str:
    return str(answer.json["code"])


def patch(client: FlaskClient, task: dict[str, Any], **values: Any) -> Any:
    head = {"If-Match": f'"{task["rev"]}"'}
    return client.patch(f"/api/v1/tasks/{task['id']}", json=values, headers=head)


def listed(client: FlaskClient, **query: Any) -> Any:
    return client.get("/api/v1/tasks", query_string=query).json


def titles(client: FlaskClient, **query: Any) -> list[str]:
    return [row["title"] for row in listed(client, **query)["items"]]


def done(phone: Phone, task: dict[str, Any], **more: Any) -> dict[str, Any]:
    payload = {"at": DONE_AT, "note": None, "visit_id": None} | more
    [answer] = phone.push(phone.op("task.done", payload, task["id"]))
    return answer


def test_each_rep_gets_a_task_of_their_own(
    supervisor: FlaskClient, world: World, phone: Phone, other_phone: Phone, store_id: str
) -> None:
    reps = [world.people["rep_a"], world.people["rep_b"]]
    values = {"title": " 更换价签 ", "details": "全部冰柜", "due_on": "2026-11-25"}
    values |= {"rep_ids": reps, "store_id": store_id}
    items = made(supervisor.post("/api/v1/tasks", json=values))["items"]
    assert [item["rep_id"] for item in items] == reps
    assert items[0]["title"] == "更换价签"
    assert (items[0]["store_name"], items[0]["store_code"]) == ("园区一店", "S1")
    assert (items[0]["state"], items[0]["overdue"]) == ("open", False)
    for one, item in zip((phone, other_phone), items, strict=True):
        [told] = [row["record"] for row in one.pull() if row["entity"] == "task"]
        assert told["id"] == item["id"]
        assert (told["given_by_name"], told["due_on"]) == ("sup_east", "2026-11-25")


def test_without_names_the_reps_of_the_store_get_it(
    supervisor: FlaskClient, world: World, store_id: str
) -> None:
    answer = supervisor.post("/api/v1/tasks", json={"title": "x", "store_id": store_id})
    assert [item["rep_id"] for item in made(answer)["items"]] == [world.people["rep_a"]]


def test_a_store_without_a_rep_is_for_nobody(
    supervisor: FlaskClient,
    world: World,
    store_id: str,
    session: Session,
    clock: FrozenClock,
) -> None:
    office = world.actors["office"]
    stores.set_assignments(session, office, clock, store_id, [])
    session.commit()
    answer = supervisor.post("/api/v1/tasks", json={"title": "x", "store_id": store_id})
    assert (answer.status_code, code(answer)) == (422, "task_for_nobody")


def test_the_same_giving_again_gives_nothing_twice(supervisor: FlaskClient, give: Give) -> None:
    giving = new_id()
    first, again = give(id=giving), give(id=giving)
    assert first == again
    assert listed(supervisor)["total"] == 1


def test_nobody_gets_the_giving_of_somebody_else(login: Login, world: World, give: Give) -> None:
    giving = new_id()
    give(id=giving)
    values = {"id": giving, "title": "x", "rep_ids": [world.people["rep_a"]]}
    assert code(login("office").post("/api/v1/tasks", json=values)) == "record_exists"


def test_only_to_ones_own(
    login: Login, world: World, phone: Phone, store_id: str, other_store_id: str
) -> None:
    visit = phone.check_in(store_id)
    phone.push(visit)
    west = login("sup_west")
    mine = {"title": "x", "rep_ids": [world.people["rep_w"]]}
    # (what is named, whose it is), and the answer
    for more, wanted in (
        ({"rep_ids": [world.people["rep_a"]]}, "rep_unknown"),
        ({"rep_ids": [world.people["rep_w"], world.people["rep_a"]]}, "rep_unknown"),
        ({"rep_ids": [world.people["sup_west"]]}, "rep_unknown"),
        ({"store_id": other_store_id}, "store_unknown"),
        ({"store_id": new_id()}, "store_unknown"),
        ({"from_visit_id": visit["record_id"]}, "visit_unknown"),
        ({"rep_ids": []}, "task_for_nobody"),
        ({"title": "  "}, "validation_failed"),
        ({"title": "长" * 121}, "validation_failed"),
    ):
        assert code(west.post("/api/v1/tasks", json=mine | more)) == wanted, more
    assert listed(west)["total"] == 0


def test_given_from_a_visit(
    supervisor: FlaskClient, give: Give, phone: Phone, store_id: str
) -> None:
    check_in = phone.check_in(store_id)
    phone.push(check_in)
    visit = check_in["record_id"]
    task = give(from_visit_id=visit, store_id=store_id)
    give(title="别的")
    assert [row["id"] for row in listed(supervisor, visit=visit)["items"]] == [task["id"]]


def test_a_change_reaches_the_phone(supervisor: FlaskClient, give: Give, phone: Phone) -> None:
    task = give()
    phone.pull()
    answer = patch(supervisor, task, title="换价签和海报", due_on="2026-11-24")
    assert answer.status_code == 200
    assert answer.json["rev"] == 2
    [told] = [row["record"] for row in phone.pull()]
    assert (told["title"], told["due_on"], told["rev"]) == ("换价签和海报", "2026-11-24", 2)
    assert patch(supervisor, task, title="旧").status_code == 412
    assert patch(supervisor, answer.json, title="换价签和海报").json["rev"] == 2


def test_what_goes_to_another_rep_leaves_the_first_phone(
    supervisor: FlaskClient, give: Give, world: World, phone: Phone, other_phone: Phone
) -> None:
    task = give()
    phone.pull()
    assert patch(supervisor, task, rep_id=world.people["rep_w"]).json["code"] == "rep_unknown"
    assert patch(supervisor, task, rep_id=world.people["rep_b"]).status_code == 200
    assert [(row["id"], row["record"]) for row in phone.pull()] == [(task["id"], None)]
    [told] = [row["record"] for row in other_phone.pull() if row["entity"] == "task"]
    assert told["id"] == task["id"]
    assert done(phone, task)["problem"]["code"] == "task_unknown"


def test_called_off_and_opened_again(supervisor: FlaskClient, give: Give, phone: Phone) -> None:
    task = give()
    path = f"/api/v1/tasks/{task['id']}"
    cancelled = made(supervisor.post(f"{path}/cancel", json={"note": "门店关了"}), 200)
    assert (cancelled["state"], cancelled["closed_by_name"]) == ("cancelled", "sup_east")
    assert made(supervisor.post(f"{path}/cancel", json={}), 200)["rev"] == cancelled["rev"]
    assert code(patch(supervisor, cancelled, title="x")) == "task_closed"
    assert done(phone, task)["problem"]["code"] == "task_cancelled"
    opened = made(supervisor.post(f"{path}/reopen", json={"note": "又开了"}), 200)
    assert (opened["state"], opened["state_note"], opened["closed_at"]) == ("open", "又开了", None)
    assert done(phone, task)["status"] == "applied"
    assert code(supervisor.post(f"{path}/cancel", json={})) == "task_closed"
    again = made(supervisor.post(f"{path}/reopen", json={"note": "缺照片"}), 200)
    assert (again["done_at"], again["done_note"], again["done_visit_id"]) == (None, "", None)
    events = [row["event"] for row in again["history"]]
    assert events == [
        *("task.given", "task.cancelled", "task.reopened", "task.done", "task.reopened"),
    ]


def test_the_list_and_its_filters(
    supervisor: FlaskClient, give: Give, world: World, phone: Phone, clock: FrozenClock
) -> None:
    give(title="无期限")
    give(title="明天", due_on="2026-11-24")
    give(title="昨天", due_on="2026-11-22")
    finished = give(title="做完了", due_on="2026-11-20")
    give(title="别人的", rep_ids=[world.people["rep_b"]])
    assert done(phone, finished)["status"] == "applied"
    found = listed(supervisor)
    assert found["total"] == 5
    assert found["counts"] == {"open": 4, "overdue": 1, "done": 1, "cancelled": 0}
    assert titles(supervisor, overdue="true") == ["昨天"]
    assert titles(supervisor, state="done") == ["做完了"]
    assert titles(supervisor, q="别人") == ["别人的"]
    assert titles(supervisor, rep=world.people["rep_b"]) == ["别人的"]
    by_day = titles(supervisor, state="open", rep=world.people["rep_a"])
    assert by_day == ["昨天", "明天", "无期限"]
    # In Shanghai it is the 25th before it is so in Greenwich.
    clock.advance(DAY_S + 13 * 3_600)
    assert titles(supervisor, overdue="true") == ["昨天", "明天"]


@pytest.mark.parametrize("query", [{"state": "open"}, {}], ids=["by day", "newest first"])
def test_page_by_page_each_comes_once(
    supervisor: FlaskClient, give: Give, query: dict[str, str]
) -> None:
    days = ["2026-11-24", None, "2026-11-24", "2026-11-26", None]
    given = {give(title=f"t{at}", due_on=day)["id"] for at, day in enumerate(days)}
    whole = [row["id"] for row in listed(supervisor, **query)["items"]]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = listed(supervisor, limit=2, **query, **cursor)
        seen += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == whole
    assert set(seen) == given
    assert supervisor.get("/api/v1/tasks?cursor=WzEsMl0&state=open").status_code == 422


def test_the_file(supervisor: FlaskClient, give: Give, session: Session) -> None:
    give(title="=cmd()", due_on="2026-11-22")
    give(title="不在内")
    answer = supervisor.post("/api/v1/tasks/export?format=csv&overdue=true")
    text = answer.get_data(as_text=True)
    assert "'=cmd()" in text
    assert ",2026-11-22,待完成,是,sup_east,2026-11-23 12:00:00," in text
    assert "不在内" not in text
    english = supervisor.post(
        "/api/v1/tasks/export?format=csv", headers={"Accept-Language": "en"}
    ).get_data(as_text=True)
    assert english.startswith("\ufeffTask,Details,Rep,Region,")
    rows = session.query(journal.JournalEntry).filter_by(event="table.exported").all()
    assert [(row.data["table"], row.data["rows"]) for row in rows] == [("tasks", 1), ("tasks", 2)]


def test_a_file_of_too_many_rows(
    supervisor: FlaskClient, give: Give, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        give()
    for limit, status in ((3, 200), (2, 422)):
        monkeypatch.setattr("server.tasks.export.MAX_ROWS", limit)
        answer: Any = supervisor.post("/api/v1/tasks/export?format=csv")
        assert answer.status_code == status
    assert (answer.json["code"], answer.json["params"]) == ("sheet_too_large", {"limit": 2})
    assert session.query(journal.JournalEntry).filter_by(event="table.exported").count() == 1


def test_the_journal_keeps_no_words(
    supervisor: FlaskClient, give: Give, phone: Phone, session: Session
) -> None:
    task = give(title="只给你看", details="私密说明")
    patch(supervisor, task, details="另一句")
    done(phone, task, note="店长不在")
    entries = journal.for_subject(session, "task", task["id"])
    assert [row["event"] for row in entries] == ["task.given", "task.changed", "task.done"]
    assert entries[1]["data"] == {"changed": ["details"]}
    assert entries[2]["data"] == {"note": True, "visit_id": None}
    for word in ("只给你看", "私密说明", "另一句", "店长不在"):
        assert word not in str(entries)


@pytest.mark.parametrize("key", [("x", "y"), (1, 2), ("9999-99-99", "a"), (None, None)], ids=repr)
def test_a_forged_place_among_open_tasks(
    supervisor: FlaskClient, give: Give, key: tuple[Any, ...]
) -> None:
    give()
    query = {"state": "open", "cursor": encode_cursor(*key)}
    answer: Any = supervisor.get("/api/v1/tasks", query_string=query)
    assert (answer.status_code, answer.json["field"]) == (422, "cursor")
