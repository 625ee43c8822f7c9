"""What a supervisor and the office do about weeks: decide, free, remind, export, rule, calendar."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import office
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site
from tests.browser.test_rep_screens import chrome_words

OFFICE = (30.4500, 120.5500)


@dataclass
class Story:
    region: Region
    asker: Api
    quiet: Api
    week: str
    last: str


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    """One rep who asks for things, one who is silent."""
    region = office.make_region(site, "acting", "桐乡区", "莫主管")
    values = {
        "code": "acting",
        "name": "桐乡办事处",
        "address": "桐乡路 1 号",
        "region_id": region.id,
        "lat": OFFICE[0],
        "lon": OFFICE[1],
        "radius_m": 300,
    }
    region.office.post("/offices", values)
    asker, quiet = region.add_rep("申请人"), region.add_rep("沉默者")
    now = datetime.now(office.ZONE)
    since = (now - timedelta(weeks=9)).date().isoformat()
    for rep in (asker, quiet):
        region.office.patch(f"/office/duties/{rep.user_id}", {"since": since}, 0)
    week, last = office.week_name(now), office.week_name(now - timedelta(weeks=2))
    sender = Sender(asker)
    at = office.wire(now)
    sender.add("office.make_up", now, {"week": last, "reason": "在外地送货", "at": at})
    day = (now + timedelta(days=20)).date().isoformat()
    leave = {"kind": "trip", "first_day": day, "last_day": day, "reason": "参加展会", "at": at}
    sender.add("office.exemption_request", now, leave)
    far = office.gps(*office.moved(*OFFICE, north=2_000), 30)
    summary = {"visits": 8, "successful": 6, "handouts": 40, "text": "竞品铺货很猛"}
    check_in = {"office_id": None, "at": at, "fix": far, "reason": "堵车", "summary": summary}
    check_in_id = sender.add("office.check_in", now, check_in)
    sender.send()
    data = office.jpeg("#a33", "白板")
    sender.photo("", "other", now, data, send=True)
    sender.ops[-1]["payload"] |= {"visit_id": None, "office_check_in_id": check_in_id}
    # Chosen from the gallery: taken long before the check-in.
    earlier = office.jpeg("#3a3", "展架")
    sender.photo("", "other", now - timedelta(days=3), earlier, send=True)
    sender.ops[-1]["payload"] |= {"visit_id": None, "office_check_in_id": check_in_id}
    sender.send()
    return Story(region, asker, quiet, week, last)


def open_page(open_desktop: Open, who: str, path: str, **options: Any) -> Page:
    context = open_desktop(**options)
    office.log_in(context, who)
    page: Page = context.new_page()
    page.goto(f"/console/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def row_of(page: Page, words: str) -> Locator:
    return page.get_by_role("row").filter(has_text=words)


def test_a_make_up_is_approved_with_a_word(open_desktop: Open, story: Story) -> None:
    page = open_page(open_desktop, story.region.supervisor, "week-requests")
    errors = watch(page)
    expect(row_of(page, "在外地送货")).to_contain_text(f"补签 {story.last}")
    row_of(page, "在外地送货").get_by_role("button", name="同意 申请人 的申请", exact=True).click()
    box = office.dialog(page)
    box.get_by_role("textbox", name="给业务员的话（可不填）").fill("下次提前说")
    box.get_by_role("button", name="同意", exact=True).click()
    expect(row_of(page, "在外地送货")).to_have_count(0)
    page.goto(f"/console/weeks/{story.week}")
    expect(page.get_by_role("button", name=f"申请人，{story.last}：已补签")).to_be_visible()
    # The other request is declined from the cell's own dialog of its week.
    page.goto("/console/week-requests")
    row_of(page, "参加展会").get_by_role("button", name="不同意 申请人 的申请").click()
    office.dialog(page).get_by_role("button", name="不同意").click()
    expect(page.get_by_text("没有申请。")).to_be_visible()
    page.get_by_text("只看待决定的").click()
    expect(row_of(page, "参加展会")).to_contain_text("未同意")
    expect(row_of(page, "在外地送货")).to_contain_text("下次提前说")
    assert errors == []


def test_a_doubtful_check_in_is_counted(open_desktop: Open, story: Story) -> None:
    page = open_page(open_desktop, story.region.supervisor, f"weeks/{story.week}")
    page.get_by_role("button", name=f"申请人，{story.week}：存疑").click()
    box = office.dialog(page).first
    expect(box).to_contain_text("竞品铺货很猛")
    expect(box).to_contain_text("拜访 8 次，成功 6 次（75%），发放 40 件")
    expect(box.get_by_role("list", name="照片").get_by_role("listitem")).to_have_count(2)
    box.get_by_role("button", name="计入报到").click()
    page.get_by_role("button", name="同意", exact=True).click()
    # Which week it fills depends on the day on which this test runs.
    expect(box).to_contain_text("计入 20")
    expect(box).to_contain_text("主管意见")


def test_a_rep_is_freed_and_reminded(open_desktop: Open, story: Story) -> None:
    page = open_page(open_desktop, story.region.supervisor, f"weeks/{story.week}")
    page.get_by_role("button", name=f"沉默者，{story.last}：缺报到").click()
    box = office.dialog(page)
    box.get_by_role("button", name="登记免签").click()
    box.get_by_role("textbox", name="原因").fill("病假")
    box.get_by_role("button", name="登记免签").last.click()
    expect(box).to_contain_text("已登记免签")
    expect(box).to_contain_text("病假")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=f"沉默者，{story.last}：免签")).to_be_visible()
    page.get_by_role("button", name=f"沉默者，{story.week}：待报到").click()
    box.get_by_role("button", name="提醒").click()
    expect(box.get_by_role("status")).to_contain_text("已提醒")
    box.get_by_role("button", name="提醒").click()
    expect(box.get_by_role("status")).to_contain_text("今天已提醒过")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^提醒(今天到期的|待报到的)")).click()
    expect(page.get_by_text(re.compile("今天已提醒过"))).to_be_visible()


def test_the_board_is_saved_as_a_file(open_desktop: Open, story: Story, tmp_path: Path) -> None:
    page = open_page(open_desktop, story.region.supervisor, f"weeks/{story.week}?q=沉默者")
    expect(page.get_by_role("rowheader", name="沉默者")).to_be_visible()
    for kind, head in (("CSV", b"\xef\xbb\xbf"), ("Excel", b"PK")):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"导出 {kind}").click()
        suffix = "csv" if kind == "CSV" else "xlsx"
        assert waiting.value.suggested_filename == f"office-{story.week}.{suffix}"
        path = tmp_path / f"board.{suffix}"
        waiting.value.save_as(path)
        data = path.read_bytes()
        assert data.startswith(head)
        if kind == "CSV":
            assert "沉默者" in data.decode("utf-8")
            assert "申请人" not in data.decode("utf-8")


def test_a_calendar_is_tried_mended_and_saved(
    open_desktop: Open, story: Story, tmp_path: Path
) -> None:
    page = open_page(open_desktop, "office", "week-settings")
    errors = watch(page)
    expect(page.get_by_role("listitem").filter(has_text="缺日历")).to_be_visible()
    path = tmp_path / "calendar.csv"
    rows = ["name,date,isOffDay", "元旦,2031-01-01,true", "元旦,2031-13-01,true"]
    path.write_text("\n".join(rows), "utf-8")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(str(path))
    page.get_by_role("button", name="检查").click()
    expect(page.get_by_role("cell", name="日期应写成 2026-10-01")).to_be_visible()
    expect(page.get_by_role("button", name="保存 2031 年日历")).to_have_count(0)
    path = tmp_path / "calendar.json"
    days = [{"name": "元旦", "date": "2031-01-01", "isOffDay": True}]
    path.write_text(json.dumps({"year": 2031, "days": days}), "utf-8")
    chooser.set_input_files(str(path))
    page.get_by_role("button", name="检查").click()
    expect(page.get_by_text("2031-01-01 元旦")).to_be_visible()
    page.get_by_role("button", name="保存 2031 年日历").click()
    line = page.get_by_role("listitem").filter(has=page.get_by_text("2031", exact=True))
    expect(line).to_contain_text("放假 1 天")
    expect(line).to_contain_text("内勤上传")
    assert errors == []


def test_the_rule_and_a_reps_office(open_desktop: Open, story: Story) -> None:
    page = open_page(open_desktop, "office", "week-settings")
    rule = page.locator("section").filter(has=page.get_by_role("heading", name="每周规则"))
    following = office.week_name(datetime.now(office.ZONE) + timedelta(weeks=1))
    rule.get_by_text(f"下周（{following}）").click()
    rule.get_by_role("spinbutton", name="每周次数").fill("2")
    rule.get_by_text("周日", exact=True).click()
    rule.get_by_role("button", name="保存规则").click()
    expect(rule.get_by_text("规则已保存")).to_be_visible()
    expect(rule.get_by_role("listitem")).to_contain_text(f"从 {following} 起：每周 2 次")
    duty = page.locator("section").filter(has=page.get_by_role("heading", name="指定报到地点"))
    office.choose(page, duty, "业务员", "沉默者")
    expect(duty.get_by_role("textbox", name="从哪天起计周")).not_to_have_value("")
    office.choose(page, duty, "报到地点", "桐乡办事处")
    duty.get_by_role("button", name="保存").click()
    expect(duty.get_by_text("已保存")).to_be_visible()
    found = story.region.office.get(f"/office/duties/{story.quiet.user_id}")
    assert found["office_id"] is not None
    # Switched off it binds nobody: here and at the week it is said, and saving lets go of it.
    listed = story.region.office.get("/offices")["items"]
    [mine] = [one for one in listed if one["id"] == found["office_id"]]
    path = f"/offices/{mine['id']}"
    mine = story.region.office.patch(path, {"active": False}, mine["rev"])
    page.goto(f"/console/weeks/{story.week}")
    page.get_by_role("button", name=f"沉默者，{story.week}").click()
    expect(office.dialog(page)).to_contain_text("桐乡办事处已停用，任何办公点都可以")
    page.goto("/console/week-settings")
    office.choose(page, duty, "业务员", "沉默者")
    expect(duty).to_contain_text("原指定的桐乡办事处已停用")
    duty.get_by_role("button", name="保存").click()
    expect(duty.get_by_text("已保存")).to_be_visible()
    expect(duty).not_to_contain_text("已停用")
    found = story.region.office.get(f"/office/duties/{story.quiet.user_id}")
    assert found["office_id"] is None
    story.region.office.patch(path, {"active": True}, mine["rev"])


def test_an_office_has_hours(open_desktop: Open, story: Story) -> None:
    page = open_page(open_desktop, "office", "offices")
    page.get_by_role("button", name="桐乡办事处").click()
    box = office.dialog(page)
    box.get_by_label("周一开门").fill("09:00")
    box.get_by_label("周一关门").fill("18:00")
    box.get_by_role("button", name="保存").click()
    expect(box).to_have_count(0)
    listed = story.region.office.get("/offices")["items"]
    [mine] = [one for one in listed if one["code"] == "acting"]
    assert mine["hours"] == [{"day": 1, "opens": "09:00", "closes": "18:00"}]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("path", ["weeks", "week-requests", "week-settings"])
def test_both_languages_without_barriers(
    open_desktop: Open, story: Story, language: str, path: str
) -> None:
    page = open_page(open_desktop, "office", path, locale=language)
    page.wait_for_load_state("networkidle")
    assert axe(page) == []
    if language == "en" and path == "week-settings":
        # Names are data, and the language switch speaks the other language.
        words = re.sub(
            r"(陈|林|莫|张)\S*|桐乡\S*|巡店|总部|切换到中文|中文", "", chrome_words(page)
        )
        assert re.findall(r"[\u4e00-\u9fff]+", words) == []
