"""Pictures take seconds on a cheap phone: none is lost to whoever is quicker than that."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.browser import rep
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import Open, watch
from tests.browser.office import jpeg
from tests.browser.site import Site

STORE = "苏州园区星湖店"

# A picture is made on the page, and each encoding of it takes a second and a half.
SLOW = """
delete window.OffscreenCanvas
const toBlob = HTMLCanvasElement.prototype.toBlob
HTMLCanvasElement.prototype.toBlob = function (...all) {
    setTimeout(() => toBlob.apply(this, all), 1500)
}
"""


def slow_phone(open_phone: Open) -> BrowserContext:
    """A phone that needs seconds for each picture."""
    context = open_phone()
    context.add_init_script(SLOW)
    return context


def test_the_check_out_waits_for_pictures_and_announces_them(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    page = slow_phone(open_phone).new_page()
    errors = watch(page)
    user = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    rep.check_in(page, STORE)
    # The camera is closed before its picture is encoded.
    page.get_by_role("button", name="拍照").tap()
    shutter = page.get_by_role("button", name="拍照：")
    expect(shutter).to_be_enabled(timeout=20_000)
    shutter.tap()
    page.get_by_role("button", name="完成").tap()
    path = tmp_path / "shelf.jpg"
    path.write_bytes(jpeg("#207020", "shelf"))
    page.locator("input[type=file]").set_input_files([str(path)])
    page.get_by_role("button", name="离店签退").tap()
    out = page.get_by_role("button", name="确认签退")
    expect(page.get_by_text("2 张照片正在处理…")).to_be_visible()
    expect(out).to_be_disabled()
    assert axe(page) == []
    expect(out).to_be_enabled(timeout=20_000)
    out.tap()
    expect(page.get_by_role("heading", name="今日")).to_be_visible()
    rep.wait_until_sent(page, user)
    visit = Api(site, "sup").get(f"/visits?rep={user}")["items"][0]
    assert (visit["photos_total"], visit["photos_arrived"]) == (2, 2)
    assert errors == []


def test_a_picture_that_fails_late_is_told_on_the_next_screen(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    page = slow_phone(open_phone).new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    rep.check_in(page, STORE)
    good, bad = tmp_path / "shelf.jpg", tmp_path / "broken.jpg"
    good.write_bytes(jpeg("#207020", "shelf"))
    bad.write_bytes(b"no picture")
    page.locator("input[type=file]").set_input_files([str(good), str(bad)])
    page.get_by_role("button", name="返回").tap()
    told = page.get_by_text("1 张照片没有保存。broken.jpg: 这个文件不是可以读取的照片。")
    expect(told).to_be_visible(timeout=20_000)
    rep.wait_until_sent(page, site.company.people[rep_name])
