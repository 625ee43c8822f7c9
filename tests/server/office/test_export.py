"""The board as CSV and XLSX: what a spreadsheet opens, and that nothing in it runs."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts import domain as accounts
from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.csv_cells import safe
from server.office.weeks.settings import change_duty
from tests.server.conftest import Login, World
from tests.server.office.conftest import report, send
from tests.server.visits.hand import Hand

PATH = "/api/v1/office/weeks/2026-W48/export"
EVIL = '=HYPERLINK("http://x.example","点我")'


@pytest.fixture
def evil(session: Session, world: World, clock: FrozenClock) -> None:
    """A rep whose name is a formula."""
    for number, name in enumerate((EVIL, "+1", "-1", "@SUM(A1)", "\t=1", '张 <三> & "四"')):
        values = {
            "username": f"evil{number}",
            "name": name,
            "role": "rep",
            "region_id": world.regions["west"],
            "password": "a-test-password",
        }
        accounts.create_person(session, None, clock, values, password_cost="test")
    session.commit()


def export(login: Login, who: str, query: str = "", language: str = "zh-CN") -> Any:
    answer = login(who).post(PATH + query, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer


def rows_of_csv(answer: Any) -> list[list[str]]:
    text = answer.data.decode("utf-8")
    # Without the mark Excel reads it in the system's own encoding.
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def sheet(answer: Any) -> tuple[str, list[str]]:
    """The XML of the sheet, and its texts in their order."""
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        assert book.testzip() is None
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    texts = re.findall(r'<c [^>]*t="inlineStr"[^>]*><is><t[^>]*>(.*?)</t></is></c>', xml, re.DOTALL)
    return xml, texts


def test_csv(rep: Hand, east: str, login: Login) -> None:
    send(rep, report(rep))
    answer = export(login, "sup_east")
    assert answer.mimetype == "text/csv"
    assert 'filename="office-2026-W48.csv"' in answer.headers["Content-Disposition"]
    head, *rows = rows_of_csv(answer)
    assert head[:5] == ["姓名", "用户名", "区域", "今天到期", "连续周数"]
    assert head[5:] == [f"2026-W{number}" for number in range(36, 49)]
    assert [row[0] for row in rows] == ["rep_a", "rep_b"]
    assert rows[0][4:] == ["1", *["不计"] * 12, "已报到"]
    assert rows[1][-1] == "待报到"
    english = rows_of_csv(export(login, "sup_east", language="en"))
    assert (english[0][0], english[1][-1]) == ("Name", "Done")


def test_xlsx(rep: Hand, east: str, login: Login) -> None:
    send(rep, report(rep))
    answer = export(login, "sup_east", "?format=xlsx", "en")
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    xml, texts = sheet(answer)
    assert texts[:3] == ["Name", "User name", "Region"]
    assert "rep_a" in texts
    assert "Done" in texts
    assert re.search(r"<c r=\"E2\"[^>]*><v>1</v></c>", xml)


def test_a_streak_longer_than_the_board_is_marked(
    rep: Hand, east: str, login: Login, world: World
) -> None:
    since = {"since": date(2026, 6, 1)}
    change_duty(rep.session, world.actors["office"], rep.clock, rep.actor.user_id, since)
    send(rep, *(report(rep, at=rep.ago(7 * 86_400 * back)) for back in range(14)))
    [row] = [one for one in rows_of_csv(export(login, "sup_east")) if one[0] == "rep_a"]
    assert row[4] == "13+"


def test_no_cell_runs(evil: None, east: str, login: Login) -> None:
    names = [row[0] for row in rows_of_csv(export(login, "sup_west"))]
    assert f"'{EVIL}" in names
    assert {"'+1", "'-1", "'@SUM(A1)", "'\t=1"} <= set(names)
    assert '张 <三> & "四"' in names
    xml, texts = sheet(export(login, "sup_west", "?format=xlsx"))
    # A text of the workbook is no formula, so that it stands there as it is.
    assert "<f>" not in xml
    assert "hyperlink" not in xml.lower().replace(EVIL.lower(), "").replace("=hyperlink(", "")
    assert '张 &lt;三&gt; &amp; "四"' in texts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("=1", "'=1"),
        ("a=1", "a=1"),
        ("", ""),
        ("-", "'-"),
        ("\r\n", "'\r\n"),
        ("张三", "张三"),
        ("＝1", "'＝1"),
        (" =1", "' =1"),
    ],
)
def test_plain(text: str, told: str) -> None:
    assert safe(text) == told


def test_an_export_is_filtered_scoped_and_in_the_journal(
    rep: Hand, east: str, login: Login, world: World, session: Session
) -> None:
    send(rep, report(rep))
    rows = rows_of_csv(export(login, "office", "?state=open&q=rep_"))
    assert [row[0] for row in rows[1:]] == ["rep_b", "rep_w"]
    assert login("rep_a").post(PATH).status_code == 403
    west = world.regions["west"]
    assert login("sup_east").post(f"{PATH}?region={west}").status_code == 404
    bad: Any = login("office").post(f"{PATH}?format=pdf")
    assert (bad.status_code, bad.json["code"]) == (422, "validation_failed")
    entries = session.scalars(
        select(journal.JournalEntry).where(journal.JournalEntry.event == "weeks.exported")
    ).all()
    [entry] = entries
    assert entry.actor_id == world.people["office"]
    assert (entry.subject_id, entry.data["rows"], entry.data["format"]) == ("2026-W48", 2, "csv")
    assert (entry.data["state"], entry.data["q"]) == ("open", "rep_")
