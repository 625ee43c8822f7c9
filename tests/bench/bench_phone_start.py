"""The first stores on the screen of a phone that starts without a network, six times slowed.

The app is installed and was used before; the page is loaded anew, offline, five times. Measured
from the navigation to the frame after the first store stands in the page. The floor is a page of
one paragraph, kept by a worker of a dozen lines, loaded in the same way.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import sync_playwright

from tests.bench.handset import Handset, handset
from tests.bench.registry import Figure, bench
from tests.bench.serving import STORES_A_REP, served
from tests.bench.wire import median

RUNS = 5
SLOWER = 6

BARE = {
    "/": ("text/html", "<!doctype html><meta charset=utf-8><title>1</title><p>1</p>"),
    "/sw.js": (
        "text/javascript",
        """self.addEventListener('install', (event) => {
            event.waitUntil(caches.open('bare').then((cache) => cache.add('/')))
            self.skipWaiting()
        })
        self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
        self.addEventListener('fetch', (event) => event.respondWith(caches.match('/')))""",
    ),
}


@contextmanager
def bare_site() -> Iterator[str]:
    """Serve the bare page from a port of its own."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = BARE.get(self.path, BARE["/"])
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@bench
def phone_start() -> Iterator[Figure]:
    with served() as here, bare_site() as bare, sync_playwright() as playwright:
        url = f"http://127.0.0.1:{here.port}"
        with handset(playwright, here.data / "profile", url) as phone:
            phone.log_in("rep1")
            phone.ready_for_offline()
            starts, tasks = _starts(phone, f"{url}/", "a[href^='/stores/']")
            phone.context.set_offline(False)
            phone.page.goto(bare)
            phone.page.evaluate("() => navigator.serviceWorker.register('/sw.js')")
            phone.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
            floors, _ = _starts(phone, bare, "p")
    name = f"warm start offline, {STORES_A_REP} stores, {SLOWER}x slower"
    yield Figure(name, median(starts), "ms", 600, median(floors))
    yield Figure(f"  slowest of {RUNS}", max(starts), "ms", None, max(floors))
    yield Figure("  tasks over 50 ms, together", median(tasks), "ms")


def _starts(phone: Handset, url: str, first: str) -> tuple[list[float], list[float]]:
    """Milliseconds of each start, and of its long tasks; the first, unmeasured, warms caches."""
    phone.context.set_offline(True)
    phone.slow(SLOWER)
    drawn, tasks = [], []
    for run in range(RUNS + 1):
        phone.page.goto("about:blank")
        phone.page.goto(url, wait_until="commit")
        took = phone.page.evaluate("(first) => watched.drawn(first)", first)
        if run:
            drawn.append(took)
            tasks.append(sum(phone.seen()[1]))
    phone.slow(1)
    return drawn, tasks
