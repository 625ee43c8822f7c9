"""The service worker and the update prompt, built as the app is, in a real Chromium.

The page around them is tests/shell/probe.ts, so that these tests hold whatever the screens become.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from tests.chromium import find_or_install

ROOT = Path(__file__).resolve().parents[2]
PWA = ROOT / "pwa"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'"
)

pytestmark = pytest.mark.browser


def build(folder: Path, version: str) -> Path:
    """Build the probe page as this version, with the app's own Vite plugins; return its dist."""
    project = folder / version
    for name in ("app", "kernel"):
        (project / "src" / name).mkdir(parents=True)
    for name in ("build", "public"):
        shutil.copytree(PWA / name, project / name)
    for name in ("index.html", "console.html", "vite.config.ts", "tsconfig.json", "package.json"):
        shutil.copy(PWA / name, project)
    for name in ("sw.ts", "sw-push.ts"):
        shutil.copy(PWA / "src" / name, project / "src")
    for name in ("app/update.ts", "kernel/unsaved.ts"):
        shutil.copy(PWA / "src" / name, project / "src" / name)
    (project / "node_modules").symlink_to(PWA / "node_modules", target_is_directory=True)
    shutil.copy(ROOT / "tests" / "shell" / "probe.ts", project / "src" / "main.ts")
    (project / "src" / "version.ts").write_text(f"export const VERSION = '{version}'\n")
    (project / "src" / "lazy.ts").write_text("export const word = 'lazy screen'\n")
    (project / "src" / "console.ts").write_text("document.title = 'console'\n")
    node = ROOT / ".venv" / "bin" / "node"
    vite = PWA / "node_modules" / "vite" / "bin" / "vite.js"
    subprocess.run([node, vite, "build", "--logLevel", "error"], cwd=project, check=True)
    return project / "dist"


class Site:
    """A static server whose folder can be swapped, as a deployment does."""

    def __init__(self, dist: Path) -> None:
        self.dist = dist
        site = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                # It compares whole seconds: two versions built in one would be the same file.
                del self.headers["If-Modified-Since"]
                path = self.path.partition("?")[0]
                if path.startswith("/api/"):
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                file = site.dist / path.lstrip("/")
                if not file.is_file():
                    name = "console.html" if path.startswith("/console") else "index.html"
                    self.path = f"/{name}"
                super().do_GET()

            def translate_path(self, path: str) -> str:
                return str(site.dist / path.partition("?")[0].lstrip("/"))

            def end_headers(self) -> None:
                self.send_header("Content-Security-Policy", POLICY)
                self.send_header("Cache-Control", "no-cache")
                super().end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (inherited name)
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pwa")
    return build(folder, "one"), build(folder, "two")


@pytest.fixture
def site(versions: tuple[Path, Path]) -> Iterator[Site]:
    site = Site(versions[0])
    yield site
    site.close()


@pytest.fixture
def context(playwright: Playwright) -> Iterator[BrowserContext]:
    browser = playwright.chromium.launch(executable_path=find_or_install(), args=["--no-sandbox"])
    context = browser.new_context(permissions=["geolocation", "background-sync"])
    yield context
    browser.close()


def wait_until(page: Page, condition: str) -> None:
    """Wait for a JavaScript condition. The policy forbids the eval in wait_for_function."""
    met = page.evaluate(
        f"""async () => {{
            const pause = () => new Promise((done) => setTimeout(done, 20))
            const met = async () => Boolean(({condition}))
            for (let i = 0; i < 3000; i++) {{
                if (await met()) return true
                await pause()
            }}
            return false
        }}"""
    )
    assert met, f"never came true: {condition}"


def wait_for_update(page: Page) -> None:
    """Look for the new version until it waits.

    Once is not enough: a look that began by itself just before the deployment swallows ours.
    """
    wait_until(page, "await probe.check(), probe.waiting()")


def opened(context: BrowserContext, site: Site, console: list[str] | None = None) -> Page:
    """Open the page and wait until the service worker answers for it; gather its console."""
    page = context.new_page()
    if console is not None:
        page.on("console", lambda message: console.append(message.text))
    page.goto(site.url)
    wait_until(page, "navigator.serviceWorker.controller !== null")
    return page


def precached(dist: Path) -> list[str]:
    text = (dist / "sw.js").read_text(encoding="utf-8")
    return re.findall(r"\{url:`([^`]+)`", text)


def test_keeps_the_reps_files_and_not_the_consoles(versions: tuple[Path, Path]) -> None:
    dist = versions[0]
    kept = precached(dist)
    assert {"/index.html", "/manifest.webmanifest", "/favicon.svg"} <= set(kept)
    assert any(re.match(r"/assets/lazy-", url) for url in kept)
    assert any(re.match(r"/assets/icons-.*\.woff2", url) for url in kept)
    manifest = json.loads((dist / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert {icon["src"] for icon in manifest["icons"]} <= set(kept)
    assert not [url for url in kept if "console" in url or url == "/sw.js"]
    assert all((dist / url.lstrip("/")).is_file() for url in kept)


def test_names_no_foreign_host_and_no_data_font(versions: tuple[Path, Path]) -> None:
    styles = [css.read_text(encoding="utf-8") for css in versions[0].glob("assets/*.css")]
    assert any("@font-face" in css for css in styles)
    for css in styles:
        assert not re.search(r"url\([\"']?(?:https?:)?//|url\([\"']?data:font", css)


@pytest.mark.parametrize("name", ["index.html", "console.html"])
def test_pages_hold_no_inline_code(versions: tuple[Path, Path], name: str) -> None:
    html = (versions[0] / name).read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_every_text_file_has_its_gzip(versions: tuple[Path, Path]) -> None:
    dist = versions[0]
    texts = [file for file in dist.rglob("*") if file.suffix in {".js", ".css", ".html"}]
    assert dist / "sw.js" in texts
    assert [file for file in texts if not file.with_name(file.name + ".gz").is_file()] == []


def test_opens_offline_with_deep_links_and_lazy_screens(
    site: Site, context: BrowserContext
) -> None:
    page = opened(context, site)
    context.set_offline(True)
    page.goto(f"{site.url}/visits/0193a5c8-0000-7000-8000-000000000000")
    assert page.text_content("#app") == "version one"
    assert page.evaluate("probe.lazy()") == "lazy screen"
    assert page.evaluate("fetch('/api/v1/me').then(() => 'answered', () => 'failed')") == "failed"
    for path in ("/console/", "/docs", "/healthz"):
        with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED"):
            page.goto(site.url + path)


def test_lazy_screens_are_there_offline_on_the_very_first_visit(
    site: Site, context: BrowserContext
) -> None:
    page = opened(context, site)
    context.set_offline(True)
    assert page.evaluate("probe.lazy()") == "lazy screen"


def test_keeps_the_policy(site: Site, context: BrowserContext) -> None:
    console: list[str] = []
    page = opened(context, site, console)
    page.evaluate("probe.lazy()")
    assert not [text for text in console if "Content Security Policy" in text]


def test_an_update_waits_for_the_visit_to_end_and_for_the_tap(
    site: Site, context: BrowserContext, versions: tuple[Path, Path]
) -> None:
    page = opened(context, site)
    assert page.evaluate("probe.waiting()") is False
    page.evaluate("probe.state.busy = true")
    site.dist = versions[1]
    wait_for_update(page)
    assert page.evaluate("probe.applyUpdate()") is False, "a visit is in progress"
    assert page.evaluate("probe.state.version") == "one"
    page.evaluate("probe.state.busy = false")
    with page.expect_navigation():
        assert page.evaluate("probe.applyUpdate()") is True
    assert page.text_content("#app") == "version two"
    wait_until(page, "!probe.waiting()")


def test_a_tab_follows_after_its_visit_when_another_has_switched(
    site: Site, context: BrowserContext, versions: tuple[Path, Path]
) -> None:
    page, other = opened(context, site), opened(context, site)
    page.evaluate("probe.state.busy = true")
    site.dist = versions[1]
    wait_for_update(other)
    with other.expect_navigation():
        assert other.evaluate("probe.applyUpdate()") is True
    wait_until(page, "probe.replaced()")
    assert page.evaluate("probe.applyUpdate()") is False, "a visit is in progress"
    assert page.text_content("#app") == "version one"
    page.evaluate("probe.state.busy = false")
    with page.expect_navigation():
        assert page.evaluate("probe.applyUpdate()") is True
    assert page.text_content("#app") == "version two"


def test_what_waits_may_give_way_to_a_newer_one(
    site: Site, context: BrowserContext, versions: tuple[Path, Path], tmp_path: Path
) -> None:
    page = opened(context, site)
    site.dist = versions[1]
    wait_for_update(page)
    page.evaluate("navigator.serviceWorker.ready.then((it) => { window.offered = it.waiting })")
    # A release is taken back: the older files are the newer version now, by their times as well.
    site.dist = shutil.copytree(versions[0], tmp_path / "again", copy_function=shutil.copy)
    wait_until(page, "await probe.check(), offered.state === 'redundant' && probe.waiting()")
    with page.expect_navigation():
        assert page.evaluate("probe.applyUpdate()") is True
    assert page.text_content("#app") == "version one"
    wait_until(page, "!probe.waiting()")


def test_a_reload_alone_does_not_switch_the_version(
    site: Site, context: BrowserContext, versions: tuple[Path, Path]
) -> None:
    page = opened(context, site)
    site.dist = versions[1]
    wait_for_update(page)
    page.reload()
    assert page.text_content("#app") == "version one"
    wait_until(page, "probe.waiting()")


def test_background_sync_wakes_the_open_page(site: Site, context: BrowserContext) -> None:
    page = opened(context, site)
    cdp = context.new_cdp_session(page)
    ids: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: ids.extend(r["registrationId"] for r in event["registrations"]),
    )
    cdp.send("ServiceWorker.enable")
    wait_until(page, "navigator.serviceWorker.controller.state === 'activated'")
    while not ids:
        page.wait_for_timeout(20)
    cdp.send(
        "ServiceWorker.dispatchSyncEvent",
        {"origin": site.url, "registrationId": ids[-1], "tag": "outbox", "lastChance": False},
    )
    wait_until(page, "probe.state.messages.some((message) => message.type === 'SYNC')")
