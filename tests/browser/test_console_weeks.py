"""The board of weekly office check-ins: who reported, who did not, and on what that rests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import office
from tests.browser.api import Api
from tests.browser.conftest import Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site

OFFICE = (30.4500, 120.5500)
STATES = {
    "done": "已报到",
    "doubtful": "存疑",
    "missed": "缺报到",
    "open": "待报到",
    "late": "补到",
}
WEEKS = 13
TOLD = 6


@dataclass
class Story:
    """Two reps and six weeks. Weeks are counted back from this one, which is 0."""

    region: Region
    weeks: list[str]
    expected: dict[str, dict[int, str]] = field(default_factory=dict)


def check_in(rep: Api, weeks_back: int, fix: dict[str, Any] | None, reason: str | None) -> None:
    """Report on the Wednesday of that week, or right now in this one."""
    sender = Sender(rep)
    now = datetime.now(office.ZONE)
    wednesday = office.days_ago(now.weekday() - 2 + 7 * weeks_back)
    at = min(wednesday, now) if weeks_back else now
    sender.add(
        "office.check_in",
        at,
        {"office_id": None, "at": office.wire(at), "fix": fix, "reason": reason},
    )
    sender.send()


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    """One rep reports in four ways, the other never."""
    region = office.make_region(site, "weekland", "海宁区", "蒋主管")
    values = {
        "code": "weekland",
        "name": "海宁办事处",
        "address": "海宁路 1 号",
        "region_id": region.id,
        "lat": OFFICE[0],
        "lon": OFFICE[1],
        "radius_m": 300,
    }
    region.office.post("/offices", values)
    good, lazy = region.add_rep("韩勤"), region.add_rep("杨懒")
    now = datetime.now(office.ZONE)
    story = Story(region, [office.week_name(now - timedelta(weeks=back)) for back in range(WEEKS)])
    since = (now - timedelta(weeks=20)).date().isoformat()
    for rep in (good, lazy):
        region.office.patch(f"/office/duties/{rep.user_id}", {"since": since}, 0)
    near = office.gps(*office.moved(*OFFICE, north=50))
    check_in(good, 1, near, None)
    check_in(good, 2, office.gps(*office.moved(*OFFICE, north=2_000), 30), "在客户那里")
    # Too far at first, there later: the week counts.
    check_in(good, 3, office.gps(*office.moved(*OFFICE, north=5_000), 30), None)
    check_in(good, 3, near, None)
    check_in(good, 4, None, "手机没电")
    # Tuesday: a Monday morning's would fill the week before.
    check_in(lazy, 0, near, None)
    story.expected["韩勤"] = {
        0: "open",
        1: "done",
        2: "doubtful",
        3: "done",
        4: "doubtful",
        5: "missed",
    }
    story.expected["杨懒"] = {0: "done", **dict.fromkeys(range(1, TOLD), "missed")}
    return story


def open_board(open_desktop: Open, story: Story, week: str) -> Page:
    context = open_desktop()
    office.log_in(context, story.region.supervisor)
    page: Page = context.new_page()
    page.goto(f"/console/weeks/{week}")
    expect(page.get_by_role("rowheader", name="韩勤")).to_be_visible()
    return page


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def cell(page: Page, name: str, week: str, state: str) -> Locator:
    return page.get_by_role("button", name=f"{name}，{week}：{STATES[state]}")


def count_of(page: Page, state: str) -> Locator:
    counts = page.get_by_role("list", name="本周合计")
    return counts.get_by_role("button").filter(has_text=STATES[state])


def test_every_cell_is_right(open_desktop: Open, story: Story) -> None:
    page = open_board(open_desktop, story, story.weeks[0])
    heads = page.get_by_role("columnheader")
    expect(heads).to_have_count(WEEKS + 2)
    for back, week in enumerate(story.weeks):
        expect(heads.nth(WEEKS + 1 - back)).to_contain_text(f"{int(week[6:])}周")
    for name, expected in story.expected.items():
        for back, state in expected.items():
            expect(cell(page, name, story.weeks[back], state)).to_have_count(1)
    for state, number in (("done", 1), ("open", 1), ("doubtful", 0), ("missed", 0)):
        expect(count_of(page, state)).to_contain_text(str(number))


def test_another_week_is_chosen(open_desktop: Open, story: Story) -> None:
    page = open_board(open_desktop, story, story.weeks[0])
    expect(page.get_by_role("button", name="下一周")).to_be_disabled()
    page.get_by_role("button", name="上一周").click()
    page.wait_for_url(f"**/console/weeks/{story.weeks[1]}")
    expect(count_of(page, "missed")).to_contain_text("1")
    page.reload()
    expect(cell(page, "韩勤", story.weeks[1], "done")).to_be_visible()
    page.get_by_role("button", name="下一周").click()
    expect(cell(page, "韩勤", story.weeks[0], "open")).to_be_visible()


def test_filters_stand_in_the_address(open_desktop: Open, story: Story) -> None:
    page = open_board(open_desktop, story, story.weeks[0])
    count_of(page, "done").click()
    expect(row_of(page, "杨懒")).to_be_visible()
    expect(row_of(page, "韩勤")).to_have_count(0)
    page.wait_for_url("**state=done*")
    page.reload()
    expect(row_of(page, "韩勤")).to_have_count(0)
    count_of(page, "done").click()
    page.get_by_role("textbox", name="姓名或用户名").fill("韩")
    expect(row_of(page, "杨懒")).to_have_count(0)
    page.get_by_role("textbox", name="姓名或用户名").fill("没有这个人")
    expect(page.get_by_text("没有符合条件的业务员。")).to_be_visible()


def test_a_cell_shows_its_check_ins(open_desktop: Open, story: Story) -> None:
    page = open_board(open_desktop, story, story.weeks[0])
    errors = watch(page)
    week = story.weeks[2]
    cell(page, "韩勤", week, "doubtful").click()
    box = office.dialog(page)
    expect(box).to_contain_text(f"韩勤 · {week} 回司报到")
    expect(box).to_contain_text("范围外")
    expect(box).to_contain_text("尚未计入本周报到。")
    expect(box).to_contain_text("海宁办事处")
    expect(box).to_contain_text("2 公里")
    expect(box).to_contain_text("±30 米")
    expect(box).to_contain_text("在客户那里")
    expect(box.locator(".place-pin")).to_have_count(1)
    expect(box.locator(".check-in")).to_have_count(1)
    # Drawn anew when the dialog has its size; the label of the first drawing fades away.
    expect(box.locator(".offset")).to_have_count(1)
    expect(box.locator(".offset")).to_have_text("2 公里 ±30 米")
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    cell(page, "韩勤", story.weeks[3], "done").click()
    # Both tries, and the one that counted.
    expect(box).to_contain_text(f"计入 {story.weeks[3]}")
    expect(box).to_contain_text("50 米")
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    cell(page, "韩勤", story.weeks[4], "doubtful").click()
    expect(box).to_contain_text("无法核实")
    expect(box).to_contain_text("手机没电")
    expect(box).to_contain_text("附近没有报到地点")
    expect(box.locator(".leaflet-container")).to_have_count(0)
    page.keyboard.press("Escape")
    cell(page, "杨懒", story.weeks[5], "missed").click()
    expect(box).to_contain_text("这一周没有报到记录。")
    assert errors == []


def test_another_regions_board_is_empty_of_them(open_desktop: Open, story: Story) -> None:
    context = open_desktop()
    office.log_in(context, "supwest")
    page = context.new_page()
    page.goto(f"/console/weeks/{story.weeks[0]}")
    expect(page.get_by_text("此区域没有业务员。")).to_be_visible()
    expect(page.get_by_text("韩勤")).to_have_count(0)
