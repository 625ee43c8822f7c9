"""Exemptions, make-ups and reviews: asked for on the phone, decided in the console."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.ops import Op, Outcome
from server.office.weeks.ops import OPS as WEEK_OPS
from server.sync.feed import READERS
from tests.server.conftest import Login, World
from tests.server.office.conftest import report, send
from tests.server.visits.hand import Hand, applied, code, fix
from tests.server.written import as_written


def ask(hand: Hand, op_kind: str, record_id: str | None = None, /, **payload: Any) -> Op:
    said: dict[str, Any] = {"at": hand.ago(), "reason": "家里有事"}
    if op_kind == "office.make_up":
        said |= {"week": "2026-W47"}
    else:
        said |= {"kind": "leave", "first_day": "2026-11-16", "last_day": "2026-11-20"}
    return hand.op(op_kind, said | payload, record_id)


def push(hand: Hand, *ops: Op) -> list[Outcome]:
    outcomes = WEEK_OPS[ops[0].kind](hand.session, hand.actor, hand.clock, ops)
    hand.session.commit()
    return outcomes


def state(login: Login, world: World, week: str = "2026-W47", rep: str = "rep_a") -> str:
    answer: Any = login("office").get(f"/api/v1/office/weeks/{week}/people/{world.people[rep]}")
    found: str = answer.json["state"]
    return found


@pytest.fixture(autouse=True)
def long_here(login: Login, world: World) -> None:
    """rep_a has been with the company since the summer."""
    path = f"/api/v1/office/duties/{world.people['rep_a']}"
    answer: Any = login("office").patch(
        path, json={"since": "2026-06-01"}, headers={"If-Match": '"0"'}
    )
    assert answer.status_code == 200, answer.json


def decide(login: Login, who: str, path: str, *, approve: bool, note: str = "") -> Any:
    body = {"approve": approve, "note": note}
    return login(who).post(f"/api/v1/office/{path}/decision", json=body)


def test_a_make_up_from_the_phone_to_the_answer(
    rep: Hand, east: str, login: Login, world: World, session: Session
) -> None:
    op = ask(rep, "office.make_up")
    record = applied(push(rep, op)[0])
    assert (record["week"], record["state"], record["note"]) == ("2026-W47", "pending", None)
    assert state(login, world) == "missed"
    listed: Any = login("sup_east").get("/api/v1/office/requests?state=pending")
    [item] = listed.json["items"]
    assert (item["what"], item["person"]["name"], item["make_up"]) == ("make_up", "rep_a", record)
    answer = decide(login, "sup_east", f"make-ups/{op.record_id}", approve=True, note="知道了")
    assert answer.status_code == 200
    assert (answer.json["state"], answer.json["note"]) == ("approved", "知道了")
    assert state(login, world) == "made_up"
    # The phone is told, and only the phone of whoever asked.
    told = READERS["office_make_up"](session, rep.actor, [op.record_id])
    assert told == {op.record_id: answer.json}
    assert READERS["office_make_up"](session, world.actors["rep_b"], [op.record_id]) == {}
    events = [one["event"] for one in journal.for_subject(session, "office_make_up", op.record_id)]
    assert events == ["make_up.asked", "make_up.decided"]
    # The same again is the same; another word is too late.
    again = decide(login, "sup_east", f"make-ups/{op.record_id}", approve=True)
    assert (again.status_code, again.json["note"]) == (200, "知道了")
    late = decide(login, "office", f"make-ups/{op.record_id}", approve=False)
    assert (late.status_code, late.json["code"]) == (409, "already_decided")


def test_a_declined_make_up_leaves_the_week(
    rep: Hand, east: str, login: Login, world: World, clock: FrozenClock
) -> None:
    op = ask(rep, "office.make_up")
    push(rep, op)
    decide(login, "sup_east", f"make-ups/{op.record_id}", approve=False, note="请当面说明")
    clock.advance(3_600)
    assert state(login, world) == "missed"
    # They may ask once more.
    second = ask(rep, "office.make_up")
    push(rep, second)
    decide(login, "office", f"make-ups/{second.record_id}", approve=True)
    assert state(login, world) == "made_up"


def test_an_exemption_from_the_phone_and_from_the_supervisor(
    rep: Hand, east: str, login: Login, world: World, session: Session
) -> None:
    op = ask(rep, "office.exemption_request")
    record = applied(push(rep, op)[0])
    assert record["state"] == "pending"
    decide(login, "sup_east", f"exemptions/{op.record_id}", approve=True)
    assert state(login, world) == "exempt"
    # What was approved can be taken back.
    back = decide(login, "sup_east", f"exemptions/{op.record_id}", approve=False, note="假期取消")
    assert back.json["state"] == "declined"
    assert state(login, world) != "exempt"
    values = {
        "person_id": world.people["rep_a"],
        "kind": "trip",
        "first_day": "2026-11-16",
        "last_day": "2026-11-21",
        "reason": "展会",
    }
    made: Any = login("sup_east").post("/api/v1/office/exemptions", json=values)
    assert (made.status_code, made.json["state"]) == (201, "approved")
    assert state(login, world) == "exempt"
    told = READERS["office_exemption"](session, rep.actor, [op.record_id, made.json["id"]])
    assert {one["state"] for one in told.values()} == {"declined", "approved"}
    cell: Any = login("office").get(f"/api/v1/office/weeks/2026-W47/people/{world.people['rep_a']}")
    assert len(cell.json["exemptions"]) == 2


@pytest.mark.parametrize(
    ("change", "status", "wanted"),
    [
        ({"last_day": "2026-11-15"}, 422, "days_invalid"),
        ({"last_day": "2027-11-17"}, 422, "days_invalid"),
        ({"kind": "holiday"}, 422, "validation_failed"),
        ({"first_day": "yesterday"}, 422, "validation_failed"),
        ({"person_id": "sup_east"}, 422, "person_no_rep"),
        ({"person_id": "rep_w"}, 404, "not_found"),
        ({"person_id": new_id()}, 404, "not_found"),
    ],
)
def test_bad_exemptions(
    login: Login, world: World, change: dict[str, str], status: int, wanted: str
) -> None:
    values = {
        "person_id": "rep_a",
        "kind": "leave",
        "first_day": "2026-11-16",
        "last_day": "2026-11-20",
    } | change
    values["person_id"] = world.people.get(values["person_id"], values["person_id"])
    answer: Any = login("sup_east").post("/api/v1/office/exemptions", json=values)
    assert (answer.status_code, answer.json["code"]) == (status, wanted)


def test_who_may_decide(rep: Hand, east: str, login: Login, world: World, session: Session) -> None:
    make_up, leave = ask(rep, "office.make_up"), ask(rep, "office.exemption_request")
    push(rep, make_up)
    push(rep, leave)
    [sent] = send(rep, report(rep, fix=fix(900)))
    check_in = applied(sent)["id"]
    paths = (
        f"make-ups/{make_up.record_id}",
        f"exemptions/{leave.record_id}",
        f"check-ins/{check_in}",
    )
    for path in paths:
        assert decide(login, "rep_a", path, approve=True).status_code == 403
        assert decide(login, "sup_west", path, approve=True).status_code == 404
    seen: Any = login("sup_west").get("/api/v1/office/requests")
    assert seen.json["items"] == []
    for path in paths:
        kind = path.partition("/")[0]
        assert decide(login, "office", f"{kind}/{new_id()}", approve=True).status_code == 404


def test_a_doubtful_check_in_is_reviewed(
    rep: Hand, east: str, login: Login, world: World, session: Session
) -> None:
    [sent] = send(rep, report(rep, fix=fix(900)))
    record = applied(sent)
    path = f"check-ins/{record['id']}"
    assert state(login, world, "2026-W48") == "doubtful"
    answer = decide(login, "sup_east", path, approve=True, note="我看见他了")
    assert answer.json["accepted"] is True
    assert answer.json["verdict"] == "off_site"
    assert answer.json["review"]["note"] == "我看见他了"
    assert state(login, world, "2026-W48") == "done"
    told = as_written(READERS["office_check_in"](session, rep.actor, [record["id"]]))
    assert told[record["id"]] == answer.json
    decide(login, "sup_east", path, approve=False)
    assert state(login, world, "2026-W48") == "open"
    events = [one["event"] for one in journal.for_subject(session, "office_check_in", record["id"])]
    assert events == [
        "office.checked_in",
        "office.check_in_reviewed",
        "office.check_in_reviewed",
    ]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("office.make_up", {"week": "2026-W54"}),
        ("office.make_up", {"week": 48}),
        ("office.make_up", {"week": "2026-W49"}),  # has not begun
        ("office.make_up", {"reason": " "}),
        ("office.make_up", {"reason": "x" * 2_001}),
        ("office.make_up", {"at": "now"}),
        ("office.exemption_request", {"kind": "sleep"}),
        ("office.exemption_request", {"first_day": "2026-11-31"}),
        ("office.exemption_request", {"first_day": "20261120"}),
        ("office.exemption_request", {"last_day": "2026-11-15"}),
        ("office.exemption_request", {"last_day": None}),
        ("office.exemption_request", {"reason": None}),
    ],
)
def test_a_bad_one_is_refused_alone(rep: Hand, kind: str, change: dict[str, Any]) -> None:
    outcomes = push(rep, ask(rep, kind), ask(rep, kind, **change), ask(rep, kind))
    assert [code(one) for one in outcomes] == ["applied", "op_malformed", "applied"]


@pytest.mark.parametrize("kind", ["office.make_up", "office.exemption_request"])
def test_the_same_record_again(rep: Hand, other_rep: Hand, kind: str) -> None:
    first = ask(rep, kind)
    same = ask(rep, kind, first.record_id)
    other = ask(rep, kind, first.record_id, reason="别的")
    stolen = ask(other_rep, kind, first.record_id)
    assert [code(one) for one in push(rep, first, same, other)] == [
        "applied",
        "applied",
        "record_exists",
    ]
    assert [code(one) for one in push(rep, same)] == ["applied"]
    assert [code(one) for one in push(other_rep, stolen)] == ["record_exists"]


def test_the_summary_is_kept_with_the_check_in(
    rep: Hand, east: str, login: Login, world: World
) -> None:
    summary = {"visits": 12, "successful": 9, "handouts": 30, "text": " 竞品在做促销 "}
    [sent] = send(rep, report(rep, summary=summary))
    assert applied(sent)["summary"] == summary | {"text": "竞品在做促销"}
    cell: Any = login("sup_east").get(
        f"/api/v1/office/weeks/2026-W48/people/{world.people['rep_a']}"
    )
    assert cell.json["check_ins"][0]["summary"]["visits"] == 12


def test_a_phone_that_knows_tasks_tells_of_them(rep: Hand, east: str) -> None:
    summary = {"visits": 1, "successful": 1, "handouts": 0, "tasks_open": 3, "tasks_done": 2}
    [sent] = send(rep, report(rep, summary=summary))
    assert applied(sent)["summary"] == summary | {"text": None}


@pytest.mark.parametrize(
    "summary",
    [
        "good",
        [],
        {},
        {"visits": -1, "successful": 0, "handouts": 0},
        {"visits": 1.5, "successful": 0, "handouts": 0},
        {"visits": 1, "successful": True, "handouts": 0},
        {"visits": 1, "successful": 1, "handouts": 10**9},
        {"visits": 1, "successful": 1, "handouts": 0, "tasks_open": -1},
        {"visits": 1, "successful": 1, "handouts": 0, "tasks_done": "2"},
        {"visits": 1, "successful": 1, "handouts": 0, "text": ["x"]},
        {"visits": 1, "successful": 1, "handouts": 0, "text": "x" * 2_001},
    ],
)
def test_a_bad_summary_is_refused(rep: Hand, east: str, summary: Any) -> None:
    assert code(send(rep, report(rep, summary=summary))[0]) == "op_malformed"
