"""Work that cannot be sent: handed over as a file, put right, given up; a phone without room."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.kernel.ids import new_id
from tests.browser import care, rep
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.care import HERE, NOTE, STORE, change_rows, dialog
from tests.browser.conftest import Open, watch
from tests.browser.site import Site

HOUR_MS = 3_600_000
OPEN, MAKE, SAVE = "制作救援文件", "生成文件", "存到手机"


def no_barriers(page: Page) -> None:
    """Axe finds nothing, and nothing is wider than the screen, once the sheet stands still."""
    page.wait_for_timeout(400)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", (OPEN, MAKE, SAVE)),
        ("en", ("Make a rescue file", "Make the file", "Save on this phone")),
    ],
)
def test_the_rescue_file_holds_everything_and_needs_no_network(
    open_phone: Open,
    site: Site,
    rep_name: str,
    tmp_path: Path,
    language: str,
    words: tuple[str, str, str],
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    user = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    care.unsent_visit(context, page, tmp_path)
    page.evaluate("chosen => localStorage.setItem('storewalk.lang', chosen)", language)
    page.goto("/sync")
    errors = watch(page)
    before = rep.local_rows(page, user, "outbox")
    page.get_by_role("button", name=words[0]).tap()
    no_barriers(page)
    saved = care.make_file(page, *words[1:])
    no_barriers(page)
    assert re.fullmatch(
        rf"storewalk-rescue-{rep_name}-\d{{8}}-\d{{4}}\.zip", saved.suggested_filename
    )
    found, entries = care.unpacked(saved)
    care.check_rescue(found, entries, page, user)
    assert found["author"] == {"id": user, "name": found["author"]["name"], "username": rep_name}
    assert [file["what"] for file in found["files"]].count("signature") == 1
    # What waits is as it was, and is sent as if nothing had happened.
    assert rep.local_rows(page, user, "outbox") == before
    assert [text for text in errors if "net::ERR" not in text] == []

    _anybody_can_read(context.new_page(), entries, tmp_path / "unpacked")
    context.set_offline(False)
    rep.wait_until_sent(page, user)
    visit = Api(site, "sup").get(f"/visits?rep={user}")["items"][0]
    assert visit["store_id"] == site.company.stores[STORE]


def _anybody_can_read(page: Page, entries: dict[str, bytes], folder: Path) -> None:
    """The report, opened as a file from a folder, in a browser that has never seen our app."""
    (folder / "files").mkdir(parents=True)
    for name, data in entries.items():
        (folder / name).write_bytes(data)
    page.goto((folder / "report.html").as_uri())
    body = page.locator("body")
    for text in (
        "到店签到",
        "Check-in",
        STORE,
        "31.302000, 120.600000",
        NOTE,
        "货架插卡 × 2",
        "刘店长",
    ):
        expect(body).to_contain_text(text)
    # Pictures below the fold load when they are looked at, or asked for.
    shown = page.evaluate(
        """() => Promise.all([...document.images].map((image) => {
            image.loading = 'eager'
            return image.decode().then(() => image.naturalWidth > 0)
        }))"""
    )
    assert shown == [True, True, True]
    assert page.locator("article").count() == 5
    readme = entries["README.txt"].decode("utf-8-sig")
    assert "内勤" in readme
    assert "office" in readme


def test_the_rescue_file_is_shared_where_the_phone_can(
    open_phone: Open, rep_name: str, tmp_path: Path
) -> None:
    context = open_phone(*HERE)
    context.add_init_script(
        """window.shared = []
        navigator.canShare = () => true
        navigator.share = async ({ files }) => {
            window.shared.push([files[0].name, files[0].type, files[0].size])
            if (window.refuse) throw new DOMException('no', window.refuse)
        }"""
    )
    page = context.new_page()
    rep.log_in(page, rep_name)
    care.unsent_visit(context, page, tmp_path, photos=1)
    page.goto("/sync")
    page.get_by_role("button", name=OPEN).tap()
    dialog(page).get_by_role("button", name=MAKE).tap()
    share = dialog(page).get_by_role("button", name="发送给…")
    share.tap()
    [[name, kind, size]] = page.evaluate("window.shared")
    assert name.endswith(".zip")
    assert kind == "application/zip"
    assert size > 1_000
    # Some browsers say that they can and then do not: the file is saved instead.
    page.evaluate("window.refuse = 'NotAllowedError'")
    with page.expect_download() as started:
        share.tap()
    care.unpacked(started.value)
    expect(dialog(page).get_by_text("已改为存到“下载”")).to_be_visible()


def test_a_session_that_has_ended_leaves_the_way_to_the_file(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    user = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    care.unsent_visit(context, page, tmp_path, photos=1)
    context.clear_cookies()
    context.set_offline(False)
    page.goto("/sync")
    page.get_by_role("alert").get_by_role("button", name="登录").tap()
    dialog(page).get_by_role("button", name=OPEN).tap()
    no_barriers(page)
    found, entries = care.unpacked(care.make_file(page, MAKE, SAVE))
    care.check_rescue(found, entries, page, user)


def test_a_refused_note_is_put_right_and_sent(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    user = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    care.unsent_visit(context, page, tmp_path, photos=1)
    change_rows(page, user, "outbox", "if (row.kind === 'visit.note') row.payload.text = ''")
    change_rows(page, user, "outbox", "if (row.kind === 'handout.add') row.payload.quantity = 0")
    context.set_offline(False)
    page.goto("/sync")
    expect(page.get_by_text("服务器不接受")).to_have_count(2, timeout=20_000)
    parked = {row["kind"]: row["op_id"] for row in rep.local_rows(page, user, "outbox")}
    assert parked.keys() == {"visit.note", "handout.add"}
    _office_is_told(site, user, set(parked.values()))

    page.get_by_role("button", name=re.compile("^处理：备注")).tap()
    no_barriers(page)
    dialog(page).get_by_role("textbox").fill("冰柜旁缺货两种")
    dialog(page).get_by_role("button", name="改好再发").tap()
    page.get_by_role("button", name=re.compile("^处理：物料发放")).tap()
    sheet = dialog(page)
    for _ in range(2):
        sheet.get_by_role("button", name="加一").tap()
    no_barriers(page)
    sheet.get_by_role("button", name="改好再发").tap()
    rep.wait_until_sent(page, user)

    api = Api(site, "sup")
    visit = api.get(f"/visits/{api.get(f'/visits?rep={user}')['items'][0]['id']}")
    assert [note["text"] for note in visit["notes"]] == ["冰柜旁缺货两种"]
    assert [(row["quantity"], row["recipient"]) for row in visit["handouts"]] == [(3, "刘店长")]
    # The signature was announced by the refused op, and has found its new one.
    signature = api.bytes(f"/handouts/{visit['handouts'][0]['id']}/signature")
    assert signature.startswith(b"\x89PNG")


def _office_is_told(site: Site, user: str, parked: set[str]) -> None:
    api = Api(site, "sup")
    end = time.monotonic() + 20
    found: list[dict[str, Any]] = []
    # The report is the last thing that a run does.
    while not found and time.monotonic() < end:
        rows = api.get("/sync/health?problem=parked")["items"]
        found = [row for row in rows if row["person"]["id"] == user]
        time.sleep(0.2)
    [row] = found
    assert {one["op_id"] for one in row["parked"]} == parked
    # The signature waits with its handout.
    assert row["unsent"] == 3
    assert row["storage"]["quota"] > 0


def test_only_a_person_who_was_told_what_is_lost_discards(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    user = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    care.unsent_visit(context, page, tmp_path)
    lost = f"if (row.kind === 'visit.check_in') row.payload.store_id = '{new_id()}'"
    change_rows(page, user, "outbox", lost)
    context.set_offline(False)
    page.goto("/sync")
    page.get_by_role("button", name=re.compile("^处理：到店签到")).tap()
    sheet = dialog(page)
    expect(sheet.get_by_text("门店不存在，或从未分配给您。请联系主管。")).to_be_visible()
    expect(sheet.get_by_text("还有 4 项在等它：")).to_be_visible()
    no_barriers(page)
    sheet.get_by_role("button", name="丢弃…").tap()
    for text in ("永久删除", "到店签到", "备注", "物料发放", "3 个文件"):
        expect(sheet.get_by_text(text).first).to_be_visible()
    no_barriers(page)
    # The file is offered first, and says the same.
    sheet.get_by_role("button", name=OPEN).tap()
    found, _ = care.unpacked(care.make_file(page, MAKE, SAVE))
    assert len(found["ops"]) == 5
    assert found["ops"][0]["state"] == "rejected"
    assert found["ops"][0]["problem"]["code"] == "store_unknown"
    dialog(page).get_by_role("button", name="关闭").tap()
    expect(page.get_by_role("dialog")).to_have_count(1)
    sheet.get_by_role("button", name="保留").tap()
    assert len(rep.local_rows(page, user, "outbox")) == 5

    sheet.get_by_role("button", name="丢弃…").tap()
    sheet.get_by_role("button", name="永久丢弃").tap()
    expect(page.get_by_text("手机上的记录已全部送达。")).to_be_visible(timeout=20_000)
    for table in ("outbox", "uploads", "blobs", "visits", "notes", "photos", "handouts"):
        assert rep.local_rows(page, user, table) == [], table
    page.goto("/")
    expect(rep.store_link(page, STORE)).to_be_visible()
    expect(page.locator("a[href^='/visits/']")).to_have_count(0)


def test_work_that_waits_for_days_is_said_so(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    user = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    care.unsent_visit(context, page, tmp_path, photos=1)
    send = page.get_by_role("button", name="立即发送")

    def wait_hours(hours: int) -> None:
        older = f"row.created_at = new Date(Date.now() - {hours * HOUR_MS}).toISOString()"
        change_rows(page, user, "outbox", older)
        page.goto("/")
        expect(page.get_by_role("heading", name="今日")).to_be_visible()

    wait_hours(23)
    expect(page.locator("a[href^='/visits/']")).to_be_visible()
    expect(send).to_have_count(0)
    wait_hours(25)
    expect(page.get_by_text(re.compile("有 6 项还没送达，最早的已等了 25 小时"))).to_be_visible()
    expect(page.get_by_role("alert").filter(has=send)).to_have_count(0)
    no_barriers(page)
    wait_hours(73)
    expect(page.get_by_role("alert").filter(has=send)).to_contain_text("只在这部手机上")
    no_barriers(page)
    # The button asks the network at once, whatever pause the loop is in.
    with page.expect_request("**/api/v1/me"):
        send.tap()
    context.set_offline(False)
    rep.wait_until_sent(page, user)
    expect(send).to_have_count(0)
