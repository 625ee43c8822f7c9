"""A campaign from the office's plan to the rep's offline hand-out and the supervisor's summary."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from server.kernel.clock import org_day
from tests.browser import office, rep
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import Open, watch
from tests.browser.site import Site
from tests.browser.test_rep_screens import chrome_words

STORE, OTHER = "苏州园区独墅湖店", "苏州园区湖东店"
HERE = (31.2865, 120.6000)


def days() -> tuple[str, str]:
    today = org_day(datetime.now().astimezone())
    return (today - timedelta(days=3)).isoformat(), (today + timedelta(days=10)).isoformat()


def plan(site: Site, code: str, name: str, stores: list[str], **more: Any) -> str:
    """A running campaign: two cards and a poster's photo at each store."""
    api = Api(site, "office")
    first, last = days()
    lines = [{"material_id": site.company.materials["货架插卡"], "per_store": 2}]
    values = {"code": code, "name": name, "first_day": first, "last_day": last}
    values |= {"materials": lines, "photo_kinds": ["posm"]} | more
    campaign: str = api.post("/campaigns", values)["id"]
    chosen = {"how": "add", "store_ids": [site.company.stores[one] for one in stores]}
    api.post(f"/campaigns/{campaign}/stores", chosen)
    api.post(f"/campaigns/{campaign}/state", {"state": "running"})
    return campaign


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def test_an_offline_handout_counts_for_the_campaign(
    open_phone: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    campaign = plan(site, "PH1", "双旦插卡", [STORE], note="先摆收银台旁")
    context = open_phone(*HERE)
    page = context.new_page()
    errors = watch(page)
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    me = site.company.people[rep_name]
    rep.store_link(page, STORE).tap()
    expect(card(page, "双旦插卡").get_by_text("缺物料照片")).to_be_visible()
    page.goto("/")
    context.set_offline(True)
    rep.check_in(page, STORE)
    shown = card(page, "双旦插卡")
    expect(shown.get_by_text("已发放 0 / 2")).to_be_visible()
    assert axe(page) == []
    # One tap: material, quantity and campaign are what is lacking.
    shown.get_by_role("button", name="发放 货架插卡").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_label("计入活动")).to_have_value(campaign)
    assert axe(page) == []
    sheet.locator("canvas").scroll_into_view_if_needed()
    rep.sign(page)
    sheet.get_by_role("button", name="保存").tap()
    expect(shown.get_by_text("已发放 2 / 2")).to_be_visible()
    # What is missing and what cannot be done is said.
    shown.get_by_role("button", name="登记现场").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("button", name="保存")).to_be_disabled()
    line = sheet.get_by_role("group", name="货架插卡")
    line.get_by_role("button", name="在场").tap()
    line.get_by_role("button", name="缺少").tap()
    sheet.get_by_label("缺几个").fill("1")
    sheet.get_by_label("物料照片").check()
    sheet.get_by_label("原因").fill("店里不让拍")
    assert axe(page) == []
    sheet.get_by_role("button", name="保存").tap()
    expect(shown.get_by_text("现场：缺 1 个")).to_be_visible()
    expect(shown.get_by_text("登记为拍不了")).to_be_visible()
    said = page.get_by_role("region", name="活动现场登记")
    expect(said.get_by_text("货架插卡：缺 1 个")).to_be_visible()
    expect(said.get_by_text("原因：店里不让拍")).to_be_visible()
    assert axe(page) == []
    # It is put up again.
    shown.get_by_role("button", name="发放 货架插卡").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("spinbutton", name="数量")).to_have_value("1")
    sheet.get_by_role("button", name="保存").tap()
    expect(shown.get_by_text("现场：缺 1 个")).to_have_count(0)
    # And then it could be done after all.
    shown.get_by_role("button", name="去拍物料照片").tap()
    expect(page.get_by_role("button", name="物料", exact=True).first).to_have_attribute(
        "aria-pressed", "true"
    )
    file = tmp_path / "poster.jpg"
    file.write_bytes(office.jpeg("#aa3030", "poster"))
    rep.add_files(page, [file], 0)
    expect(shown.get_by_text("已完成")).to_be_visible()
    expect(shown.get_by_role("button")).to_have_count(1)
    context.set_offline(False)
    rep.wait_until_sent(page, me)
    rows = rep.local_rows(page, me, "handouts")
    assert sorted((row["campaign_id"], row["quantity"]) for row in rows) == [
        (campaign, 1),
        (campaign, 2),
    ]
    [seen] = rep.local_rows(page, me, "campaign_seen")
    assert (seen["sync"], seen["materials"][0]["quantity"]) == ("sent", 1)
    expect(shown.get_by_text("已发放 3 / 2")).to_be_visible()
    supervisor = Api(site, "sup")
    visit = rows[0]["visit_id"]
    office.wait_for_photos(supervisor, visit, 1)
    board = supervisor.get(f"/campaigns/{campaign}/board")
    assert [(row["store_name"], row["state"]) for row in board["items"]] == [
        (STORE, "photographed")
    ]
    assert board["items"][0]["seen"]["note"] == "店里不让拍"
    numbers = supervisor.get(f"/campaigns/{campaign}/numbers")
    assert (numbers["effectiveness"]["share"], numbers["target"]["share"]) == (0.5, 1.5)
    assert [text for text in errors if "net::ERR" not in text] == []


def test_the_rep_may_say_that_it_counts_for_none(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    plan(site, "PH2", "湖东插卡", [OTHER])
    page = open_phone(31.3020, 120.6000).new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    rep.check_in(page, OTHER)
    card(page, "湖东插卡").get_by_role("button", name="发放 货架插卡").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("计入活动").select_option(label="不计入任何活动")
    sheet.get_by_role("button", name="保存").tap()
    expect(page.get_by_role("heading", name="物料发放 1")).to_be_visible()
    expect(card(page, "湖东插卡").get_by_text("已发放 0 / 2")).to_be_visible()
    rep.wait_until_sent(page, site.company.people[rep_name])
    [row] = rep.local_rows(page, site.company.people[rep_name], "handouts")
    assert (row["campaign_id"], row["sync"]) == (None, "sent")


def test_an_english_phone(open_phone: Open, site: Site, rep_name: str) -> None:
    plan(site, "PH3", "Winter cards", [STORE])
    page = open_phone(*HERE, locale="en-US").new_page()
    page.goto("/")
    page.get_by_label("User name").fill(rep_name)
    page.get_by_label("Password").fill("a-test-password")
    page.get_by_role("button", name="Log in", exact=True).tap()
    rep.store_link(page, STORE).tap()
    shown = card(page, "Winter cards")
    expect(shown.get_by_text("0 of 2 handed out")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Check in").tap()
    shown.get_by_role("button", name="Say what is there").tap()
    expect(page.get_by_role("dialog").get_by_text("2 × 货架插卡")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Missing").tap()
    assert axe(page) == []
    words = chrome_words(page)
    for text in ("活动", "发放", "缺", "照片"):
        assert text not in words, f"{text} on an English screen"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_office_plans_and_starts(open_desktop: Open, site: Site, tmp_path: Path) -> None:
    context = open_desktop(reduced_motion="reduce")
    office.log_in(context, "office")
    page = context.new_page()
    errors = watch(page)
    page.goto("/console/campaigns")
    page.get_by_role("button", name="新建活动").click()
    box = office.dialog(page)
    box.get_by_role("button", name="保存").click()
    expect(box.get_by_text("请填写此项")).to_have_count(4)
    box.get_by_label("活动", exact=True).fill("元旦端架")
    box.get_by_label("编码").fill("DX1")
    for label, day in zip(("开始日", "结束日"), days(), strict=True):
        box.get_by_label(label).fill(day)
        box.get_by_label(label).press("Enter")
    box.get_by_role("button", name="添加物料").click()
    office.choose(page, box, "第 1 行的物料", "试饮小杯")
    box.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1, name="元旦端架")).to_be_visible()
    page.get_by_role("button", name="开始活动").click()
    expect(page.get_by_text("活动还没有门店或没有计划")).to_be_visible()
    page.get_by_role("button", name="选择门店").click()
    box = office.dialog(page)
    file = tmp_path / "stores.csv"
    file.write_text("门店编码\nT001\nT002\nT999\n", "utf-8")
    box.locator("input[type=file]").set_input_files(str(file))
    box.get_by_role("button", name="加入").click()
    expect(box.get_by_text("加入 2 家，移出 0 家，现共 2 家。")).to_be_visible()
    expect(box.get_by_text("1 个编码没有对应的门店：T999")).to_be_visible()
    box.get_by_role("button", name="关闭", exact=True).last.click()
    page.get_by_role("button", name="开始活动").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("进行中")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("门店名称或编码").fill("T002")
    page.get_by_label("门店名称或编码").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert [text for text in errors if "409" not in text] == []


@pytest.fixture(scope="module")
def story(site: Site) -> str:
    """A campaign with a handout that holds at one of two stores."""
    campaign = plan(site, "ST1", "故事插卡", [STORE, OTHER], target_kind="total", target=10)
    sender = office.Sender(Api(site, "rep3"))
    at = datetime.now().astimezone() - timedelta(minutes=20)
    visit = sender.visit(site.company.stores[OTHER], at, office.gps(31.3020, 120.6000))
    said = {"visit_id": visit, "material_id": site.company.materials["货架插卡"], "quantity": 2}
    said |= {"campaign_id": campaign, "at": office.wire(at)}
    sender.add("handout.add", at, said)
    sender.send()
    return campaign


def test_the_supervisor_sums_up_in_versions(open_desktop: Open, site: Site, story: str) -> None:
    context = open_desktop(reduced_motion="reduce")
    office.log_in(context, "sup")
    page = context.new_page()
    page.goto(f"/console/campaigns/{story}/numbers")
    expect(page.get_by_text("有效发放 = 有领取人签名")).to_be_visible()
    expect(page.get_by_text("0 / 1 笔有效")).to_be_visible()
    page.get_by_role("link", name="小结").click()
    text = page.get_by_label("小结（东区）")
    expect(text).not_to_have_value("")
    assert "货架插卡：计划 4，已发放 2" in text.input_value()
    for wording in ("第一版", "第二版"):
        text.fill(f"{wording}：下次提前备货")
        page.get_by_role("button", name="保存为新版本").click()
        expect(page.get_by_text("已保存")).to_be_visible()
        expect(page.get_by_text(f"东区 第 {1 if wording == '第一版' else 2} 版")).to_be_visible()
    page.get_by_text("东区 第 1 版").click()
    expect(page.get_by_text("第一版：下次提前备货")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV").click()
    data = Path(taken.value.path()).read_text("utf-8-sig")
    assert "第二版：下次提前备货" in data
