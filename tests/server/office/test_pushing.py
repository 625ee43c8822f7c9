"""What a pushed reminder says, and how the many of a bulk reminder go out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts import domain as accounts
from server.config import Settings
from server.kernel.clock import FrozenClock
from server.kernel.jobs import run_now
from server.office.models import OfficeNotice
from server.office.reminding import push
from server.office.reminding.domain import PUSH_JOB, remind
from server.office.reminding.push import push_waiting
from tests.server.conftest import PASSWORD_HASH, Login, World
from tests.server.office.conftest import report, send
from tests.server.office.pushing import Browser, PushService, subscribe
from tests.server.visits.hand import Hand

MONDAY = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)  # nine in Shanghai, 2026-W49


def remind_due(login: Login, week: str) -> Any:
    return login("office").post(f"/api/v1/office/weeks/{week}/reminders", json={"who": "due"}).json


def test_on_monday_those_are_reminded_of_the_week_that_is_short(
    rep: Hand, east: str, clock: FrozenClock, login: Login, world: World, session: Session
) -> None:
    send(rep, report(rep))
    clock.at = MONDAY
    board: Any = login("office").get("/api/v1/office/weeks/2026-W49")
    assert board.json["due"] == 2
    assert remind_due(login, "2026-W49") == {"sent": 2, "already": 0}
    assert remind_due(login, "2026-W49") == {"sent": 0, "already": 2}
    # Asked for on the board of last week it is the same reminder.
    assert remind_due(login, "2026-W48") == {"sent": 0, "already": 2}
    told = session.execute(select(OfficeNotice.person_id, OfficeNotice.week)).all()
    assert sorted(told) == sorted([(world.people[who], "2026-W48") for who in ("rep_b", "rep_w")])
    clock.at = datetime(2026, 12, 4, 1, 0, tzinfo=UTC)  # Friday: now it is W49
    assert remind_due(login, "2026-W49") == {"sent": 3, "already": 0}
    assert set(session.scalars(select(OfficeNotice.week))) == {"2026-W48", "2026-W49"}


# when it is asked for, the rule's hours of grace, what the push says in both languages
@pytest.mark.usefixtures("east")
@pytest.mark.parametrize(
    "case",
    [
        (
            datetime(2026, 11, 25, 1, 0, tzinfo=UTC),
            12,
            "第 48 周还没有回司报到，最晚 11月27日。",
            "Week 48: you have not reported to an office yet. The last day is 27 Nov.",
        ),
        (
            datetime(2026, 11, 28, 1, 0, tzinfo=UTC),  # Saturday
            12,
            "第 48 周还没有回司报到，11月30日 12:00 前报到仍算。",
            "Week 48: you have not reported to an office yet. It still counts until 30 Nov 12:00.",
        ),
        (
            MONDAY,
            24,
            "第 48 周还没有回司报到，12月1日 00:00 前报到仍算。",
            "Week 48: you have not reported to an office yet. It still counts until 1 Dec 00:00.",
        ),
        (
            datetime(2026, 12, 1, 1, 0, tzinfo=UTC),  # over: it can only be asked to be made up
            12,
            "第 48 周还没有回司报到。",
            "Week 48: you have not reported to an office.",
        ),
    ],
)
def test_a_push_says_which_week_and_until_when(
    login: Login,
    world: World,
    session: Session,
    clock: FrozenClock,
    service: PushService,
    rules: Settings,
    case: tuple[datetime, int, str, str],
) -> None:
    at, grace_hours, zh, en = case
    rule = {"need": 1, "days": [1, 2, 3, 4, 5, 6, 7], "grace_hours": grace_hours}
    login("office").patch("/api/v1/office/rule", json=rule, headers={"If-Match": "*"})
    login("rep_b").patch("/api/v1/me", json={"locale": "en"}, headers={"If-Match": "*"})
    browsers = {"rep_a": Browser(), "rep_b": Browser()}
    clock.at = at
    for who, browser in browsers.items():
        subscribe(login, who, f"{service.url}/{who}", browser)
        body = {"person_id": world.people[who]}
        login("office").post("/api/v1/office/weeks/2026-W48/reminders", json=body)
    assert push_waiting(session, clock, rules)["letters"] == 2
    got = {path: body for path, _, body in service.got}
    chinese = browsers["rep_a"].open(got["/rep_a"])
    english = browsers["rep_b"].open(got["/rep_b"])
    assert (chinese["title"], chinese["body"]) == ("第 48 周回司报到", zh)
    assert (english["title"], english["body"]) == ("Office check-in, week 48", en)


def test_the_last_day_is_the_persons_own(
    login: Login,
    east: str,
    world: World,
    session: Session,
    clock: FrozenClock,
    service: PushService,
    rules: Settings,
) -> None:
    leave = {"kind": "leave", "first_day": "2026-11-26", "last_day": "2026-11-27", "reason": ""}
    person = {"person_id": world.people["rep_a"]}
    login("office").post("/api/v1/office/exemptions", json=leave | person)
    browser = Browser()
    subscribe(login, "rep_a", f"{service.url}/a", browser)
    login("office").post("/api/v1/office/weeks/2026-W48/reminders", json=person)
    push_waiting(session, clock, rules)
    assert "最晚 11月25日" in browser.open(service.got[0][2])["body"]


def add_reps(session: Session, world: World, clock: FrozenClock, count: int) -> list[str]:
    """So many more reps of the park; their ids."""
    found = []
    for number in range(count):
        name = f"more{number}"
        values = {"username": name, "name": name, "role": "rep", "region_id": world.regions["park"]}
        user = accounts.create_person(session, None, clock, values, password_hash=PASSWORD_HASH)
        found.append(user.id)
    session.commit()
    return found


@pytest.fixture
def queue(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """The arguments of the push jobs that were queued, instead of a thread that works them off."""
    found: list[list[Any]] = []

    def send(name: str, args: list[Any]) -> None:
        assert name == PUSH_JOB
        found.append(args)

    monkeypatch.setattr(app.extensions["storewalk.jobs"], "send", send)
    monkeypatch.setattr(push, "AT_ONCE", 3)
    return found


def work_off(queue: list[list[Any]], service: PushService) -> list[int]:
    """Run the job and whatever it queues; how many letters each run handed over."""
    told = []
    while queue:
        before = len(service.got)
        run_now(PUSH_JOB, *queue.pop(0))
        told.append(len(service.got) - before)
        assert len(told) < 100
    return told


def remind_all(session: Session, world: World, clock: FrozenClock) -> None:
    actor = world.actors["office"]
    remind(session, actor, clock, "2026-W48", person_id=None, who="open")
    session.commit()


@pytest.mark.usefixtures("east", "rules")
def test_a_bulk_reminder_goes_out_at_once_and_piece_by_piece(
    session: Session,
    world: World,
    clock: FrozenClock,
    login: Login,
    service: PushService,
    queue: list[list[Any]],
) -> None:
    add_reps(session, world, clock, 8)
    # Three of eleven have never let a browser be notified; whoever has two gets two letters.
    for who in ["rep_a", *(f"more{number}" for number in range(7))]:
        subscribe(login, who, f"{service.url}/{who}", Browser())
    subscribe(login, "more0", f"{service.url}/second", Browser())
    remind_all(session, world, clock)
    assert len(queue) == 1
    # In one go, but three people to a transaction: requests and other jobs come in between.
    runs = work_off(queue, service)
    assert (sum(runs), len(runs), max(runs) <= 4) == (9, 3, True)
    assert len({path for path, _, _ in service.got}) == 9
    waiting = select(func.count()).select_from(OfficeNotice).where(OfficeNotice.pushed_at.is_(None))
    assert session.scalar(waiting) == 3
    # Who has never opted in takes nobody's place, and is told once they do.
    subscribe(login, "rep_w", f"{service.url}/later", Browser())
    queue.append([])
    assert work_off(queue, service) == [1]


@pytest.mark.usefixtures("east", "rules")
def test_what_fails_is_left_to_the_next_sweep(
    session: Session,
    world: World,
    clock: FrozenClock,
    login: Login,
    service: PushService,
    queue: list[list[Any]],
) -> None:
    add_reps(session, world, clock, 7)
    for number in range(7):
        subscribe(login, f"more{number}", f"{service.url}/{number}", Browser())
    remind_all(session, world, clock)
    service.status = 500
    # Nothing gets through: the other four are not even tried.
    assert work_off(queue, service) == [3]
    tries = session.scalars(select(OfficeNotice.tries).order_by(OfficeNotice.tries.desc())).all()
    assert tries[:4] == [1, 1, 1, 0]
    service.status = 201
    queue.append([])
    assert sum(work_off(queue, service)) == 7


@pytest.mark.usefixtures("east")
def test_a_service_that_cannot_be_reached_is_waited_for_once(
    session: Session,
    world: World,
    clock: FrozenClock,
    login: Login,
    rules: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def unreachable(info: dict[str, Any], *_args: Any, **_more: Any) -> None:
        tried.append(info["endpoint"])
        raise ConnectionError

    monkeypatch.setattr("pywebpush.webpush", unreachable)
    for who in ("rep_a", "rep_b", "rep_w"):
        subscribe(login, who, f"http://127.0.0.1:9/{who}", Browser())
    remind_all(session, world, clock)
    assert push_waiting(session, clock, rules) == {"letters": 3, "gone": 0, "again": 3}
    assert len(tried) == 1
