"""The photo wall: by day and filter, by keyboard; before and after side by side and overlaid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from server.demo.drawing import Request, draw
from server.kernel.clock import org_day
from tests.browser import office
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import DESKTOP, PHONE, Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site
from tests.browser.test_console_axe import cut_off, too_wide

STORE = (26.0700, 119.3000)
KINDS = ("storefront", "shelf", "pile")


@dataclass
class Story:
    """Two stores; three kinds of photos each of three days in the first, one in the second."""

    region: Region
    # By days ago and kind.
    photos: dict[tuple[int, str], str]
    other: str
    # The first store's id.
    first: str


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    region = office.make_region(site, "wallland", "鼓山区", "林主管")
    rep = region.add_rep("黄小梅")
    first = region.add_store("鼓山一店", *STORE)
    second = region.add_store("鼓山二店", *STORE)
    photos = {}
    for days in (5, 3, 1):
        sender, at = Sender(rep), office.days_ago(days)
        visit = sender.visit(first["id"], at, office.gps(*STORE))
        for number, kind in enumerate(KINDS):
            data = draw(Request(kind, 10 * days + number, "鼓山一店", f"{days}")).data
            when = at + timedelta(minutes=number + 1)
            photos[days, kind] = sender.photo(visit, kind, when, data, send=True)
        sender.send()
        office.wait_for_photos(rep, visit, len(KINDS))
    sender, at = Sender(rep), office.days_ago(2)
    visit = sender.visit(second["id"], at, office.gps(*STORE))
    other = sender.photo(
        visit, "shelf", at, draw(Request("shelf", 99, "鼓山二店", "2")).data, send=True
    )
    sender.send()
    office.wait_for_photos(rep, visit, 1)
    return Story(region, photos, other, first["id"])


def _day(ago: int) -> str:
    return org_day(office.days_ago(ago)).isoformat()


@pytest.fixture(scope="module")
def campaign(site: Site, story: Story) -> str:
    """A campaign for piles at the first store, from six to two days ago."""
    api = Api(site, "office")
    values = {"code": "GS1", "name": "鼓山堆头月", "materials": [], "photo_kinds": ["pile"]}
    values |= {"first_day": _day(6), "last_day": _day(2)}
    made: str = api.post("/campaigns", values)["id"]
    chosen = {"how": "add", "store_ids": [story.first]}
    api.post(f"/campaigns/{made}/stores", chosen)
    api.post(f"/campaigns/{made}/state", {"state": "running"})
    return made


def open_wall(open_desktop: Open, story: Story, query: str = "", **how: object) -> Page:
    context = open_desktop(reduced_motion="reduce", **how)
    office.log_in(context, story.region.supervisor)
    page: Page = context.new_page()
    page.goto(f"/console/photos{query}")
    return page


def thumb(page: Page, photo: str) -> Locator:
    return page.locator(f"[data-photo='{photo}']")


def shown(picture: Locator) -> str:
    """The id of the photo that an <img> really shows."""
    picture.evaluate("(image) => image.decode()")
    found = re.search(r"/photos/([^/]+)/screen", picture.get_attribute("src") or "")
    assert found
    return found[1]


def test_photos_hang_by_day_and_are_filtered(open_desktop: Open, story: Story) -> None:
    page = open_wall(open_desktop, story)
    errors = watch(page)
    expect(page.locator("[data-photo]")).to_have_count(10)
    expect(page.get_by_role("heading", level=2)).to_have_count(4)
    expect(page.get_by_role("heading", level=2).first).to_contain_text("3 张")
    first = thumb(page, story.photos[1, "pile"])
    expect(page.locator("[data-photo]").first).to_have_attribute(
        "data-photo", story.photos[1, "pile"]
    )
    first.get_by_role("presentation").evaluate("(image) => image.decode()")
    filters = page.get_by_role("region", name="筛选")
    office.choose(page, filters, "照片类型", "货架")
    expect(page.locator("[data-photo]")).to_have_count(4)
    assert office.query(page)["kind"] == "shelf"
    office.choose(page, filters, "门店", "鼓山二店")
    expect(page.locator("[data-photo]")).to_have_count(1)
    expect(thumb(page, story.other)).to_be_visible()
    page.reload()
    expect(page.locator("[data-photo]")).to_have_count(1)
    page.goto("/console/photos?kind=licence")
    expect(page.get_by_text("没有符合条件的照片")).to_be_visible()
    page.goto("/console/")
    page.get_by_role("link", name="照片墙").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("照片墙")
    assert errors == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_photos_of_a_campaign(
    open_desktop: Open, story: Story, campaign: str, size: dict[str, int]
) -> None:
    page = open_wall(open_desktop, story, "?days=1", viewport=size)
    errors = watch(page)
    filters = page.get_by_role("region", name="筛选")
    if size == PHONE:
        filters.get_by_role("button", name="筛选").click()
    office.choose(page, filters, "促销活动", "鼓山堆头月")
    if size == PHONE:
        filters.get_by_role("button", name="查看结果").click()
    # The piles of both days that it ran, at the one store that takes part.
    expect(page.locator("[data-photo]")).to_have_count(2)
    for days in (5, 3):
        expect(thumb(page, story.photos[days, "pile"])).to_be_visible()
    asked = office.query(page)
    assert asked["campaign"] == campaign
    assert (asked["from"], asked["to"]) == (_day(6), _day(2))
    # A link opens with its name.
    page.reload()
    expect(page.locator("[data-photo]")).to_have_count(2)
    if size == PHONE:
        filters.get_by_role("button", name="筛选").click()
    expect(filters).to_contain_text("鼓山堆头月")
    page.wait_for_load_state("networkidle")
    assert [*axe(page), *too_wide(page), *cut_off(page)] == []
    assert errors == []


def test_page_by_page(open_desktop: Open, story: Story) -> None:
    context = open_desktop()
    office.log_in(context, story.region.supervisor)
    page = context.new_page()
    page.route(
        re.compile(r"/photos/wall\?.*limit=60"),
        lambda route: route.continue_(url=route.request.url.replace("limit=60", "limit=4")),
    )
    page.goto("/console/photos")
    expect(page.locator("[data-photo]")).to_have_count(4)
    page.get_by_role("button", name="加载更多").click()
    expect(page.locator("[data-photo]")).to_have_count(8)
    page.get_by_role("button", name="加载更多").click()
    expect(page.locator("[data-photo]")).to_have_count(10)
    expect(page.get_by_role("button", name="加载更多")).to_have_count(0)


def test_by_keyboard(open_desktop: Open, story: Story) -> None:
    page = open_wall(open_desktop, story)
    errors = watch(page)
    newest, middle = story.photos[1, "pile"], story.photos[1, "shelf"]
    thumb(page, newest).focus()
    page.keyboard.press("ArrowRight")
    expect(thumb(page, middle)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(thumb(page, story.other)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(thumb(page, newest)).to_be_focused()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog", name="照片")
    assert shown(viewer.locator("img")) == newest
    page.keyboard.press("ArrowRight")
    expect(viewer.locator("img")).to_have_attribute("src", re.compile(middle))
    assert office.query(page)["photo"] == middle
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(thumb(page, middle)).to_be_focused()
    assert "photo" not in office.query(page)
    page.keyboard.press("c")
    compare = page.get_by_role("dialog", name="前后对比")
    left, right = (compare.get_by_role("figure", name=name) for name in ("左图", "右图"))
    assert shown(left.get_by_role("img")) == story.photos[3, "shelf"]
    assert shown(right.get_by_role("img")) == middle
    page.keyboard.press("Escape")
    expect(compare).to_have_count(0)
    expect(thumb(page, middle)).to_be_focused()
    assert errors == []


def test_before_and_after(open_desktop: Open, story: Story) -> None:
    before, after = story.photos[5, "pile"], story.photos[1, "pile"]
    # A link leads there, though the list shows other days.
    page = open_wall(open_desktop, story, f"?days=1&compare={before},{after}")
    errors = watch(page)
    compare = page.get_by_role("dialog", name="前后对比")
    left, right = (compare.get_by_role("figure", name=name) for name in ("左图", "右图"))
    expect(compare).to_contain_text("鼓山一店 · 堆头 · 相隔 4 天")
    assert shown(left.get_by_role("img")) == before
    assert shown(right.get_by_role("img")) == after
    one, other = (figure.bounding_box() for figure in (left, right))
    assert one is not None
    assert other is not None
    assert one["y"] == other["y"]
    assert one["x"] + one["width"] <= other["x"]
    # Of the same day there is nothing to choose; of another store or kind nothing is offered.
    options = compare.get_by_role("combobox", name="选择左图").locator("option")
    expect(options).to_have_count(3)
    assert [one.is_disabled() for one in options.all()] == [True, False, False]
    compare.get_by_role("combobox", name="选择左图").select_option(story.photos[3, "pile"])
    expect(compare).to_contain_text("相隔 2 天")
    compare.get_by_role("button", name="左右互换").click()
    expect(right.get_by_role("img")).to_have_attribute("src", re.compile(story.photos[3, "pile"]))
    assert office.query(page)["compare"] == f"{after},{story.photos[3, 'pile']}"
    compare.get_by_role("button", name="重叠查看").click()
    top = compare.locator("img.top")
    assert shown(top) == after
    divider = compare.get_by_role("slider", name="分界线位置")
    divider.focus()
    page.keyboard.press("Home")
    expect(divider).to_have_attribute("aria-valuetext", "左图 0%")
    assert top.evaluate("(image) => image.style.clipPath").startswith("inset(0px 100% 0px 0px")
    page.reload()
    expect(compare.locator("img.top")).to_be_visible()
    page.keyboard.press("Escape")
    expect(compare).to_have_count(0)
    # The address follows a moment later.
    page.wait_for_url(lambda url: not any(f"{one}=" in url for one in ("compare", "overlay")))
    assert not office.query(page).keys() & {"compare", "overlay", "photo"}
    assert errors == []


def test_a_photo_without_another_day_says_so(open_desktop: Open, story: Story) -> None:
    page = open_wall(open_desktop, story, f"?compare={story.other}")
    compare = page.get_by_role("dialog", name="前后对比")
    expect(compare.get_by_role("status")).to_have_text("这家门店没有其他日期的同类照片。")
    # One of another store is no partner.
    page.goto(f"/console/photos?compare={story.photos[1, 'shelf']},{story.other}")
    right = compare.get_by_role("figure", name="右图")
    expect(right.get_by_role("img")).to_have_attribute("src", re.compile(story.photos[1, "shelf"]))


def test_another_regions_supervisor_sees_none(open_desktop: Open, story: Story) -> None:
    context = open_desktop()
    office.log_in(context, "supwest")
    page = context.new_page()
    page.goto(f"/console/photos?photo={story.other}")
    expect(page.get_by_role("alert")).to_contain_text("找不到这张照片")
    page.goto(f"/console/photos?compare={story.other}")
    expect(page.get_by_role("alert")).to_contain_text("找不到这张照片")
    expect(page.locator("[data-photo]")).to_have_count(0)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_no_barriers(open_desktop: Open, story: Story, size: dict[str, int]) -> None:
    page = open_wall(open_desktop, story, viewport=size)
    pair = f"compare={story.photos[5, 'pile']},{story.photos[1, 'pile']}"
    for query, ready in (
        ("", "[data-photo] img"),
        (f"?photo={story.other}", "dialog img"),
        (f"?{pair}", "figure img"),
        (f"?{pair}&overlay=1", "img.top"),
    ):
        page.goto(f"/console/photos{query}")
        for switch in ("Switch to English", "切换到中文"):
            page.locator(ready).first.wait_for()
            page.wait_for_load_state("networkidle")
            assert [*axe(page), *too_wide(page), *cut_off(page)] == [], f"{query}, {switch}"
            page.locator(f"[aria-label='{switch}']").evaluate("(button) => button.click()")
