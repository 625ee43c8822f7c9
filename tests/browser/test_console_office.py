"""The office keeps the records: entries reach the phones, and nobody overwrites another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from server.kernel.crs import Crs, from_wgs84
from tests.browser import office
from tests.browser.api import Api
from tests.browser.conftest import Open, watch
from tests.browser.office import Region
from tests.browser.seed import PASSWORD
from tests.browser.site import Site

BASE = (29.8700, 121.5500)
DAILY_SCREENS = (
    *("地图", "拜访", "审核", "盲审复核", "任务", "照片墙", "回司报到", "免签与补签", "同步状况"),
)
SUPERVISORS_SCREENS = (*DAILY_SCREENS, "物料", "促销活动")
OFFICE_SCREENS = (
    *("门店", "人员", "区域", "物料", "促销活动", "报到地点", "判定规则", "报到规则", "操作日志"),
)


@dataclass
class Story:
    """A region with one rep and one store to begin with."""

    region: Region
    rep: Api
    first: dict[str, Any]


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    """The office works in this region alone."""
    region = office.make_region(site, "keepland", "宁波区", "沈主管")
    rep = region.add_rep("朱小红")
    return Story(region, rep, region.add_store("宁波天一店", *BASE))


def open_screen(open_desktop: Open, path: str, heading: str, username: str = "office") -> Page:
    context = open_desktop(reduced_motion="reduce")
    office.log_in(context, username)
    page: Page = context.new_page()
    page.goto(f"/console/{path}")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    return page


def save(box: Locator) -> None:
    """Save the dialog and wait until it is gone."""
    box.get_by_role("button", name="保存").click()
    expect(box).to_have_count(0)


def row(page: Page, words: str) -> Locator:
    return page.get_by_role("row").filter(has_text=words)


def pulled(rep: Api, entity: str) -> dict[str, dict[str, Any]]:
    """What the rep's phone has after a pull from the beginning: records by id."""
    found: dict[str, dict[str, Any] | None] = {}
    begin, more = "", True
    while more:
        page = rep.get(f"/sync/pull?limit=500&schema=1{begin}")
        for change in page["changes"]:
            if change["entity"] == entity:
                found[change["id"]] = change["record"]
        begin, more = f"&cursor={page['cursor']}", page["more"]
    return {key: record for key, record in found.items() if record is not None}


def by_name(records: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return next(record for record in records.values() if record["name"] == name)


def picked(box: Locator) -> tuple[float, float]:
    """The position in the numbers of the form."""
    return tuple(  # type: ignore[return-value]  # two values, as there are two labels
        float(box.get_by_label(label).input_value()) for label in ("纬度", "经度")
    )


def test_a_store_is_added_by_number_and_moved_by_click(open_desktop: Open, story: Story) -> None:
    page = open_screen(open_desktop, f"stores?region={story.region.id}", "门店")
    errors = watch(page)
    expect(page.get_by_text("共 1 家")).to_be_visible()
    page.get_by_role("button", name="新增门店").click()
    box = office.dialog(page)
    box.get_by_role("button", name="保存").click()
    # What is missing is said at its field, and nothing was sent.
    expect(box.get_by_text("请填写此项")).to_have_count(5)
    lat, lon = office.moved(*BASE, north=1_200, east=300)
    box.get_by_label("名称").fill("宁波鼓楼店")
    box.get_by_label("编码").fill("keepland-gl")
    box.get_by_label("地址").fill("中山西路 10 号")
    office.choose(page, box, "区域", "宁波区")
    office.choose(page, box, "负责业务员", "朱小红")
    page.keyboard.press("Escape")  # closes the list that stays open for more reps
    box.get_by_label("纬度").fill(f"{lat:.6f}")
    box.get_by_label("经度").fill(f"{lon:.6f}")
    box.get_by_label("经度").press("Tab")
    stage = box.get_by_role("region", name="选择位置的地图")
    expect(stage.locator(".place-pin")).to_be_in_viewport()
    save(box)
    expect(row(page, "宁波鼓楼店")).to_contain_text("朱小红")
    expect(page.get_by_text("共 2 家")).to_be_visible()

    store = by_name(pulled(story.rep, "store"), "宁波鼓楼店")
    assert (store["lat"], store["lon"]) == pytest.approx((lat, lon), abs=1e-6)
    assert store["region_id"] == story.region.id

    row(page, "宁波鼓楼店").get_by_role("button").click()
    assert picked(box) == pytest.approx((lat, lon), abs=1e-6)
    # 60 pixels to the right and 40 down, at a zoom that the scale gives away.
    # The dialog slides in: where the pin is counts only once it has stopped moving.
    handle = stage.locator(".place-pin").element_handle()
    assert handle is not None
    handle.wait_for_element_state("stable")
    pin = handle.bounding_box()
    scale = stage.locator(".leaflet-control-scale-line")
    assert pin is not None
    metres = float(scale.inner_text().removesuffix(" m"))
    per_pixel = metres / scale.evaluate("(line) => line.getBoundingClientRect().width")
    tip = (pin["x"] + pin["width"] / 2, pin["y"] + pin["height"])
    page.mouse.click(tip[0] + 60, tip[1] + 40)
    expect(box.get_by_label("经度")).not_to_have_value(f"{lon:.6f}")
    wanted = office.moved(lat, lon, north=-40 * per_pixel, east=60 * per_pixel)
    # The pin's tip is drawn rounded, and the scale's length is a whole number of pixels.
    assert picked(box) == pytest.approx(wanted, abs=6 * per_pixel / office.METRES_PER_DEGREE)
    chosen = picked(box)
    save(box)
    moved = pulled(story.rep, "store")[store["id"]]
    assert (moved["lat"], moved["lon"]) == pytest.approx(chosen, abs=1e-6)
    assert errors == []


def test_a_person_is_added_and_can_log_in(open_desktop: Open, story: Story, site: Site) -> None:
    page = open_screen(open_desktop, "people", "人员")
    page.get_by_role("button", name="新增人员").click()
    box = office.dialog(page)
    box.get_by_label("姓名").fill("秦新人")
    box.get_by_label("用户名").fill("sup")  # taken
    office.choose(page, box, "区域", "宁波区")
    box.get_by_label("密码").fill("a-new-password")
    box.get_by_role("button", name="保存").click()
    taken = box.locator(".el-form-item.is-error")
    expect(taken).to_have_count(1)
    expect(taken.get_by_label("用户名")).to_be_focused()
    box.get_by_label("用户名").fill("keepland-new")
    save(box)
    expect(row(page, "keepland-new")).to_contain_text("业务员")
    new = Api(site, "keepland-new", "a-new-password")
    assert new.get("/me")["user"]["region_id"] == story.region.id

    # Another password, no longer active: neither the old log-in nor the session goes on.
    row(page, "keepland-new").get_by_role("button").click()
    expect(box.get_by_label("重设密码")).to_have_value("")
    box.get_by_text("账号启用").click()
    save(box)
    expect(row(page, "keepland-new")).to_have_count(0)
    with pytest.raises(AssertionError, match="401"):
        new.get("/me")
    page.get_by_text("包括已停用").click()
    expect(row(page, "keepland-new")).to_contain_text("停用")


def test_a_region_is_added_below_another(open_desktop: Open, story: Story) -> None:
    page = open_screen(open_desktop, "regions", "区域")
    page.get_by_role("button", name="新增下级：宁波区").click()
    box = office.dialog(page)
    box.get_by_label("名称").fill("象山片区")
    box.get_by_label("编码").fill("keepland-xs")
    save(box)
    row(page, "keepland-xs").get_by_role("button", name="象山片区", exact=True).click()
    box.get_by_label("名称").fill("象山县片区")
    save(box)
    expect(row(page, "keepland-xs")).to_contain_text("象山县片区")
    found = story.region.office.get("/regions")["items"]
    new = next(one for one in found if one["code"] == "keepland-xs")
    assert (new["name"], new["parent_id"]) == ("象山县片区", story.region.id)
    # Its supervisor sees it from now on.
    seen = Api(story.region.site, story.region.supervisor).get("/me")["regions"]
    assert new["id"] in {one["id"] for one in seen}


def test_a_material_is_added_and_issued(open_desktop: Open, story: Story) -> None:
    page = open_screen(open_desktop, "materials/list", "物料")
    page.get_by_role("button", name="新增物料").click()
    box = office.dialog(page)
    box.get_by_label("物料").fill("宁波海报")
    box.get_by_label("编码").fill("keepland-m")
    office.choose(page, box, "类别", "陈列物料")
    box.get_by_label("单位").fill("张")
    save(box)
    expect(row(page, "keepland-m")).to_contain_text("陈列物料")
    material = by_name(pulled(story.rep, "material"), "宁波海报")

    page.get_by_role("link", name="库存", exact=True).click()
    for kind, quantity in (("入库", 80), ("领用", 30)):
        page.get_by_role("button", name="登记出入库").click()
        box.get_by_text(kind, exact=True).click()
        office.choose(page, box, "物料", "宁波海报")
        if kind == "领用":
            office.choose(page, box, "业务员", "朱小红")
        box.get_by_role("spinbutton").fill(str(quantity))
        save(box)
    stock = page.get_by_role("region", name="库存台账").get_by_role("table")
    heads = stock.get_by_role("columnheader").all_inner_texts()
    at = next(number for number, words in enumerate(heads) if "宁波海报" in words) - 1
    for holder, balance in (("总仓", "50"), ("朱小红", "0在途 30")):
        cells = stock.get_by_role("row").filter(has_text=holder).get_by_role("cell")
        expect(cells.nth(at)).to_have_text(balance)
    # It is the rep's once the rep's phone has said so.
    told = pulled(story.rep, "stock")[material["id"]]
    assert (told["balance"], told["in_transit"]) == (0, 30)


def test_an_office_is_added_and_changed(open_desktop: Open, story: Story) -> None:
    page = open_screen(open_desktop, "offices", "报到地点")
    page.get_by_role("button", name="新增报到地点").click()
    box = office.dialog(page)
    box.get_by_label("名称").fill("宁波办事处")
    box.get_by_label("编码").fill("keepland-o")
    office.choose(page, box, "区域", "宁波区")
    box.get_by_label("纬度").fill("29.86")
    box.get_by_label("经度").fill("121.56")
    save(box)
    row(page, "宁波办事处").get_by_role("button").click()
    box.get_by_label("报到半径（米）").fill("450")
    box.get_by_label("报到半径（米）").press("Tab")
    save(box)
    expect(row(page, "宁波办事处")).to_contain_text("450 米")
    found = by_name(pulled(story.rep, "office"), "宁波办事处")
    assert (found["lat"], found["lon"], found["radius_m"]) == (29.86, 121.56, 450)


def test_nobody_overwrites_another(open_desktop: Open, story: Story) -> None:
    page = open_screen(open_desktop, f"stores?region={story.region.id}", "门店")
    row(page, "宁波天一店").get_by_role("button").click()
    box = office.dialog(page)
    box.get_by_label("联系人").fill("我的联系人")
    path = f"/stores/{story.first['id']}"
    story.region.office.patch(path, {"phone": "0574-1234"}, story.first["rev"])
    box.get_by_role("button", name="保存").click()
    expect(box.get_by_role("alert")).to_contain_text("其他人已修改了这条记录")
    assert story.region.office.get(path)["contact"] == ""
    # What was typed is still there to be copied; reloading shows the other's change.
    expect(box.get_by_label("联系人")).to_have_value("我的联系人")
    box.get_by_role("button", name="重新载入").click()
    expect(box.get_by_label("电话")).to_have_value("0574-1234")
    expect(box.get_by_label("联系人")).to_have_value("")
    box.get_by_label("联系人").fill("我的联系人")
    save(box)
    now = story.region.office.get(path)
    assert (now["contact"], now["phone"]) == ("我的联系人", "0574-1234")


def test_a_csv_is_tried_and_then_imported(open_desktop: Open, story: Story, tmp_path: Path) -> None:
    truth = {
        f"宁波导入{number}店": office.moved(*BASE, north=3_000 + 400 * number)
        for number in range(1, 4)
    }
    lines = ["编码,名称,地址,纬度,经度,业务员"]
    for number, (name, at) in enumerate(truth.items(), 1):
        lat, lon = from_wgs84(*at, Crs.BD09)
        lines.append(
            f"imp-{number},{name},宁波市导入路 {number} 号,{lat:.7f},{lon:.7f},keepland-rep1"
        )
    lines.append("imp-4,宁波坏行店,宁波市导入路 4 号,没有,121.5,")
    lines += [f"imp-{5 + n},宁波同点{n}店,宁波市同点路 {n} 号,29.9,121.6," for n in range(3)]
    file = tmp_path / "stores.csv"
    file.write_text("\n".join(lines), "gb18030")  # as Excel saves it in China

    page = open_screen(open_desktop, f"stores?region={story.region.id}", "门店")
    before = story.region.office.get(f"/stores?region={story.region.id}")["total"]
    page.get_by_role("button", name="导入 CSV").click()
    box = office.dialog(page)
    expect(box.get_by_role("button", name="试导入")).to_be_disabled()
    box.locator("input[type=file]").set_input_files(str(file))
    box.get_by_role("button", name="试导入").click()
    # The system of the positions is never guessed.
    expect(box.get_by_role("alert")).to_contain_text("坐标系")
    box.get_by_text("BD-09", exact=True).click()
    office.choose(page, box, "新门店的区域", "宁波区")
    box.get_by_role("button", name="试导入").click()
    report = box.get_by_role("status")
    expect(report).to_contain_text("尚未写入")
    _figures(report, {"行": 7, "新增": 6, "更新": 0, "拒绝": 1})
    refused = box.get_by_role("region", name="被拒绝的行").get_by_role("row")
    expect(refused).to_have_count(2)
    expect(refused.last).to_contain_text("5")
    expect(refused.last).to_contain_text("不是数字：没有")
    doubtful = box.get_by_role("region", name="存疑的行")
    for at_row in ("6", "7", "8"):
        cell = doubtful.get_by_role("cell", name=at_row, exact=True)
        expect(cell.first).to_be_visible()
    expect(doubtful).to_contain_text("3 家门店共用坐标")
    assert story.region.office.get(f"/stores?region={story.region.id}")["total"] == before

    box.get_by_role("button", name="导入 6 家").click()
    expect(report).to_contain_text("导入完成")
    _figures(report, {"新增": 6, "拒绝": 1})
    box.get_by_role("button", name="关闭", exact=True).click()
    expect(page.get_by_text(f"共 {before + 6} 家")).to_be_visible()
    stores = pulled(story.rep, "store")
    for name, at in truth.items():
        store = by_name(stores, name)
        # Baidu's positions have become WGS-84, to the metre.
        assert (store["lat"], store["lon"]) == pytest.approx(at, abs=1e-5)
        assert store["pin_quality_m"] < 10
    kept = story.region.office.get(f"/stores?region={story.region.id}")["items"]
    shared = [store["pin_quality_m"] for store in kept if "同点" in store["name"]]
    assert shared == [2_000.0] * 3


def _figures(report: Locator, expected: dict[str, int]) -> None:
    for words, number in expected.items():
        item = report.get_by_role("listitem").filter(has_text=words)
        expect(item).to_contain_text(str(number))


def test_a_rep_is_sent_to_the_reps_app(open_desktop: Open, story: Story) -> None:
    context = open_desktop()
    page = context.new_page()
    page.goto("/console/stores")
    page.get_by_label("用户名").fill("keepland-rep1")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(lambda url: "/console" not in url)
    # With the session there, the console's address leads back to the rep's app as well.
    page.goto("/console/")
    page.wait_for_url(lambda url: "/console" not in url)


def test_a_supervisor_sees_no_office_screens(open_desktop: Open, story: Story) -> None:
    page = open_screen(open_desktop, "", "地图", story.region.supervisor)
    navigation = page.get_by_role("navigation", name="主导航")
    expect(navigation.get_by_role("link")).to_have_text(list(SUPERVISORS_SCREENS))
    office_paths = ("stores", "stores/pins", "people", "regions", "offices", "rules")
    for path in (*office_paths, "week-settings"):
        page.goto(f"/console/{path}")
        expect(page.get_by_role("heading", level=1)).to_have_text("地图")
        expect(navigation.get_by_role("link")).to_have_count(len(SUPERVISORS_SCREENS))
    # Of the material a supervisor sees the stock, and keeps neither catalogue nor warehouses.
    page.goto("/console/materials/list")
    tabs = page.get_by_role("navigation", name="物料页面").get_by_role("link")
    expect(tabs).to_have_text(["库存", "台账", "在途与收发", "盘点与调整"])
    expect(page.get_by_role("button", name="登记出入库")).to_have_count(0)
    # For the office they are all there.
    page = open_screen(open_desktop, "", "地图")
    links = page.get_by_role("navigation", name="主导航").get_by_role("link")
    expect(links).to_have_text([*DAILY_SCREENS, *OFFICE_SCREENS])
