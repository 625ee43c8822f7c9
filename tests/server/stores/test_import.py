"""Importing stores: every kind of bad row, the doubts, and doing it twice."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.clock import FrozenClock
from server.kernel.crs import Crs, from_wgs84
from server.kernel.geo import great_circle_m
from server.stores import domain
from server.stores.csv_reading import MAX_BYTES
from server.stores.import_words import DOUBTS, ERRORS
from server.stores.importer import Report, import_stores
from server.stores.models import Store
from server.stores.queries import current_reps
from tests.server.conftest import Login, World

HEADER = "code,name,address,city,lat,lng,phone,radius,region,rep,active\n"
GOOD = "A1,好店,观前街1号,苏州市,31.31,120.62,0512-1,,,,\n"


@pytest.fixture
def run(session: Session, world: World, clock: FrozenClock) -> Any:
    """run(text) imports as the office, new stores into the park."""

    def go(text: str | bytes, **options: Any) -> Report:
        data = text.encode() if isinstance(text, str) else text
        defaults = {"crs": Crs.WGS84, "region_id": world.regions["park"]}
        return import_stores(session, world.actors["office"], clock, data, **defaults | options)

    return go


def by_code(session: Session) -> dict[str, Store]:
    session.expire_all()
    return {store.code: store for store in session.scalars(select(Store))}


def found(report: Report) -> list[tuple[int, str, str]]:
    return [(one.row, one.field, one.code) for one in report.errors]


# One line of the table is one way in which a row can be bad: the row, the field, the code.
BAD_ROWS = {
    "name_missing": ("B1,,路1号,,31.3,120.6,,,,,", "name"),
    "position_missing": ("B1,店,路1号,,31.3,,,,,,", "lon"),
    "not_a_number": ("B1,店,路1号,,北纬31,120.6,,,,,", "lat"),
    "position_out_of_range": ("B1,店,路1号,,31.3,1206,,,,,", "lon"),
    "position_zero": ("B1,店,路1号,,0,0,,,,,", "lat"),
    "position_swapped": ("B1,店,路1号,,120.6,31.3,,,,,", "lat"),
    "excel_number": ("1.23E+11,店,路1号,,31.3,120.6,,,,,", "code"),
    "excel_error": ("B1,#NAME?,路1号,,31.3,120.6,,,,,", "name"),
    "text_damaged": ("B1,店\ufffd\ufffd,路1号,,31.3,120.6,,,,,", "name"),
    "too_long": (f"B1,{'店' * 121},路1号,,31.3,120.6,,,,,", "name"),
    "code_twice": ("A1,另一店,路1号,,31.3,120.6,,,,,", "code"),
    "region_unknown": ("B1,店,路1号,,31.3,120.6,,,月球,,", "region"),
    "rep_unknown": ("B1,店,路1号,,31.3,120.6,,,,nobody,", "rep"),
    "radius_out_of_range": ("B1,店,路1号,,31.3,120.6,,3,,,", "radius_m"),
    "not_yes_or_no": ("B1,店,路1号,,31.3,120.6,,,,,perhaps", "active"),
    "cells_extra": ("B1,店,路1号,,31.3,120.6,,,,,,,too many", ""),
}


@pytest.mark.parametrize(("code", "row", "field"), [(k, *v) for k, v in BAD_ROWS.items()])
def test_bad_row_is_refused_by_number(
    run: Any, session: Session, code: str, row: str, field: str
) -> None:
    report = run(HEADER + GOOD + row + "\n" + GOOD.replace("A1", "A2"))
    assert found(report) == [(3, field, code)]
    assert (report.rows, report.created, report.refused) == (3, 2, 1)
    assert set(by_code(session)) == {"A1", "A2"}
    for language in ("zh-CN", "en"):
        message = report.errors[0].as_dict(language)["message"]
        assert message
        assert "{" not in message


def test_every_error_is_in_the_table() -> None:
    # region_missing needs a file without a default region: see below.
    assert set(BAD_ROWS) | {"region_missing"} == set(ERRORS)
    for words in (ERRORS | DOUBTS).values():
        assert words.zh.count("{") == words.en.count("{")


def test_phone_turned_into_a_power_of_ten(run: Any) -> None:
    report = run(HEADER + "B1,店,路1号,,31.3,120.6,1.38E+10,,,,\n")
    assert found(report) == [(2, "phone", "excel_number")]


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "31,3"])
def test_strange_numbers(run: Any, value: str) -> None:
    report = run(f'code,name,lat,lng\nB1,店,"{value}",120.6\n')
    assert found(report) == [(2, "lat", "not_a_number")]


def test_all_faults_of_a_row_are_named(run: Any) -> None:
    report = run(HEADER + "1E5,,路1号,,91,120.6,,3,,,\n")
    assert {one.code for one in report.errors} == {
        "excel_number",
        "name_missing",
        "position_out_of_range",
        "radius_out_of_range",
    }
    assert report.refused == 1


def test_region_column_and_reps(run: Any, session: Session, world: World) -> None:
    rows = "C1,店一,,,31.3,120.6,,120,west,rep_a;REP_B,否\nC2,店二,,,31.3,120.61,,,,,\n"
    report = run(HEADER + rows, region_id=None)
    assert found(report) == [(3, "region", "region_missing")]
    store = by_code(session)["C1"]
    assert (store.region_id, store.radius_m, store.active) == (world.regions["west"], 120.0, False)
    reps = {world.people["rep_a"], world.people["rep_b"]}
    assert current_reps(session, [store.id]) == {store.id: reps}
    again = run(HEADER + rows.splitlines()[0] + "\n", region_id=None)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_separators(
    run: Any, session: Session, encoding: str, separator: str, newline: str
) -> None:
    lines = [
        ["门店编码", "门店名称", "详细地址", "纬度", "经度"],
        ["0001", "甪直㳇店", "路1号", "31.3", "120.6"],
    ]
    text = newline.join(separator.join(cells) for cells in lines) + newline
    report = run(text.encode(encoding))
    assert (report.created, report.errors) == (1, [])
    assert by_code(session)["0001"].name == "甪直㳇店"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "csv_empty"),
        (b"\n\n", "csv_empty"),
        (b"name,lat,lng\n", "csv_empty"),
        (b"name,lat\nx,1\n", "csv_header"),
        (b"foo,bar\n1,2\n", "csv_header"),
        (b"name,lat,lng,latitude\nx,1,2,1\n", "csv_header_twice"),
        (b"name,lat_wgs84,lng_bd09\nx,1,2\n", "csv_header_twice"),
        ("name,lat,lng\nx,1,2\n".encode("utf-16"), "csv_encoding"),
        (b"name,lat,lng\n\xff\xff,1,2\n", "csv_encoding"),
        (b"PK\x03\x04\x14\x00\x06\x00", "csv_encoding"),
        (b'name,lat,lng\n"x,1,2\n', "csv_malformed"),
        (b'name,lat,lng\n"x"y,1,2\n', "csv_malformed"),
    ],
)
def test_bad_files_change_nothing(login: Login, world: World, data: bytes, code: str) -> None:
    office = login("office")
    query = {"crs": "wgs84", "region_id": world.regions["park"]}
    answer: Any = office.post(
        "/api/v1/stores/import", query_string=query, data=data, content_type="text/csv"
    )
    assert answer.status_code == 422
    assert answer.json["code"] == code
    total: Any = office.get("/api/v1/stores")
    assert total.json["total"] == 0


def test_coordinate_system_must_be_known(run: Any) -> None:
    cases = {
        "name,lat,lng\n店,31.3,120.6\n": (None, "csv_crs_missing"),
        "name,lat_bd09,lng_bd09\n店,31.3,120.6\n": (Crs.WGS84, "csv_crs_contradicted"),
    }
    for text, (crs, code) in cases.items():
        with pytest.raises(Exception, match=code):
            run(text, crs=crs)


@pytest.mark.parametrize("crs", list(Crs))
@pytest.mark.parametrize("declared", ["query", "header", "both"])
def test_positions_are_stored_as_wgs84(run: Any, session: Session, crs: Crs, declared: str) -> None:
    lat, lon = from_wgs84(31.31, 120.62, crs)
    ending = "" if declared == "query" else f"_{crs.value}"
    text = f"name,lng{ending},lat{ending}\n店,{lon!r},{lat!r}\n"
    run(text, crs=None if declared == "header" else crs)
    (store,) = by_code(session).values()
    assert great_circle_m(store.lat, store.lon, 31.31, 120.62) < 0.05


def test_twice_is_once(run: Any, session: Session, clock: FrozenClock) -> None:
    # Without codes: name and address make one, and so does the position where there is no address.
    rows = ["店,路1号,31.3,120.6", "店,路2号,31.3,120.61", "店,,31.3,120.62", "店,,31.3,120.63"]
    text = "name,address,lat,lng\n" + "\n".join(rows) + "\n"
    first = run(text)
    assert (first.created, first.refused) == (4, 0)
    before = {code: (store.id, store.rev) for code, store in by_code(session).items()}
    clock.advance(60)
    second = run(text)
    assert (second.created, second.updated, second.unchanged) == (0, 0, 4)
    assert {code: (store.id, store.rev) for code, store in by_code(session).items()} == before


def test_update_by_code(run: Any, session: Session, world: World, clock: FrozenClock) -> None:
    run(HEADER + GOOD)
    stored = by_code(session)["A1"]
    store_id = stored.id
    called: list[str] = []

    def hook(_session: Any, _actor: Any, _clock: Any, changed: str) -> None:
        called.append(changed)

    domain.on_pin_changed.append(hook)
    try:
        # An empty cell and a missing column leave what is stored.
        renamed = run(
            "code,name,phone,lat,lng\nA1,更好的店,,31.31,120.62\n", region_id=world.regions["west"]
        )
        assert (renamed.updated, renamed.created, called) == (1, 0, [])
        store = by_code(session)["A1"]
        assert (store.id, store.name, store.initials) == (store_id, "更好的店", "ghdd")
        assert (store.phone, store.rev, store.region_id) == ("0512-1", 2, world.regions["park"])
        moved = run("code,name,lat,lng\nA1,更好的店,31.32,120.62\n")
        assert (moved.updated, called) == (1, [store_id])
        assert by_code(session)["A1"].lat == 31.32
    finally:
        domain.on_pin_changed.remove(hook)
    events = [entry["event"] for entry in journal.for_subject(session, "store", store_id)]
    assert events == ["store.created", "store.changed", "store.changed"]


def test_a_pin_corrected_by_hand_stays(
    run: Any, session: Session, world: World, clock: FrozenClock
) -> None:
    run(HEADER + GOOD)
    store = by_code(session)["A1"]
    domain.change_store(session, world.actors["office"], clock, store, {"lat": 31.3105})
    report = run(HEADER + GOOD)
    assert (report.updated, report.unchanged) == (0, 1)
    assert [(one.row, one.code) for one in report.doubtful] == [(2, "pin_kept")]
    assert by_code(session)["A1"].lat == 31.3105


def test_dry_run_says_the_same_and_does_nothing(run: Any, session: Session) -> None:
    text = HEADER + GOOD + "B1,,路1号,,31.3,120.6,,,,,\n"
    planned = run(text, dry_run=True)
    assert by_code(session) == {}
    assert not session.scalars(
        select(journal.JournalEntry.event).where(journal.JournalEntry.event.like("store%"))
    ).all()
    done = run(text)
    assert planned.as_dict("en") | {"dry_run": False} == done.as_dict("en")


def doubts(report: Report) -> dict[str, list[int]]:
    listed: dict[str, list[int]] = {}
    for one in report.doubtful:
        listed.setdefault(one.code, []).append(one.row)
    return listed


def test_doubtful_rows_are_imported_and_named(run: Any, session: Session) -> None:
    rows = [
        "D1,一店,沈阳市路1号,,41.80,123.40",
        "D2,二店,沈阳市路2号,,41.81,123.41",
        "D3,三店,沈阳市路3号,,41.82,123.42",
        "D4,四店,沈阳市路4号,,43.00,123.40",  # 130 km north of the others
        "D5,五店,某路5号,,41.5,123.1",  # no city; shares its position with the next two
        "D6,六店,某路6号,,41.5,123.1",
        "D7,七店,沈阳市路7号,,41.5,123.1",
        "D8,一店,沈阳市路8号,,41.83,123.43",  # the name of D1
    ]
    report = run("code,name,address,city,lat,lng\n" + "\n".join(rows) + "\n")
    assert (report.created, report.refused) == (8, 0)
    assert doubts(report) == {
        "position_shared": [6, 7, 8],
        "position_far": [5],
        "name_twice": [2, 9],
        "city_missing": [6, 7],
    }
    quality = {code: store.pin_quality_m for code, store in by_code(session).items()}
    assert {code for code, metres in quality.items() if metres == 2_000} == {"D4", "D5", "D6", "D7"}
    assert by_code(session)["D1"].city == "沈阳市"
    assert by_code(session)["D5"].pin_source == "geocoded"
    # A part of the file alone does not show the fault; the doubt about the pin stays all the same.
    part = run("code,name,address,city,lat,lng\n" + rows[4] + "\n")
    assert (part.unchanged, by_code(session)["D5"].pin_quality_m) == (1, 2_000)


@pytest.mark.parametrize("crs", [Crs.GCJ02, Crs.BD09])
def test_abroad_is_doubtful_under_a_chinese_system(run: Any, session: Session, crs: Crs) -> None:
    text = "code,name,lat,lng\nT1,東京店,35.6812,139.7671\n"
    assert doubts(run(text, crs=crs)) == {"position_abroad": [2]}
    assert by_code(session)["T1"].lat == 35.6812


def test_wgs84_abroad_is_fine(run: Any) -> None:
    text = "code,name,lat,lng\nT1,Lidl,52.52,13.405\nT2,Sydney,-33.87,151.2\n"
    report = run(text)
    assert (report.created, report.doubtful) == (2, [])


def test_row_numbers_are_a_spreadsheets(run: Any) -> None:
    text = 'code,name,lat,lng\n\nA,"店\n二行",31.3,120.6\nB,,31.3,120.6\n'
    assert found(run(text)) == [(4, "name", "name_missing")]


def test_too_many_rows(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.stores.csv_reading.MAX_ROWS", 2)
    line = "店,31.3,120.6\n"
    assert run("name,address,lat,lng\n" + "a,b,31.3,120.6\n" + "c,d,31.3,120.7\n").created == 2
    with pytest.raises(Exception, match="csv_too_many_rows"):
        run("name,lat,lng\n" + line * 3)


def test_long_reports_are_cut_and_say_so(run: Any) -> None:
    report = run("name,lat,lng\n" + ",31.3,120.6\n" * 1_001)
    answer = report.as_dict("en")
    assert (answer["refused"], len(answer["errors"]), answer["truncated"]) == (1_001, 1_000, True)


def post(client: FlaskClient, data: Any, **options: Any) -> Any:
    return client.post("/api/v1/stores/import", data=data, **options)


def test_over_http(login: Login, world: World) -> None:
    office = login("office")
    query = {"crs": "wgs84", "region_id": world.regions["park"], "dry_run": "true"}
    data = (HEADER + GOOD + "B1,,路,,1,1,,,,,\n").encode()
    form = post(office, {"file": (BytesIO(data), "stores.csv")}, query_string=query)
    assert form.status_code == 200, form.get_data(as_text=True)
    assert form.json["errors"][0] == {
        "row": 3,
        "field": "name",
        "code": "name_missing",
        "message": "没有门店名称",
        "params": {},
    }
    assert form.json["created"] == 1
    query["dry_run"] = "false"
    body = post(
        office, data, query_string=query, content_type="text/csv", headers={"Accept-Language": "en"}
    )
    assert body.json["errors"][0]["message"] == "The name is missing"
    assert body.json["ignored_columns"] == []
    total: Any = office.get("/api/v1/stores")
    assert total.json["total"] == 1


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"content_type": "application/json"}, 415, "not_json"),
        ({"content_type": "multipart/form-data; boundary=x"}, 415, "not_json"),
        ({"content_type": "text/csv", "query_string": {"crs": "mars"}}, 422, "validation_failed"),
        ({"content_type": "text/csv", "query_string": {"crs": "wgs84"}}, 422, "csv_region_missing"),
        (
            {"content_type": "text/csv", "query_string": {"crs": "wgs84", "region_id": "x"}},
            422,
            "region_unknown",
        ),
    ],
)
def test_bad_requests(
    login: Login, world: World, options: dict[str, Any], status: int, code: str
) -> None:
    answer = post(login("office"), "name,lat,lng\n店,31.3,120.6\n".encode(), **options)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_file_too_large(login: Login, world: World) -> None:
    # The length is declared; not a byte of it needs to be sent to be refused.
    answer = post(
        login("office"),
        b"name,lat,lng\n",
        query_string={"crs": "wgs84"},
        content_type="text/csv",
        environ_overrides={"CONTENT_LENGTH": str(MAX_BYTES + 1)},
    )
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert answer.json["params"]["limit"] == MAX_BYTES
