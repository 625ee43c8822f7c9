"""200 visits with 600 photos of 300 kB made offline, at a quarter of the speed.

A visit is five saves, each in a transaction of its own and on the disk before the next: check-in,
three photos (record, op, 300 kB, a small picture of 15 kB), check-out. The real app stands in the
page on its first screen and follows the database as always. The hand that presses is a script: it
calls the app's own actions, one save right after the other, with 0.2 s between two visits, in
which the screen reads anew what has changed; its frames are counted there, too.

The floor writes as many transactions, rows and bytes into plain IndexedDB, with strict durability,
at the same speed and pace.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import sync_playwright

from tests.bench.handset import SCRIPTS, Handset, build_actions, give_actions, handset
from tests.bench.registry import Figure, bench
from tests.bench.serving import served
from tests.bench.wire import median, percentile

VISITS = 200
PHOTOS_EACH = 3
PHOTO_BYTES = 300_000
THUMB_BYTES = 15_000
SLOWER = 4

# A row of each table as the app wrote it, for the floor.
SAMPLE = """async (name) => {
    const open = await new Promise((resolve, reject) => {
        const asked = indexedDB.open(name)
        asked.onsuccess = () => resolve(asked.result)
        asked.onerror = () => reject(asked.error)
    })
    const last = (table) => new Promise((resolve) => {
        const asked = open.transaction(table).objectStore(table).openCursor(null, 'prev')
        asked.onsuccess = () => resolve(asked.result.value)
    })
    const count = (table) => new Promise((resolve) => {
        const asked = open.transaction(table).objectStore(table).count()
        asked.onsuccess = () => resolve(asked.result)
    })
    const found = {
        visit: await last('visits'), photo: await last('photos'), op: await last('outbox'),
        upload: await last('uploads'), ops: await count('outbox'), blobs: await count('blobs'),
    }
    open.close()
    return found
}"""


@bench
def phone_saves() -> Iterator[Figure]:
    with served() as here, sync_playwright() as playwright:
        script = build_actions(here.data)
        url = f"http://127.0.0.1:{here.port}"
        with handset(playwright, here.data / "profile", url) as phone:
            phone.log_in("rep1")
            phone.ready_for_offline()
            give_actions(phone, script)
            phone.context.set_offline(True)
            phone.slow(SLOWER)
            phone.page.evaluate("() => watched.begin()")
            size = [VISITS, PHOTOS_EACH, PHOTO_BYTES, THUMB_BYTES]
            times = phone.page.evaluate("(size) => actions.makeVisits(...size)", size)
            frames, tasks = phone.seen()
            sample = phone.page.evaluate(SAMPLE, f"storewalk-{here.company.people['rep1']}")
            _check(sample)
            floor = _floor(phone, size, sample)
        yield from _figures(times, frames, tasks, floor)


def _check(sample: dict[str, Any]) -> None:
    wanted = (VISITS * (PHOTOS_EACH + 2), VISITS * PHOTOS_EACH)
    if (sample["ops"], sample["blobs"]) != wanted:
        raise AssertionError(f"{sample['ops']} ops and {sample['blobs']} files, not {wanted}")


def _floor(phone: Handset, size: list[int], sample: dict[str, Any]) -> list[float]:
    """The same on an empty page of the same origin, so that nothing of the app runs beside it."""
    phone.context.set_offline(False)
    phone.page.goto("/favicon.svg")
    phone.slow(SLOWER)
    phone.page.evaluate((SCRIPTS / "raw.js").read_text("utf-8"))
    found: list[float] = phone.page.evaluate(
        "([size, sample]) => bare.visits(...size, sample)", [size, sample]
    )
    return found


def _figures(
    times: dict[str, list[float]], frames: list[float], tasks: list[float], floor: list[float]
) -> Iterator[Figure]:
    visits, saves = times["visits"], times["saves"]
    name = f"a visit of 5 saves with 3 photos, {SLOWER}x slower, p95 of {VISITS}"
    yield Figure(name, percentile(visits, 0.95), "ms", 50, percentile(floor, 0.95))
    yield Figure("  median", median(visits), "ms", None, median(floor))
    yield Figure("  median of the last 20", median(visits[-20:]), "ms", None, median(floor[-20:]))
    yield Figure("  one save, p95", percentile(saves, 0.95), "ms")
    yield Figure("  longest frame", max(frames), "ms", 100)
    yield Figure("  longest task", max(tasks, default=50), "ms")
