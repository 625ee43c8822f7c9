"""A phone full of unsent work, made by running a release, as a file for the tests of later ones.

    python -m tests.phones.dump [checkout of the release, built]

Run it for each release, on the commit that is released, and commit the file that it writes. The
release's own server and app do everything: its screens and its actions in a real Chromium, without
a network and with one that fails; nothing is written into its database by hand.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Route, sync_playwright

from server.kernel.clock import Clock, wire_time
from server.kernel.ids import new_id
from tests.browser import rep
from tests.browser.conftest import ARGUMENTS, PHONE
from tests.browser.hand import Hand, Said, picture
from tests.browser.seed import Company
from tests.browser.site import ROOT, Site, free_port
from tests.chromium import find_or_install

FOLDER = ROOT / "pwa" / "src" / "db" / "fixtures"
MAKE_COMPANY = """import json, sys
from pathlib import Path
from tests.browser.site import make_site
site = make_site(Path(sys.argv[1]))
site.stop()
print(json.dumps(vars(site.company)))"""
FIX = {"lat": 31.3001, "lon": 120.6, "accuracy_m": 14.0, "age_s": 1.0, "source": "gps"}
HALF_WRITTEN = "写到一半的备注"


def main(tree: Path) -> None:
    """Make the phone of the release in this checkout, and write its file."""
    release = tomllib.loads((tree / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = start(tree, Path(folder))
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=ARGUMENTS)
        try:
            context = browser.new_context(
                base_url=site.url,
                viewport=PHONE,  # type: ignore[arg-type]  # a plain dict is what it takes
                has_touch=True,
                is_mobile=True,
                locale="zh-CN",
                geolocation={"latitude": FIX["lat"], "longitude": FIX["lon"], "accuracy": 14},
                permissions=["geolocation", "background-sync", "camera"],
            )
            found = make(context, site, Path(folder))
        finally:
            # First the server: a browser that ends lets go of the requests that were held back.
            site.stop()
            browser.close()
        found = {"release": release} | found | {"server": server_file(site.data)}
    path = FOLDER / f"phone-{release}.json"
    path.write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def start(tree: Path, folder: Path) -> Site:
    """The release's server over a small company."""
    command = [sys.executable, "-c", MAKE_COMPANY, str(folder)]
    told = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True)
    port = free_port()
    company = Company(**json.loads(told.stdout))
    site = Site(f"http://127.0.0.1:{port}", port, folder, company, root=tree)
    site.start()
    return site


def make(context: BrowserContext, site: Site, folder: Path) -> dict[str, Any]:
    """Work on a phone until each kind of unsent thing is on it; what the file says of it."""
    username, rng = "rep1", random.Random(2026)
    user_id = site.company.people[username]
    page = context.new_page()
    hand = Hand(page, user_id, site.root)
    rep.log_in(page, username)
    rep.ready_for_offline(page)
    stores = list(site.company.stores.values())

    sent_in_full(page, hand, user_id, stores[0], rng)
    parked = refused(page, hand, user_id, rng)
    half_sent(context, page, hand, user_id, stores[1], rng)
    without_network(context, page, hand, site, folder, rng)
    on_its_way(context, page, hand, stores[2])

    database = hand.dump()
    check(database)
    ops = database["tables"]["outbox"]["rows"]
    blocked = [op["op_id"] for op in ops if set(op["depends_on"]) & set(parked)]
    kept = page.evaluate("() => ({ ...localStorage })")
    return {
        "user_id": user_id,
        "username": username,
        "parked": parked,
        "blocked": blocked,
        "database": database,
        "local_storage": kept,
    }


def sent_in_full(page: Page, hand: Hand, user_id: str, store: str, rng: random.Random) -> None:
    """Yesterday's work: the office has all of it."""
    hand.visit(Said(store, FIX, notes=["全部送达"], photos=[picture(rng, 36)]))
    sync(page)
    rep.wait_until_sent(page, user_id)


def refused(page: Page, hand: Hand, user_id: str, rng: random.Random) -> list[str]:
    """A check-in that the server does not take, and what belongs to it. The ids of parked ops."""
    hand.visit(Said(new_id(), FIX, notes=["等着签到"], photos=[picture(rng, 36)]))
    sync(page)
    wait(page, user_id, "outbox", lambda ops: any(op["state"] == "rejected" for op in ops))
    ops = rep.local_rows(page, user_id, "outbox")
    return [op["op_id"] for op in ops if op["state"] == "rejected"]


def half_sent(
    context: BrowserContext, page: Page, hand: Hand, user_id: str, store: str, rng: random.Random
) -> None:
    """A photo of which the server has the first half."""
    image = picture(rng, 60)

    def break_off(route: Route) -> None:
        headers = route.request.headers
        if route.request.method == "PATCH" and headers["upload-offset"] == "0":
            half = image[: len(image) // 2]
            wanted = ("content-type", "upload-offset", "upload-length", "origin")
            kept = {name: headers[name] for name in wanted if name in headers}
            answer = context.request.patch(route.request.url, headers=kept, data=half)
            assert answer.ok, answer.text()
        if route.request.method == "PATCH":
            route.abort("connectionreset")
        else:
            route.continue_()

    context.route("**/api/v1/uploads/*", break_off)
    hand.visit(Said(store, FIX, photos=[image]))
    sync(page)
    wait(page, user_id, "uploads", lambda rows: any(row["bytes_sent"] > 0 for row in halves(rows)))


def halves(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Uploads of which the phone knows that a part is there."""
    return [row for row in rows if row["bytes_sent"] < row["bytes_total"]]


def without_network(
    context: BrowserContext, page: Page, hand: Hand, site: Site, folder: Path, rng: random.Random
) -> None:
    """A day without a signal: most of it by the screens, as a rep would."""
    context.set_offline(True)
    stores, materials = site.company.stores, list(site.company.materials.values())
    twice = picture(rng, 36)
    cups = {"material_id": materials[1], "quantity": 2, "recipient": "王店员", "signature": None}
    ids = list(stores.values())
    hand.visit(Said(ids[1], FIX, notes=["堆头被占"], photos=[twice, picture(rng, 36), twice]))
    hand.visit(Said(ids[1], None, reason="没有定位", handouts=[cups], end="out"))
    hand.visit(Said(ids[2], FIX, reason="门店装修", photos=[picture(rng, 36)], end="cancel"))
    hand.office(None, FIX)
    hand.exemption("2027-03-01", "婚假")
    hand.bag(materials[0], back=1, counted=3)
    page.goto("/")
    rep.check_in(page, next(iter(stores)))
    path = folder / "shelf.jpg"
    path.write_bytes(picture(rng, 36))
    rep.choose_kind(page, "货架")
    rep.add_files(page, [path], 0)
    rep.hand_out(page, next(iter(site.company.materials)), more=1, recipient="刘店长")
    # The sheet stays open: the phone has it as a draft.
    page.get_by_role("button", name="写备注").tap()
    page.get_by_role("dialog").get_by_role("textbox").fill(HALF_WRITTEN)
    wait(
        page,
        hand.user_id,
        "drafts",
        lambda rows: HALF_WRITTEN in json.dumps(rows, ensure_ascii=False),
    )


def on_its_way(context: BrowserContext, page: Page, hand: Hand, store: str) -> None:
    """The network is back. The batch is too large for something between; the server stumbles over
    its first half; it has stored the second half, but that answer never comes.
    """
    asked = 0

    def answer(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            problem = {"type": "/problems/too_large", "code": "too_large", "title": "x"}
            refuse(route, problem | {"status": 413})
        elif asked == 2:
            problem = {"type": "/problems/internal", "code": "internal", "title": "x"}
            told = [
                {"op_id": op["op_id"], "status": "deferred", "problem": problem | {"status": 500}}
                for op in route.request.post_data_json["ops"]
            ]
            body = {"server_time": wire_time(Clock().now()), "results": told}
            route.fulfill(json=body)
        elif asked == 3:
            assert route.fetch().ok

    context.route("**/api/v1/sync/push", answer)
    context.set_offline(False)
    wait(page, hand.user_id, "outbox", lambda ops: any(op["state"] == "sending" for op in ops))
    while asked < 3:
        page.wait_for_timeout(100)
    hand.visit(Said(store, FIX, notes=["刚刚写的"], end=None))


def refuse(route: Route, problem: dict[str, Any]) -> None:
    """Answer with a problem document."""
    kind = "application/problem+json"
    route.fulfill(status=problem["status"], content_type=kind, body=json.dumps(problem))


def sync(page: Page) -> None:
    """Let the app look for work at once, as it does when the network comes back."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def wait(page: Page, user_id: str, table: str, met: Callable[[list[dict[str, Any]]], bool]) -> None:
    """Wait until the rows of a table are so."""
    for _ in range(300):
        rows = rep.local_rows(page, user_id, table)
        if met(rows):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{table} never became so: {rows}")


def check(database: dict[str, Any]) -> None:
    """The phone is as full as it was meant to be."""
    rows = {name: table["rows"] for name, table in database["tables"].items()}
    assert {op["state"] for op in rows["outbox"]} == {"waiting", "sending", "deferred", "rejected"}
    kinds = {op["kind"] for op in rows["outbox"]}
    assert kinds >= {
        *("visit.check_in", "visit.check_out", "visit.cancel", "visit.note"),
        *("photo.add", "handout.add", "office.check_in", "office.exemption_request"),
        *("stock.return", "stock.count"),
    }
    assert {visit["state"] for visit in rows["visits"]} == {"in_progress", "completed", "cancelled"}
    assert {row["state"] for row in rows["uploads"]} >= {"waiting", "done"}
    assert {row["what"] for row in rows["uploads"]} == {"photo", "signature"}
    assert any(row["bytes_sent"] for row in halves(rows["uploads"]))
    waiting = {row["sha256"] for row in rows["uploads"] if row["state"] != "done"}
    assert {row["sha256"] for row in rows["blobs"]} == waiting
    assert len(rows["thumbs"]) == len(rows["uploads"])


def server_file(data: Path) -> dict[str, Any]:
    """The stopped server's database and files."""
    with closing(sqlite3.connect(data / "storewalk.db")) as connection:
        sql = "\n".join(connection.iterdump())
    packed = gzip.compress(sql.encode(), 9, mtime=0)
    files = {
        str(path.relative_to(data)): base64.b64encode(path.read_bytes()).decode()
        for name in ("blobs", "uploads")
        for path in sorted((data / name).rglob("*"))
        if path.is_file()
    }
    return {"database": base64.b64encode(packed).decode(), "files": files}


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
