"""A real Chromium against the real server. Each test gets contexts of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

from tests.browser.site import Site, make_site
from tests.chromium import find_or_install

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser for this process. Fails, and never skips, where there is none."""
    browser = playwright.chromium.launch(executable_path=find_or_install(), args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for each file of tests, so that no file counts another's visits."""
    found = make_site(tmp_path_factory.mktemp("site"))
    yield found
    found.stop()


@pytest.fixture
def rep_name(site: Site) -> str:
    """The user name of a rep whom no other test has used: their phone and records are empty."""
    return site.company.spare.pop()


Open = Callable[..., BrowserContext]


@pytest.fixture
def open_phone(chromium: Browser, site: Site) -> Iterator[Open]:
    """open_phone(lat, lon, accuracy=…, locale=…) gives a phone's browser at that place."""
    contexts: list[BrowserContext] = []

    def make(
        lat: float = 31.3, lon: float = 120.6, *, accuracy: float = 12, locale: str = "zh-CN"
    ) -> BrowserContext:
        context = chromium.new_context(
            base_url=site.url,
            viewport=PHONE,  # type: ignore[arg-type]  # a plain dict is what it takes
            device_scale_factor=2,
            has_touch=True,
            is_mobile=True,
            locale=locale,
            geolocation={"latitude": lat, "longitude": lon, "accuracy": accuracy},
            # Naming some permissions denies all others.
            permissions=["geolocation", "background-sync", "camera"],
        )
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def open_desktop(chromium: Browser, site: Site) -> Iterator[Open]:
    """open_desktop(locale=…) gives a laptop's browser."""
    contexts: list[BrowserContext] = []

    def make(*, locale: str = "zh-CN", **options: Any) -> BrowserContext:
        options = {"base_url": site.url, "viewport": DESKTOP, "locale": locale} | options
        context = chromium.new_context(**options)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


# What the browser itself writes where a request is made without a network.
_OFFLINE = "net::ERR_INTERNET_DISCONNECTED"


def watch(page: Page) -> list[str]:
    """Collect what goes wrong inside a page: uncaught errors and console errors."""
    found: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and _OFFLINE not in message.text:
            found.append(message.text)

    page.on("pageerror", lambda error: found.append(f"uncaught: {error}"))
    page.on("console", hear)
    return found
