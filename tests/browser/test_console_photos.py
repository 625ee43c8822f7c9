"""Photos seen before, in the console: both of a pair where one may see both, and what files say."""

from __future__ import annotations

import io
import re
import time
from dataclasses import dataclass
from datetime import timedelta

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base
from playwright.sync_api import Page, expect

from server.demo.drawing import Request, draw
from tests.browser import office
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import DESKTOP, PHONE, Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site
from tests.browser.test_console_axe import cut_off, too_wide

STORE = (29.5600, 106.5500)
FAR = (30.6700, 104.0600)


@dataclass
class Story:
    """A rep who used a colleague's photo, one from another region, and an old file."""

    region: Region
    visit: str
    earlier: str


def shelf(seed: int, taken: str | None = None) -> bytes:
    """A drawn shelf; taken: what its EXIF block says, in the camera's words."""
    data = draw(Request("shelf", seed, "渝中店", "2026-11-02 10:00  渝中店")).data
    if taken is None:
        return data
    exif = Image.Exif()
    exif.update({Base.Make: "HUAWEI", Base.Model: "TNY-AL00"})
    exif.get_ifd(IFD.Exif).update({Base.DateTimeOriginal: taken, Base.OffsetTimeOriginal: "+08:00"})
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "JPEG", quality=80, exif=exif)
    return out.getvalue()


def recoded(data: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "JPEG", quality=55)
    return out.getvalue()


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    """Every kind of finding at one visit."""
    region = office.make_region(site, "photoland", "渝中区", "秦主管")
    first, second = region.add_rep("罗小林"), region.add_rep("邓小娟")
    stores = [region.add_store(name, *STORE)["id"] for name in ("渝中解放碑店", "渝中大坪店")]
    earlier, _ = _visit(first, stores[0], 12, [(shelf(1), "camera")])
    west = office.make_region(site, "photowest", "成都区", "蒋主管")
    far = west.add_rep("蒲小刚")
    _visit(far, west.add_store("成都春熙店", *FAR)["id"], 9, [(shelf(2), "camera")])
    old = shelf(3, (office.days_ago(40)).strftime("%Y:%m:%d %H:%M:%S"))
    photos = [(recoded(shelf(1)), "camera"), (shelf(2), "camera"), (old, "file")]
    visit, _ = _visit(second, stores[1], 2, photos)
    _wait_for_findings(region.office, visit, 3)
    return Story(region, visit, earlier)


def _visit(
    rep: Api, store: str, days: int, photos: list[tuple[bytes, str]]
) -> tuple[str, list[str]]:
    sender, at = Sender(rep), office.days_ago(days)
    visit = sender.visit(store, at, office.gps(*STORE))
    ids = []
    for number, (data, source) in enumerate(photos, 1):
        when = at + number * timedelta(minutes=1)
        ids.append(sender.photo(visit, "shelf", when, data, send=True))
        sender.ops[-1]["payload"]["source"] = source
    sender.send()
    office.wait_for_photos(rep, visit, len(photos))
    return visit, ids


def _wait_for_findings(api: Api, visit: str, number: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = api.get(f"/photos/findings?visit={visit}")["items"]
        if len(found) == number:
            return
        time.sleep(0.1)
    raise AssertionError(f"not {number} findings: {found}")


def opened(open_desktop: Open, story: Story, who: str, **how: object) -> Page:
    context = open_desktop(**how)
    office.log_in(context, who)
    page: Page = context.new_page()
    page.goto(f"/console/visits/{story.visit}")
    expect(page.get_by_role("region", name="照片核对")).to_be_visible()
    return page


def test_both_photos_of_a_pair(open_desktop: Open, story: Story) -> None:
    page = opened(open_desktop, story, story.region.supervisor)
    errors = watch(page)
    found = page.get_by_role("region", name="照片核对")
    expect(found.get_by_role("listitem")).to_have_count(3)
    near = found.get_by_role("listitem").filter(has_text="画面几乎相同")
    expect(near).to_contain_text("渝中解放碑店")
    expect(near).to_contain_text("罗小林")
    for picture in near.get_by_role("img").all():
        picture.scroll_into_view_if_needed()
        picture.evaluate("(image) => image.decode()")
    here, before = (box for one in near.get_by_role("img").all() if (box := one.bounding_box()))
    assert here["y"] == before["y"]
    assert here["x"] + here["width"] < before["x"]
    expect(page.get_by_text("2 张照片与别处已有的相同或几乎相同")).to_be_visible()
    near.get_by_role("link", name="打开那次拜访").click()
    page.wait_for_url(re.compile(story.earlier))
    expect(page.get_by_role("heading", level=1)).to_have_text("渝中解放碑店")
    # Who took it first has nothing to explain.
    expect(page.get_by_role("region", name="照片核对")).to_have_count(0)
    assert errors == []


def test_another_regions_photo_is_only_known_to_be(open_desktop: Open, story: Story) -> None:
    page = opened(open_desktop, story, story.region.supervisor)
    exact = page.get_by_role("listitem").filter(has_text="同一个文件")
    expect(exact).to_contain_text("不在您的管辖范围")
    expect(exact).to_contain_text("成都区")
    expect(exact.locator("img")).to_have_count(1)
    expect(page.locator("body")).not_to_contain_text("成都春熙店")
    page = opened(open_desktop, story, "office")
    exact = page.get_by_role("listitem").filter(has_text="同一个文件")
    expect(exact).to_contain_text("成都春熙店")
    expect(exact.locator("img")).to_have_count(2)


def test_what_a_file_says_of_itself(open_desktop: Open, story: Story) -> None:
    page = opened(open_desktop, story, story.region.supervisor)
    old = page.get_by_role("listitem").filter(has_text="拍摄时间比添加时间早")
    expect(old).to_contain_text("38 天")
    page.get_by_role("button", name=re.compile("^放大 ")).last.click()
    viewer = page.get_by_role("dialog")
    expect(viewer).to_contain_text("文件自述")
    expect(viewer).to_contain_text("HUAWEI TNY-AL00")
    expect(viewer).to_contain_text("(UTC+08:00)")
    page.keyboard.press("Home")
    expect(viewer).not_to_contain_text("文件自述")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_no_barriers(open_desktop: Open, story: Story, size: dict[str, int]) -> None:
    page = opened(
        open_desktop, story, story.region.supervisor, viewport=size, reduced_motion="reduce"
    )
    for switch in ("Switch to English", "切换到中文"):
        page.wait_for_load_state("networkidle")
        assert [*axe(page), *too_wide(page), *cut_off(page)] == []
        page.get_by_role("button", name=re.compile("^(放大|Enlarge|View)")).last.click()
        page.keyboard.press("End")
        assert [*axe(page), *too_wide(page)] == []
        page.keyboard.press("Escape")
        page.locator(f"[aria-label='{switch}']").evaluate("(button) => button.click()")
