"""The page of one visit: photos beside each other and large, the handout, the verdict's reasons."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import office
from tests.browser.barriers import axe
from tests.browser.conftest import DESKTOP, PHONE, Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site
from tests.browser.test_console_axe import cut_off, too_wide

STORE = (30.3500, 120.3500)
VAGUE = (30.4000, 120.4000)
# Shown in this order: from the street to the shelf.
SHOWN = (("storefront", "#b02020"), ("shelf", "#207020"), ("shelf", "#2020b0"))


@dataclass
class Story:
    """A visit 400 m away from its store, with everything that a visit can have."""

    region: Region
    visit: str
    complete: list[str]
    missing: str


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    """Three photos with bytes and one without, a signed handout, a note, an earlier visit."""
    region = office.make_region(site, "visitland", "临平区", "周主管")
    rep = region.add_rep("冯小明")
    store = region.add_store("临平人民店", *STORE)
    sender = Sender(rep)
    sender.visit(store["id"], office.days_ago(3), office.gps(*STORE))
    at = office.days_ago(2)
    visit = sender.visit(
        store["id"], at, office.gps(*office.moved(*STORE, north=400), 25), "门口施工，绕到后门"
    )
    minute = timedelta(minutes=1)
    complete = [
        sender.photo(
            visit, kind, at + number * minute, office.jpeg(color, f"{kind} {number}"), send=True
        )
        for number, (kind, color) in enumerate(SHOWN, 1)
    ]
    late = office.jpeg("#888888", "late")
    missing = sender.photo(visit, "pile", at + 5 * minute, late, send=False)
    sender.add(
        "visit.note",
        at + 6 * minute,
        {
            "visit_id": visit,
            "at": office.wire(at + 6 * minute),
            "text": "堆头已被竞品占用\n下周再来",
        },
    )
    signature = office.signature_png()
    sha256 = hashlib.sha256(signature).hexdigest()
    rep.upload(sha256, signature)
    sender.add(
        "handout.add",
        at + 7 * minute,
        {
            "visit_id": visit,
            "material_id": site.company.materials["试饮小杯"],
            "quantity": 12,
            "recipient": "何店长",
            "signature_sha256": sha256,
            "photo_id": complete[1],
            "at": office.wire(at + 7 * minute),
        },
    )
    sender.send()
    office.wait_for_photos(rep, visit, len(complete))
    return Story(region, visit, complete, missing)


@pytest.fixture(scope="module")
def vague(story: Story) -> str:
    """A visit 250 m from the pin of a store that is known to 100 m."""
    store = story.region.add_store("临平星桥店", *VAGUE, pin_quality_m=100)
    sender = Sender(story.region.reps["冯小明"])
    place = office.gps(*office.moved(*VAGUE, north=250), 10)
    # Longer ago than the lists show by themselves: the others have their neighbours.
    visit = sender.visit(store["id"], office.days_ago(20), place)
    sender.send()
    return visit


def open_visit(open_desktop: Open, story: Story) -> Page:
    context = open_desktop()
    office.log_in(context, story.region.supervisor)
    page: Page = context.new_page()
    page.goto(f"/console/visits/{story.visit}")
    expect(page.get_by_role("heading", level=1)).to_have_text("临平人民店")
    return page


def drawn(image: Locator) -> None:
    """Wait until the picture is there."""
    expect(image).to_be_visible()
    image.evaluate("(image) => image.decode()")


def colour(image: Locator) -> str:
    """The colour in the middle of a picture."""
    drawn(image)
    red, green, blue, _ = image.evaluate(
        """(image) => {
            const canvas = document.createElement('canvas')
            canvas.width = canvas.height = 1
            const pen = canvas.getContext('2d')
            pen.drawImage(image, image.naturalWidth / 2, image.naturalHeight / 2, 1, 1, 0, 0, 1, 1)
            return [...pen.getImageData(0, 0, 1, 1).data]
        }"""
    )
    return max(("red", red), ("green", green), ("blue", blue), key=lambda one: one[1])[0]


def test_photos_beside_each_other_and_large(open_desktop: Open, story: Story) -> None:
    page = open_visit(open_desktop, story)
    errors = watch(page)
    wall = page.get_by_role("button", name=re.compile("^放大 "))
    expect(wall).to_have_count(3)
    pictures = page.locator("img[src$='/thumb']")
    assert [colour(pictures.nth(number)) for number in range(3)] == ["red", "green", "blue"]
    # Side by side: on one line, one after the other.
    boxes = [box for number in range(3) if (box := wall.nth(number).bounding_box())]
    assert [box["y"] for box in boxes] == pytest.approx([boxes[0]["y"]] * 3, abs=2)
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    # Each says what it shows and when it was taken.
    expect(wall.nth(0)).to_have_accessible_name("放大 门头，12:01")
    expect(wall.nth(2)).to_have_accessible_name("放大 货架，12:03")
    # The fourth has not arrived: it is said, and no broken picture is shown.
    expect(page.get_by_role("status").filter(has_text="还有 1 张未到")).to_be_visible()
    expect(page.get_by_text("未到，手机尚未上传")).to_be_visible()
    expect(page.locator(f"img[src*='{story.missing}']")).to_have_count(0)

    wall.nth(1).click()
    viewer = page.get_by_role("dialog", name="照片")
    large = viewer.get_by_role("img", name=re.compile("临平人民店"))
    expect(viewer).to_contain_text("2 / 3")
    assert colour(large) == "green"
    box = large.bounding_box()
    assert box is not None
    assert box["height"] > 500
    for key, place, seen in (
        ("ArrowRight", "3 / 3", "blue"),
        ("ArrowRight", "3 / 3", "blue"),
        ("ArrowLeft", "2 / 3", "green"),
        ("ArrowLeft", "1 / 3", "red"),
        ("ArrowLeft", "1 / 3", "red"),
    ):
        page.keyboard.press(key)
        expect(viewer).to_contain_text(place)
        assert colour(large) == seen
    original = viewer.get_by_role("link", name="原图").get_attribute("href")
    assert original == f"/api/v1/photos/{story.complete[0]}/original"
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    # Back where one came from, for those who use the keyboard.
    expect(wall.nth(1)).to_be_focused()
    assert errors == []


def test_the_handout_with_its_proofs(open_desktop: Open, story: Story) -> None:
    page = open_visit(open_desktop, story)
    card = page.locator("section").filter(has=page.get_by_role("heading", name="发放物料"))
    expect(card).to_contain_text("试饮小杯 × 12 个")
    expect(card).to_contain_text("领取人：何店长")
    image = card.get_by_role("img", name="何店长 的签名")
    drawn(image)
    assert image.evaluate("(image) => [image.naturalWidth, image.naturalHeight]") == [600, 240]
    photo = card.get_by_role("link", name="发给 何店长 的物料照片")
    drawn(photo.get_by_role("img"))
    assert photo.get_attribute("href") == f"/api/v1/photos/{story.complete[1]}/screen"
    # More was handed out than the rep had: kept, and said.
    expect(card).to_contain_text("发放 12，账面只有 0")


def test_the_explanation_in_both_languages(open_desktop: Open, story: Story) -> None:
    page = open_visit(open_desktop, story)
    verdict = page.get_by_role("region", name="判定")
    expect(verdict).to_contain_text("范围外")
    expect(verdict.locator(".explanation")).to_contain_text("400")
    expect(verdict.locator(".explanation")).to_contain_text(re.compile("[一-鿿]"))
    expect(verdict).to_contain_text("门口施工，绕到后门")
    expect(verdict).to_contain_text("±25 米")
    expect(page.get_by_text("堆头已被竞品占用")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")

    page.get_by_role("button", name="Switch to English").click()
    english = page.get_by_role("region", name="Verdict")
    expect(english).to_contain_text("Off site")
    words = english.locator(".explanation").inner_text()
    assert "400" in words
    assert not re.search("[一-鿿]", words)
    expect(english).to_contain_text("±25 m")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Enlarge Storefront, 12:01")).to_be_visible()
    # The choice stays.
    page.reload()
    expect(english).to_contain_text("Off site")


def test_to_the_neighbour_and_back(open_desktop: Open, story: Story) -> None:
    page = open_visit(open_desktop, story)
    expect(page.get_by_text("第 1 / 2 个")).to_be_visible()
    page.get_by_role("link", name="下一个").click()
    expect(page.get_by_text("第 2 / 2 个")).to_be_visible()
    expect(page.get_by_role("region", name="判定")).to_contain_text("范围内")
    expect(page.get_by_text("没有照片。")).to_be_visible()
    expect(page.get_by_text("没有发放物料。")).to_be_visible()
    page.get_by_role("link", name="上一个").click()
    expect(page.get_by_role("region", name="判定")).to_contain_text("范围外")
    # The map of the evidence is the page's own: a pin, a fix, and the way between with its length.
    stage = page.get_by_role("region", name="签到位置与门店位置")
    expect(stage.locator(".place-pin")).to_have_count(1)
    expect(stage.locator(".check-in")).to_have_count(1)
    expect(stage.locator(".offset")).to_have_count(1)
    expect(stage.locator(".offset")).to_have_text("400 米 ±25 米")
    expect(stage.locator(".leaflet-control-scale-line")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_a_pin_is_drawn_as_exactly_as_it_is_known(
    open_desktop: Open, story: Story, vague: str, size: dict[str, int]
) -> None:
    """250 m from a pin that may be 100 m off is inside, and looks so."""
    context = open_desktop(viewport=size, reduced_motion="reduce")
    office.log_in(context, story.region.supervisor)
    page = context.new_page()
    page.goto(f"/console/visits/{vague}")
    expect(page.get_by_role("region", name="判定")).to_contain_text("范围内")
    stage = page.get_by_role("region", name="签到位置与门店位置")
    expect(stage.locator(".offset")).to_have_text("250 米 ±10 米")

    def box(what: str) -> dict[str, float]:
        found = stage.locator(what).bounding_box()
        assert found is not None
        return {"x": found["x"] + found["width"] / 2, "y": found["y"] + found["height"] / 2} | {
            "radius": found["width"] / 2
        }

    fence, ring, fix = box("path.fence"), box("path.fence-quality"), box(".check-in")
    assert ring["radius"] / fence["radius"] == pytest.approx(1.5, rel=0.05)
    away = fence["y"] - fix["y"]
    assert fence["radius"] < away < ring["radius"]
    legend = page.get_by_role("list", name="图例")
    for words in ("范围 200 米", "加门店位置误差 100 米", "定位精度 ±10 米"):
        expect(legend).to_contain_text(words)
    assert [*axe(page), *too_wide(page), *cut_off(page)] == []


def test_a_photo_that_is_being_made_ready_appears_by_itself(
    open_desktop: Open, story: Story
) -> None:
    context = open_desktop()
    office.log_in(context, story.region.supervisor)
    page = context.new_page()
    asked: list[bool] = []
    ready = False

    def answer(route: Route) -> None:
        """The server's own answer; until `ready`, as it was while the pictures were made."""
        fetched = route.fetch()
        body = fetched.json()
        asked.append(ready)
        if not ready:
            for photo in body["photos"]:
                if photo["state"] == "complete":
                    photo["state"] = "stored"
        route.fulfill(response=fetched, json=body)

    page.route(f"**/api/v1/visits/{story.visit}", answer)
    page.goto(f"/console/visits/{story.visit}")
    expect(page.get_by_text("处理中")).to_have_count(len(SHOWN))
    expect(page.locator(".group img")).to_have_count(0)
    ready = True
    expect(page.locator(".group img")).to_have_count(len(SHOWN), timeout=15_000)
    # One photo's bytes have not come: that may take days, and nobody waits for it here.
    seen = len(asked)
    page.wait_for_timeout(4_500)
    assert len(asked) == seen
