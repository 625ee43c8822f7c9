"""5,000 stores come to a new phone while somebody looks at it, six times slowed.

The rep has logged in and sees the first screen; then the feed is let through, and frames are
counted until all stores are on the phone and the first of them on the screen. The floor writes the
same rows, as many in a transaction, into plain IndexedDB on an empty page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from playwright.sync_api import sync_playwright
from sqlalchemy import insert

from server.kernel.changes import user_scope
from server.kernel.db import db
from server.kernel.ids import new_id
from server.stores.models import Store, StoreAssignment
from tests.bench import bulk
from tests.bench.handset import SCRIPTS, Handset, handset
from tests.bench.registry import Figure, bench
from tests.bench.serving import STORES_A_REP, Place, place, store_row

REP = "rep2"
MORE = 5_000
PAGE = 500  # the app's own (pwa/src/sync/engine.ts)
SLOWER = 6
PULL = "**/api/v1/sync/pull*"

FLOOR = """async ([name, page]) => {
    const open = await new Promise((resolve) => {
        const asked = indexedDB.open(name)
        asked.onsuccess = () => resolve(asked.result)
    })
    const rows = await new Promise((resolve) => {
        const all = open.transaction('stores').objectStore('stores').getAll()
        all.onsuccess = () => resolve(all.result)
    })
    open.close()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    watched.begin()
    return [rows.length, await bare.stores(rows, page)]
}"""
ARRIVED = """async ([name, wanted]) => {
    const open = await new Promise((resolve) => {
        const asked = indexedDB.open(name)
        asked.onsuccess = () => resolve(asked.result)
    })
    const count = () => new Promise((resolve) => {
        const asked = open.transaction('stores').objectStore('stores').count()
        asked.onsuccess = () => resolve(asked.result)
    })
    while ((await count()) < wanted) await new Promise((resolve) => setTimeout(resolve, 50))
    open.close()
    await watched.drawn("a[href^='/stores/']")
    return performance.now()
}"""


@bench
def phone_first_pull() -> Iterator[Figure]:
    with place() as here:
        with here.app.app_context():
            _give_more(here)
            db.session.commit()
            db.engine.dispose()
        here.start()
        user = here.company.people[REP]
        with (
            sync_playwright() as playwright,
            handset(playwright, here.data / "profile", f"http://127.0.0.1:{here.port}") as phone,
        ):
            yield from _pull(phone, f"storewalk-{user}")


def _pull(phone: Handset, database: str) -> Iterator[Figure]:
    phone.context.route(PULL, lambda route: route.abort())
    phone.log_in(REP)
    # The app's files are kept by its worker first; the phone has settled.
    phone.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    phone.page.wait_for_timeout(2_000)
    phone.context.unroute(PULL)
    phone.slow(SLOWER)
    phone.page.evaluate("() => watched.begin()")
    began = phone.page.evaluate("() => performance.now()")
    # What tells the app to try again, as when a network comes back.
    phone.page.evaluate("() => window.dispatchEvent(new Event('online'))")
    ended = phone.page.evaluate(ARRIVED, [database, MORE + STORES_A_REP])
    # The list of the last page is put in order after its transaction.
    phone.page.wait_for_timeout(3_000)
    frames, tasks = phone.seen()
    phone.slow(1)
    phone.page.goto("/favicon.svg")
    phone.slow(SLOWER)
    phone.page.evaluate((SCRIPTS / "raw.js").read_text("utf-8"))
    count, floor = phone.page.evaluate(FLOOR, [database, PAGE])
    bare_frames, _ = phone.seen()
    name = f"{count:,} stores come to a phone, {SLOWER}x slower: longest frame"
    yield Figure(name, max(frames), "ms", 100, max(bare_frames))
    yield Figure("  frames over 100 ms", sum(one > 100 for one in frames), "frames", 0)
    yield Figure("  longest task", max(tasks, default=50), "ms")
    yield Figure("  until all are there", ended - began, "ms", None, floor)


def _give_more(here: Place) -> None:
    """Another MORE stores for a rep who has STORES_A_REP."""
    now = datetime.now(UTC)
    park = here.company.regions["park"]
    ids = [new_id() for _ in range(MORE)]
    rows = [
        store_row(store_id, 900_000 + number, park, *bulk.PIN, now)
        for number, store_id in enumerate(ids)
    ]
    bulk.write(db.session(), Store, rows)
    user = here.company.people[REP]
    assigned = [
        {"id": new_id(), "store_id": one, "user_id": user, "since": now, "until": None}
        for one in ids
    ]
    db.session.execute(insert(StoreAssignment), assigned)
    bulk.write_changes(db.session(), user_scope(user), [("store", one) for one in ids])
