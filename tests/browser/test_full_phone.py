"""A phone with little room, an iPhone, and an app too old for its server, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser import care, rep
from tests.browser.api import Api
from tests.browser.care import HERE, STORE, dialog
from tests.browser.conftest import Open
from tests.browser.seed import PASSWORD
from tests.browser.site import Site
from tests.browser.test_storage_care import MAKE, OPEN, SAVE, no_barriers

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
# The browser's refusal for want of room, made by hand: the override of the quota that DevTools
# offer was seen to change neither the estimate nor what IndexedDB takes.
FULL = """() => {
    window.full = true
    for (const name of ['add', 'put']) {
        const real = IDBObjectStore.prototype[name]
        IDBObjectStore.prototype[name] = function (...values) {
            if (window.full) throw new DOMException('no room', 'QuotaExceededError')
            return real.apply(this, values)
        }
    }
}"""


def test_little_room_is_said_before_the_camera_opens(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    context = open_phone(*HERE)
    context.add_init_script(
        "navigator.storage.estimate = async () => ({ usage: 8.2e8, quota: 1e9 })"
    )
    page = context.new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    for path in ("/sync", "/me"):
        page.goto(path)
        expect(page.get_by_text("已用 782.0 MB，可用 953.7 MB")).to_be_visible()
        expect(page.get_by_text("空间快满了，请先同步，或清理手机。")).to_be_visible()
        no_barriers(page)
    page.goto("/")
    rep.check_in(page, STORE)
    page.get_by_role("button", name="拍照").tap()
    expect(dialog(page).get_by_text("剩余空间不多")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)
    no_barriers(page)
    dialog(page).get_by_role("button", name="清理已送达照片的小图").tap()
    expect(dialog(page).get_by_text("没有可以清理的小图。")).to_be_visible()
    dialog(page).get_by_role("button", name="仍然拍照").tap()
    expect(page.get_by_role("button", name="拍照：")).to_be_enabled(timeout=20_000)
    # Asked once, not at every picture.
    page.get_by_role("button", name="完成").tap()
    page.get_by_role("button", name="拍照").tap()
    expect(page.get_by_role("button", name="拍照：")).to_be_enabled(timeout=20_000)
    page.get_by_role("button", name="完成").tap()
    rep.wait_until_sent(page, site.company.people[rep_name])


def test_a_full_phone_loses_nothing(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    user = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    care.unsent_visit(context, page, tmp_path)
    before = rep.local_rows(page, user, "outbox")
    page.get_by_role("button", name="写备注").tap()
    note = dialog(page).get_by_role("textbox")
    note.fill("第二条备注")
    page.evaluate(FULL)
    dialog(page).get_by_role("button", name="保存").tap()
    expect(page.get_by_text("手机空间已满")).to_be_visible()
    expect(page.get_by_text("没送达的内容一项都没有动。")).to_be_visible()
    no_barriers(page)
    assert rep.local_rows(page, user, "outbox") == before
    # The rescue file can be made all the same.
    dialog(page).get_by_role("button", name=OPEN).tap()
    found, entries = care.unpacked(care.make_file(page, MAKE, SAVE))
    care.check_rescue(found, entries, page, user)
    dialog(page).get_by_role("button", name="关闭").tap()
    page.get_by_role("button", name="知道了").tap()
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.evaluate("window.full = false")
    dialog(page).get_by_role("button", name="保存").tap()
    expect(page.get_by_text("第二条备注")).to_be_visible()
    context.set_offline(False)
    rep.wait_until_sent(page, user)
    assert len(rep.local_rows(page, user, "notes")) == 2


def test_an_iphone_is_told_once_how_to_install(chromium: Any, site: Site, rep_name: str) -> None:
    context = chromium.new_context(
        base_url=site.url,
        viewport={"width": 360, "height": 740},
        user_agent=IPHONE,
        has_touch=True,
        is_mobile=True,
        locale="en-US",
    )
    try:
        page = context.new_page()
        page.goto("/")
        page.get_by_label("User name").fill(rep_name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).tap()
        sheet = dialog(page)
        expect(sheet.get_by_text("Choose Add to Home Screen, then Add.")).to_be_visible()
        no_barriers(page)
        sheet.get_by_role("button", name="Later").tap()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.goto("/")
        expect(page.get_by_role("heading", name="Today")).to_be_visible()
        expect(rep.store_link(page, STORE)).to_be_visible()
        expect(page.get_by_role("dialog")).to_have_count(0)
        # Whoever wants to read it again finds it.
        page.goto("/me")
        page.get_by_role("button", name="Show the steps").tap()
        expect(dialog(page).get_by_text("Press the Share button at the bottom.")).to_be_visible()
    finally:
        context.close()


def test_an_app_too_old_for_the_feed_says_so_and_still_sends(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    user = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    care.unsent_visit(context, page, tmp_path, photos=1)
    problem = '{"type":"/problems/app_too_old","code":"app_too_old","title":"x","status":426}'
    pulls: list[str] = []

    def refuse(route: Any) -> None:
        pulls.append(route.request.url)
        route.fulfill(status=426, content_type="application/problem+json", body=problem)

    context.route("**/api/v1/sync/pull*", refuse)
    context.set_offline(False)
    page.goto("/")
    banner = page.get_by_role("alert").filter(has_text="应用版本过旧")
    expect(banner).to_be_visible(timeout=20_000)
    no_barriers(page)
    rep.wait_until_sent(page, user)
    assert pulls
    visit = Api(site, "sup").get(f"/visits?rep={user}")["items"][0]
    assert (visit["photos_total"], visit["photos_arrived"]) == (1, 1)
    # A visit goes on: the update waits for its end.
    banner.get_by_role("button", name="更新").tap()
    expect(page.get_by_text("签退后再更新")).to_be_visible()
    context.unroute("**/api/v1/sync/pull*")
    page.goto("/sync")
    page.get_by_role("button", name="立即同步").tap()
    expect(banner).to_have_count(0)
