"""Reminders: who gets one, how browsers are told, and the private calendar."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.config import Settings
from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.office.models import OfficeNotice, PushSubscription
from server.office.reminding.domain import SUBSCRIPTIONS_MAX, host_allowed
from server.office.reminding.keys import key_file, public_key
from server.office.reminding.push import hosts, push_waiting
from server.sync.feed import READERS
from tests.server.conftest import Login, World
from tests.server.office.conftest import report, send
from tests.server.office.pushing import Browser, PushService, push_service, subscribe
from tests.server.visits.hand import Hand

WEEK = "/api/v1/office/weeks/2026-W48"


@pytest.fixture
def friday(clock: FrozenClock) -> FrozenClock:
    """The last working day of 2026-W48."""
    clock.at = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
    return clock


def remind(login: Login, caller: str, /, **body: Any) -> Any:
    return login(caller).post(f"{WEEK}/reminders", json=body)


def test_those_who_are_due_are_reminded_once_a_day(
    rep: Hand, east: str, friday: FrozenClock, login: Login, world: World, session: Session
) -> None:
    send(rep, report(rep))
    assert remind(login, "sup_east", who="due").json == {"sent": 1, "already": 0}
    assert remind(login, "sup_east", who="due").json == {"sent": 0, "already": 1}
    # rep_w is nobody of the east's.
    assert remind(login, "office", who="due").json == {"sent": 1, "already": 1}
    friday.advance(86_400)
    assert remind(login, "office", who="due").json == {"sent": 2, "already": 0}
    rows = session.scalars(select(OfficeNotice).where(OfficeNotice.week == "2026-W48")).all()
    people = sorted(row.person_id for row in rows)
    assert people == sorted([world.people["rep_b"], world.people["rep_w"]] * 2)
    mine = [row.id for row in rows if row.person_id == world.people["rep_b"]]
    told = READERS["office_notice"](session, world.actors["rep_b"], [row.id for row in rows])
    assert sorted(told) == sorted(mine)
    events = journal.for_subject(session, "person", world.people["rep_b"])
    assert [one["event"] for one in events].count("office.reminded") == 2


def test_one_can_be_reminded_on_any_day(login: Login, east: str, world: World) -> None:
    assert remind(login, "sup_east", who="due").json == {"sent": 0, "already": 0}
    one = remind(login, "sup_east", person_id=world.people["rep_a"])
    assert one.json == {"sent": 1, "already": 0}
    assert remind(login, "sup_east", who="open").json == {"sent": 1, "already": 1}
    assert remind(login, "sup_east", person_id=world.people["rep_w"]).status_code == 404
    assert remind(login, "sup_east", person_id=new_id()).status_code == 404
    assert remind(login, "sup_east", person_id=world.people["sup_east"]).status_code == 404
    assert remind(login, "rep_a", who="due").status_code == 403


@pytest.mark.parametrize("body", [{}, {"who": "all"}, {"who": "due", "person_id": "x"}])
def test_whom_must_be_said(login: Login, body: dict[str, str]) -> None:
    answer = remind(login, "office", **body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def claims_of(headers: dict[str, str], public: str) -> dict[str, Any]:
    """The claims of a VAPID header (RFC 8292), its signature checked."""
    scheme, _, rest = headers["authorization"].partition(" ")
    assert scheme.lower() == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert parts["k"] == public
    signed, _, signature = parts["t"].rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    numbers = [int.from_bytes(raw[at : at + 32]) for at in (0, 32)]
    point = base64.urlsafe_b64decode(public + "==")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    key.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
    return claims


def test_a_browser_gets_the_reminder_encrypted(
    login: Login,
    east: str,
    world: World,
    session: Session,
    clock: FrozenClock,
    service: PushService,
    rules: Settings,
) -> None:
    browser, other = Browser(), Browser()
    first = subscribe(login, "rep_a", f"{service.url}/send/a", browser)
    assert first.status_code == 201
    # The same browser again is the same subscription.
    assert subscribe(login, "rep_a", f"{service.url}/send/a", browser).json == first.json
    subscribe(login, "rep_b", f"{service.url}/send/b", other)
    login("rep_b").patch("/api/v1/me", json={"locale": "en"}, headers={"If-Match": "*"})
    remind(login, "sup_east", who="open")
    assert push_waiting(session, clock, rules) == {"letters": 2, "gone": 0, "again": 0}
    assert push_waiting(session, clock, rules)["letters"] == 0
    got = {path: (headers, body) for path, headers, body in service.got}
    assert sorted(got) == ["/send/a", "/send/b"]
    headers, body = got["/send/a"]
    assert b"2026" not in body
    said = browser.open(body)
    assert (said["title"], said["url"], said["tag"]) == (
        "第 48 周回司报到",
        "/office",
        "office-2026-W48",
    )
    assert "第 48 周" in said["body"]
    assert "Week 48" in other.open(got["/send/b"][1])["body"]
    shown: Any = login("rep_a").get("/api/v1/office/push")
    assert shown.json["subscriptions"] == [first.json["id"]]
    claims = claims_of(headers, shown.json["public_key"])
    assert claims["aud"] == service.url
    assert headers["ttl"] == "43200"


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(
    login: Login,
    east: str,
    world: World,
    session: Session,
    clock: FrozenClock,
    service: PushService,
    rules: Settings,
    status: int,
) -> None:
    subscribe(login, "rep_a", f"{service.url}/a", Browser())
    subscribe(login, "rep_a", f"{service.url}/b", Browser())
    remind(login, "sup_east", person_id=world.people["rep_a"])
    service.status = status
    assert push_waiting(session, clock, rules) == {"letters": 2, "gone": 2, "again": 0}
    assert session.scalar(select(func.count()).select_from(PushSubscription)) == 0


@pytest.mark.parametrize("status", [302, 429, 500])
def test_a_push_that_fails_is_tried_five_times(
    login: Login,
    east: str,
    world: World,
    session: Session,
    clock: FrozenClock,
    service: PushService,
    rules: Settings,
    status: int,
) -> None:
    subscribe(login, "rep_a", f"{service.url}/a", Browser())
    remind(login, "sup_east", person_id=world.people["rep_a"])
    service.status = status
    for _ in range(5):
        assert push_waiting(session, clock, rules) == {"letters": 1, "gone": 0, "again": 1}
    assert push_waiting(session, clock, rules)["letters"] == 0
    # A redirect is not followed: it could lead anywhere.
    assert {path for path, _, _ in service.got} == {"/a"}
    assert session.scalar(select(func.count()).select_from(PushSubscription)) == 1


def test_a_service_that_is_down_and_a_reminder_of_yesterday(
    login: Login, east: str, world: World, session: Session, clock: FrozenClock, rules: Settings
) -> None:
    with push_service() as gone:
        subscribe(login, "rep_a", f"{gone.url}/a", Browser())
    remind(login, "sup_east", person_id=world.people["rep_a"])
    assert push_waiting(session, clock, rules)["again"] == 1
    clock.advance(13 * 3_600)
    assert push_waiting(session, clock, rules)["letters"] == 0


HOSTS = hosts(Settings())


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://web.push.apple.com/x", True),
        ("https://db5p.notify.windows.com/w/?token=x", True),
        ("https://fcm.googleapis.com:443/x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com:22/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evil.example/fcm.googleapis.com", False),
        ("https://fcm.googleapis.com@evil.example/x", False),
        ("https://user:word@fcm.googleapis.com/x", False),
        ("https://notify.windows.com.example/x", False),
        ("https://127.0.0.1/x", False),
        ("http://127.0.0.1:8000/x", False),
        ("https://169.254.169.254/latest", False),
        ("https://[::1]/x", False),
        ("https://[bad/x", False),
        ("file:///etc/passwd", False),
        ("ftp://fcm.googleapis.com/x", False),
        ("", False),
    ],
)
def test_only_known_push_services(endpoint: str, allowed: bool) -> None:
    assert host_allowed(endpoint, HOSTS) is allowed


def test_an_unknown_push_service_is_refused(login: Login, session: Session) -> None:
    answer = subscribe(login, "rep_a", "https://intranet.example/hook", Browser())
    assert (answer.status_code, answer.json["code"]) == (422, "push_endpoint_refused")
    assert "intranet.example" in answer.json["title"]
    assert session.scalar(select(func.count()).select_from(PushSubscription)) == 0


def test_a_phone_that_changes_hands(
    login: Login, rules: Settings, session: Session, world: World
) -> None:
    browser, endpoint = Browser(), "http://127.0.0.1:9/x"
    first = subscribe(login, "rep_a", endpoint, browser).json["id"]
    assert subscribe(login, "rep_b", endpoint, browser).json["id"] == first
    owner = session.scalars(select(PushSubscription.person_id)).one()
    assert owner == world.people["rep_b"]
    path = f"/api/v1/office/push/subscriptions/{first}"
    assert login("rep_a").delete(path).status_code == 404
    assert login("rep_b").delete(path).status_code == 204
    assert login("rep_b").delete(path).status_code == 404


def test_a_person_has_only_so_many_browsers(
    login: Login, rules: Settings, session: Session, clock: FrozenClock
) -> None:
    for number in range(SUBSCRIPTIONS_MAX + 3):
        clock.advance(1)
        subscribe(login, "rep_a", f"http://127.0.0.1:9/{number}", Browser())
    left = set(session.scalars(select(PushSubscription.endpoint)))
    assert left == {f"http://127.0.0.1:9/{number}" for number in range(3, SUBSCRIPTIONS_MAX + 3)}


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "x"},
        {"keys": {"p256dh": "short", "auth": "abcdefgh"}},
        {"keys": {"p256dh": "!" * 30, "auth": "abcdefgh"}},
        {"keys": {}},
    ],
)
def test_bad_subscriptions(login: Login, rules: Settings, change: dict[str, Any]) -> None:
    body = {"endpoint": "http://127.0.0.1:9/x", "keys": Browser().keys()} | change
    answer: Any = login("rep_a").post("/api/v1/office/push/subscriptions", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def test_keys_that_are_none_harm_nobody_else(
    login: Login,
    east: str,
    session: Session,
    clock: FrozenClock,
    service: PushService,
    rules: Settings,
) -> None:
    good = Browser()
    body = {"endpoint": f"{service.url}/bad", "keys": {"p256dh": "A" * 87, "auth": "A" * 22}}
    login("rep_a").post("/api/v1/office/push/subscriptions", json=body)
    subscribe(login, "rep_b", f"{service.url}/good", good)
    remind(login, "sup_east", who="open")
    assert push_waiting(session, clock, rules) == {"letters": 2, "gone": 0, "again": 1}
    [(path, _, sent)] = service.got
    assert path == "/good"
    assert good.open(sent)["url"] == "/office"


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first = public_key(tmp_path)
    path = key_file(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_key(tmp_path) == first
    assert len(base64.urlsafe_b64decode(first + "==")) == 65
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_the_command_prints_the_key(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["storewalk", "push-key"])
    assert result.output.strip() == public_key(app.config["SETTINGS"].data_dir)


def unfolded(text: str) -> list[str]:
    """The lines of an iCalendar, long ones put together again."""
    assert text.endswith("\r\n")
    for line in text.split("\r\n"):
        assert len(line.encode()) <= 75
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def entries(text: str) -> dict[str, str]:
    """{day: title} of an iCalendar."""
    lines = unfolded(text)
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    days = [line.partition(":")[2] for line in lines if line.startswith("DTSTART;VALUE=DATE:")]
    titles = [line.partition(":")[2] for line in lines if line.startswith("SUMMARY:")]
    return dict(zip(days, titles, strict=True))


def test_the_calendar_of_office_days(
    rep: Hand, east: str, login: Login, world: World, client: Any, clock: FrozenClock
) -> None:
    phone = login("rep_a")
    assert phone.get("/api/v1/office/feed").json == {"open": False, "path": None}
    made: Any = phone.post("/api/v1/office/feed")
    path = made.json["path"]
    assert (made.status_code, phone.get("/api/v1/office/feed").json["open"]) == (201, True)
    values = {
        "person_id": world.people["rep_a"],
        "kind": "leave",
        "first_day": "2026-12-04",
        "last_day": "2026-12-20",
        "reason": "",
    }
    login("office").post("/api/v1/office/exemptions", json=values)
    send(rep, report(rep, at="2026-11-23T03:59:00.000Z"))
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    found = entries(answer.get_data(as_text=True))
    # Today is Monday of W48. Thursday is the last day before leave; W50 and W51 are all leave.
    assert found["20261127"] == "✓ 已报到（第 48 周）"
    assert found["20261203"] == "回司报到（第 49 周）"
    assert not {"20261204", "20261211", "20261218"} & found.keys()
    assert found["20261225"] == "回司报到（第 52 周）"
    # Weeks before the account was made are none of theirs.
    assert min(found) == "20261127"


def test_a_calendar_address_is_private_and_revocable(
    login: Login, world: World, client: Any, session: Session, east: str
) -> None:
    phone = login("rep_a")
    first = phone.post("/api/v1/office/feed").json["path"]  # type: ignore[index]
    second = phone.post("/api/v1/office/feed").json["path"]  # type: ignore[index]
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    assert login("rep_b").delete("/api/v1/office/feed").status_code == 204
    assert client.get(second).status_code == 200
    assert phone.delete("/api/v1/office/feed").status_code == 204
    assert phone.delete("/api/v1/office/feed").status_code == 204
    assert client.get(second).status_code == 404
    assert login("office").post("/api/v1/office/feed").status_code == 403
    third = phone.post("/api/v1/office/feed").json["path"]  # type: ignore[index]
    people: Any = login("office").get(f"/api/v1/people/{world.people['rep_a']}")
    login("office").patch(
        f"/api/v1/people/{world.people['rep_a']}",
        json={"active": False},
        headers={"If-Match": people.headers["ETag"]},
    )
    assert client.get(third).status_code == 404
