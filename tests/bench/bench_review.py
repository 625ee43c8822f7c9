"""Fifty doubtful visits judged by keyboard: keys pressed, seconds until each next one is there.

A real browser on the shipped server; each visit has two photos. A visit counts as there when its
map, its day and its photos are. The floor is the bare fetching of the same fifty pages (the API's
answer for each visit, one after the other) in the same browser, with nothing shown and decided.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench.registry import Figure, bench
from tests.bench.wire import median, percentile
from tests.browser import office
from tests.browser.conftest import ARGUMENTS, DESKTOP
from tests.browser.office import Region, Sender
from tests.browser.site import make_site
from tests.chromium import find_or_install

VISITS = 50
STORES = 10
# Of ten, seven are accepted, two rejected, one taken back and then rejected.
KEYS = ("a", "a", "a", "r", "a", "a", "aur", "a", "r", "a")
# One frame of script that says which visit is wholly there: name in the bar, map, day, photos.
THERE = """(id) => new URLSearchParams(location.search).get('visit') === id
    && document.querySelector('.detail .place-pin')
    && document.querySelector('.detail [aria-current=true] strong')
    && [...document.querySelectorAll(".detail img[src$='/thumb']")].filter((one) =>
        one.complete && one.naturalWidth > 0).length >= 2"""
FETCH = """async (ids) => {
    const began = performance.now()
    for (const id of ids) await (await fetch(`/api/v1/reviews/${id}`)).json()
    return performance.now() - began
}"""


@bench
def review() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        site = make_site(Path(name))
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=ARGUMENTS)
        try:
            region = office.make_region(site, "bench-review", "审核区", "评主管")
            _make_visits(region)
            context = browser.new_context(
                base_url=site.url,
                viewport=DESKTOP,  # type: ignore[arg-type]  # a plain dict is what it takes
                reduced_motion="reduce",
            )
            office.log_in(context, region.supervisor)
            page = context.new_page()
            yield from _judge(page, region)
        finally:
            browser.close()
            site.stop()


def _make_visits(region: Region) -> None:
    """Fifty visits half a kilometre to three from their stores, on five days."""
    rep = region.add_rep("评小明")
    pins = [office.moved(31.2, 121.4, east=800 * number) for number in range(STORES)]
    stores = [region.add_store(f"评测 {number} 店", *pin)["id"] for number, pin in enumerate(pins)]
    photo = [office.jpeg(color, color, (640, 480)) for color in ("#b02020", "#207020")]
    last = ""
    for number in range(VISITS):
        sender = Sender(rep)
        sender.ops = []
        day, place = divmod(number, STORES)
        at = office.days_ago(6 - day) - timedelta(hours=4) + timedelta(minutes=45 * place)
        fix = office.gps(*office.moved(*pins[place], north=500 + 50 * number), 15)
        last = sender.visit(stores[place], at, fix)
        for kind, data in zip(("storefront", "shelf"), photo, strict=True):
            sender.photo(last, kind, at, data, send=True)
        sender.send()
    office.wait_for_photos(rep, last, 2)


def _judge(page: Page, region: Region) -> Iterator[Figure]:
    ids = [
        one["id"] for one in region.office.get(f"/reviews?region={region.id}&limit=100")["items"]
    ]
    if len(ids) != VISITS:
        raise AssertionError(f"{len(ids)} doubtful visits")
    page.goto("/console/login")
    floor_s = page.evaluate(FETCH, ids) / 1000
    page.goto("/console/reviews")
    keys, waits = 0, []
    began = time.monotonic()
    for number in range(VISITS):
        shown = time.monotonic()
        # Which visit is shown the queue decides: rejections raise the next ones only when it loads.
        here = page.evaluate("() => new URLSearchParams(location.search).get('visit')")
        while here is None:
            page.wait_for_timeout(20)
            here = page.evaluate("() => new URLSearchParams(location.search).get('visit')")
        page.wait_for_function(THERE, arg=here, polling="raf")
        waits.append(time.monotonic() - shown)
        for key in KEYS[number % len(KEYS)]:
            page.keyboard.press(key)
            keys += 1
    page.wait_for_load_state("networkidle")
    took = time.monotonic() - began
    query = f"/reviews?region={region.id}&state=accepted,rejected&limit=1"
    decided = region.office.get(query)["total"]
    if decided != VISITS:
        raise AssertionError(f"{decided} of {VISITS} decided")
    yield Figure("50 doubtful visits judged, keys pressed", keys, "keys", None, VISITS)
    yield Figure("  seconds for all, nobody thinking", took, "s", None, floor_s)
    yield Figure("  until the next is wholly there, median", median(waits) * 1000, "ms")
    yield Figure("  p95", percentile(waits, 0.95) * 1000, "ms")
