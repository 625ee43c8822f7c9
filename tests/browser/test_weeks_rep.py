"""The rep's week: check-in with a summary and a photo, and what can be asked for, offline."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import office, rep
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import Open, watch
from tests.browser.site import Site
from tests.browser.test_rep_screens import chrome_words

AT_OFFICE = (31.3010, 120.6010)
SCREENS = ("/", "/office", "/sync", "/me")


def long_here(site: Site, name: str) -> None:
    """Let weeks count for the rep since two months ago."""
    boss, person = Api(site, "office"), site.company.people[name]
    since = (datetime.now(office.ZONE) - timedelta(weeks=8)).date().isoformat()
    boss.patch(f"/office/duties/{person}", {"office_id": None, "since": since}, 0)


def open_office(page: Page) -> None:
    page.goto("/office")
    expect(page.get_by_role("heading", name="回司报到")).to_be_visible()


def picture(folder: Path) -> Path:
    path = folder / "whiteboard.jpg"
    path.write_bytes(office.jpeg("#2a6", "周会"))
    return path


def week_back(weeks: int) -> int:
    """The number of the ISO week so many weeks ago."""
    return int(office.week_name(datetime.now(office.ZONE) - timedelta(weeks=weeks))[6:])


def test_a_week_offline_and_online(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    long_here(site, rep_name)
    context: BrowserContext = open_phone(*AT_OFFICE)
    page = context.new_page()
    errors = watch(page)
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    rep.check_in(page, "苏州园区星湖店")
    rep.write_note(page, "货架满")
    rep.check_out(page)
    open_office(page)
    expect(page.get_by_text("请在")).to_be_visible()
    context.set_offline(True)

    # The summary is filled in from the phone's own records; the rep adds the judgement.
    page.get_by_role("button", name="回司报到", exact=True).tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_text("拜访", exact=True).locator("..")).to_contain_text("1")
    expect(sheet.get_by_text("成功拜访率", exact=True).locator("..")).to_contain_text("100%")
    sheet.get_by_label("本周情况").fill("竞品在做买二送一")
    sheet.get_by_role("button", name="定位并报到").tap()
    card = page.get_by_role("region", name="本周回司报到")
    expect(card.get_by_text("竞品在做买二送一")).to_be_visible(timeout=25_000)
    expect(card.get_by_text("待同步").first).to_be_visible()
    page.locator("input[type=file]").set_input_files(str(picture(tmp_path)))
    expect(card.get_by_role("list", name="照片").get_by_role("listitem")).to_have_count(1)

    # A missed week: asked for without a network, kept in sight.
    number = week_back(2)
    past = page.get_by_role("region", name="过去几周")
    expect(past.get_by_text("缺报到").first).to_be_visible()
    page.get_by_role("button", name=f"为第 {number} 周申请补签").tap()
    page.get_by_role("dialog").get_by_label("原因").fill("在外地送货")
    page.get_by_role("button", name="提交补签").tap()
    line = past.get_by_role("listitem").filter(has_text=f"第 {number} 周")
    expect(line).to_contain_text("待主管决定")
    expect(line).to_contain_text("仅在手机上")

    page.get_by_role("button", name="申请免签").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="出差").tap()
    sheet.get_by_label("原因").fill("参加展会")
    sheet.get_by_role("button", name="提交申请").tap()
    leave = page.get_by_role("region", name="请假与出差")
    expect(leave.get_by_text("待批准")).to_be_visible()

    # Killed and opened again, still without a network: all of it is there.
    page = rep.kill_tab(context, page)
    open_office(page)
    expect(page.get_by_text("竞品在做买二送一")).to_be_visible()
    context.set_offline(False)
    user = site.company.people[rep_name]
    rep.wait_until_sent(page, user)
    card = page.get_by_role("region", name="本周回司报到")
    expect(card.get_by_text("范围内", exact=True)).to_be_visible()

    boss, week = Api(site, "sup"), office.week_name(datetime.now(office.ZONE))
    cell = boss.get(f"/office/weeks/{week}/people/{user}")
    [made] = cell["check_ins"]
    assert made["summary"] == {
        "visits": 1,
        "successful": 1,
        "handouts": 0,
        "tasks_open": 0,
        "tasks_done": 0,
        "text": "竞品在做买二送一",
    }
    photos = boss.get(f"/photos?rep={user}")["items"]
    assert [one["office_check_in_id"] for one in photos] == [made["id"]]

    # The answers come with the feed.
    asked = {
        one["what"]: one
        for one in boss.get("/office/requests")["items"]
        if one["person"]["id"] == user
    }
    make_up, exemption = asked["make_up"]["make_up"], asked["exemption"]["exemption"]
    body: dict[str, Any] = {"approve": True, "note": "知道了"}
    boss.post(f"/office/make-ups/{make_up['id']}/decision", body)
    boss.post(f"/office/exemptions/{exemption['id']}/decision", {"approve": False, "note": "太晚"})
    page.reload()
    line = (
        page.get_by_role("region", name="过去几周")
        .get_by_role("listitem")
        .filter(has_text=f"第 {number} 周")
    )
    expect(line).to_contain_text("已补签")
    expect(line).to_contain_text("主管说：知道了")
    expect(page.get_by_role("region", name="请假与出差")).to_contain_text("未批准")
    assert [one for one in errors if "ERR_INTERNET_DISCONNECTED" not in one] == []


def test_a_reminder_is_shown_in_the_app(open_phone: Open, site: Site, rep_name: str) -> None:
    week = office.week_name(datetime.now(office.ZONE))
    body = {"person_id": site.company.people[rep_name]}
    Api(site, "sup").post(f"/office/weeks/{week}/reminders", body)
    page = open_phone(*AT_OFFICE).new_page()
    rep.log_in(page, rep_name)
    words = f"主管提醒：第 {int(week[6:])} 周还没有回司报到"
    expect(page.get_by_text(words)).to_be_visible()
    open_office(page)
    expect(page.get_by_text(words)).to_be_visible()


def test_the_calendar_address_is_made_and_voided(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    page = open_phone(*AT_OFFICE).new_page()
    rep.log_in(page, rep_name)
    page.goto("/me")
    card = page.get_by_role("region", name="报到日历")
    card.get_by_role("button", name="设置").tap()
    card.get_by_role("button", name="生成日历地址").tap()
    address = card.get_by_label("日历地址").input_value()
    answer = page.context.request.get(address)
    assert (answer.status, answer.text()[:15]) == (200, "BEGIN:VCALENDAR")
    card.get_by_role("button", name="作废地址").tap()
    expect(card.get_by_label("日历地址")).to_have_count(0)
    assert page.context.request.get(address).status == 404


def test_a_push_opens_the_office_page(open_phone: Open, site: Site, rep_name: str) -> None:
    """The service worker shows what the server sends, and a tap on it opens the office page."""
    context = open_phone(*AT_OFFICE)
    context.grant_permissions(["geolocation", "background-sync", "notifications"], origin=site.url)
    page = context.new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    devtools = context.new_cdp_session(page)
    versions: list[dict[str, Any]] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: versions.extend(event["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    for _ in range(100):
        # Events are taken in while the page is waited for.
        page.wait_for_timeout(100)
        if alive := [one for one in versions if not one["isDeleted"]]:
            break
    [registration] = alive[:1]
    message = '{"title":"本周回司报到","body":"第 48 周","tag":"office-2026-W48","url":"/office"}'
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": site.url, "registrationId": registration["registrationId"], "data": message},
    )
    shown = """async () => {
        const registration = await navigator.serviceWorker.ready
        for (let tries = 0; tries < 100; tries++) {
            const found = await registration.getNotifications()
            const told = found.map((one) => [one.title, one.body, one.tag, one.data.url])
            if (told.length) return told
            await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return []
    }"""
    assert page.evaluate(shown) == [["本周回司报到", "第 48 周", "office-2026-W48", "/office"]]
    # A tap cannot be made from outside the system; what the worker then tells the open app can.
    [worker] = context.service_workers
    worker.evaluate(
        """async () => {
            const [client] = await self.clients.matchAll({ type: 'window' })
            client.postMessage({ type: 'OPEN', url: '/office' })
        }"""
    )
    page.wait_for_url("**/office")


SPY = """
    window.__asked = []
    for (const name of ['getCurrentPosition', 'watchPosition']) {
        const real = navigator.geolocation[name].bind(navigator.geolocation)
        navigator.geolocation[name] = (...args) => {
            window.__asked.push(name)
            return real(...args)
        }
    }
"""


def test_no_position_is_taken_before_a_press(open_phone: Open, site: Site, rep_name: str) -> None:
    """Nobody is tracked: every screen of the rep is opened, and none asks where the phone is."""
    context = open_phone(*AT_OFFICE)
    context.add_init_script(SPY)
    page = context.new_page()
    rep.log_in(page, rep_name)
    store = rep.store_link(page, "苏州园区星湖店").get_attribute("href")
    for path in ("/login", *SCREENS, str(store), "/nowhere"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        assert page.evaluate("window.__asked") == [], path
    # The sheets of the office page take none either, until the button that says so.
    open_office(page)
    page.get_by_role("button", name="回司报到", exact=True).tap()
    expect(page.get_by_role("button", name="定位并报到")).to_be_visible()
    assert page.evaluate("window.__asked") == []
    page.get_by_role("button", name="定位并报到").tap()
    page.wait_for_function("() => window.__asked.length === 1")
    # And an open visit's page takes none of its own accord.
    page.goto(str(store))
    page.get_by_role("button", name="到店签到").tap()
    expect(page.get_by_role("heading", name="照片")).to_be_visible(timeout=25_000)
    visit = page.url
    page.goto(visit)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    assert page.evaluate("window.__asked") == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_both_languages_without_barriers(
    open_phone: Open, site: Site, rep_name: str, language: str
) -> None:
    long_here(site, rep_name)
    context = open_phone(*AT_OFFICE, locale=language)
    page = context.new_page()
    page.goto("/login")
    labels = {"zh-CN": ("用户名", "密码", "登录"), "en": ("User name", "Password", "Log in")}[
        language
    ]
    page.get_by_label(labels[0]).fill(rep_name)
    page.get_by_label(labels[1]).fill(office.PASSWORD)
    page.get_by_role("button", name=labels[2], exact=True).tap()
    page.wait_for_url("**/")
    page.goto("/office")
    past = {"zh-CN": "过去几周", "en": "Weeks before"}[language]
    expect(page.get_by_role("heading", name=past)).to_be_visible()
    assert axe(page) == []
    words = chrome_words(page)
    if language == "en":
        for known in ("苏州办事处", "苏州大道 1 号", "巡店"):
            words = words.replace(known, "")
        assert not re.search(r"[\u4e00-\u9fff]", words), words
    for button in (
        {"zh-CN": "申请免签", "en": "Ask for an exemption"}[language],
        {"zh-CN": "回司报到", "en": "Check in at the office"}[language],
    ):
        page.get_by_role("button", name=button, exact=True).tap()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.wait_for_timeout(400)
        assert axe(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto("/me")
    page.wait_for_load_state("networkidle")
    assert axe(page) == []
