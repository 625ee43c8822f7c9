"""A record that the server refuses is parked in words; everything else goes on."""

from __future__ import annotations

from playwright.sync_api import expect

from server.kernel.ids import new_id
from tests.browser import care, rep
from tests.browser.api import Api
from tests.browser.barriers import axe
from tests.browser.conftest import Open
from tests.browser.site import Site

STORE = "苏州园区湖东店"

# What a defect of the app, or somebody's curiosity, could do to the queue.
SPOIL = """([name, kind, said]) => new Promise((resolve, reject) => {
    const open = indexedDB.open(name)
    open.onerror = () => reject(open.error)
    open.onsuccess = () => {
        const change = open.result.transaction('outbox', 'readwrite')
        const ops = change.objectStore('outbox')
        const all = ops.getAll()
        all.onsuccess = () => {
            const op = all.result.find((one) => one.kind === kind)
            ops.put({ ...op, payload: { ...op.payload, ...said } })
        }
        change.onerror = () => reject(change.error)
        change.oncomplete = () => { open.result.close(); resolve() }
    }
})"""


def test_a_refused_record_is_shown_in_words_and_blocks_nothing(
    open_phone: Open, site: Site, rep_name: str
) -> None:
    context = open_phone(31.3020, 120.6)
    page = context.new_page()
    user_id = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    context.set_offline(True)
    rep.check_in(page, STORE)
    rep.write_note(page, "这次签到会被服务器拒绝")
    page.evaluate(SPOIL, [f"storewalk-{user_id}", "visit.check_in", {"store_id": new_id()}])
    page.goto("/office")
    page.get_by_role("button", name="回司报到", exact=True).tap()
    page.get_by_role("button", name="定位并报到").tap()
    expect(page.get_by_text("仅在手机上")).to_be_visible(timeout=25_000)
    context.set_offline(False)

    page.goto("/sync")
    expect(page.get_by_text("服务器不接受")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("门店不存在，或从未分配给您。请联系主管。")).to_be_visible()
    # What belongs to it waits with it; what does not has gone through.
    expect(page.get_by_text("等它所属的记录处理好后再发。")).to_be_visible()
    kinds = [row["kind"] for row in rep.local_rows(page, user_id, "outbox")]
    assert sorted(kinds) == ["visit.check_in", "visit.note"]
    check_in = rep.local_rows(page, user_id, "office_check_ins")[0]
    cell = Api(site, "sup").get(f"/office/weeks/{check_in['week']}/people/{user_id}")
    assert [one["id"] for one in cell["check_ins"]] == [check_in["id"]]
    # Asked to send it again, the phone does, and nothing is lost by it.
    page.get_by_role("button", name="再发一次").first.tap()
    expect(page.get_by_text("服务器不接受")).to_be_visible(timeout=20_000)
    assert len(rep.local_rows(page, user_id, "outbox")) == 2


def test_a_parked_count_is_put_right_and_sent(open_phone: Open, site: Site, rep_name: str) -> None:
    context = open_phone()
    page = context.new_page()
    user_id = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    context.set_offline(True)
    page.goto("/stock")
    page.get_by_role("button", name="盘点").tap()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("checkbox", name="货架插卡").tap()
    sheet.get_by_role("button", name="保存盘点（1）").tap()
    expect(page.get_by_role("region", name="最近的盘点")).to_be_visible()
    page.evaluate(SPOIL, [f"storewalk-{user_id}", "stock.count", {"counted": 20_000_000}])
    context.set_offline(False)

    page.goto("/sync")
    expect(page.get_by_text("服务器不接受")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="处理：盘点").tap()
    sheet = page.get_by_role("dialog")
    quantity = sheet.get_by_role("spinbutton", name="数量")
    quantity.fill("7")
    quantity.blur()
    sheet.get_by_label("备注").fill("多点了一个零")
    assert axe(page) == []
    sheet.get_by_role("button", name="改好再发").tap()
    rep.wait_until_sent(page, user_id)
    [count] = rep.local_rows(page, user_id, "stock_counts")
    assert (count["sync"], count["counted"], count["note"]) == ("sent", 7, "多点了一个零")
    found = Api(site, "office").get(f"/ledger/adjustments?rep={user_id}")
    assert [row["counted"] for row in found["items"]] == [7]


def test_what_waits_in_vain_can_be_dealt_with(open_phone: Open, site: Site, rep_name: str) -> None:
    context = open_phone(31.3020, 120.6)
    page = context.new_page()
    user_id = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)
    context.set_offline(True)
    rep.check_in(page, STORE)
    rep.write_note(page, "服务器恢复备份后，这次拜访没有了")
    page.evaluate(SPOIL, [f"storewalk-{user_id}", "visit.note", {"visit_id": new_id()}])
    context.set_offline(False)
    page.goto("/sync")
    expect(page.get_by_text("它所属的记录还没有到达，会自动再发。")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="处理：备注")).to_have_count(0)

    long_ago = "row.attempts = 9; row.created_at = '2026-01-02T03:04:05.000Z'"
    care.change_rows(page, user_id, "outbox", long_ago)
    page.goto("/sync")
    expect(page.get_by_text("缺少所属记录")).to_be_visible()
    expect(page.get_by_text("服务器上没有这次拜访的到店签到")).to_be_visible()
    assert axe(page) == []
    # It is sent again, in vain.
    page.get_by_role("button", name="再发一次：备注").tap()
    page.wait_for_function("() => !document.querySelector('button:disabled')")
    assert rep.local_rows(page, user_id, "outbox")[0]["attempts"] > 9
    page.get_by_role("button", name="处理：备注").tap()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("button", name="制作救援文件")).to_be_visible()
    assert axe(page) == []
    sheet.get_by_role("button", name="丢弃…").tap()
    sheet.get_by_role("button", name="永久丢弃").tap()
    expect(page.get_by_text("手机上的记录已全部送达。")).to_be_visible()
    assert rep.local_rows(page, user_id, "outbox") == []
