"""A phone of each past release opens with today's app, and all that it held reaches the office."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import rep
from tests.browser.api import Api
from tests.browser.conftest import Open, chromium, open_phone  # noqa: F401 -- fixtures
from tests.browser.hand import Hand
from tests.browser.seed import PASSWORD
from tests.browser.site import ROOT, Site
from tests.chaos import books
from tests.phones.released import FILES, Phone, server_of

pytestmark = pytest.mark.browser

# The tables of what a rep makes, on the phone and on the server, and whose a row there is.
TABLES = {
    "visits": ("visit", "author_id"),
    "notes": ("visit_note", "author_id"),
    "photos": ("photo", "author_id"),
    "handouts": ("handout", "author_id"),
    "office_check_ins": ("office_check_in", "author_id"),
    "office_exemptions": ("office_exemption", "person_id"),
    "stock_movements": ("stock_movement", "author_id"),
    "stock_counts": ("stock_adjustment", "author_id"),
}


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def phone(request: pytest.FixtureRequest) -> Phone:
    return Phone(request.param)


@pytest.fixture(scope="module")
def site(phone: Phone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = server_of(phone, tmp_path_factory.mktemp("site"))
    yield found
    found.stop()


def receipts(site: Site, user_id: str) -> dict[str, tuple[str, str]]:
    """Kind and record of each op that the server has ever applied."""
    with books.opened(site.data) as found:
        rows = found.rows("SELECT * FROM op_receipt WHERE author_id = ?", user_id)
    return {row["op_id"]: (row["kind"], row["record_id"]) for row in rows}


def test_all_that_waited_is_sent_once(open_phone: Open, site: Site, phone: Phone) -> None:  # noqa: F811
    before = receipts(site, phone.user_id)
    page = open_phone().new_page()
    # A page of ours without the app: the phone as it lay in the drawer.
    page.goto("/docs")
    Hand(page, phone.user_id, ROOT).load(phone.said["database"])
    page.evaluate("kept => Object.assign(localStorage, kept)", phone.said["local_storage"])
    page.goto("/")
    page.get_by_role("alert").get_by_role("button", name="登录", exact=True).tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_label("用户名")).to_have_value(phone.username)
    sheet.get_by_label("密码").fill(PASSWORD)
    sheet.get_by_role("button", name="登录", exact=True).tap()
    wait_until_only_parked_waits(page, phone)

    goes = phone.goes()
    said = {op_id: (op["kind"], op["record_id"]) for op_id, op in goes.items()}
    assert len(goes) > 15
    # Stored before, and the answer lost.
    replayed = {op_id for op_id, op in goes.items() if op["state"] == "sending"}
    assert before.keys() & goes.keys() == replayed != set()
    assert receipts(site, phone.user_id) == before | said
    check_tables(site, phone)
    check_office(Api(site, "sup"), phone)
    check_phone(page, phone)


def wait_until_only_parked_waits(page: Page, phone: Phone) -> None:
    blocked = {
        row["sha256"] for row in phone.rows("uploads") if phone.stays.issuperset(row["op_ids"])
    } - {row["sha256"] for row in phone.rows("uploads") if row["state"] == "done"}
    assert blocked
    for _ in range(300):
        ops = {op["op_id"] for op in rep.local_rows(page, phone.user_id, "outbox")}
        uploads = rep.local_rows(page, phone.user_id, "uploads")
        open_files = {row["sha256"] for row in uploads if row["state"] != "done"}
        if ops == phone.stays and open_files == blocked:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"still to send: {ops - phone.stays} {open_files - blocked}")


def check_tables(site: Site, phone: Phone) -> None:
    """What the server holds under the rep's name is what the phone made, each once."""
    refused = phone.refused()
    with books.opened(site.data) as found:
        for local, (table, whose) in TABLES.items():
            query = f"SELECT id FROM {table} WHERE {whose} = ?"
            there = Counter(row["id"] for row in found.rows(query, phone.user_id))
            # The phone also has what others sent to the rep.
            own = {
                row["id"] for row in phone.rows(local) if row.get(whose) in {None, phone.user_id}
            }
            assert there == Counter(own - refused), table
        query = "SELECT handout_id FROM ledger_entry WHERE author_id = ? AND kind = 'handout'"
        entries = Counter(row["handout_id"] for row in found.rows(query, phone.user_id))
        assert entries == Counter(row["id"] for row in phone.rows("handouts"))


def check_office(api: Api, phone: Phone) -> None:
    """The office reads what the rep wrote, and sees the pictures byte for byte."""
    photos = Counter[str]()
    for visit in phone.rows("visits"):
        if visit["id"] in phone.refused():
            continue
        page = api.get(f"/visits/{visit['id']}")
        for name in ("store_id", "state", "reason", "cancel_reason", "device_at"):
            assert page[name] == visit[name], name
        assert texts(page["notes"]) == texts(of(phone, "notes", visit))
        said = [
            {key: one[key] for key in ("id", "material_id", "quantity", "recipient")}
            for one in of(phone, "handouts", visit)
        ]
        assert [{key: one[key] for key in said[0]} for one in page["handouts"]] == said
        assert hashes(page["photos"]) == hashes(of(phone, "photos", visit))
        photos.update(one["sha256"] for one in page["photos"])
        for one in page["photos"]:
            check_bytes(api.bytes(f"/photos/{one['id']}/original"), one["sha256"], phone)
        for one in page["handouts"]:
            if one["signature_sha256"]:
                data = api.bytes(f"/handouts/{one['id']}/signature")
                check_bytes(data, one["signature_sha256"], phone)
    # The same picture twice is two records and one file.
    assert max(photos.values()) == 2


def of(phone: Phone, table: str, visit: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in phone.rows(table) if row["visit_id"] == visit["id"]]


def texts(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((row["id"], row["text"]) for row in rows)


def hashes(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return sorted((row["id"], row["kind"], row["sha256"]) for row in rows)


def check_bytes(data: bytes, sha256: str, phone: Phone) -> None:
    assert hashlib.sha256(data).hexdigest() == sha256
    if any(row["sha256"] == sha256 for row in phone.rows("blobs")):
        assert data == phone.bytes_of(sha256)


def check_phone(page: Page, phone: Phone) -> None:
    """What a person has to look at is there to be looked at; what was half written goes on."""
    ops = {op["op_id"]: op for op in rep.local_rows(page, phone.user_id, "outbox")}
    assert [op_id for op_id, op in ops.items() if op["state"] == "rejected"] == phone.said["parked"]
    thumbs = {row["sha256"] for row in rep.local_rows(page, phone.user_id, "thumbs")}
    for op in ops.values():
        if op["kind"] == "photo.add":
            assert op["payload"]["sha256"] in thumbs
    page.goto("/sync")
    expect(page.get_by_text("服务器不接受")).to_have_count(len(phone.said["parked"]))
    waits = page.get_by_text("等它所属的记录处理好后再发。")
    expect(waits.first).to_be_visible()
    [draft] = [row for row in phone.rows("drafts") if row["kind"] == "note"]
    page.goto(f"/visits/{draft['id'].partition(':')[2]}")
    page.get_by_role("button", name="写备注").tap()
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_have_value(draft["data"]["text"])
