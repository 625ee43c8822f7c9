"""The rep's screens: few taps, poor positions saved with a reason, both languages, no barriers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import office, rep
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import Open, watch
from tests.browser.seed import PASSWORD
from tests.browser.site import Site

STORE = "苏州园区独墅湖店"
HERE = (31.2865, 120.6000)
SCREENS = ("/", "/stock", "/office", "/sync", "/me")


def chrome_words(page: Page) -> str:
    """Everything that is written or named on the page."""
    words: str = page.evaluate(
        """() => {
            const named = [...document.querySelectorAll('[aria-label],[placeholder]')]
            return [document.title, document.body.innerText]
                .concat(named.map((element) => element.ariaLabel ?? ''))
                .concat(named.map((element) => element.getAttribute('placeholder') ?? ''))
                .join('\\n')
        }"""
    )
    return words


def test_three_taps_to_a_saved_check_in(open_phone: Open, site: Site, rep_name: str) -> None:
    page = open_phone(*HERE).new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    page.goto("/")
    taps = 0
    for control in (
        rep.store_link(page, STORE),
        page.get_by_role("button", name="到店签到"),
    ):
        control.tap()
        taps += 1
    # The position is good, so it is saved by itself.
    expect(page.get_by_role("heading", name="照片")).to_be_visible(timeout=25_000)
    assert taps <= 3
    rep.check_out(page)
    rep.wait_until_sent(page, site.company.people[rep_name])


def test_a_poor_position_is_saved_with_a_reason(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    page = open_phone(*HERE, accuracy=2_000).new_page()
    rep.log_in(page, rep_name)
    rep.store_link(page, STORE).tap()
    page.get_by_role("button", name="到店签到").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_text("较差")).to_be_visible()
    save = sheet.get_by_role("button", name="说明原因并保存")
    save.tap()
    expect(sheet.get_by_text("请选择或填写原因。")).to_be_visible()
    sheet.get_by_text("在室内，定位不准").tap()
    save.tap()
    expect(page.get_by_role("heading", name="照片")).to_be_visible()
    rep.wait_until_sent(page, site.company.people[rep_name])
    store = site.company.stores[STORE]
    author = site.company.people[rep_name]
    visit = Api(site, "sup").get(f"/visits?rep={author}&store={store}")["items"][0]
    assert (visit["verdict"], visit["reason"]) == ("unverifiable", "在室内，定位不准")
    # The verdict comes back to the phone, in words.
    expect(page.get_by_text("无法核实").first).to_be_visible(timeout=20_000)


def test_without_permission_it_is_still_possible(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    context = open_phone(*HERE)
    context.clear_permissions()
    page = context.new_page()
    rep.log_in(page, rep_name)
    rep.store_link(page, STORE).tap()
    page.get_by_role("button", name="到店签到").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_text("没有定位权限。")).to_be_visible(timeout=25_000)
    sheet.get_by_text("定位权限未开").tap()
    sheet.get_by_role("button", name="说明原因并保存").tap()
    expect(page.get_by_role("heading", name="照片")).to_be_visible()
    rep.wait_until_sent(page, site.company.people[rep_name])


def test_the_weekly_office_check_in(open_phone: Open, site: Site, rep_name: str) -> None:
    context = open_phone(31.3010, 120.6010)
    page = context.new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    context.set_offline(True)
    page.get_by_role("link", name="报到", exact=True).tap()
    page.get_by_role("button", name="回司报到", exact=True).tap()
    page.get_by_role("button", name="定位并报到").tap()
    expect(page.get_by_text("仅在手机上")).to_be_visible(timeout=25_000)
    context.set_offline(False)
    rep.wait_until_sent(page, site.company.people[rep_name])
    expect(page.get_by_text("已报到").first).to_be_visible(timeout=20_000)
    week = rep.local_rows(page, site.company.people[rep_name], "office_check_ins")[0]["week"]
    board = Api(site, "sup").get(f"/office/weeks/{week}")
    states = {row["id"]: row["states"][-1] for row in board["rows"]}
    assert states[site.company.people[rep_name]] == "done"
    assert states[site.company.people["rep1"]] == "open"


def test_search_by_pinyin_initials(open_phone: Open, rep_name: str) -> None:
    page = open_phone().new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    page.get_by_role("searchbox").fill("dsh")
    expect(rep.store_link(page, STORE)).to_be_visible()
    expect(rep.store_link(page, "苏州园区星湖店")).to_have_count(0)


def test_the_app_opens_offline_on_any_screen(open_phone: Open, rep_name: str) -> None:
    context = open_phone()
    page = context.new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    page.close()
    context.set_offline(True)
    page = context.new_page()
    errors = watch(page)
    for path in SCREENS:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/")
    expect(rep.store_link(page, "苏州园区星湖店")).to_be_visible()
    assert [text for text in errors if "net::ERR" not in text] == []


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_no_barriers_and_no_foreign_words(open_phone: Open, rep_name: str, locale: str) -> None:
    page = open_phone(*HERE, locale=locale).new_page()
    page.goto("/login")
    name, password, enter = (
        ("用户名", "密码", "登录") if locale == "zh-CN" else ("User name", "Password", "Log in")
    )
    assert axe(page) == []
    page.get_by_label(name).fill(rep_name)
    page.get_by_label(password).fill(PASSWORD)
    page.get_by_role("button", name=enter, exact=True).tap()
    expect(rep.store_link(page, STORE)).to_be_visible()
    for path in SCREENS:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_timeout(300)
        assert axe(page) == [], path
        _check_words(chrome_words(page), locale)
        width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{path} is wider than the screen"
    page.goto("/")
    rep.store_link(page, STORE).tap()
    page.locator(".bottom-action button").tap()
    page.wait_for_timeout(500)
    assert axe(page) == []


def _check_words(words: str, locale: str) -> None:
    assert not re.search(r"\b[a-z]+\.[a-z]+[A-Z]\w*", words), words
    if locale == "en-US":
        # Names of people, places and things are data; the words of the app are not.
        for text in ("门店", "签到", "同步", "今日", "报到", "照片", "退出"):
            assert text not in words.replace("巡店", ""), f"{text} on an English screen"


def test_a_long_list_of_stores_comes_in_full(open_phone: Open, site: Site) -> None:
    region = office.make_region(site, "longlist", "长名单区", "长主管")
    region.add_rep("多店员")
    for number in range(45):
        region.add_store(f"长名单 {number:02} 店", 31.2 + number / 1000, 120.5)
    page = open_phone(*HERE).new_page()
    page.goto("/")
    page.get_by_label("用户名").fill("longlist-rep1")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).tap()
    stores = page.locator("a[href^='/stores/']")
    # The first few stand there at once, the rest of a page follows by itself.
    expect(stores).to_have_count(40)
    page.get_by_role("button", name="显示更多").tap()
    expect(stores).to_have_count(45)
    expect(stores.last).to_contain_text("长名单 44 店")
    expect(page.get_by_role("button", name="显示更多")).to_have_count(0)
