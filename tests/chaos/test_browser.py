"""A rep's day in a real browser, sent through a bad network while browser and server are killed."""

from __future__ import annotations

import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, Request, expect
from pysqlite3 import dbapi2 as sqlite

from tests.browser import rep
from tests.browser.hand import Hand, Said, picture
from tests.browser.site import ROOT, Site, free_port, make_site
from tests.chaos import books, pages, report, sides
from tests.chaos.diary import FIX
from tests.chaos.handset import TABLES, Handset
from tests.chaos.proxy import FAIR, FOUL, FaultProxy, Weather

VISITS = report.wanted("STOREWALK_CHAOS_VISITS", 30)
PHOTOS = 5
BY_HAND = 2
KILLS = ("browser", "server") * 3
# No single wait is longer: a sync that gets nowhere for so long is stuck.
PATIENCE_S = 120
NOBODY = Weather(refuse=1)
# What a sync with nothing to send may ask.
QUIET = {("GET", "/api/v1/me"), ("GET", "/api/v1/sync/pull"), ("PUT", "/api/v1/sync/device")}

pytestmark = pytest.mark.browser


@dataclass
class Scene:
    """The server, the network before it, and the phone."""

    site: Site
    proxy: FaultProxy
    phone: Handset
    username: str
    counts: Counter[str] = field(default_factory=Counter)

    def arrived(self) -> int:
        """Ops and files of this rep that are safely on the server."""
        name = f"file:{self.site.data / 'storewalk.db'}?mode=ro"
        connection = sqlite.connect(name, uri=True)
        try:
            query = (
                "SELECT (SELECT count(*) FROM op_receipt WHERE author_id = ?1)"
                " + (SELECT count(*) FROM upload WHERE user_id = ?1)"
            )
            [(found,)] = connection.execute(query, (self.phone.user_id,))
        finally:
            connection.close()
        return int(found)


@pytest.fixture
def scene(tmp_path: Path, playwright: Playwright) -> Iterator[Scene]:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    (tmp_path / "data").mkdir()
    site = make_site(tmp_path / "data")
    username = site.company.spare.pop()
    with FaultProxy(free_port(), site.port, seed) as proxy:
        user_id = site.company.people[username]
        phone = Handset(playwright, tmp_path / "profile", proxy.url, user_id)
        try:
            yield Scene(site, proxy, phone, username)
        finally:
            phone.close()
            site.kill()


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_day_survives_everything(scene: Scene, tmp_path: Path) -> None:
    phone, site = scene.phone, scene.site
    page = phone.open()
    rep.log_in(page, scene.username)
    rep.ready_for_offline(page)
    phone.context.set_offline(True)
    made = make_day(scene, tmp_path)
    diary = sides.what_was_done(phone, site.company)
    assert made.items() <= diary.files.items()
    total = len(diary.ops) + len(diary.files)
    # Over night the phone is off.
    phone.close()
    scene.proxy.change(NOBODY)
    reopen(scene)
    assert left(scene) == total

    send_under_fire(scene, total)
    until(scene, lambda: left(scene) == 0)
    site.stop()
    pages.finish_photos(site.data)
    with books.opened(site.data) as found:
        found.check_sound()
        found.check_rep(diary)
    sides.check_disk(site.data, diary)
    site.start()
    scene.proxy.change(FAIR)
    sync_quietly(scene)
    sides.check_phone(phone, diary)
    nothing_more_to_do(scene)
    scene.counts["files read back"] = sides.check_server(site, scene.username, phone, diary)
    assert len(diary.of_kind("visit.check_in")) == VISITS
    assert len(diary.of_kind("photo.add")) == VISITS * PHOTOS
    scene.counts["visits"] = VISITS
    scene.counts["ops"] = len(diary.ops)
    scene.counts["photos"] = len(diary.of_kind("photo.add"))
    scene.counts["files"] = len(diary.files)
    faults = sum(scene.proxy.counts.values()) - scene.proxy.counts["connections"]
    scene.counts["network faults"] = faults
    report.tell("browser", dict(scene.counts))


def make_day(scene: Scene, folder: Path) -> dict[str, bytes]:
    """The visits, offline: some by the screens, the rest by the app's own actions in the page.

    The pictures given to the actions, by hash; some of them more than once.
    """
    phone, company = scene.phone, scene.site.company
    assert phone.page is not None
    rng = random.Random(scene.username)
    for number in range(BY_HAND):
        by_hand(scene, list(company.stores)[number], folder, rng)
    hand = Hand(phone.page, phone.user_id, ROOT)
    stores, materials = list(company.stores.values()), list(company.materials.values())
    shared = [picture(rng, 80), picture(rng, 300)]
    made = list(shared)
    for number in range(VISITS - BY_HAND):
        # Some are large enough to be cut off in their middle.
        sizes = [rng.choice((60, 60, 120, 400)) for _ in range(PHOTOS)]
        photos = [picture(rng, size) for size in sizes]
        if number % 5 == 0:
            photos[:2] = shared
        handout = {
            "material_id": materials[number % len(materials)],
            "quantity": 1,
            "recipient": "刘店长",
            "signature": picture(rng, 30) if number % 2 else None,
        }
        made += photos
        hand.visit(
            Said(
                stores[number % len(stores)],
                FIX,
                notes=[f"第 {number} 家"],
                photos=photos,
                handouts=[handout] if number % 3 == 0 else [],
                reason="门店关门" if number % 7 == 3 else None,
                end="cancel" if number % 7 == 3 else "out",
            )
        )
    return {hashlib.sha256(data).hexdigest(): data for data in made}


def by_hand(scene: Scene, store: str, folder: Path, rng: random.Random) -> None:
    """One visit as a rep makes it."""
    page = scene.phone.page
    assert page is not None
    rep.check_in(page, store)
    rep.choose_kind(page, "货架")
    files = []
    for number in range(PHOTOS):
        path = folder / f"shelf-{number}.jpg"
        path.write_bytes(picture(rng, 200))
        files.append(path)
    rep.add_files(page, files, 0)
    rep.write_note(page, f"在{store}看到的")
    rep.hand_out(page, next(iter(scene.site.company.materials)), more=1, recipient="王店员")
    rep.check_out(page)


def reopen(scene: Scene) -> None:
    """Take the phone out of the pocket again."""
    scene.phone.open().goto("/")
    expect(scene.phone.page.get_by_role("heading", name="今日")).to_be_visible()


def left(scene: Scene) -> int:
    """Ops and files that the phone has still to send."""
    found = scene.phone.waiting()
    return found["ops"] + found["files"]


def until(scene: Scene, met: Callable[[], bool]) -> None:
    """Wait. Every now and then the network comes back, as it does where people walk about."""
    end = time.monotonic() + PATIENCE_S
    woken = 0.0
    while not met():
        assert time.monotonic() < end, f"stuck: {scene.phone.waiting()}; {scene.site.log()[-2000:]}"
        if time.monotonic() - woken > 1:
            scene.phone.wake()
            woken = time.monotonic()
        time.sleep(0.02)


def in_mid_work(scene: Scene, goal: int) -> bool:
    """So much has arrived, and more is on its way at this moment."""
    return scene.arrived() >= goal and scene.phone.waiting()["sending"] > 0


def send_under_fire(scene: Scene, total: int) -> None:
    """Send, and kill the browser and the server in turn, each in the middle of a request."""
    phone, site = scene.phone, scene.site
    scene.proxy.change(FOUL)
    for number, victim in enumerate(KILLS):
        arrived = scene.arrived()
        # Some of it, so that each of the kills still to come finds work going on.
        goal = arrived + max(1, (total - arrived) // (len(KILLS) - number + 1))
        until(scene, partial(in_mid_work, scene, goal))
        assert left(scene) > 0
        if victim == "browser":
            phone.kill()
            scene.proxy.change(NOBODY)
            reopen(scene)
            # Nobody has answered since: there is work left that the killed browser had not sent.
            assert 0 < left(scene) <= total
            scene.proxy.change(FOUL)
        else:
            site.kill()
            site.start()
        assert goal <= scene.arrived() < total
        scene.counts[f"{victim} kills"] += 1


def sync_quietly(scene: Scene) -> None:
    """Open the sync page in good weather and let the app do whatever it still wants to do."""
    page = scene.phone.page
    assert page is not None
    page.goto("/sync")
    expect(page.get_by_text("手机上的记录已全部送达。")).to_be_visible()
    press_sync(scene)
    press_sync(scene)


def press_sync(scene: Scene) -> None:
    """Press the button and wait for the end of the run."""
    page = scene.phone.page
    assert page is not None
    button = page.get_by_role("button", name="立即同步")
    expect(button).to_be_enabled(timeout=20_000)
    with page.expect_response(lambda answer: "/sync/pull" in answer.url):
        button.tap()
    expect(button).to_be_enabled(timeout=20_000)
    until(scene, scene.phone.idle)


def cursor(phone: Handset) -> Any:
    """Where the phone's pull goes on: it moves with each change that comes."""
    [found] = [row["value"] for row in phone.rows("meta") if row["key"] == "cursor"]
    return found


def nothing_more_to_do(scene: Scene) -> None:
    """The next sync sends nothing, brings nothing and changes nothing."""
    phone = scene.phone
    assert phone.page is not None
    asked: list[tuple[str, str]] = []

    def note(request: Request) -> None:
        path = request.url.partition("//")[2].partition("/")[2].partition("?")[0]
        if path.startswith("api/"):
            asked.append((request.method, f"/{path}"))

    tables = (*TABLES, "outbox", "uploads", "thumbs")
    before = {table: phone.rows(table) for table in tables}
    arrived, seen = scene.arrived(), cursor(phone)
    phone.page.on("request", note)
    press_sync(scene)
    phone.page.remove_listener("request", note)
    assert ("GET", "/api/v1/sync/pull") in asked
    assert set(asked) <= QUIET
    assert {table: phone.rows(table) for table in tables} == before
    assert (scene.arrived(), cursor(phone)) == (arrived, seen)
