"""The review queue in a real browser: by keyboard, by pointer, undone, in bulk, blindly again."""

from __future__ import annotations

import itertools
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import office
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import DESKTOP, PHONE, Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site
from tests.browser.test_console_axe import TO_CHINESE, TO_ENGLISH, cut_off, too_wide, words_on

STORE = (24.4800, 118.0900)
# Each test has a region of its own, by number.
_NUMBERS = itertools.count(1)


@dataclass
class Story:
    """A region with doubtful visits, by store name the riskiest first."""

    region: Region
    visits: dict[str, str]
    number: int

    @property
    def names(self) -> list[str]:
        """Stores in the order of the queue."""
        return list(self.visits)


@pytest.fixture
def story(site: Site) -> Story:
    """Three visits ever farther off their stores on one day, and one that is fine."""
    story_number = next(_NUMBERS)
    # A name of its own: the office chooses a region by it, and each test makes one.
    region = office.make_region(site, f"review{story_number}", f"厦门{story_number}区", "林主管")
    rep = region.add_rep("蔡小海")
    sender = Sender(rep)
    visits = {}
    morning = office.days_ago(2) - timedelta(hours=3)
    places = [("鹭江店", 0), ("中山路店", 900), ("湖滨店", 5_000), ("集美店", 15_000)]
    for number, (name, metres) in enumerate(places):
        pin = office.moved(*STORE, east=1_500 * number)
        store = region.add_store(name, *pin)
        at = morning + timedelta(hours=2 * number)
        visits[name] = sender.visit(
            store["id"], at, office.gps(*office.moved(*pin, north=metres), 15)
        )
    sender.send()
    riskiest = ["集美店", "湖滨店", "中山路店"]
    return Story(region, {name: visits[name] for name in riskiest}, story_number)


def open_queue(open_desktop: Open, story: Story, query: str = "", **options: object) -> Page:
    context = open_desktop(**options)
    office.log_in(context, story.region.supervisor)
    page: Page = context.new_page()
    page.goto(f"/console/reviews?flag=off_site{query}")
    expect(bar(page)).to_be_visible()
    return page


def bar(page: Page) -> Locator:
    """Who is shown, and the buttons."""
    return page.get_by_role("group", name=re.compile("^(审核决定|Decision)$"))


def shows(page: Page, name: str) -> None:
    expect(bar(page).get_by_role("heading", level=2)).to_have_text(name)


def state(story: Story, name: str) -> str:
    found: str = story.region.office.get(f"/reviews/{story.visits[name]}")["review"]["state"]
    return found


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("navigation", name="待审拜访").get_by_role("button", name=name)


def settled(page: Page, story: Story, wanted: list[str]) -> None:
    """Wait until the server has heard of the decisions on the first stores: the screen does not."""
    for _ in range(100):
        found = [state(story, name) for name in story.names[: len(wanted)]]
        if found == wanted:
            return
        page.wait_for_timeout(100)
    assert found == wanted


def test_by_keyboard_alone(open_desktop: Open, story: Story) -> None:
    page = open_queue(open_desktop, story)
    errors = watch(page)
    first, second, third = story.names
    listed = page.get_by_role("navigation", name="待审拜访").locator("li strong:first-child")
    expect(listed).to_have_text([first, second, third])
    shows(page, first)
    expect(bar(page)).to_contain_text("距离很远 +15")
    page.keyboard.press("j")
    shows(page, second)
    page.keyboard.press("k")
    shows(page, first)
    # The next one is there before the server has answered.
    page.keyboard.press("r")
    shows(page, second)
    expect(row(page, first)).to_contain_text("不通过")
    page.keyboard.press("e")
    sheet = page.get_by_role("dialog", name="询问业务员")
    expect(sheet.get_by_role("textbox")).to_be_focused()
    # What is typed there decides nothing.
    page.keyboard.type("are you there? a r")
    page.keyboard.press("Control+Enter")
    expect(sheet).to_be_hidden()
    shows(page, third)
    page.keyboard.press("a")
    expect(row(page, third)).to_contain_text("已通过")
    expect(page.get_by_text(re.compile("^已通过 中山路店"))).to_be_attached()
    settled(page, story, ["rejected", "asked", "accepted"])
    question = story.region.office.get(f"/reviews/{story.visits[second]}")["review"]["question"]
    assert question == "are you there? a r"
    # Three times back: the last first, each shown again.
    for name in (third, second, first):
        page.keyboard.press("u")
        shows(page, name)
    settled(page, story, ["pending"] * 3)
    expect(page.get_by_role("button", name="撤销", exact=True)).to_be_disabled()
    history = page.get_by_role("region", name="审核记录")
    expect(history.get_by_role("listitem")).to_have_count(2)
    assert errors == []


def test_decided_and_undone_in_one_breath(open_desktop: Open, story: Story) -> None:
    """Faster than the server answers: every entry arrives, in its order."""
    page = open_queue(open_desktop, story)
    page.route("**/decisions", lambda route: (page.wait_for_timeout(300), route.continue_()))
    for key in ("a", "u", "r", "u", "a"):
        page.keyboard.press(key)
    expect(row(page, story.names[0])).to_contain_text("已通过")
    path = f"/reviews/{story.visits[story.names[0]]}"
    actions: list[str] = []
    for _ in range(100):
        actions = [one["action"] for one in story.region.office.get(path)["history"]]
        if len(actions) == 5:
            break
        page.wait_for_timeout(100)
    assert actions == ["accept", "undo", "reject", "undo", "accept"]
    assert state(story, story.names[0]) == "accepted"
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_evidence_beside_each_other(open_desktop: Open, story: Story) -> None:
    # Only here, for the same photos at every story would be a finding of their own.
    rep, visit = story.region.reps["蔡小海"], story.visits["湖滨店"]
    sender = Sender(rep)
    for kind, color in (("storefront", "#b02020"), ("shelf", "#207020")):
        at = office.days_ago(2)
        sender.photo(visit, kind, at, office.jpeg(color, kind), send=True)
    sender.send()
    office.wait_for_photos(rep, visit, 2)
    page = open_queue(open_desktop, story, f"&visit={visit}")
    shows(page, "湖滨店")
    stage = page.get_by_role("region", name="签到位置与门店位置")
    expect(stage.locator(".offset")).to_have_text("5 公里 ±15 米")
    # The circle of uncertainty, the fence, and the way between.
    expect(stage.locator(".leaflet-overlay-pane path")).to_have_count(3)
    photos = page.locator("img[src$='/thumb']")
    expect(photos).to_have_count(2)
    day = page.get_by_role("region", name="当天行程", exact=True)
    stops = day.get_by_role("listitem")
    expect(stops).to_have_count(4)
    expect(stops.nth(2)).to_have_attribute("aria-current", "true")
    expect(stops.nth(1)).to_contain_text("1 小时 40 分")
    expect(day.locator(".stop-mark")).to_have_text(["1", "2", "3", "4"])
    earlier = page.get_by_role("region", name="此前的异常")
    expect(earlier).to_contain_text("异常 1 次，不通过 0 次")
    expect(earlier.get_by_role("link", name=re.compile("中山路店"))).to_be_visible()


def test_somebody_else_was_faster(open_desktop: Open, story: Story) -> None:
    page = open_queue(open_desktop, story)
    first, second, _ = story.names
    shows(page, first)
    expect(page.get_by_role("region", name="当天行程", exact=True)).to_be_visible()
    other = {"id": str(uuid.uuid4()), "action": "reject", "rev": 0}
    story.region.office.post(f"/reviews/{story.visits[first]}/decisions", other)
    page.get_by_role("button", name="通过", exact=True).click()
    shows(page, first)
    expect(page.get_by_role("alert")).to_contain_text("其他人已处理过这次拜访")
    expect(row(page, first)).to_contain_text("不通过")
    assert state(story, first) == "rejected"
    # Seen that, one may still decide otherwise.
    page.get_by_role("button", name="通过", exact=True).click()
    shows(page, second)
    settled(page, story, ["accepted"])


def answer(story: Story, name: str, text: str) -> None:
    """The rep answers for a store's visit, with a photo."""
    rep, visit = story.region.reps["蔡小海"], story.visits[name]
    sender = Sender(rep)
    picture = office.jpeg("#203a80", text)
    photo = sender.photo(visit, "other", office.days_ago(1), picture, send=True)
    said = {"visit_id": visit, "text": text, "photo_id": photo}
    sender.add("visit.reply", office.days_ago(1), said | {"at": office.wire(office.days_ago(1))})
    sender.send()
    office.wait_for_photos(rep, visit, 1)


def test_an_answer_is_seen_before_one_decides(open_desktop: Open, story: Story) -> None:
    page = open_queue(open_desktop, story)
    first, second, _ = story.names
    shows(page, first)
    expect(page.get_by_role("region", name="当天行程", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")
    # Both are on the screen's mind by now, the second fetched ahead.
    answer(story, first, f"店已搬迁 {story.number}")
    answer(story, second, f"后门签到 {story.number}")
    page.get_by_role("button", name="通过", exact=True).click()
    shows(page, first)
    expect(page.get_by_role("alert")).to_contain_text("业务员刚刚作了说明")
    said = page.get_by_role("region", name="业务员的说明")
    expect(said).to_contain_text(f"店已搬迁 {story.number}")
    expect(said.get_by_role("img", name="说明所附照片")).to_be_visible()
    assert state(story, first) == "explained"
    page.get_by_role("button", name="通过", exact=True).click()
    settled(page, story, ["accepted"])
    # Another filter is another look.
    states = page.get_by_role("group", name="审核筛选")
    states.get_by_role("button", name="已通过").click()
    row(page, second).click()
    expect(said).to_contain_text(f"后门签到 {story.number}")
    rep = story.region.reps["蔡小海"]
    looks = rep.get("/me/data/views")["items"]
    seen = {one["visit_id"] for one in looks if one["viewer_name"] == "林主管"}
    assert seen == {story.visits[first], story.visits[second]}


def test_keys_can_be_switched_off(open_desktop: Open, story: Story) -> None:
    page = open_queue(open_desktop, story)
    shows(page, story.names[0])
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="键盘快捷键")
    expect(sheet).to_be_visible()
    sheet.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("a")
    page.keyboard.press("j")
    shows(page, story.names[0])
    page.reload()
    shows(page, story.names[0])
    page.keyboard.press("a")
    shows(page, story.names[0])
    assert state(story, story.names[0]) == "pending"


def test_filters_live_in_the_address(open_desktop: Open, story: Story) -> None:
    page = open_queue(open_desktop, story)
    listed = page.get_by_role("navigation", name="待审拜访").get_by_role("listitem")
    expect(listed).to_have_count(3)
    page.get_by_role("button", name="不通过", exact=True).last.wait_for()
    states = page.get_by_role("group", name="审核筛选")
    states.get_by_role("button", name="已通过").click()
    page.wait_for_url(
        re.compile("status=pending,explained,accepted|status=pending%2Cexplained%2Caccepted")
    )
    expect(listed).to_have_count(3)
    page.goto("/console/reviews?flag=clock_moved")
    expect(page.get_by_text("没有符合条件的拜访。")).to_be_visible()
    page.goto(f"/console/reviews?status=all&verdict=off_site&visit={story.visits['中山路店']}")
    shows(page, "中山路店")


def test_a_bulk_looked_at_confirmed_and_undone(open_desktop: Open, story: Story) -> None:
    page = open_queue(open_desktop, story)
    page.get_by_role("button", name="批量通过").click()
    sheet = page.get_by_role("dialog", name="批量通过")
    expect(sheet).to_contain_text("将通过 3 次待审拜访")
    expect(sheet.get_by_role("list", name="按异常类型")).to_contain_text("范围外 3")
    expect(sheet).to_contain_text("集美店")
    assert state(story, story.names[0]) == "pending"
    sheet.get_by_role("button", name="确认通过 3 次").click()
    expect(sheet.get_by_role("status")).to_contain_text("已通过 3 次拜访。")
    assert [state(story, name) for name in story.names] == ["accepted"] * 3
    sheet.get_by_role("status").get_by_role("button", name="整批撤销").click()
    expect(sheet.get_by_role("status")).to_contain_text("已撤销 3 次")
    assert [state(story, name) for name in story.names] == ["pending"] * 3
    sheet.get_by_role("button", name="关闭").click()
    expect(page.get_by_role("navigation", name="待审拜访").get_by_role("listitem")).to_have_count(3)


def test_the_blind_re_audit(open_desktop: Open, story: Story) -> None:
    supervisor = open_queue(open_desktop, story)
    for key in ("r", "a", "a"):
        supervisor.keyboard.press(key)
    supervisor.wait_for_load_state("networkidle")
    assert state(story, story.names[0]) == "rejected"
    context = open_desktop()
    office.log_in(context, "office")
    page = context.new_page()
    errors = watch(page)
    page.goto("/console/reaudit")
    draw = page.get_by_role("region", name="抽取样本")
    draw.get_by_label("比例").fill("100")
    office.choose(page, draw, "区域", f"厦门{story.number}区")
    draw.get_by_role("button", name="抽取").click()
    expect(draw.get_by_role("status")).to_have_text("从 3 个决定中抽取了 3 个。")
    # Nowhere is it told what the supervisor said.
    page.goto(f"/console/reviews?status=all&visit={story.visits[story.names[0]]}")
    expect(bar(page)).to_contain_text("正在盲审复核")
    expect(bar(page).get_by_role("button", name="通过", exact=True)).to_be_disabled()
    page.goto("/console/reaudit")
    told = page.locator(".told")
    for number in range(3):
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"{3 - number} 次待复核")
        name = bar(page).get_by_role("heading", level=2).inner_text()
        expect(page.get_by_role("region", name="当天行程", exact=True)).to_be_visible()
        page.keyboard.press("a")
        expect(told).to_contain_text(name)
        same = name != story.names[0]
        expect(told).to_contain_text("一致" if same else "原决定为“不通过”")
    expect(page.get_by_text("没有等待您复核的拜访。")).to_be_visible()
    line = page.get_by_role("region", name="一致程度").get_by_role(
        "row", name=f"厦门{story.number}区"
    )
    expect(line).to_contain_text("66.7%")
    assert errors == []


@pytest.fixture
def audited(story: Story) -> Story:
    """A story with an open case for the office."""
    entry = {"id": str(uuid.uuid4()), "action": "accept", "rev": 0}
    supervisor = Api(story.region.site, story.region.supervisor)
    supervisor.post(f"/reviews/{story.visits['中山路店']}/decisions", entry)
    today = office.days_ago(0).date().isoformat()
    body = {"share": 1, "from": today, "to": today, "region": story.region.id}
    story.region.office.post("/reaudit/samples", body)
    return story


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_no_barriers_in_both_languages(
    open_desktop: Open, audited: Story, size: dict[str, int]
) -> None:
    context = open_desktop(viewport=size, reduced_motion="reduce")
    office.log_in(context, "office")
    page: Page = context.new_page()
    region = audited.region.id
    screens = [
        (f"/console/reviews?region={region}&visit={audited.visits['湖滨店']}", None),
        (f"/console/reviews?region={region}", "批量通过"),
        (f"/console/reviews?region={region}", "快捷键"),
        (f"/console/reviews?region={region}", "询问"),
        ("/console/reaudit", None),
    ]
    found = []
    for path, press in screens:
        page.goto(path)
        expect(page.get_by_role("region", name="当天行程", exact=True)).to_be_visible()
        if press:
            page.get_by_role("button", name=press, exact=True).click()
            expect(page.get_by_role("dialog").filter(visible=True)).to_be_visible()
        page.wait_for_load_state("networkidle")
        for language, switch in (("zh-CN", TO_ENGLISH), ("en", TO_CHINESE)):
            expect(page.locator("html")).to_have_attribute("lang", language)
            page.wait_for_function("() => document.getAnimations().length === 0")
            wrong = [*axe(page), *too_wide(page), *cut_off(page)]
            keys = re.findall(r"\breviews\.[a-z_.]+|\{\w+\}", words_on(page))
            found += [f"{path} {press} {language}: {one}" for one in [*wrong, *keys]]
            page.locator(f"[aria-label='{switch}']").evaluate("(button) => button.click()")
    assert not found, "\n".join(dict.fromkeys(found))
