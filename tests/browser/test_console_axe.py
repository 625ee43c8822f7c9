"""Every screen of the console: no barriers, nothing wider than the screen, no foreign words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.config import ROOT
from tests.browser import office
from tests.browser.barriers import axe
from tests.browser.conftest import DESKTOP, PHONE, Open, watch
from tests.browser.office import Region, Sender
from tests.browser.site import Site

LOCALES = ROOT / "pwa" / "src" / "locales"
STORE = (28.6800, 115.8500)
TO_ENGLISH, TO_CHINESE = "Switch to English", "切换到中文"


@dataclass
class Story:
    """A region with something on every screen."""

    region: Region
    visit: str
    campaign: str


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    """Visits of two verdicts, one of them with everything; an office check-in."""
    region = office.make_region(site, "axeland", "南昌区", "许主管")
    rep = region.add_rep("何小军")
    store = region.add_store("南昌八一店", *STORE)
    campaign = _plan(region, store["id"], site.company.materials["货架插卡"])
    sender = Sender(rep)
    sender.visit(store["id"], office.days_ago(3), office.gps(*STORE))
    at = office.days_ago(2)
    far = office.moved(*STORE, north=500)
    visit = sender.visit(store["id"], at, office.gps(*far, 20), "门口施工")
    sender.photo(visit, "shelf", at, office.jpeg("#207020", "shelf"), send=True)
    sender.photo(visit, "pile", at, office.jpeg("#888888", "late"), send=False)
    sha256 = hashlib.sha256(office.signature_png()).hexdigest()
    rep.upload(sha256, office.signature_png())
    sender.add(
        "handout.add",
        at,
        {
            "visit_id": visit,
            "material_id": site.company.materials["货架插卡"],
            "quantity": 3,
            "recipient": "吕店长",
            "signature_sha256": sha256,
            "at": office.wire(at),
        },
    )
    line = {"material_id": site.company.materials["货架插卡"], "state": "missing", "quantity": 1}
    seen = {"campaign_id": campaign, "visit_id": visit, "at": office.wire(at)}
    seen |= {"materials": [line], "photo_kinds": ["posm"], "note": "店里不让贴"}
    sender.add("campaign.seen", at, seen)
    sender.add("visit.note", at, {"visit_id": visit, "at": office.wire(at), "text": "缺货两种"})
    sender.add(
        "office.check_in",
        office.days_ago(7),
        {
            "office_id": None,
            "at": office.wire(office.days_ago(7)),
            "fix": office.gps(*STORE),
            "reason": "在路上",
        },
    )
    sender.send()
    office.wait_for_photos(rep, visit, 1)
    task = {"title": "更换价签", "store_id": store["id"], "from_visit_id": visit}
    late = (office.days_ago(1)).date().isoformat()
    region.office.post("/tasks", task | {"details": "全部冷柜", "due_on": late})
    said = {"text": "下次提前备货", "after": 0}
    region.office.post(f"/campaigns/{campaign}/summaries", said)
    return Story(region, visit, campaign)


def _plan(region: Region, store_id: str, material_id: str) -> str:
    """A campaign that runs at the store."""
    first, last = (office.days_ago(back).date().isoformat() for back in (9, -9))
    values = {"code": "AX1", "name": "滕王阁陈列", "first_day": first, "last_day": last}
    values |= {"note": "先摆收银台旁", "photo_kinds": ["shelf", "posm"]}
    values |= {"materials": [{"material_id": material_id, "per_store": 4}]}
    campaign: str = region.office.post("/campaigns", values)["id"]
    chosen = {"how": "add", "store_ids": [store_id]}
    region.office.post(f"/campaigns/{campaign}/stores", chosen)
    region.office.post(f"/campaigns/{campaign}/state", {"state": "running"})
    return campaign


Step = Callable[[Page, Story], None]


def _press(name: str) -> Step:
    """Press the button whose name begins so."""

    def press(page: Page, _story: Story) -> None:
        page.get_by_role("button", name=re.compile(f"^{name}")).filter(visible=True).first.click()
        page.locator("dialog, [role=dialog]").filter(visible=True).wait_for()

    return press


def _go(path: str, ready: str) -> Step:
    def go(page: Page, story: Story) -> None:
        ids = {"visit": story.visit, "region": story.region.id, "campaign": story.campaign}
        page.goto(f"/console/{path.format(**ids)}")
        page.locator(ready).first.wait_for()

    return go


def _open_details(page: Page, _story: Story) -> None:
    page.locator("details summary").first.click()


# Each screen: how one comes to it from the one before.
SCREENS: dict[str, list[Step]] = {
    "map": [_go("?days=30&region={region}", ".check-in, .bubble")],
    "visit on the map": [_go("?days=30&region={region}&open={visit}", ".place-pin")],
    "list beside the map": [_go("?days=30&region={region}&list=1", ".in-view li")],
    "day of a rep": [_go("?view=day&region={region}&days=30", ".rep-day")],
    "photo wall": [_go("photos?region={region}", "[data-photo] img")],
    "map as a table": [_go("?days=30&region={region}&view=table", "tbody tr")],
    "visits": [_go("visits?region={region}&days=30", "tbody tr")],
    "visit": [_go("visits/{visit}", "img[src$='/thumb']")],
    "photo": [_press("放大 货架")],
    "tasks": [_go("tasks?region={region}", "tbody tr")],
    "task": [_press("更换价签")],
    "giving a task": [_go("tasks?show=all", "tbody tr"), _press("下达任务")],
    "weeks": [_go("weeks?region={region}", "tbody tr")],
    "check-in": [_press("何小军")],
    "stores": [_go("stores?region={region}", "tbody tr")],
    "store": [_press("南昌八一店")],
    "import": [_go("stores?region={region}", "tbody tr"), _press("导入 CSV")],
    "proposed pins": [_go("stores/pins", "h1")],
    "rules": [_go("rules", "form input")],
    "people": [_go("people", "tbody tr")],
    "person": [_press("新增人员")],
    "regions": [_go("regions", "tbody tr")],
    "region": [_press("南昌区")],
    "materials": [_go("materials", ".stock table")],
    "stock": [_press("登记出入库")],
    "import of stock": [_go("materials", ".stock table"), _press("导入期初库存")],
    "ledger": [_go("materials/ledger", "tbody tr")],
    "in transit": [_go("materials/moving?state=all", "tbody tr")],
    "counts": [_go("materials/counts?state=all", "h1")],
    "count": [_press("登记盘点")],
    "warehouses": [_go("materials/warehouses", "tbody tr")],
    "catalogue": [_go("materials/list", "tbody tr")],
    "material": [_press("新增物料")],
    "campaigns": [_go("campaigns", "tbody tr")],
    "new campaign": [_press("新建活动")],
    "campaign": [_go("campaigns/{campaign}", "tbody tr")],
    "plan of a campaign": [_press("编辑活动")],
    "stores of a campaign": [_go("campaigns/{campaign}", "tbody tr"), _press("选择门店")],
    "numbers of a campaign": [_go("campaigns/{campaign}/numbers", ".share")],
    "summary of a campaign": [
        _go("campaigns/{campaign}/summary", "details summary"),
        _open_details,
    ],
    "offices": [_go("offices", "tbody tr")],
    "office": [_press("苏州办事处")],
    "nowhere": [_go("no-such-screen", "h1")],
}


def words_on(page: Page) -> str:
    """Everything that is written or named on the page."""
    found: str = page.evaluate(
        """() => [document.title, document.body.innerText,
            ...[...document.querySelectorAll('[aria-label],[placeholder],[title],[alt]')].flatMap(
                (element) => ['aria-label', 'placeholder', 'title', 'alt'].map((name) =>
                    element.getAttribute(name) ?? ''))].join('\\n')"""
    )
    return found


def too_wide(page: Page) -> list[str]:
    """What reaches beyond the right edge, outside of frames that scroll by themselves."""
    found: list[str] = page.evaluate(
        """() => {
            const beyond = document.documentElement.scrollWidth - innerWidth
            const main = document.querySelector('main')
            const inner = main ? main.scrollWidth - main.clientWidth : 0
            return [['page', beyond], ['main', inner]].filter(([, by]) => by > 0)
                .map(([name, by]) => `${name} is ${by} px too wide`)
        }"""
    )
    return found


def cut_off(page: Page) -> list[str]:
    """Buttons and headings whose words do not fit into them."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('button, h1, h2, h3, .el-form-item__label')]
            .filter((element) => element.checkVisibility() && element.clientWidth > 0
                && !element.closest('.unseen, .skip')
                && element.scrollWidth > element.clientWidth + 1)
            .map((element) => element.outerHTML.slice(0, 160))"""
    )
    return found


def keys() -> re.Pattern[str]:
    """A key of the locale files where its words should stand, or a hole that nothing filled."""
    groups = [path.stem.removeprefix("console-") for path in LOCALES.glob("en/console-*.json")]
    return re.compile(rf"\b(?:{'|'.join(groups)})(?:\.[a-z_]+)+\b|\{{\w*\}}|\{{'@'\}}")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            # The server's own sentences are no data: the English one has to be shown.
            if key != "words":
                yield from _strings(one)


def data_words(story: Story) -> list[str]:
    """Every Chinese name and text that people entered, the longest first."""
    lists = ["/regions", "/people", "/stores", "/materials", "/offices", "/warehouses", "/me"]
    lists += ["/campaigns", f"/campaigns/{story.campaign}/summaries"]
    lists += [f"/campaigns/seen?visit={story.visit}"]
    lists += [
        f"/visits/{story.visit}",
        "/tasks",
        "/office/weeks/" + office.week_name(office.days_ago(0)),
    ]
    answers = [story.region.office.get(path) for path in lists]
    return sorted(
        {words for words in _strings(answers) if re.search("[一-鿿]", words)}, key=len, reverse=True
    )


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_no_barriers_and_no_foreign_words(
    open_desktop: Open, story: Story, size: dict[str, int]
) -> None:
    context = open_desktop(viewport=size, reduced_motion="reduce")
    page: Page = context.new_page()
    errors = watch(page)
    page.goto("/console/login")
    found = _both_languages(page, story, "login")
    office.log_in(context, "office")
    for name, steps in SCREENS.items():
        for step in steps:
            step(page, story)
        found += _both_languages(page, story, name)
    assert not found, "\n".join(dict.fromkeys(found))
    assert errors == []


def _both_languages(page: Page, story: Story, name: str) -> list[str]:
    """All that is wrong with this screen, in Chinese and then in English; it ends in Chinese."""
    found = []
    page.wait_for_load_state("networkidle")
    for language, switch in (("zh-CN", TO_ENGLISH), ("en", TO_CHINESE)):
        # Half faded in, a dialog has no contrast.
        page.wait_for_function("() => document.getAnimations().length === 0")
        expect(page.locator("html")).to_have_attribute("lang", language)
        wrong = [*axe(page), *too_wide(page), *cut_off(page), *_wrong_words(page, story, language)]
        found += [f"{name}, {language}: {one}" for one in wrong]
        # By the page's own means, since an open dialog covers the button.
        page.locator(f"[aria-label='{switch}']").evaluate("(button) => button.click()")
    return found


def _wrong_words(page: Page, story: Story, language: str) -> list[str]:
    words = words_on(page)
    found = [f"untranslated {match}" for match in keys().findall(words)]
    if language == "en":
        # The way back to Chinese is written in Chinese.
        for known in [*data_words(story), TO_CHINESE, "中文"]:
            words = words.replace(known, "")
        found += [f"foreign {line.strip()}" for line in words.split("\n") if _chinese(line)]
    return found


def _chinese(line: str) -> bool:
    return re.search("[\\u3000-\\u303f\\u4e00-\\u9fff\\uff00-\\uffef]", line) is not None


def test_the_locale_files_leave_no_hole() -> None:
    """A message without its values is no message: the same holes in both languages."""
    for path in sorted(LOCALES.glob("en/console-*.json")):
        other = LOCALES / "zh-CN" / path.name
        english, chinese = (
            {key: set(re.findall(r"\{(\w+)\}", words)) for key, words in _leaves(file)}
            for file in (path, other)
        )
        assert english == chinese, path.name


def _leaves(file: Path) -> Iterator[tuple[str, str]]:
    def walk(value: Any, name: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for key, one in value.items():
                yield from walk(one, f"{name}.{key}")
        else:
            yield name, str(value)

    return walk(json.loads(file.read_text("utf-8")), "")
