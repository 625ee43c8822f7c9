"""A phone whose browser keeps its storage in a folder, and can be killed as phones do it."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, Playwright

from tests.browser import rep
from tests.browser.conftest import ARGUMENTS, PHONE
from tests.chromium import find_or_install

HERE = {"latitude": 31.3001, "longitude": 120.6, "accuracy": 12}
# Everything that a rep makes, and the marks that say how far it is.
TABLES = ("visits", "notes", "photos", "handouts")
WAITING = """([name]) => new Promise((resolve, reject) => {
    const open = indexedDB.open(name)
    open.onerror = () => reject(open.error)
    open.onsuccess = () => {
        const transaction = open.result.transaction(['outbox', 'uploads'])
        const read = (table) => new Promise((done) => {
            const all = transaction.objectStore(table).getAll()
            all.onsuccess = () => done(all.result.map((row) => row.state))
        })
        Promise.all([read('outbox'), read('uploads')]).then(([ops, files]) => {
            open.result.close()
            const rest = files.filter((state) => state !== 'done')
            const sending = [...ops, ...rest].filter((state) => state === 'sending').length
            resolve({ ops: ops.length, files: rest.length, sending })
        })
    }
})"""
# The run's lock is free: nothing is going on.
IDLE = (
    """async (name) => !(await navigator.locks.query()).held.some((lock) => lock.name === name)"""
)


class Handset:
    """One person's phone. Its browser may be closed, killed, and opened again."""

    def __init__(self, playwright: Playwright, folder: Path, url: str, user_id: str) -> None:
        self.user_id = user_id
        self._playwright = playwright
        self._folder = folder
        self._url = url
        self._context: BrowserContext | None = None
        self.page: Page | None = None

    def open(self) -> Page:
        """Start the browser and show an empty page."""
        self._context = self._playwright.chromium.launch_persistent_context(
            str(self._folder),
            executable_path=find_or_install(),
            args=ARGUMENTS,
            base_url=self._url,
            viewport=PHONE,  # type: ignore[arg-type]  # a plain dict is what it takes
            has_touch=True,
            is_mobile=True,
            locale="zh-CN",
            geolocation=HERE,  # type: ignore[arg-type]  # likewise
            permissions=["geolocation", "background-sync", "camera"],
        )
        self.page = self._context.pages[0]
        # The browser offers to install the app whenever it likes.
        later = self.page.get_by_role("button", name="以后再说")
        self.page.add_locator_handler(later, lambda button: button.tap())
        return self.page

    def close(self) -> None:
        """End the browser in good order."""
        if self._context is not None:
            self._context.close()
        self._context = self.page = None

    def kill(self) -> None:
        """SIGKILL to all of the browser's processes at once."""
        # Chromium notes here who uses the folder: host-pid.
        pid = int((self._folder / "SingletonLock").readlink().name.rpartition("-")[2])
        group = os.getpgid(pid)
        assert group == pid != os.getpgid(0), "the browser has no process group of its own"
        os.killpg(group, signal.SIGKILL)
        with contextlib.suppress(Error):
            self.close()
        self._context = self.page = None

    @property
    def context(self) -> BrowserContext:
        assert self._context is not None
        return self._context

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table of the phone's own database."""
        assert self.page is not None
        return rep.local_rows(self.page, self.user_id, table)

    def waiting(self) -> dict[str, int]:
        """Ops and files that are not sent, and how many of them are on their way just now."""
        assert self.page is not None
        found: dict[str, int] = self.page.evaluate(WAITING, [f"storewalk-{self.user_id}"])
        return found

    def wake(self) -> None:
        """What the browser tells the app when the network comes back."""
        assert self.page is not None
        self.page.evaluate("window.dispatchEvent(new Event('online'))")

    def idle(self) -> bool:
        """True while the app does not sync."""
        assert self.page is not None
        found: bool = self.page.evaluate(IDLE, f"outbox-{self.user_id}")
        return found
