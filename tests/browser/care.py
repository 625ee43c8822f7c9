"""What the tests of storage care do to a phone: changing its queue as time and accidents would."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Download, Locator, Page, expect

from tests.browser import rep
from tests.browser.office import jpeg

STORE = "苏州园区湖东店"
HERE = (31.3020, 120.6)
NOTE = '<img src=x onerror=alert(1)> 缺货 "两种" & 更多'

# Runs a function, given as text, over every row of a table of the phone's own database.
CHANGE = """([name, table, code]) => new Promise((resolve, reject) => {
    const change = new Function('row', code)
    const open = indexedDB.open(name)
    open.onerror = () => reject(open.error)
    open.onsuccess = () => {
        const transaction = open.result.transaction(table, 'readwrite')
        const store = transaction.objectStore(table)
        const all = store.getAll()
        all.onsuccess = () => { for (const row of all.result) { change(row); store.put(row) } }
        transaction.onerror = () => reject(transaction.error)
        transaction.oncomplete = () => { open.result.close(); resolve() }
    }
})"""


def change_rows(page: Page, user_id: str, table: str, code: str) -> None:
    """Run JavaScript over each `row` of a table, as a defect or a long time would change it."""
    page.evaluate(CHANGE, [f"storewalk-{user_id}", table, code])


def unsent_visit(context: BrowserContext, page: Page, folder: Path, *, photos: int = 2) -> None:
    """Make a visit with photos, a note and a signed handout while there is no network."""
    rep.ready_for_offline(page)
    context.set_offline(True)
    rep.check_in(page, STORE)
    files = []
    for number in range(photos):
        path = folder / f"shelf-{number}.jpg"
        path.write_bytes(jpeg("#207020", f"shelf {number}"))
        files.append(path)
    rep.choose_kind(page, "货架")
    rep.add_files(page, files, 0)
    rep.write_note(page, NOTE)
    rep.hand_out(page, "货架插卡", more=1, recipient="刘店长")


def make_file(page: Page, make: str, save: str) -> Download:
    """Press through the sheet of the rescue file that is open; return what was saved."""
    sheet = dialog(page)
    sheet.get_by_role("button", name=make, exact=True).tap()
    button = sheet.get_by_role("button", name=save, exact=True)
    expect(button).to_be_visible(timeout=20_000)
    with page.expect_download() as started:
        button.tap()
    return started.value


def dialog(page: Page) -> Locator:
    """The topmost sheet."""
    return page.get_by_role("dialog").last


def unpacked(download: Download) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Open the ZIP as another program would; return rescue.json and every entry's bytes."""
    with zipfile.ZipFile(io.BytesIO(Path(download.path()).read_bytes())) as archive:
        assert archive.testzip() is None
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
        entries = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(entries["rescue.json"]), entries


def check_rescue(found: dict[str, Any], entries: dict[str, bytes], page: Page, user: str) -> None:
    """Hold a rescue file against the phone's own database."""
    ops = rep.local_rows(page, user, "outbox")
    assert (found["format"], found["version"]) == ("storewalk-rescue", 1)
    wire = ("op_id", "kind", "record_id", "author", "depends_on", "payload", "device_at", "state")
    by_id = {op["op_id"]: op for op in ops}
    assert [op["op_id"] for op in found["ops"]] == [
        op["op_id"] for op in sorted(ops, key=lambda op: op["seq"])
    ]
    for op in found["ops"]:
        assert {key: op[key] for key in wire} == {key: by_id[op["op_id"]][key] for key in wire}
        assert op["device_seq"] == by_id[op["op_id"]]["seq"]
    waiting = {
        row["sha256"]: row
        for row in rep.local_rows(page, user, "uploads")
        if row["state"] != "done"
    }
    assert {file["sha256"] for file in found["files"]} == waiting.keys()
    for file in found["files"]:
        data = entries[file["name"]]
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert (len(data), file["what"]) == (file["bytes"], waiting[file["sha256"]]["what"])
    named = {"README.txt", "report.html", "rescue.json", *(f["name"] for f in found["files"])}
    assert entries.keys() == named
