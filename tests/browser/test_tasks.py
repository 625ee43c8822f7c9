"""Tasks, from the supervisor's laptop to the rep's phone without a signal, and back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from server.kernel.clock import org_day
from tests.browser import office, rep
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import DESKTOP, PHONE, Open, watch
from tests.browser.seed import PASSWORD
from tests.browser.site import Site
from tests.browser.test_rep_screens import chrome_words

STORE = "苏州园区独墅湖店"
HERE = (31.2865, 120.6000)


def day(ahead: int) -> str:
    return (org_day(datetime.now().astimezone()) + timedelta(days=ahead)).isoformat()


def give(site: Site, rep_name: str, title: str, **more: object) -> str:
    """A task given by the supervisor, through the API; its id."""
    values = {"title": title, "rep_ids": [site.company.people[rep_name]]} | more
    task: str = Api(site, "sup").post("/tasks", values)["items"][0]["id"]
    return task


def card(page: Page, name: str = "任务") -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def console(open_desktop: Open, path: str, size: dict[str, int] = DESKTOP) -> Page:
    context = open_desktop(viewport=size, reduced_motion="reduce")
    office.log_in(context, "sup")
    page = context.new_page()
    page.goto(f"/console/{path}")
    return page


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_given_on_the_console_done_offline_and_seen_again(
    open_phone: Open, open_desktop: Open, site: Site, rep_name: str, size: dict[str, int]
) -> None:
    name = f"业务员{rep_name[-2:]}"
    desk = console(open_desktop, "tasks", size)
    errors = watch(desk)
    desk.get_by_role("button", name="下达任务").click()
    sheet = office.dialog(desk)
    sheet.get_by_role("textbox", name="任务").fill("更换冷柜价签")
    sheet.get_by_role("textbox", name="说明").fill("新价 5.5 元")
    office.choose(desk, sheet, "业务员（可多选）", name)
    # The list of people stays open for a second one; it is closed before the next field.
    sheet.get_by_role("textbox", name="任务").click()
    sheet.get_by_role("combobox", name="门店").fill("独墅湖")
    desk.locator(".el-select-dropdown__item:visible").filter(has_text=STORE).first.click()
    sheet.get_by_role("button", name="保存").click()
    row = desk.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("更换冷柜价签")
    expect(row).to_contain_text(STORE)

    context = open_phone(*HERE)
    page = context.new_page()
    errors += watch(page)
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    me = site.company.people[rep_name]
    expect(card(page).get_by_role("button", name="更换冷柜价签")).to_be_visible()
    context.set_offline(True)
    rep.check_in(page, STORE)
    here = card(page, "本店任务")
    here.get_by_role("button", name="更换冷柜价签").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_text("新价 5.5 元")).to_be_visible()
    sheet.get_by_label("完成说明").fill("三台都换好了")
    sheet.get_by_role("button", name="标记完成").tap()
    expect(here).to_have_count(0)
    page.goto("/")
    expect(card(page).get_by_text("没有未完成的任务。")).to_be_visible()
    card(page).get_by_text("本周已完成 1 项").tap()
    expect(card(page).get_by_text("仅在手机上")).to_be_visible()
    # The tab is ended; what was said is still there.
    page = rep.kill_tab(context, page)
    page.goto("/")
    [visit] = rep.local_rows(page, me, "visits")
    [task] = rep.local_rows(page, me, "tasks")
    assert (task["state"], task["sync"], task["done_visit_id"]) == ("done", "local", visit["id"])
    context.set_offline(False)
    rep.wait_until_sent(page, me)

    desk.get_by_role("button", name="已完成").click()
    desk.wait_for_url("**/tasks?show=done")
    desk.get_by_role("row").filter(has_text=name).get_by_role("button").click()
    seen = office.dialog(desk)
    expect(seen).to_contain_text("三台都换好了")
    expect(seen).to_contain_text(f"{name} 完成")
    seen.get_by_role("button", name="重新打开").click()
    seen.get_by_label("对业务员说").fill("还缺二号柜")
    seen.get_by_role("button", name="重新打开").click()
    expect(seen).to_contain_text("待完成")

    page.evaluate("window.dispatchEvent(new Event('online'))")
    again = card(page).get_by_role("button", name="更换冷柜价签")
    expect(again).to_contain_text("重做", timeout=20_000)
    again.tap()
    expect(page.get_by_role("dialog").get_by_text("还缺二号柜")).to_be_visible()
    assert [text for text in errors if "net::ERR" not in text] == []


def test_given_from_a_visit_changed_and_called_off(
    open_phone: Open, open_desktop: Open, site: Site, rep_name: str
) -> None:
    page = open_phone(*HERE).new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    rep.check_in(page, STORE)
    me = site.company.people[rep_name]
    rep.wait_until_sent(page, me)
    [visit] = rep.local_rows(page, me, "visits")

    desk = console(open_desktop, f"visits/{visit['id']}")
    given = desk.get_by_role("region", name="任务", exact=True)
    given.get_by_role("button", name="下达任务").click()
    sheet = office.dialog(desk)
    # Whose visit it was, and where, need not be said again.
    expect(sheet).to_contain_text(f"业务员{rep_name[-2:]}")
    expect(sheet).to_contain_text(STORE)
    sheet.get_by_role("textbox", name="任务").fill("补拍堆头")
    sheet.get_by_role("button", name="保存").click()
    given.get_by_role("button", name="补拍堆头").click()
    office.dialog(desk).get_by_role("button", name="修改").click()
    sheet = office.dialog(desk).last
    sheet.get_by_role("textbox", name="任务").fill("补拍堆头和端架")
    sheet.get_by_role("button", name="保存").click()
    expect(given.get_by_role("button", name="补拍堆头和端架")).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    here = card(page, "本店任务")
    expect(here.get_by_role("button", name="补拍堆头和端架")).to_be_visible(timeout=20_000)

    seen = office.dialog(desk)
    seen.get_by_role("button", name="取消任务").click()
    seen.get_by_label("对业务员说").fill("不用了")
    seen.get_by_role("button", name="取消任务").click()
    expect(seen).to_contain_text("已取消")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(here).to_have_count(0, timeout=20_000)


def test_called_off_while_the_phone_was_away(open_phone: Open, site: Site, rep_name: str) -> None:
    task = give(site, rep_name, "拆旧海报")
    context = open_phone(*HERE)
    page = context.new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    expect(card(page).get_by_role("button", name="拆旧海报")).to_be_visible()
    context.set_offline(True)
    card(page).get_by_role("button", name="拆旧海报").tap()
    page.get_by_role("dialog").get_by_role("button", name="标记完成").tap()
    expect(card(page).get_by_text("没有未完成的任务。")).to_be_visible()
    Api(site, "sup").post(f"/tasks/{task}/cancel", {"note": "门店已拆"})
    context.set_offline(False)
    # Parked with the reason; the rep gives it up, and nothing is left to send.
    page.goto("/sync")
    item = page.get_by_role("listitem").filter(has_text="完成任务")
    expect(item).to_contain_text("这项任务已被取消", timeout=20_000)
    expect(item).to_contain_text("拆旧海报")
    item.get_by_role("button", name="处理").tap()
    sheet = page.get_by_role("dialog")
    assert axe(page) == []
    sheet.get_by_role("button", name="丢弃…").tap()
    page.get_by_role("button", name="永久丢弃").tap()
    expect(page.get_by_text("手机上的记录已全部送达。")).to_be_visible()
    [row] = rep.local_rows(page, site.company.people[rep_name], "tasks")
    assert (row["state"], row["sync"]) == ("cancelled", "sent")


def test_the_week_is_summed_up_with_its_tasks(open_phone: Open, site: Site, rep_name: str) -> None:
    give(site, rep_name, "甲")
    give(site, rep_name, "乙")
    page = open_phone(31.3010, 120.6010).new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    card(page).get_by_role("button", name="甲").tap()
    page.get_by_role("dialog").get_by_role("button", name="标记完成").tap()
    expect(card(page).get_by_text("本周已完成 1 项")).to_be_visible()
    page.goto("/office")
    page.get_by_role("button", name="回司报到", exact=True).tap()
    sheet = page.get_by_role("dialog")
    for what, number in (("完成任务", "1"), ("未完成任务", "1")):
        expect(sheet.get_by_text(what, exact=True).locator("..")).to_contain_text(number)
    sheet.get_by_role("button", name="定位并报到").tap()
    expect(page.get_by_text("完成任务 1 项，未完成 1 项。")).to_be_visible(timeout=25_000)
    rep.wait_until_sent(page, site.company.people[rep_name])
    [row] = rep.local_rows(page, site.company.people[rep_name], "office_check_ins")
    assert (row["summary"]["tasks_open"], row["summary"]["tasks_done"]) == (1, 1)


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_no_barriers_and_no_foreign_words(
    open_phone: Open, site: Site, rep_name: str, locale: str
) -> None:
    give(site, rep_name, "Price tags", due_on=day(-1), details="All coolers")
    give(site, rep_name, "Posters", due_on=day(0), store_id=site.company.stores[STORE])
    give(site, rep_name, "Later", due_on=day(4))
    give(site, rep_name, "Some time")
    page = open_phone(*HERE, locale=locale).new_page()
    page.goto("/")
    words = {
        "zh-CN": ("用户名", "密码", "登录", "再看 1 项", "标记完成", "本周已完成 1 项"),
        "en-US": ("User name", "Password", "Log in", "1 more", "Mark as done", "1 done this week"),
    }
    name, password, enter, more, finish, done = words[locale]
    page.get_by_label(name).fill(rep_name)
    page.get_by_label(password).fill(PASSWORD)
    page.get_by_role("button", name=enter, exact=True).tap()
    tasks = card(page, "任务" if locale == "zh-CN" else "Tasks")
    # The overdue first, and one more behind a button.
    expect(tasks.get_by_role("listitem")).to_have_count(3)
    expect(tasks.get_by_role("listitem").first).to_contain_text("Price tags")
    tasks.get_by_role("button", name=more).tap()
    expect(tasks.get_by_role("listitem")).to_have_count(4)
    found = axe(page)
    tasks.get_by_role("button", name="Price tags").tap()
    expect(page.get_by_role("dialog").get_by_text("All coolers")).to_be_visible()
    page.wait_for_timeout(400)
    found += axe(page)
    shown = chrome_words(page)
    page.get_by_role("dialog").get_by_role("button", name=finish).tap()
    tasks.get_by_text(done).tap()
    found += axe(page)
    assert found == []
    shown += chrome_words(page)
    if locale == "en-US":
        for text in ("任务", "完成", "逾期", "截止", "下达"):
            assert text not in shown, f"{text} on an English screen"
    else:
        for text in ("逾期", "今天截止", "截止日", "下达"):
            assert text in shown, text
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


def test_the_list_as_a_file(open_desktop: Open, site: Site, rep_name: str, tmp_path: Path) -> None:
    give(site, rep_name, "写进文件", due_on=day(-3))
    desk = console(open_desktop, "tasks?show=overdue&q=写进")
    expect(desk.get_by_role("row").filter(has_text="写进文件")).to_contain_text("已逾期")
    with desk.expect_download() as waiting:
        desk.get_by_role("button", name="导出 CSV").click()
    file = tmp_path / "tasks.csv"
    waiting.value.save_as(file)
    head, line = file.read_text("utf-8-sig").splitlines()
    assert head.startswith("任务,说明,业务员,")
    assert line.startswith("写进文件,")
