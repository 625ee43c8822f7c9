"""A slow phone for benches: Chromium with its profile on a real disk and its main thread slowed.

A fresh browser context keeps IndexedDB in memory; only a profile in a folder writes to the disk as
a phone does. The slowing down holds for the page's main thread, not for workers and the browser.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, CDPSession, Page, Playwright

from tests.browser.conftest import ARGUMENTS, PHONE
from tests.browser.seed import PASSWORD
from tests.chromium import find_or_install

ROOT = Path(__file__).resolve().parents[2]
PWA = ROOT / "pwa"
SCRIPTS = Path(__file__).parent / "phone"
PATIENCE_MS = 300_000

# The app's sources under the app's own build settings, as one script.
BUNDLE_CONFIG = """export default {{
  root: {pwa},
  configFile: false,
  logLevel: 'error',
  resolve: {{ alias: {{ '@': {src} }} }},
  define: {{ 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false, __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false }},
  build: {{ target: 'es2020', outDir: {out}, emptyOutDir: true,
    lib: {{ entry: {entry}, name: 'actions', formats: ['iife'], fileName: () => 'actions.js' }} }},
}}"""


@dataclass
class Handset:
    """A phone's browser and its one page."""

    context: BrowserContext
    page: Page
    cdp: CDPSession

    def slow(self, times: float) -> None:
        """Slow the page's main thread down so many times; 1 is as fast as the machine."""
        self.cdp.send("Emulation.setCPUThrottlingRate", {"rate": times})

    def log_in(self, username: str) -> None:
        """Log in and wait for the first store of the list and for the app's own worker."""
        self.page.goto("/")
        self.page.locator("input[autocomplete=username]").fill(username)
        self.page.locator("input[type=password]").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.locator("h1", has_text="今日").wait_for()

    def ready_for_offline(self) -> None:
        """Wait until stores and the app's files are kept on the phone."""
        self.page.locator("a[href^='/stores/']").first.wait_for(timeout=PATIENCE_MS)
        self.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")

    def seen(self) -> tuple[list[float], list[float]]:
        """Milliseconds between frames, and of tasks over 50 ms, since watched.begin()."""
        found: dict[str, list[float]] = self.page.evaluate("() => watched.seen()")
        return found["frames"], found["tasks"]


@contextmanager
def handset(playwright: Playwright, profile: Path, url: str) -> Iterator[Handset]:
    """A phone whose profile lies in the folder `profile`, at the address `url`."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=find_or_install(),
        args=ARGUMENTS,
        base_url=url,
        viewport=PHONE,  # type: ignore[arg-type]  # a plain dict is what it takes
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
    )
    try:
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(path=SCRIPTS / "watch.js")
        page = context.pages[0]
        yield Handset(context, page, context.new_cdp_session(page))
    finally:
        context.close()


def build_actions(folder: Path) -> str:
    """Bundle tests/bench/phone/actions.ts with the app's sources; return the script."""
    config = folder / "actions.config.mjs"
    out = folder / "actions"
    config.write_text(
        BUNDLE_CONFIG.format(
            pwa=json.dumps(str(PWA)),
            src=json.dumps(str(PWA / "src")),
            out=json.dumps(str(out)),
            entry=json.dumps(str(SCRIPTS / "actions.ts")),
        )
    )
    node = ROOT / ".venv" / "bin" / "node"
    vite = PWA / "node_modules/vite/bin/vite.js"
    subprocess.run([node, vite, "build", "--config", config], cwd=PWA, check=True)
    return (out / "actions.js").read_text("utf-8")


def give_actions(phone: Handset, script: str) -> None:
    """Put the app's actions into the app's page; a content security policy does not hold here."""
    phone.page.evaluate(f"() => {{ {script}\nwindow.actions = actions }}")
