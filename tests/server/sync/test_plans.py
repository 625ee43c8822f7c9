"""What is asked for by ids is read by ids, though SQLite has no statistics to choose by.

Given "author_id = me" beside the ids, SQLite walked through everything that the person ever made:
a pull of 200 changes among 50,000 took six times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.server.conftest import Login
from tests.server.sync.phone import AT, Phone

# Tables that grow with every visit, and the only columns that these reads may find their rows by.
BY = {
    "visit": {"id"},
    "visit_note": {"id"},
    "photo": {"id", "visit_id"},
    "handout": {"id"},
    "office_check_in": {"id"},
    "change": {"scope"},
}
STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING .*\((\w+)[=<>])?")


@contextmanager
def heard(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """The SELECT statements that run meanwhile, with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, parameters))

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def ways(session: Session, ask: Callable[[], object]) -> set[tuple[str, str, str]]:
    """(SCAN or SEARCH, table, first column looked for) of everything asked of the tables in BY."""
    if session.get_bind().dialect.name != "sqlite":
        # PostgreSQL keeps statistics by itself, and scans what is as small as a test's tables.
        return set()
    with heard(session) as statements:
        ask()
    connection = session.connection()
    found = set()
    for statement, parameters in statements:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        for *_, detail in plan.fetchall():
            step = STEP.match(detail)
            if step and step[2] in BY:
                found.add((step[1], step[2], step[3] or ""))
    return found


def work(phone: Phone, store_id: str) -> None:
    """As many visits as make SQLite prefer another way, each with a note and a photo."""
    ops = []
    for number in range(40):
        check_in = phone.check_in(store_id)
        about = {"visit_id": check_in["record_id"]}
        photo = about | {
            "kind": "shelf",
            "sha256": f"{number:064x}",
            "bytes": 1_000,
            "width": 40,
            "height": 30,
            "mime": "image/jpeg",
            "taken_at": AT,
            "source": "camera",
        }
        note = about | {"at": AT, "text": "缺货"}
        ops += [check_in, phone.op("visit.note", note), phone.op("photo.add", photo)]
    assert {row["status"] for row in phone.push(*ops)} == {"applied"}


def test_a_pull_reads_records_by_their_ids(phone: Phone, store_id: str, session: Session) -> None:
    phone.pull()
    work(phone, store_id)
    found = ways(session, phone.pull)
    assert found <= {("SEARCH", table, column) for table in BY for column in BY[table]}
    if found:
        assert {"visit", "visit_note", "photo", "change"} <= {table for _, table, _ in found}


def test_a_page_of_visits_reads_photos_by_their_visits(
    phone: Phone, store_id: str, session: Session, login: Login
) -> None:
    work(phone, store_id)
    office: FlaskClient = login("office")
    found = ways(session, lambda: office.get("/api/v1/visits"))
    assert {one for one in found if one[1] == "photo"} <= {("SEARCH", "photo", "visit_id")}
