"""The map at scale: flags and store, the time slider, the list in view, a rep's day as a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser import office
from tests.browser.barriers import axe
from tests.browser.conftest import DESKTOP, PHONE, Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site
from tests.browser.test_console_axe import cut_off, too_wide

BASE = (32.0600, 118.7800)
DAYS = 6


@dataclass
class Story:
    """A rep's round of four stores five days ago, and one visit each on other days."""

    region: Region
    round: list[str]
    day: str


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    region = office.make_region(site, "exploreland", "鼓楼区", "沈主管")
    rep = region.add_rep("韩小洁")
    places = [(0, 0), (2_000, 500), (2_500, 3_000), (0, 0)]
    stores = [
        region.add_store(f"鼓楼{name}店", *office.moved(*BASE, north=north, east=east))
        for name, (north, east) in zip("甲乙丙丁", places, strict=True)
    ]
    sender, start = Sender(rep), office.days_ago(5)
    visits = []
    for number, store in enumerate(stores):
        at = start + timedelta(minutes=45 * number)
        fix = office.gps(store["lat"], store["lon"])
        # The third was without a signal.
        visits.append(
            sender.visit(
                store["id"], at, None if number == 2 else fix, "没有信号" if number == 2 else None
            )
        )
    for days in (2, 2, 1):
        at = office.days_ago(days) + timedelta(minutes=len(sender.ops) * 30)
        far = office.moved(stores[0]["lat"], stores[0]["lon"], north=900)
        sender.visit(stores[0]["id"], at, office.gps(*far))
    # The last was over within a minute.
    end = office.wire(at + timedelta(minutes=1))
    sender.ops[-1] |= {"device_at": end, "payload": {"at": end, "fix": office.gps(*far)}}
    sender.send()
    return Story(region, visits, start.date().isoformat())


def open_console(open_desktop: Open, story: Story, path: str = "", **how: object) -> Page:
    context = open_desktop(reduced_motion="reduce", **how)
    office.log_in(context, story.region.supervisor)
    page: Page = context.new_page()
    page.goto(f"/console/{path}")
    return page


def test_flags_and_store_narrow_the_map_and_stand_in_the_address(
    open_desktop: Open, story: Story
) -> None:
    page = open_console(open_desktop, story)
    office.see_total(page, "范围内 6 次签到")
    filters = page.get_by_role("region", name="筛选")
    filters.locator(".flags").click()
    page.get_by_role("option", name="在店时间短", exact=True).click()
    page.keyboard.press("Escape")
    office.see_total(page, "范围内 1 次签到")
    assert office.query(page)["flag"] == "short_visit"
    page.goto("/console/?flag=identical_fix")
    office.see_total(page, "范围内 0 次签到")
    page.goto("/console/")
    office.see_total(page, "范围内 6 次签到")
    filters.locator(".el-select__wrapper").filter(
        has=page.get_by_role("combobox", name="门店", exact=True)
    ).click()
    page.keyboard.type("乙")
    page.locator(".el-select-dropdown__item:visible").filter(has_text="鼓楼乙店").click()
    office.see_total(page, "范围内 1 次签到")
    assert office.query(page)["store"] == story.region.stores["鼓楼乙店"]["id"]
    page.reload()
    office.see_total(page, "范围内 1 次签到")
    expect(filters).to_contain_text("鼓楼乙店")
    page.goto(f"/console/visits?store={story.region.stores['鼓楼乙店']['id']}")
    expect(page.get_by_role("table").locator("tbody").get_by_role("row")).to_have_count(1)


def test_the_time_slider_narrows_the_map(open_desktop: Open, story: Story) -> None:
    page = open_console(open_desktop, story)
    errors = watch(page)
    office.see_total(page, "范围内 6 次签到")
    slider = page.get_by_role("slider", name="时间轴")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("6 次签到"))
    track = page.locator(".track").bounding_box()
    assert track is not None

    def x(day: float) -> float:
        return track["x"] + track["width"] * day / 7

    middle = track["y"] + track["height"] / 2
    # Draw a window over the second day and the third: the round lies five days back.
    page.mouse.move(x(1.5), middle)
    page.mouse.down()
    page.mouse.move(x(2.5), middle, steps=4)
    page.mouse.up()
    office.see_total(page, "范围内 3 次签到")
    second, third = (office.days_ago(days).date().isoformat() for days in (5, 4))
    page.wait_for_url(re.compile(f"span={second},{third}|span={second}%2C{third}"))
    page.reload()
    office.see_total(page, "范围内 3 次签到")
    slider.focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("3 次签到"))
    page.keyboard.press("End")
    office.see_total(page, "范围内 0 次签到")
    page.keyboard.press("ArrowLeft")
    office.see_total(page, "范围内 1 次签到")
    # By its edge it grows.
    page.mouse.move(x(5) + 2, middle)
    page.mouse.down()
    page.mouse.move(x(4.5), middle, steps=4)
    page.mouse.up()
    office.see_total(page, "范围内 3 次签到")
    # The table is of the same days.
    page.get_by_role("button", name="列表", exact=True).click()
    expect(page.get_by_text("共 3 次拜访")).to_be_visible()
    page.get_by_role("button", name="全部日期").click()
    expect(page.get_by_text("共 7 次拜访")).to_be_visible()
    assert "span" not in office.query(page)
    assert errors == []


def test_other_days_forget_the_window(open_desktop: Open, story: Story) -> None:
    page = open_console(open_desktop, story, f"?span={story.day},{story.day}")
    office.see_total(page, "范围内 3 次签到")
    page.get_by_role("button", name="近 30 天", exact=True).click()
    office.see_total(page, "范围内 6 次签到")
    assert "span" not in office.query(page)
    page.get_by_role("button", name="今天", exact=True).click()
    expect(page.get_by_role("slider")).to_have_count(0)


def test_the_list_beside_the_map_by_keyboard(open_desktop: Open, story: Story) -> None:
    page = open_console(open_desktop, story)
    errors = watch(page)
    office.see_total(page, "范围内 6 次签到")
    office.settled(page)
    page.keyboard.press("l")
    found = page.get_by_role("region", name="当前地图列表")
    entries = found.get_by_role("listitem").get_by_role("button")
    expect(entries.first).to_be_focused()
    assert office.query(page)["list"] == "1"
    expect(page.locator(".spotted")).to_have_count(1)
    expect(found.get_by_role("status")).to_have_text(re.compile(r"列表已更新，共 \d+ 项"))
    page.keyboard.press("End")
    expect(entries.last).to_be_focused()
    single = entries.filter(has_text="鼓楼乙店").filter(has_text="韩小洁")
    for _ in range(entries.count()):
        if single.evaluate("(button) => button === document.activeElement"):
            break
        page.keyboard.press("ArrowUp")
    expect(single).to_be_focused()
    view = office.view_of(page)
    store = story.region.stores["鼓楼乙店"]
    spot = office.centre(page.locator(".spotted"))
    assert spot == pytest.approx(view.pixel(store["lat"], store["lon"]), abs=4)
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="选中的拜访")
    expect(panel.get_by_role("heading", name="鼓楼乙店")).to_be_focused()
    page.keyboard.press("Escape")
    # A bubble opens up into its check-ins, and the keyboard goes on there.
    for _ in range(3):
        page.get_by_role("button", name="缩小").click()
        office.settled(page)
    expect(entries.first).to_contain_text("次签到")
    before = office.view_of(page).zoom
    entries.first.focus()
    page.keyboard.press("Enter")
    expect(entries.first).to_be_focused()
    assert office.view_of(page).zoom > before
    page.keyboard.press("Escape")
    expect(found).to_have_count(0)
    assert "list" not in office.query(page)
    # Letters that are typed are letters.
    page.get_by_role("combobox", name="门店").focus()
    page.keyboard.press("l")
    expect(found).to_have_count(0)
    assert errors == []


def test_a_reps_day_is_a_numbered_path(open_desktop: Open, story: Story) -> None:
    page = open_console(open_desktop, story)
    errors = watch(page)
    office.see_total(page, "范围内 6 次签到")
    page.get_by_role("button", name="一天的路线").click()
    side = page.get_by_role("region", name="业务员一天的路线", exact=True)
    expect(side).to_contain_text("请选择业务员")
    expect(side).to_contain_text("仅根据签到绘制")
    office.choose(page, side, "业务员", "韩小洁")
    expect(side).to_contain_text("这一天没有拜访")
    for _ in range(5):
        side.get_by_role("button", name="前一天").click()
    expect(side).to_contain_text("4 次拜访 · 1 次没有定位")
    assert office.query(page)["day"] == story.day
    page.reload()
    stops = side.get_by_role("listitem")
    expect(stops).to_have_count(4)
    expect(stops.nth(1)).to_contain_text("间隔 25 分钟 · 直线 2.1 公里")
    expect(stops.nth(2)).to_contain_text("没有定位")
    # The first and the fourth are at one place; nothing is drawn to the third, nor around it.
    marks = page.locator(".path-stop")
    expect(marks).to_have_count(2)
    assert sorted(marks.locator("span:first-child").all_inner_texts()) == ["1·4", "2"]
    expect(page.locator("path.path-leg")).to_have_count(1)
    expect(page.locator("path.path-leg")).to_have_attribute("stroke-dasharray", "7 7")
    expect(page.locator(".path-time")).to_have_text("间隔 25 分钟")
    page.get_by_role("button", name="1·4 第 1 站 鼓楼甲店, 第 4 站 鼓楼丁店").click()
    expect(side.get_by_role("button", pressed=True)).to_contain_text("鼓楼甲店")
    assert office.query(page)["stop"] == story.round[0]
    stops.first.get_by_role("link", name="查看拜访详情").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("鼓楼甲店")
    # From a check-in on the map to its day.
    page.goto(f"/console/?open={story.round[1]}")
    page.get_by_role("link", name="查看这一天的路线").click()
    expect(side.get_by_role("button", pressed=True)).to_contain_text("鼓楼乙店")
    page.get_by_role("button", name="返回地图").click()
    office.see_total(page, "次签到")
    assert errors == []


def test_on_a_phone(open_desktop: Open, story: Story) -> None:
    page = open_console(open_desktop, story, viewport=PHONE, has_touch=True)
    office.see_total(page, "范围内 6 次签到")
    page.get_by_role("button", name="筛选", exact=True).click()
    page.get_by_role("button", name="范围外", exact=True).click()
    office.see_total(page, "范围内 3 次签到")
    page.get_by_role("button", name="查看结果").click()
    expect(page.get_by_role("button", name="筛选（1）")).to_be_focused()
    expect(page.get_by_role("button", name="查看结果")).to_be_hidden()
    page.get_by_role("button", name="清单：当前地图上的签到（L）").click()
    found = page.get_by_role("region", name="当前地图列表")
    expect(found.get_by_role("listitem").first).to_be_visible()
    rep = story.region.reps["韩小洁"].user_id
    page.goto(f"/console/?view=day&rep={rep}&day={story.day}")
    expect(page.locator(".path-stop")).to_have_count(2)
    side = page.get_by_role("region", name="业务员一天的路线", exact=True)
    expect(side.get_by_role("listitem")).to_have_count(4)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_no_barriers(open_desktop: Open, story: Story, size: dict[str, int]) -> None:
    rep = story.region.reps["韩小洁"].user_id
    context = open_desktop(viewport=size, reduced_motion="reduce")
    office.log_in(context, story.region.supervisor)
    page = context.new_page()
    for path, ready in (
        (f"?list=1&span={story.day},{story.day}", ".in-view li"),
        (f"?view=day&rep={rep}&day={story.day}&stop={story.round[0]}", ".path-stop"),
    ):
        page.goto(f"/console/{path}")
        for switch in ("Switch to English", "切换到中文"):
            page.locator(ready).first.wait_for()
            page.wait_for_load_state("networkidle")
            assert [*axe(page), *too_wide(page), *cut_off(page)] == [], f"{path}, {switch}"
            page.locator(f"[aria-label='{switch}']").evaluate("(button) => button.click()")
