"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Playwright, sync_playwright

# A deadline would judge the machine and not the code: our tests run beside other work.
settings.register_profile("storewalk", deadline=None)
settings.load_profile("storewalk")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The one driver of browsers in this process: it does not stand a second one beside it."""
    with sync_playwright() as found:
        yield found
