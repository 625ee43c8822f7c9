"""What a rep does with the app, by the names a screen reader would say, in Chinese."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Locator, Page, expect

from tests.browser.seed import PASSWORD


def log_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Log in on the first screen and wait for the stores."""
    page.goto("/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录", exact=True).tap()
    expect(page.get_by_role("heading", name="今日")).to_be_visible()


def store_link(page: Page, store: str) -> Locator:
    """The store in the list (a visit that is open stands above the list under the same name)."""
    return page.locator("a[href^='/stores/']").filter(has_text=store)


def ready_for_offline(page: Page) -> None:
    """Wait until the app's files and the stores are on the phone."""
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    expect(store_link(page, "苏州园区星湖店")).to_be_visible()


def check_in(page: Page, store: str) -> None:
    """From the list of stores to the page of the visit that has begun."""
    store_link(page, store).tap()
    page.get_by_role("button", name="到店签到").tap()
    expect(page.get_by_role("heading", name="照片")).to_be_visible()


def choose_kind(page: Page, kind: str) -> None:
    """Say what the next photos show."""
    page.get_by_role("button", name=kind, exact=True).first.tap()


def add_files(page: Page, files: list[Path], before: int) -> None:
    """Choose photos through the file chooser and wait until they stand in the visit."""
    page.locator("input[type=file]").set_input_files([str(path) for path in files])
    expect(page.get_by_role("heading", name=f"照片 {before + len(files)}")).to_be_visible(
        timeout=60_000
    )


def take_photo(page: Page, before: int) -> None:
    """Take one with the camera in the page."""
    page.get_by_role("button", name="拍照").tap()
    shutter = page.get_by_role("button", name="拍照：")
    expect(shutter).to_be_enabled(timeout=20_000)
    shutter.tap()
    expect(page.get_by_text(f"已拍 {before + 1} 张")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="完成").tap()
    expect(page.get_by_role("heading", name=f"照片 {before + 1}")).to_be_visible(timeout=30_000)


def sign(page: Page) -> None:
    """Draw a line with the finger into the signature field."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    points = [(0.2, 0.5), (0.35, 0.3), (0.5, 0.7), (0.65, 0.35), (0.8, 0.6)]
    for number, (x, y) in enumerate(points):
        kind = "touchStart" if number == 0 else "touchMove"
        touch = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touch]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def hand_out(page: Page, material: str, more: int, recipient: str) -> None:
    """Hand out 1 + more pieces, with a signature."""
    page.get_by_role("button", name="发放物料").tap()
    # The topmost: the one before may still be on its way out.
    sheet = page.get_by_role("dialog").last
    sheet.get_by_role("radio", name=material).check(force=True)
    for _ in range(more):
        sheet.get_by_role("button", name="加一").tap()
    sheet.get_by_label("领取人").fill(recipient)
    sheet.locator("canvas").scroll_into_view_if_needed()
    sign(page)
    sheet.get_by_role("button", name="保存").tap()
    expect(page.get_by_role("heading", name="物料发放 1")).to_be_visible()


def write_note(page: Page, text: str) -> None:
    """Add a note to the visit."""
    page.get_by_role("button", name="写备注").tap()
    # The topmost: the one before may still be on its way out.
    sheet = page.get_by_role("dialog").last
    sheet.get_by_role("textbox").fill(text)
    sheet.get_by_role("button", name="保存").tap()
    expect(page.get_by_text(text)).to_be_visible()


def check_out(page: Page) -> None:
    """End the visit."""
    page.get_by_role("button", name="离店签退").tap()
    page.get_by_role("button", name="确认签退").tap()
    expect(page.get_by_role("heading", name="今日")).to_be_visible()


def kill_tab(context: BrowserContext, page: Page) -> Page:
    """End the tab as the system does when memory is short; returns the one opened instead."""
    with page.expect_event("crash"), suppress(Error):
        page.goto("chrome://crash", wait_until="commit")
    page.close()
    return context.new_page()


def local_rows(page: Page, user_id: str, table: str) -> list[dict[str, Any]]:
    """The rows of a table of the phone's own database."""
    rows: list[dict[str, Any]] = page.evaluate(
        """([name, table]) => new Promise((resolve, reject) => {
            const open = indexedDB.open(name)
            open.onerror = () => reject(open.error)
            open.onsuccess = () => {
                const all = open.result.transaction(table).objectStore(table).getAll()
                all.onerror = () => reject(all.error)
                all.onsuccess = () => { open.result.close(); resolve(all.result) }
            }
        })""",
        [f"storewalk-{user_id}", table],
    )
    return rows


def wait_until_sent(page: Page, user_id: str) -> None:
    """Wait until nothing is left to send."""
    for _ in range(300):
        waiting = local_rows(page, user_id, "outbox")
        uploads = [
            row for row in local_rows(page, user_id, "uploads") if row.get("state") != "done"
        ]
        if not waiting and not uploads:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"still to send: {waiting} {uploads}")
