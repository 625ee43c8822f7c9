"""What a pushed reminder says, and how the many of a bulk reminder go out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.config import Settings
from server.kernel.clock import FrozenClock
from server.office.models import OfficeNotice
from server.office.reminding.push import push_waiting
from tests.server.conftest import Login, World
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
