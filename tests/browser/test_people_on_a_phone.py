"""Log-ins on one phone: an ended session, a second person, leaving with unsent work."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import rep
from tests.browser.api import Api
from tests.browser.conftest import Open
from tests.browser.seed import PASSWORD
from tests.browser.site import Site

STORE = "苏州园区湖东店"
HERE = (31.3020, 120.6000)


def visits_of(site: Site, username: str) -> list[dict[str, Any]]:
    """The person's visits to STORE as the server has them."""
    author, store = site.company.people[username], site.company.stores[STORE]
    items = Api(site, "sup").get(f"/visits?rep={author}&store={store}")["items"]
    found: list[dict[str, Any]] = items
    return found


def test_wrong_password_is_said_in_words(open_phone: Open) -> None:
    page = open_phone().new_page()
    page.goto("/")
    page.get_by_label("用户名").fill("rep1")
    page.get_by_label("密码").fill("not the password")
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")


def test_an_ended_session_keeps_the_work_and_goes_on(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    context.set_offline(True)
    rep.check_in(page, STORE)
    rep.write_note(page, "登录过期前写的")
    context.clear_cookies()
    context.set_offline(False)
    banner = page.get_by_text("登录已过期，同步已暂停，记录都在。")
    expect(banner).to_be_visible(timeout=20_000)
    assert len(rep.local_rows(page, site.company.people[rep_name], "outbox")) == 2
    page.get_by_role("button", name="登录", exact=True).first.tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_label("用户名")).to_have_value(rep_name)
    sheet.get_by_label("密码").fill(PASSWORD)
    sheet.get_by_role("button", name="登录", exact=True).tap()
    rep.wait_until_sent(page, site.company.people[rep_name])
    expect(banner).to_be_hidden()
    assert len(visits_of(site, rep_name)) == 1


def test_a_log_in_in_one_window_is_one_in_the_other(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    context = open_phone(*HERE)
    one, other = context.new_page(), context.new_page()
    rep.log_in(one, rep_name)
    other.goto("/")
    rep.ready_for_offline(other)
    context.clear_cookies()
    banner = "登录已过期，同步已暂停，记录都在。"
    for page in (one, other):
        page.goto("/sync")
        page.get_by_role("button", name="立即同步").tap()
        expect(page.get_by_text(banner)).to_be_visible(timeout=40_000)
    one.get_by_role("button", name="登录", exact=True).first.tap()
    sheet = one.get_by_role("dialog")
    sheet.get_by_label("密码").fill(PASSWORD)
    sheet.get_by_role("button", name="登录", exact=True).tap()
    expect(one.get_by_text(banner)).to_be_hidden()
    expect(other.get_by_text(banner)).to_be_hidden()
    one.close()
    # Nobody has touched the window that is left: what is made there goes out.
    other.get_by_role("link", name="今日", exact=True).tap()
    rep.check_in(other, STORE)
    rep.wait_until_sent(other, site.company.people[rep_name])
    assert len(visits_of(site, rep_name)) == 1


def test_a_second_person_never_sees_or_sends_the_firsts_work(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    other = site.company.spare.pop()
    first = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    context.set_offline(True)
    rep.check_in(page, STORE)
    _leave(page)
    warning = page.get_by_role("dialog")
    expect(warning).to_contain_text("还有 1 项只在这部手机上")
    warning.get_by_role("button", name="仍然退出").tap()
    expect(page.get_by_label("用户名")).to_be_visible()

    context.set_offline(False)
    rep.log_in(page, other)
    rep.ready_for_offline(page)
    expect(page.get_by_text(re.compile("拜访中|继续拜访"))).to_have_count(0)
    page.get_by_role("link", name="同步", exact=True).tap()
    page.get_by_role("button", name="立即同步").tap()
    expect(page.get_by_text("手机上的记录已全部送达。")).to_be_visible()
    rep.wait_until_sent(page, site.company.people[other])
    assert visits_of(site, rep_name) == []
    assert visits_of(site, other) == []
    assert len(rep.local_rows(page, first, "outbox")) == 1

    _leave(page)
    expect(page.get_by_label("用户名")).to_be_visible()
    rep.log_in(page, rep_name)
    rep.wait_until_sent(page, first)
    assert len(visits_of(site, rep_name)) == 1


def _leave(page: Page) -> None:
    page.goto("/me")
    page.get_by_role("button", name="退出登录").tap()
