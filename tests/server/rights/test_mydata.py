"""My data: everything held about a person, who looked, and the copy to take along."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Table, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors

from server.accounts.models import User
from server.kernel.clock import FrozenClock
from server.kernel.db import Base
from server.kernel.held import sections
from server.kernel.journal import JournalEntry
from tests.server.conftest import Login, World
from tests.server.rights.conftest import OUT
from tests.server.sync.phone import Phone

# Tables that name people and are no section: what is in them, and why.
NOT_ABOUT_PEOPLE = {
    "region": "no person",
    "op_receipt": "the answers to ops, which repeat the records",
    "rejudge_due": "stores that wait to be judged again",
    "store_pin": "who moved a pin",
    "pin_proposal": "who decided on a pin",
    "visit_review": "what the decisions about a visit, which are told, add up to",
    "review_bulk": "a supervisor's work on many visits",
    "reaudit_sample": "who drew a sample",
    "reaudit_case": "a second opinion, which the first person must not see",
    "campaign": "who planned it",
    "campaign_summary": "who wrote it for the company",
}


def records(client: FlaskClient, section: str) -> list[dict[str, Any]]:
    answer: Any = client.get(f"/api/v1/me/data/{section}?limit=500")
    assert answer.status_code == 200, answer.data
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_every_table_that_names_people_is_told_of(app: Flask) -> None:
    told = set()
    for section in sections().values():
        parts = visitors.iterate(section.of("x"))
        told |= {part.name for part in parts if isinstance(part, Table)}
    for table in Base.metadata.tables.values():
        named = {key.target_fullname for column in table.c for key in column.foreign_keys}
        people = {"author_id", "user_id", "actor_id", "viewer_id", "decided_by"}
        if "user_account.id" in named or people & set(table.c.keys()):
            assert table.name in told | NOT_ABOUT_PEOPLE.keys(), f"list {table.name} in a held.py"


def test_what_is_there_is_told(phone: Phone, visit_id: str) -> None:
    phone.push(phone.op("visit.reply", {"visit_id": visit_id, "at": OUT, "text": "搬家了"}))
    overview: Any = phone.client.get("/api/v1/me/data").json
    totals = {row["name"]: row["total"] for row in overview["sections"]}
    expected = {"account": 1, "sessions": 1, "devices": 1, "visits": 1, "replies": 1, "views": 0}
    assert {name: totals[name] for name in expected} == expected
    assert overview["retention"] == {"positions": 0, "photos": 0, "views": 0, "replies": 0}
    [visit] = records(phone.client, "visits")
    assert visit["id"] == visit_id
    assert (round(visit["in_lat"], 4), visit["verdict"]) == (31.31, "off_site")
    assert visit["flags"][0]["words"]["zh-CN"]
    assert visit["store_name"] == "园区一店"
    assert records(phone.client, "replies")[0]["text"] == "搬家了"
    events = {row["event"] for row in records(phone.client, "journal")}
    assert {"visit.received", "visit.replied", "session.opened"} <= events


@pytest.mark.parametrize("section", ["account", "sessions", "visits", "replies"])
def test_nothing_secret_is_told(phone: Phone, visit_id: str, section: str) -> None:
    phone.push(phone.op("visit.reply", {"visit_id": visit_id, "at": OUT, "text": "x"}))
    for record in records(phone.client, section):
        assert not {"password_hash", "token_hash", "payload_digest", "in_digest"} & record.keys()


def test_page_by_page_nothing_is_skipped(phone: Phone, visit_id: str) -> None:
    for number in range(5):
        text = {"visit_id": visit_id, "at": OUT, "text": f"answer {number}"}
        phone.push(phone.op("visit.reply", text))
    seen, cursor = [], ""
    while True:
        page: Any = phone.client.get(f"/api/v1/me/data/replies?limit=2{cursor}").json
        seen += [row["text"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == [f"answer {number}" for number in range(5)]
    assert len(seen) == 5


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "WyJ4IiwieCJd", "W251bGwsbnVsbF0"])
def test_a_forged_cursor_is_refused(phone: Phone, cursor: str) -> None:
    for section in ("visits", "journal"):
        answer: Any = phone.client.get(f"/api/v1/me/data/{section}?cursor={cursor}")
        assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")


def test_an_unknown_kind_is_not_found(phone: Phone) -> None:
    assert phone.client.get("/api/v1/me/data/secrets").status_code == 404


def test_who_looked_is_told_once_a_day(
    phone: Phone, supervisor: FlaskClient, login: Login, clock: FrozenClock, visit_id: str
) -> None:
    for _ in range(3):
        assert supervisor.get(f"/api/v1/visits/{visit_id}").status_code == 200
    login("office").get(f"/api/v1/visits/{visit_id}")
    # Neither whoever may not look, nor oneself, nor a list that names it.
    assert login("sup_west").get(f"/api/v1/visits/{visit_id}").status_code == 404
    phone.client.get(f"/api/v1/visits/{visit_id}")
    supervisor.get("/api/v1/visits")
    looked = [(row["day"], row["viewer_name"]) for row in records(phone.client, "views")]
    assert sorted(looked) == [("2026-11-23", "office"), ("2026-11-23", "sup_east")]
    clock.advance(86_400)
    supervisor.get(f"/api/v1/visits/{visit_id}")
    assert ("2026-11-24", "sup_east") in [
        (row["day"], row["viewer_name"]) for row in records(phone.client, "views")
    ]
    assert records(login("rep_b"), "views") == []


def test_the_copy_holds_all_of_it(
    phone: Phone, supervisor: FlaskClient, visit_id: str, session: Session, world: World
) -> None:
    supervisor.get(f"/api/v1/visits/{visit_id}")
    evil = {"visit_id": visit_id, "at": OUT, "text": "<script>alert(1)</script>"}
    phone.push(phone.op("visit.reply", evil))
    answer: Any = phone.client.post("/api/v1/me/data/export", headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.namelist() == ["data.json", "photos.csv", "report.html"]
        data = json.loads(archive.read("data.json"))
        report = archive.read("report.html").decode()
        photos = list(csv.reader(io.StringIO(archive.read("photos.csv").decode("utf-8-sig"))))
    assert data["user_id"] == world.people["rep_a"]
    assert set(data["sections"]) == set(sections())
    for name, rows in data["sections"].items():
        if name not in {"journal", "sessions"}:
            assert rows == records(phone.client, name), name
    assert photos == [photos[0]]
    assert "拜访与定位 (1)" in report
    assert "off_site" in report
    assert "<script" not in report
    [entry] = session.scalars(
        select(JournalEntry).where(JournalEntry.event == "data.exported")
    ).all()
    assert (entry.actor_id, entry.subject_id) == (world.people["rep_a"], world.people["rep_a"])
    assert entry.data["records"] == sum(map(len, data["sections"].values()))


def test_the_report_speaks_both_languages(phone: Phone, visit_id: str) -> None:
    answer: Any = phone.client.post("/api/v1/me/data/export", headers={"Accept-Language": "en"})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        report = archive.read("report.html").decode()
    assert "Visits and positions (1)" in report
    assert not any("\u4e00" <= char <= "\u9fff" for char in report.replace("园区一店", ""))


def test_nobody_elses_data_is_in_it(phone: Phone, login: Login, visit_id: str) -> None:
    for who in ("rep_b", "sup_east", "office"):
        answer: Any = login(who).post("/api/v1/me/data/export")
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            everything = b"".join(archive.read(name) for name in archive.namelist())
        assert visit_id.encode() not in everything, who


def test_every_kind_and_column_has_its_words(session: Session) -> None:
    from server.audit.mydata import words

    assert session.scalar(select(User.id).limit(1)) is None
    for section in sections().values():
        assert section.name in words.SECTIONS
        assert set(section.columns) <= words.COLUMNS.keys(), section.name
