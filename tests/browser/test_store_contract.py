"""The contract of the phone's local store (pwa/src/db/contract) on a real IndexedDB."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from server.config import ROOT

PWA = ROOT / "pwa"
CONFIG = "build/store-contract.vite.ts"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def contract_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The contract's page, built and served on localhost, which browsers take for safe."""
    folder = tmp_path_factory.mktemp("store-contract")
    command = ["npx", "--no-install", "vite", "build", "--config", CONFIG, "--logLevel", "warn"]
    subprocess.run([*command, "--outDir", str(folder)], cwd=PWA, env=os.environ, check=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def open_page(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.wait_for_function("() => window.contract !== undefined")
    return page


def give_room(page: Page, url: str, quota: int | None) -> None:
    """Leave the browser with so many bytes of storage, or with what it had."""
    origin = {"origin": url.rstrip("/")} | ({} if quota is None else {"quotaSize": quota})
    session = page.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", origin)


def play(chromium: Browser, url: str, case: dict[str, Any]) -> str | None:
    """Run one case in a browser of its own; returns what is wrong, or None."""
    context = chromium.new_context()
    try:
        page = open_page(context, url)
        if case["quota"]:
            give_room(page, url, case["quota"])
        page.evaluate("name => contract.run(name, false)", case["name"])
        if case["quota"]:
            give_room(page, url, None)
        if case["afterwards"]:
            # Another page first: with its last one a browser may throw its storage away.
            again = open_page(context, url)
            page.close(run_before_unload=False)
            again.evaluate("name => contract.run(name, true)", case["name"])
    except Error as error:
        return f"{case['name']}: {error.message.splitlines()[0]}"
    finally:
        context.close()
    return None


def test_every_case_of_the_contract_holds_in_chromium(chromium: Browser, contract_url: str) -> None:
    context = chromium.new_context()
    cases: list[dict[str, Any]] = open_page(context, contract_url).evaluate("contract.list()")
    context.close()
    assert len(cases) > 30, "the page has lost its cases"
    failed = [wrong for case in cases if (wrong := play(chromium, contract_url, case))]
    assert not failed, "\n".join(failed)
