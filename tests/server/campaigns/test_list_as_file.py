"""The list of campaigns as a file: what the reader sees of it, narrowed as on the screen."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.campaigns import sheets
from server.kernel.journal import JournalEntry
from tests.server.campaigns.conftest import Make
from tests.server.conftest import Login


def taken(login: Login, who: str, **asked: str) -> list[dict[str, str]]:
    """The rows of the list as a CSV file, in English."""
    body, headers = {"format": "csv"} | asked, {"Accept-Language": "en"}
    answer: Any = login(who).post("/api/v1/campaigns/export", json=body, headers=headers)
    assert answer.status_code == 200, answer.json
    assert 'filename="campaigns.csv"' in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_list_is_taken_as_it_is_shown(
    login: Login, make: Make, store_id: str, bag: str, cap: str, session: Session
) -> None:
    make("P1", [store_id], {bag: 3, cap: 1}, note="=1+1", target_kind="total", target=40)
    make("P2", [store_id], {bag: 2}, last_day=date(2026, 11, 20), photo_kinds=[])
    make("P3", [store_id], {bag: 2}, start=False)
    rows = taken(login, "office")
    assert {row["code"]: row["state"] for row in rows} == {
        "P1": "running",
        "P2": "ended",
        "P3": "draft",
    }
    assert next(row for row in rows if row["code"] == "P1") == {
        "code": "P1",
        "campaign": "活动P1",
        "first day": "2026-11-16",
        "last day": "2026-11-29",
        "state": "running",
        "stores": "1",
        "for each store": "物料BAG × 3; 物料CAP × 1",
        "photos": "pile",
        "target": "40 in all",
        "note": "'=1+1",
    }
    assert [row["code"] for row in taken(login, "office", state="ended")] == ["P2"]
    assert [row["code"] for row in taken(login, "office", q="p3")] == ["P3"]
    # Drafts are the office's, and other regions' stores somebody else's.
    assert {row["code"] for row in taken(login, "sup_east")} == {"P1", "P2"}
    assert taken(login, "sup_west") == []
    kept = session.scalars(select(JournalEntry).where(JournalEntry.event == "table.exported"))
    assert [(one.data["table"], one.data["rows"]) for one in kept] == [
        ("campaigns", number) for number in (3, 1, 1, 2, 0)
    ]
    assert (
        login("rep_a").post("/api/v1/campaigns/export", json={"format": "csv"}).status_code == 403
    )


def test_a_long_list_is_taken_whole_in_chinese(
    login: Login, make: Make, store_id: str, bag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "_PAGE", 3)
    for number in range(7):
        make(f"P{number}", [store_id], {bag: 1})
    answer: Any = login("office").post("/api/v1/campaigns/export", json={"format": "xlsx"})
    sheet = load_workbook(io.BytesIO(answer.data)).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0][:5] == ["活动编码", "活动", "开始日期", "结束日期", "状态"]
    assert len(rows) == 8
    assert rows[1][4] == "进行中"
