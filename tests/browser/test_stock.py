"""Stock, from the issue to the decision about a count: on a phone without a signal, at a desk."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import office, rep
from tests.browser.api import Api
from tests.browser.conftest import Open, watch
from tests.browser.site import Site

STORE = "苏州园区独墅湖店"
HERE = (31.2865, 120.6000)
CARD, CUP = "货架插卡", "试饮小杯"


def issue(site: Site, rep_name: str, material: str, quantity: int) -> str:
    body = {"material_id": site.company.materials[material], "quantity": quantity}
    body |= {"rep_id": site.company.people[rep_name]}
    made: dict[str, Any] = Api(site, "office").post("/ledger/movements", body)
    return str(made["id"])


def held(site: Site, rep_name: str) -> dict[str, tuple[int, int]]:
    """(balance, on the way) by material, as the server has it."""
    found = Api(site, "office").get(f"/stock?rep={site.company.people[rep_name]}")["items"]
    return {row["material_name"]: (row["balance"], row["in_transit"]) for row in found}


def open_stock(page: Page) -> None:
    page.get_by_role("link", name="物料", exact=True).tap()
    expect(page.get_by_role("heading", name="我的物料")).to_be_visible()


def test_confirmed_given_on_sent_back_and_counted_without_a_signal(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    issue(site, rep_name, CARD, 20)
    short = issue(site, rep_name, CUP, 12)
    context = open_phone(*HERE)
    page = context.new_page()
    wrong = watch(page)
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    open_stock(page)
    expect(page.get_by_role("heading", name="待确认 2")).to_be_visible(timeout=20_000)
    context.set_offline(True)
    mine = page.get_by_role("region", name="手上的库存")
    page.get_by_role("button", name=f"全部收到：{CARD} 20").tap()
    expect(mine).to_contain_text("120 个")
    page.get_by_role("button", name=f"数量不对：{CUP}").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="减一").tap()
    sheet.get_by_role("button", name="确认", exact=True).tap()
    expect(page.get_by_role("heading", name="待确认")).to_have_count(0)
    expect(page.get_by_text("确认了 11，发出 12，待内勤处理")).to_be_visible()
    expect(mine).to_contain_text("111 个")

    page.get_by_role("button", name="转给同事").tap()
    sheet.get_by_role("radiogroup", name="给谁").get_by_role("radio").first.tap()
    sheet.get_by_role("radio", name=CARD).tap()
    sheet.get_by_role("button", name="加一").tap()
    sheet.get_by_role("button", name="保存").tap()
    expect(mine).to_contain_text("118 个")

    page.get_by_role("button", name="退回仓库").tap()
    sheet.get_by_role("radio", name="总仓").tap()
    sheet.get_by_role("radio", name=CUP).tap()
    sheet.get_by_role("button", name="保存").tap()
    expect(mine).not_to_contain_text(CUP)

    page.get_by_role("button", name="盘点").tap()
    sheet.get_by_role("checkbox", name=CARD).tap()
    sheet.get_by_role("button", name="减一").tap()
    sheet.get_by_role("button", name="保存盘点（1）").tap()
    expect(page.get_by_role("region", name="最近的盘点")).to_contain_text("实盘 117，账面 118")

    # The page is closed and opened again, and all of it is still there and still unsent.
    page.close()
    page = context.new_page()
    page.goto("/stock")
    expect(page.get_by_role("region", name="最近的盘点")).to_contain_text("待审批")
    assert held(site, rep_name) == {CARD: (100, 20), CUP: (100, 12)}
    context.set_offline(False)
    rep.wait_until_sent(page, site.company.people[rep_name])
    assert held(site, rep_name) == {CARD: (118, 0), CUP: (0, 1)}
    found = Api(site, "office").get(f"/ledger/movements?rep={site.company.people[rep_name]}")
    assert {row["id"]: row["difference"] for row in found["items"]}[short] == -1
    assert not wrong


def test_two_taps_hand_out_what_was_handed_out_before(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    context = open_phone(*HERE)
    page = context.new_page()
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    rep.check_in(page, STORE)
    context.set_offline(True)
    hand_out = page.get_by_role("button", name="发放物料")
    save = page.get_by_role("dialog").get_by_role("button", name="保存")
    hand_out.tap()
    page.get_by_role("dialog").get_by_role("radio", name=CUP).tap()
    page.get_by_role("dialog").get_by_label("领取人").fill("王店长")
    save.tap()
    expect(page.get_by_text("领取人：王店长")).to_have_count(1)
    hand_out.tap()
    save.tap()
    expect(page.get_by_text("领取人：王店长")).to_have_count(2)
    context.set_offline(False)
    rep.check_out(page)
    rep.wait_until_sent(page, site.company.people[rep_name])
    assert held(site, rep_name)[CUP] == (98, 0)


def taken_as_csv(page: Page, what: str) -> str:
    """The text of a table's file."""
    with page.expect_download() as taken:
        menu = page.get_by_role("group", name=f"导出{what}", exact=True)
        menu.get_by_role("button", name="导出 CSV").click()
    return taken.value.path().read_text("utf-8-sig")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_a_count_is_approved_and_stands_in_the_ledger(
    open_desktop: Open, site: Site, rep_name: str, size: tuple[int, int]
) -> None:
    rep_id = site.company.people[rep_name]
    body = {"kind": "count", "rep_id": rep_id, "material_id": site.company.materials[CUP]}
    Api(site, "sup").post("/ledger/adjustments", body | {"counted": 96})
    viewport = {"width": size[0], "height": size[1]}
    context = open_desktop(viewport=viewport)
    office.log_in(context, "office")
    page = context.new_page()
    page.goto(f"/console/materials/counts?rep={rep_id}")
    row = page.get_by_role("row").filter(has_text=CUP)
    expect(row).to_contain_text("-4")
    row.get_by_role("button", name="批准").click()
    expect(page.get_by_text("没有符合条件的盘点或调整。")).to_be_visible()
    assert held(site, rep_name)[CUP] == (96, 0)
    page.goto(f"/console/materials/ledger?rep={rep_id}&kind=count")
    expect(page.get_by_role("row").filter(has_text=CUP)).to_contain_text("→ 调整")
    text = taken_as_csv(page, "台账")
    assert text.count("\n") == 2
    assert "盘点" in text
    # The handouts of the same filters, with what the ledger has no column for.
    assert "促销活动" in taken_as_csv(page, "门店发放").splitlines()[0]


def test_opening_stock_is_imported_in_two_steps(open_desktop: Open, site: Site) -> None:
    context = open_desktop(locale="en")
    office.log_in(context, "office")
    page = context.new_page()
    page.goto("/console/materials")
    page.get_by_role("button", name="Import opening stock").click()
    box = office.dialog(page)
    text = "code,barcode,name,kind,unit,quantity\nO1,6.9E+12,A,posm,pcs,5\nO2,,B,posm,pcs,7\n"
    box.locator("input[type=file]").set_input_files(
        {"name": "opening.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    box.get_by_role("button", name="Try it").click()
    expect(box.get_by_text("Row 2")).to_be_visible()
    box.get_by_role("button", name="Import 1 rows").click()
    expect(box.get_by_role("heading", name="Imported")).to_be_visible()
    box.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_role("columnheader", name="B pcs")).to_be_visible()
    assert json.dumps(Api(site, "office").get("/stock/trial")["out_of_balance"]) == "0"
