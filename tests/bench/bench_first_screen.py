"""What a new phone really downloads: the first screen, and today's stores after the log-in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench.bench_pwa import KIB, build_bare, gz_kib, whole_app
from tests.bench.registry import Figure, bench
from tests.browser.conftest import ARGUMENTS, PHONE
from tests.browser.seed import PASSWORD
from tests.browser.site import make_site
from tests.chromium import find_or_install

# What the page asked for itself: the service worker's copy of the rest comes later, unseen.
FETCHED = """() => performance.getEntriesByType('resource')
    .filter((entry) => /\\.(js|css|woff2)$/.test(new URL(entry.name).pathname))
    .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""


def fetched_kib(page: Page) -> float:
    """Return the scripts, styles and fonts this page has fetched so far, KiB as sent."""
    page.wait_for_load_state("networkidle")
    return float(page.evaluate(FETCHED)) / KIB


@bench
def first_screen() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        floor = gz_kib(whole_app(build_bare(folder)[0]))
        site = make_site(folder)
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=ARGUMENTS)
        try:
            page = browser.new_page(
                base_url=site.url, viewport=PHONE, is_mobile=True, service_workers="block"
            )
            page.goto("/")
            page.locator("input[autocomplete=username]").fill("rep1")
            login = fetched_kib(page)
            yield Figure("rep log-in screen, as sent", login, "KiB", 160, floor)
            page.locator("input[type=password]").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.get_by_text("苏州园区星湖店").first.wait_for()
            today = fetched_kib(page)
            yield Figure("rep log-in and today, as sent", today, "KiB", 160, floor)
        finally:
            browser.close()
            site.stop()
