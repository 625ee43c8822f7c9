"""Opening stock in, tables out: CSV and XLSX, real, damaged and hostile ones."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel.journal import JournalEntry
from server.kernel.sheets import MAX_ROWS, MIME, write
from server.materials import ledger
from server.materials.ledger import WAREHOUSE
from server.materials.models import Material
from server.materials.stock import places
from server.materials.stock.schemas_keeping import TABLES
from tests.realdata import real_file
from tests.server.conftest import Login, World
from tests.server.materials.conftest import give, handout
from tests.server.visits.hand import Hand

HEADER = ["物料编码", "条码", "名称", "类别", "单位", "单价", "数量", "仓库", "批次", "效期"]


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(login: Login, data: bytes, kind: str = "xlsx", *, dry_run: bool = False) -> Any:
    path = f"/api/v1/stock/import?dry_run={str(dry_run).lower()}"
    return login("office").post(path, data=data, headers={"Content-Type": MIME[kind]})


def test_opening_stock_is_tried_then_booked_once(
    login: Login, world: World, bag: str, session: Session
) -> None:
    data = workbook(
        HEADER,
        ["BAG", None, None, None, None, None, 7, "MAIN", None, None],
        ["N1", "0012345678905", "新海报", "物料", "张", 1.5, 20, "main", "L1", "2027-06-30"],
        ["N1", None, None, None, None, None, 5, "rep_a", "L2", None],
        ["N2", None, "没有单位", "赠品", None, None, 5, "MAIN", None, None],
        ["BAG", None, None, None, None, None, 0, "MAIN", None, None],
        ["BAG", None, None, None, None, None, 3, "nowhere", None, None],
        ["BAG", None, None, None, None, None, 9, "MAIN", None, None],
    )
    tried: Any = send(login, data, dry_run=True)
    assert tried.status_code == 200, tried.json
    report = tried.json
    assert (report["rows"], report["booked"], report["units"], report["materials"]) == (7, 3, 32, 1)
    assert [(one["row"], one["code"]) for one in report["errors"]] == [
        (5, "material_unknown"),
        (6, "quantity"),
        (7, "place_unknown"),
        (8, "row_twice"),
    ]
    assert [(one["row"], one["code"]) for one in report["doubtful"]] == [(2, "stock_there")]
    assert ledger.balance(session, WAREHOUSE, bag) == 90
    done: Any = send(login, data)
    assert (done.json["booked"], done.json["dry_run"]) == (3, False)
    new = session.scalars(select(Material).where(Material.code == "N1")).one()
    assert (new.barcode, new.value_cents, new.tracks_batches) == ("0012345678905", 150, True)
    assert ledger.balance(session, WAREHOUSE, bag) == 97
    assert ledger.balance(session, ledger.rep_place(world.people["rep_a"]), new.id) == 5
    again: Any = send(login, data)
    assert (again.json["booked"], again.json["unchanged"]) == (0, 3)
    assert ledger.balance(session, WAREHOUSE, bag) == 97
    assert ledger.check(session) == {}
    events = session.scalars(select(JournalEntry.event)).all()
    assert events.count("stock.imported") == 1


def test_barcodes_rounded_by_a_spreadsheet_are_refused_by_row(login: Login) -> None:
    rows = [
        ["code", "barcode", "name", "kind", "unit", "qty"],
        ["A", "6.90123E+12", "a", "posm", "张", 1],
        ["B", "4006381333932", "b", "posm", "张", 1],
        ["C", 4006381333931, "c", "posm", "张", 1],
        ["D", 12345678905, "d", "posm", "张", 1],
        ["1.23E+11", None, "e", "posm", "张", 1],
        ["F", "#NAME?", "f", "posm", "张", 1],
    ]
    body = workbook(*[[*row, "place" if at == 0 else "MAIN"] for at, row in enumerate(rows)])
    report = send(login, body, dry_run=True).json
    assert [(one["row"], one["code"]) for one in report["errors"]] == [
        (2, "scientific"),
        (6, "scientific"),
        (7, "excel_error"),
    ]
    assert [(one["row"], one["code"]) for one in report["doubtful"]] == [
        (3, "check_digit"),
        (5, "zero_lost"),
    ]
    assert "6.90123E+12" in report["errors"][0]["words"]


def test_the_real_damaged_file(login: Login) -> None:
    path = real_file("products/off_excel_damaged_a.csv")
    if path is None:
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    damaged = {at for at, row in enumerate(rows, start=2) if "E+" in row["code"]}
    assert (len(rows), len(damaged)) == (490, 421)
    # As it is: its columns say other things, and each damaged code is named by its row.
    report = send(login, path.read_bytes(), "csv", dry_run=True).json
    assert report["booked"] == 0
    assert {one["row"] for one in report["errors"] if one["code"] == "scientific"} == damaged
    # And as somebody's opening stock, its codes for barcodes.
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["code", "barcode", "name", "kind", "unit", "qty", "warehouse"])
    for at, row in enumerate(rows):
        writer.writerow([f"P{at}", row["code"], row["product_name"][:80], "样品", "个", 1, "MAIN"])
    report = send(login, out.getvalue().encode(), "csv").json
    refused = {one["row"] for one in report["errors"] if one["code"] == "scientific"}
    assert refused == damaged
    assert report["booked"] + report["refused"] == 490
    assert 0 < report["booked"] <= 69


def hollow(**parts: bytes) -> bytes:
    """A zip with these parts, packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


XML_BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (hollow(sheet=b"\0" * 60_000_000), "sheet_too_large"),
        (hollow(**{f"p{n}": b"x" for n in range(300)}), "sheet_too_large"),
        (hollow(workbook=XML_BOMB), "sheet_unreadable"),
        (b"PK\x03\x04 and nothing more", "sheet_unreadable"),
        (hollow(a=b"no workbook"), "sheet_unreadable"),
        (b"", "sheet_header"),
        (b"\xff\xfea\0b\0", "sheet_unreadable"),
        (b"name,qty\na,1\n", "sheet_header"),
        (b"code,qty\n" + b"BAG,1\n" * (MAX_ROWS + 1), "sheet_too_large"),
        (b'code,qty\n"BAG,1\n', "sheet_unreadable"),
    ],
    ids=["bomb", "parts", "entities", "cut", "hollow", "empty", "utf16", "header", "rows", "quote"],
)
def test_hostile_files(login: Login, data: bytes, code: str) -> None:
    answer = send(login, data, "xlsx" if data.startswith(b"PK") else "csv", dry_run=True)
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_another_type_of_file(login: Login) -> None:
    answer: Any = login("office").post(
        "/api/v1/stock/import", data=b"x", headers={"Content-Type": "application/pdf"}
    )
    assert (answer.status_code, answer.json["code"]) == (415, "not_json")


def test_written_text_is_never_a_formula() -> None:
    rows = [["=1+1", "+86 21", "@x", -5], ["a\x07b", None, "-x", 2.5]]
    text = write("csv", ["t", "u", "v", "n"], rows, "T")
    assert text.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert read[1:] == [["'=1+1", "'+86 21", "'@x", "-5"], ["ab", "", "'-x", "2.5"]]
    sheet = load_workbook(io.BytesIO(write("xlsx", ["t", "u", "v", "n"], rows, "T"))).active
    cells = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert cells[0] == [("=1+1", "s"), ("+86 21", "s"), ("@x", "s"), (-5, "n")]
    assert cells[1][0] == ("ab", "s")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_exported_and_it_is_written_down(
    login: Login,
    rep: Hand,
    visit_id: str,
    bag: str,
    session: Session,
    table: str,
    kind: str,
) -> None:
    give(rep, handout(rep, visit_id, bag, 2, recipient="=cmd()"))
    places.batch_of(session, bag, "L1")
    session.commit()
    office = login("office")
    body = {"kind": "count", "material_id": bag, "counted": 90}
    assert office.post("/api/v1/ledger/adjustments", json=body).status_code == 201
    answer = office.post("/api/v1/stock/export", json={"table": table, "format": kind})
    assert (answer.status_code, answer.mimetype) == (200, MIME[kind])
    assert f'filename="{table}.{kind}"' in answer.headers["Content-Disposition"]
    if kind == "csv":
        read = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    else:
        found = load_workbook(io.BytesIO(answer.data)).active
        read = [[str(value) for value in row] for row in found.iter_rows(values_only=True)]
    wanted = {"stock": 2, "ledger": 4, "materials": 1, "warehouses": 1, "trial": 1}.get(table, 1)
    assert len(read) == 1 + wanted
    assert ("总仓" if table == "warehouses" else "物料BAG") in read[1]
    if table == "handouts":
        assert ("'=cmd()" if kind == "csv" else "=cmd()") in read[1]
    entry = session.scalars(
        select(JournalEntry).where(JournalEntry.event == "table.exported")
    ).one()
    assert entry.data["table"] == f"stock.{table}"
    assert entry.data["rows"] == wanted
    narrow = {"table": "ledger", "format": "csv", "rep": rep.actor.user_id}
    assert login("sup_west").post("/api/v1/stock/export", json=narrow).status_code == 404
    assert login("rep_a").post("/api/v1/stock/export", json=narrow).status_code == 403


def test_a_batch_with_two_expiries_in_one_file_is_refused_by_its_row(
    login: Login, world: World, bag: str, session: Session
) -> None:
    data = workbook(
        HEADER,
        ["BAG", None, None, None, None, None, 7, "MAIN", "L1", "2027-06-30"],
        ["BAG", None, None, None, None, None, 8, "rep_a", "L1", "2027-07-01"],
        ["N1", None, "新海报", "物料", "张", None, 5, "MAIN", "L1", "2027-06-30"],
        ["N1", None, None, None, None, None, 5, "rep_a", "L1", "2027-06-29"],
        ["N1", None, None, None, None, None, 6, "rep_b", "L1", None],
    )
    for dry_run in (True, False):
        answer: Any = send(login, data, dry_run=dry_run)
        assert answer.status_code == 200, answer.json
        assert answer.json["booked"] == 3
        assert [(one["row"], one["code"]) for one in answer.json["errors"]] == [
            (3, "batch_contradicted"),
            (5, "batch_contradicted"),
        ]
    # 10 were there before.
    assert ledger.balance(session, ledger.rep_place(world.people["rep_a"]), bag) == 10


def test_a_wrong_check_digit_of_any_length_is_named_and_booked(login: Login, bag: str) -> None:
    codes = ["96385075", "036000291453", "15400141288764", "96385074"]
    rows = [[f"C{n}", code, "海报", "物料", "张", None, 5, "MAIN"] for n, code in enumerate(codes)]
    answer: Any = send(login, workbook(HEADER[:8], *rows), dry_run=True)
    assert (answer.json["booked"], answer.json["errors"]) == (4, [])
    named = [(one["row"], one["code"]) for one in answer.json["doubtful"]]
    assert named == [(2, "check_digit"), (3, "check_digit"), (4, "check_digit")]
