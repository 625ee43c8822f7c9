"""Proposed pins and the rules of judging: seen, weighed and decided on, on a laptop and a phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.app import create_app
from server.config import Settings
from server.kernel.clock import Clock
from server.kernel.db import db
from server.visits.pins import learn_all
from tests.browser import office
from tests.browser.barriers import axe
from tests.browser.conftest import DESKTOP, PHONE, Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site
from tests.browser.test_console_axe import cut_off, too_wide

SIZES = {"laptop": DESKTOP, "phone": PHONE}
STORE = (29.8700, 121.5500)
DAYS = 6


@dataclass
class Story:
    """A region, and for each size a store whose pin is 340 m off."""

    region: Region
    stores: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    """Two reps visit each store for six days, 340 m north of its pin; then pins are learned."""
    region = office.make_region(site, "pinland", "宁波区", "沈主管")
    reps = [region.add_rep("方一"), region.add_rep("方二")]
    names = {"laptop": "宁波天一店", "phone": "宁波江北店"}
    stores = {
        size: region.add_store(name, STORE[0] + n / 10, STORE[1])
        for n, (size, name) in enumerate(names.items())
    }
    for number, rep in enumerate(reps):
        sender = Sender(rep)
        for day in range(DAYS, 0, -1):
            for hour, store in enumerate(stores.values()):
                north = 340 + 4 * (day - 3) + 5 * number
                there = office.moved(store["lat"], store["lon"], north=north, east=3 * day)
                at = office.days_ago(day) + timedelta(hours=hour)
                sender.visit(store["id"], at, office.gps(*there, 12))
        sender.send()
    app = create_app(Settings(data_dir=site.data, password_cost="test"))
    with app.app_context():
        assert learn_all(db.session(), Clock()) == len(stores)
        db.session.remove()
        db.engine.dispose()
    return Story(region, stores)


def open_page(open_desktop: Open, size: str, path: str) -> Page:
    context = open_desktop(viewport=SIZES[size], reduced_motion="reduce")
    office.log_in(context, "office")
    page: Page = context.new_page()
    page.goto(f"/console/{path}")
    return page


def sound(page: Page) -> list[str]:
    """All that axe, and the edges of the screen, have against it."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => document.getAnimations().length === 0")
    return [*axe(page), *too_wide(page), *cut_off(page)]


@pytest.mark.parametrize("size", SIZES)
def test_a_wrong_pin_is_put_right(open_desktop: Open, story: Story, size: str) -> None:
    store = story.stores[size]
    page = open_page(open_desktop, size, "stores")
    errors = watch(page)
    page.get_by_role("link", name="家门店的位置可能不准").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("门店位置建议")
    row = page.get_by_role("row").filter(has_text=store["name"])
    expect(row).to_contain_text("12 次签到 · 2 名业务员 · 6 天")
    expect(row).to_contain_text("34")
    assert sound(page) == []
    row.get_by_role("button", name=store["name"]).click()
    box = office.dialog(page)
    expect(box).to_contain_text("现在的坐标很可能偏了 34")
    expect(box).to_contain_text("12 次拜访的判定会变（此门店共 12 次）：")
    expect(box.get_by_role("listitem")).to_have_text(["12 次：范围外 → 范围内"])
    # Each check-in is on the map, beside both places.
    expect(box.locator("path[fill='#5b3fa0']")).to_have_count(12)
    expect(box.locator(".offset")).to_have_text(["现在", "建议"])
    assert sound(page) == []
    box.get_by_role("button", name="接受", exact=True).click()
    expect(page.get_by_text("已更新位置，相关拜访正在后台重新判定")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=store["name"])).to_have_count(0)
    assert errors == []

    # The honest reps are cleared without anybody doing more.
    def verdicts() -> list[str]:
        found = story.region.office.get(f"/visits?store={store['id']}")
        return [one["verdict"] for one in found["items"]]

    for _ in range(60):
        if set(verdicts()) == {"on_site"}:
            break
        page.wait_for_timeout(500)
    assert verdicts() == ["on_site"] * 12


@pytest.mark.parametrize("size", SIZES)
def test_the_days_are_set_for_which_data_is_kept(
    open_desktop: Open, story: Story, size: str
) -> None:
    page = open_page(open_desktop, size, "rules")
    errors = watch(page)
    kept = page.get_by_role("region", name="保留期限")
    field = kept.get_by_label("照片图像（天）")
    expect(field).to_have_value("0")
    assert sound(page) == []

    def days() -> dict[str, int]:
        found: dict[str, int] = story.region.office.get("/organisation/retention")["days"]
        return found

    field.fill("29")
    kept.get_by_role("button", name="更新期限").click()
    expect(kept.get_by_text("请填 0（一直保留），或至少 30 天。")).to_be_visible()
    assert sound(page) == []
    field.fill("400")
    kept.get_by_role("button", name="更新期限").click()
    asked = page.get_by_role("dialog", name="缩短保留期限")
    expect(asked).to_contain_text("照片图像（天）：400")
    assert sound(page) == []
    asked.get_by_role("button", name="取消").click()
    expect(asked).to_be_hidden()
    assert days()["photos"] == 0
    kept.get_by_role("button", name="更新期限").click()
    asked.get_by_role("button", name="更新期限").click()
    expect(page.get_by_text("期限已更新").first).to_be_visible()
    assert days() == {"positions": 0, "photos": 400, "replies": 0, "views": 0}
    page.reload()
    expect(field).to_have_value("400")
    # To keep it longer loses nothing: nobody is asked.
    field.fill("")
    kept.get_by_role("button", name="更新期限").click()
    expect(field).to_have_value("0")
    assert days()["photos"] == 0
    assert errors == []


@pytest.mark.parametrize("size", SIZES)
def test_the_rules_are_set_and_reset(open_desktop: Open, story: Story, size: str) -> None:
    page = open_page(open_desktop, size, "rules")
    errors = watch(page)
    field = page.get_by_label("最高行程速度（公里/小时）")
    expect(field).to_have_value("120")
    assert sound(page) == []
    field.fill("300")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存").first).to_be_visible()
    assert story.region.office.get("/organisation/rules")["rules"]["travel_kmh"] == 300
    page.reload()
    expect(field).to_have_value("300")
    field.fill("")
    page.get_by_role("button", name="保存").click()
    expect(field).to_have_value("120")
    assert story.region.office.get("/organisation/rules")["rules"]["travel_kmh"] == 120
    assert errors == []
