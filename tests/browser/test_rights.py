"""The right of reply and My data, on a phone and in the console, in both languages."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import office, rep
from tests.browser.barriers import axe
from tests.browser.conftest import Open, watch
from tests.browser.office import Region, Sender
from tests.browser.seed import PASSWORD
from tests.browser.site import Site
from tests.browser.test_rep_screens import chrome_words

STORE = (30.4500, 120.4500)
NAME = "余杭塘栖店"
ANSWER = "门店上周搬到对面，登记的位置还没更新"


@dataclass
class Story:
    """A rep whose visit was flagged, and the supervisor above them."""

    region: Region
    username: str
    user_id: str
    visit: str


@pytest.fixture
def story(site: Site, request: pytest.FixtureRequest) -> Story:
    """A region, rep and far-off visit of the day before yesterday for each test."""
    code = re.sub(r"\W", "", request.node.name)[-20:].lower()
    region = office.make_region(site, code, "余杭区", "沈主管")
    api = region.add_rep("吴小琴")
    store = region.add_store(NAME, *STORE)
    sender = Sender(api)
    visit = sender.visit(
        store["id"], office.days_ago(2), office.gps(*office.moved(*STORE, north=600), 15)
    )
    sender.send()
    return Story(region, f"{code}-rep1", api.user_id, visit)


def log_in(page: Page, story: Story) -> None:
    rep.log_in(page, story.username, PASSWORD)
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def test_a_flag_is_read_answered_offline_and_seen_by_the_supervisor(
    open_phone: Open, open_desktop: Open, story: Story, tmp_path: Path
) -> None:
    context = open_phone(*STORE)
    page = context.new_page()
    wrong = watch(page)
    log_in(page, story)
    # The badge on the first screen leads to the list, and the list to the visit.
    page.get_by_role("link", name="有 1 次拜访需要您说明").tap()
    waiting = page.get_by_role("region", name="等待您说明")
    expect(waiting.get_by_text(NAME)).to_be_visible()
    assert axe(page) == []
    context.set_offline(True)
    waiting.get_by_role("link").tap()
    section = page.get_by_role("region", name="异常与说明")
    # In plain words, with their numbers, and with what may be said to it.
    expect(section.get_by_text("签到位置离门店登记的位置较远")).to_be_visible()
    expect(section.get_by_text(re.compile(r"5\d\d|600"))).to_be_visible()
    section.get_by_role("button", name="说明情况").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("发生了什么？").fill(ANSWER)
    photo = tmp_path / "door.jpg"
    photo.write_bytes(office.jpeg("#205080", "new door"))
    sheet.locator("input[type=file]").set_input_files(str(photo))
    expect(sheet.get_by_role("button", name="不附照片")).to_be_visible(timeout=60_000)
    assert axe(page) == []
    sheet.get_by_role("button", name="保存说明").tap()
    expect(section.get_by_text(ANSWER)).to_be_visible()
    expect(section.get_by_text("仅在手机上")).to_be_visible()
    # The flag is still there.
    expect(section.get_by_text("签到位置离门店登记的位置较远")).to_be_visible()
    rows = rep.local_rows(page, story.user_id, "outbox")
    assert {row["kind"] for row in rows} == {"visit.reply", "photo.add"}
    context.set_offline(False)
    rep.wait_until_sent(page, story.user_id)
    expect(section.get_by_text("已说明")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="今日")).to_be_visible()
    expect(page.get_by_role("link", name="需要您说明")).to_have_count(0)
    assert wrong == []

    console = open_desktop()
    office.log_in(console, story.region.supervisor)
    desk = console.new_page()
    office.wait_for_photos(story.region.reps["吴小琴"], story.visit, 1)
    desk.goto(f"/console/visits/{story.visit}")
    reply = desk.get_by_role("region", name="业务员的说明")
    expect(reply.get_by_text(ANSWER)).to_be_visible()
    expect(reply.get_by_role("img", name="说明所附照片")).to_be_visible()
    expect(desk.get_by_role("region", name="判定").get_by_text("范围外").first).to_be_visible()
    assert axe(desk) == []
    page.goto("/me/data")
    looked = page.locator("details").filter(has_text="谁看过我的拜访")
    looked.locator("summary").tap()
    expect(looked.get_by_text("沈主管")).to_be_visible()


def test_a_question_comes_to_the_phone(open_phone: Open, story: Story) -> None:
    """As the feed brings it; the visit's flags had been answered before."""
    page = open_phone(*STORE).new_page()
    log_in(page, story)
    expect(page.get_by_role("link", name="有 1 次拜访需要您说明")).to_be_visible()
    page.evaluate(
        """([name, row]) => new Promise((resolve, reject) => {
            const open = indexedDB.open(name)
            open.onsuccess = () => {
                const change = open.result.transaction('reviews', 'readwrite')
                change.objectStore('reviews').put(row)
                change.onerror = () => reject(change.error)
                change.oncomplete = () => { open.result.close(); resolve() }
            }
        })""",
        [
            f"storewalk-{story.user_id}",
            {
                "id": "00000000-0000-7000-8000-000000000001",
                "visit_id": story.visit,
                "state": "asked",
                "question": "当天是谁接待的？",
                "at": office.wire(office.days_ago(1)),
            },
        ],
    )
    page.goto("/answers")
    expect(page.get_by_text("主管问：当天是谁接待的？")).to_be_visible()
    expect(page.get_by_text("主管提问")).to_be_visible()
    page.goto(f"/visits/{story.visit}")
    section = page.get_by_role("region", name="异常与说明")
    expect(section.get_by_text("主管问：当天是谁接待的？")).to_be_visible()
    section.get_by_role("button", name="说明情况").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("发生了什么？").fill("李店长")
    sheet.get_by_role("button", name="保存说明").tap()
    expect(section.get_by_text("已说明")).to_be_visible()


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_my_data_is_shown_and_taken_along(open_phone: Open, story: Story, locale: str) -> None:
    context = open_phone(*STORE, locale=locale)
    page = context.new_page()
    wrong = watch(page)
    page.goto("/")
    page.get_by_label("用户名" if locale == "zh-CN" else "User name").fill(story.username)
    page.get_by_label("密码" if locale == "zh-CN" else "Password").fill(PASSWORD)
    page.get_by_role("button", name="登录" if locale == "zh-CN" else "Log in", exact=True).tap()
    expect(page.locator("a[href^='/stores/']").first).to_be_visible()
    page.goto("/me")
    page.get_by_role("link", name="查看我的数据" if locale == "zh-CN" else "See my data").tap()
    heading = "拜访与定位" if locale == "zh-CN" else "Visits and positions"
    visits = page.locator("details").filter(has_text=heading)
    expect(visits.first).to_be_visible()
    for section in page.locator("details").all():
        section.locator("summary").tap()
    expect(visits.get_by_text(NAME)).to_be_visible()
    expect(visits.get_by_text("范围外" if locale == "zh-CN" else "Off site").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert axe(page) == []
    if locale == "en":
        words = chrome_words(page)
        for ours in (NAME, "吴小琴", "余杭区", "沈主管", "陈内勤"):
            words = words.replace(ours, "")
        assert re.findall(r"[\u4e00-\u9fff]+", words) == []
    with page.expect_download() as saving:
        page.get_by_role("button", name="ZIP").tap()
    with zipfile.ZipFile(io.BytesIO(Path(saving.value.path()).read_bytes())) as archive:
        assert archive.namelist() == ["data.json", "photos.csv", "report.html"]
        data = json.loads(archive.read("data.json"))
    assert [row["id"] for row in data["sections"]["visits"]] == [story.visit]
    assert saving.value.suggested_filename.startswith("storewalk-my-data-")
    assert wrong == []


def test_my_data_says_why_it_needs_a_network(open_phone: Open, story: Story) -> None:
    context = open_phone(*STORE)
    page = context.new_page()
    log_in(page, story)
    # The files of a screen never opened are on the phone too.
    context.set_offline(True)
    page.goto("/me/data")
    expect(page.get_by_text("需要网络才能查看")).to_be_visible()
    assert axe(page) == []
    context.set_offline(False)
    expect(page.locator("details").first).to_be_visible()


def test_the_office_takes_the_journal_along(open_desktop: Open, story: Story) -> None:
    context = open_desktop()
    office.log_in(context, "office")
    page = context.new_page()
    wrong = watch(page)
    page.goto("/console/")
    page.get_by_role("link", name="操作日志").click()
    day = (office.days_ago(0) - timedelta(days=0)).date().isoformat()
    page.get_by_label("从").fill(day)
    page.get_by_label("至").fill("2000-01-01")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("至").fill(day)
    assert axe(page) == []
    with page.expect_download() as saving:
        page.get_by_role("link", name="下载").click()
    text = Path(saving.value.path()).read_bytes().decode("utf-8-sig")
    assert text.startswith("id,at,event,")
    assert story.visit in text
    assert saving.value.suggested_filename == f"storewalk-journal-{day}-{day}.csv"
    assert wrong == []


def test_a_supervisor_has_no_journal_to_take(open_desktop: Open, story: Story) -> None:
    context = open_desktop()
    office.log_in(context, story.region.supervisor)
    page = context.new_page()
    page.goto("/console/journal")
    expect(page.get_by_role("link", name="地图")).to_be_visible()
    expect(page.get_by_role("link", name="操作日志")).to_have_count(0)
