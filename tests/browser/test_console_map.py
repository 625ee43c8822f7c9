"""The supervisor's map: check-ins in their places, filters, the table, one visit, the keyboard."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser import office
from tests.browser.conftest import Open, watch
from tests.browser.office import Region, Sender, View
from tests.browser.site import Site

BASE = (30.2500, 120.1500)
WORDS = {
    "on_site": "范围内",
    "uncertain": "存疑",
    "off_site": "范围外",
    "unverifiable": "无法核实",
}
COLOURS = {
    "on_site": "#137a3e",
    "uncertain": "#8f5b00",
    "off_site": "#bf2329",
    "unverifiable": "#59606b",
}
NEAR_PX = 3
# A label of the graticule stands this far to the right of its line.
BESIDE_LINE_PX = 4


@dataclass
class Story:
    """Five stores; what two reps did there within the month."""

    region: Region
    stores: dict[str, tuple[float, float]]
    fixes: dict[str, tuple[float, float]]
    visits: dict[str, str]


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    """Four check-ins of each verdict and one without a position this week, one older."""
    region = office.make_region(site, "mapland", "西湖区", "钱主管")
    first, second = region.add_rep("吴一"), region.add_rep("郑二")
    stores = {
        verdict: office.moved(*BASE, north=north, east=east)
        for verdict, (north, east) in {
            "on_site": (0, 0),
            "uncertain": (700, 900),
            "off_site": (-700, 1_500),
            "unverifiable": (500, -1_200),
            "old": (-600, -900),
        }.items()
    }
    fixes = {
        "on_site": office.moved(*stores["on_site"], north=40),
        "uncertain": office.moved(*stores["uncertain"], east=180),
        "off_site": office.moved(*stores["off_site"], east=800),
        "unverifiable": office.moved(*stores["unverifiable"], north=20),
        "old": stores["old"],
    }
    accuracy = {"uncertain": 90.0, "unverifiable": 600.0}
    visits = {}
    mine, hers = Sender(first), Sender(second)
    for number, (verdict, fix) in enumerate(fixes.items()):
        at = office.days_ago(20 if verdict == "old" else number + 1)
        store = region.add_store(f"西湖{WORDS.get(verdict, '旧')}店", *stores[verdict])
        sender = hers if verdict == "off_site" else mine
        visits[verdict] = sender.visit(
            store["id"], at, office.gps(*fix, accuracy.get(verdict, 10.0))
        )
    mine.visit(region.stores["西湖旧店"]["id"], office.days_ago(2), None, "地下商场没有信号")
    mine.send()
    hers.send()
    return Story(region, stores, fixes, visits)


def marker(page: Page, verdict: str) -> str:
    """The selector of a single check-in on the map."""
    return f".leaflet-marker-pane .check-in[title='签到：{WORDS[verdict]}']"


def open_map(open_desktop: Open, story: Story) -> Page:
    context = open_desktop(reduced_motion="reduce")
    office.log_in(context, story.region.supervisor)
    page: Page = context.new_page()
    page.goto("/console/")
    office.see_total(page, "4 次签到")
    return page


def test_check_ins_stand_in_their_places(open_desktop: Open, story: Story) -> None:
    page = open_map(open_desktop, story)
    view = office.view_of(page)
    office.see_total(page, "另有 1 次没有定位")
    for verdict in WORDS:
        found = page.locator(marker(page, verdict))
        expect(found).to_have_count(1)
        assert office.centre(found) == pytest.approx(
            view.pixel(*story.fixes[verdict]), abs=NEAR_PX
        ), verdict
        # The verdict is told by colour, and by shape and mark for those who see none.
        expect(found.locator("path").first).to_have_attribute("fill", COLOURS[verdict])
    shapes = {
        page.locator(marker(page, verdict)).locator("path").nth(1).get_attribute("d")
        for verdict in WORDS
    }
    assert len(shapes) == len(WORDS)
    _the_plain_map_is_readable(page, view, story)


def _the_plain_map_is_readable(page: Page, view: View, story: Story) -> None:
    """Without tiles: a graticule with its degrees, place names, a scale."""
    labels = page.locator(".grid-label.lon span")
    expect(labels.first).to_be_visible()
    words = labels.first.inner_text()
    degrees = re.fullmatch(r"(\d+(?:\.\d+)?)°E", words)
    assert degrees, words
    box = labels.first.bounding_box()
    assert box is not None
    line = view.pixel(view.lat, float(degrees[1]))[0]
    assert box["x"] - BESIDE_LINE_PX == pytest.approx(line, abs=NEAR_PX)
    expect(page.locator(".grid-label.lat span").first).to_be_visible()
    assert page.locator("path[stroke='#cdd6e0']").count() >= 4
    names = page.locator(".place-name").all_inner_texts()
    assert len(names) >= 3
    assert set(names) <= {*story.region.stores, "西湖区"}
    name = page.locator(".place-name", has_text="西湖旧店")
    expect(name).to_have_count(1)
    assert office.centre(name)[0] == pytest.approx(view.pixel(*story.stores["old"])[0], abs=NEAR_PX)
    _check_scale(page, view)


def _check_scale(page: Page, view: View) -> None:
    line = page.locator(".leaflet-control-scale-line")
    words = re.fullmatch(r"(\d+) (k?)m", line.inner_text())
    assert words, line.inner_text()
    metres = int(words[1]) * (1_000 if words[2] else 1)
    width = line.evaluate("(line) => line.getBoundingClientRect().width")
    assert width * view.metres_per_pixel == pytest.approx(metres, rel=0.05)


def test_filters_count_and_stand_in_the_address(open_desktop: Open, story: Story) -> None:
    page = open_map(open_desktop, story)
    page.get_by_role("button", name="近 30 天", exact=True).click()
    office.see_total(page, "5 次签到")
    assert office.query(page)["days"] == "30"
    page.get_by_role("button", name="范围外", exact=True).click()
    office.see_total(page, "范围内 1 次签到")
    page.get_by_role("button", name="无法核实", exact=True).click()
    office.see_total(page, "范围内 2 次签到")
    assert set(office.query(page)["verdict"].split(",")) == {"off_site", "unverifiable"}
    office.choose(page, page.get_by_role("region", name="筛选"), "业务员", "郑二")
    office.see_total(page, "范围内 1 次签到")
    assert office.query(page)["rep"] == story.region.reps["郑二"].user_id
    expect(page.locator(marker(page, "off_site"))).to_have_count(1)
    expect(page.locator(marker(page, "unverifiable"))).to_have_count(0)

    before = office.query(page)
    page.reload()
    office.see_total(page, "范围内 1 次签到")
    expect(page.get_by_role("button", name="范围外", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.get_by_role("button", name="近 30 天", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.get_by_role("region", name="筛选")).to_contain_text("郑二")
    office.settled(page)
    assert office.query(page) == before

    page.get_by_role("button", name="清除筛选").click()
    office.see_total(page, "范围内 4 次签到")
    # A range of days: the one day three days ago, through the address as a link would have it.
    day = office.days_ago(3).date().isoformat()
    page.goto(f"/console/?from={day}&to={day}")
    office.see_total(page, "范围内 1 次签到")
    expect(page.locator(marker(page, "off_site"))).to_have_count(1)


def test_the_table_shows_the_same_selection(open_desktop: Open, story: Story) -> None:
    page = open_map(open_desktop, story)
    page.get_by_role("button", name="列表").click()
    rows = page.get_by_role("table").locator("tbody").get_by_role("row")
    # The one without a position is in the table, too.
    expect(rows).to_have_count(5)
    expect(page.get_by_text("共 5 次拜访")).to_be_visible()
    page.get_by_role("button", name="范围外", exact=True).click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("西湖范围外店")
    expect(rows.first).to_contain_text("郑二")
    expect(rows.first).to_contain_text("800 米")
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="地图", exact=True).click()
    office.see_total(page, "范围内 1 次签到")
    rows.first.wait_for(state="detached")
    page.goto("/console/visits?verdict=off_site")
    rows.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("西湖范围外店")


def test_one_check_in_shows_what_the_verdict_rests_on(open_desktop: Open, story: Story) -> None:
    page = open_map(open_desktop, story)
    errors = watch(page)
    office.view_of(page)
    page.locator(marker(page, "uncertain")).click()
    panel = page.get_by_role("complementary", name="选中的拜访")
    expect(panel.get_by_role("heading", name="西湖存疑店")).to_be_visible()
    expect(panel).to_contain_text("吴一")
    expect(panel).to_contain_text("存疑")
    assert office.query(page)["open"] == story.visits["uncertain"]
    view = office.view_of(page)

    pin = page.locator(".place-pin")
    expect(pin).to_have_count(1)
    box = pin.bounding_box()
    assert box is not None
    tip = (box["x"] + box["width"] / 2, box["y"] + box["height"])
    assert tip == pytest.approx(view.pixel(*story.stores["uncertain"]), abs=NEAR_PX + 1)
    fix = page.locator(".check-in:not([title])")
    assert office.centre(fix) == pytest.approx(view.pixel(*story.fixes["uncertain"]), abs=NEAR_PX)
    for selector, at, metres in (
        (f"path[stroke='{COLOURS['uncertain']}'][fill-opacity]", story.fixes["uncertain"], 90),
        ("path[stroke='#173d6e'][stroke-dasharray='5 5']", story.stores["uncertain"], 200),
    ):
        circle = page.locator(".leaflet-overlay-pane").locator(selector)
        expect(circle).to_have_count(1)
        assert office.centre(circle) == pytest.approx(view.pixel(*at), abs=NEAR_PX)
        drawn = circle.evaluate("(path) => path.getBBox().width")
        assert drawn * view.metres_per_pixel == pytest.approx(2 * metres, rel=0.03)
    _check_scale(page, view)

    # The link opens the same; Escape closes it.
    page.reload()
    expect(panel.get_by_role("heading", name="西湖存疑店")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    assert "open" not in office.query(page)
    assert errors == []


def test_check_ins_without_a_mouse(open_desktop: Open, story: Story) -> None:
    page = open_map(open_desktop, story)
    office.view_of(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.title")
        if name == "签到：范围外":
            break
    expect(page.locator(marker(page, "off_site"))).to_be_focused()
    expect(page.locator(marker(page, "off_site"))).to_have_accessible_name("签到：范围外")
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="选中的拜访")
    expect(panel.get_by_role("heading", name="西湖范围外店")).to_be_focused()


def test_another_regions_supervisor_sees_none(open_desktop: Open, story: Story) -> None:
    context = open_desktop()
    office.log_in(context, "supwest")
    page = context.new_page()
    page.goto("/console/?days=30")
    office.see_total(page, "范围内 0 次签到")
    expect(page.get_by_text("此范围内没有签到")).to_be_visible()
    expect(page.locator(".leaflet-marker-pane .check-in, .bubble")).to_have_count(0)
    # Not by its address, either, nor by the region's.
    page.goto(f"/console/visits/{story.visits['on_site']}")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("西湖范围内店")).to_have_count(0)
    page.goto(f"/console/?region={story.region.id}&open={story.visits['on_site']}")
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator(".leaflet-marker-pane .check-in, .bubble, .place-pin")).to_have_count(0)
