"""The weekly board: 2,000 reps × 13 weeks, asked by the office, and painted in a browser.

Nine weeks of ten have a check-in. A board is worked out once by each worker and remembered while
nothing changes: both are measured, and the one after fifty reps have checked in. The floor is plain
SQLite reading the same people and check-ins, and orjson writing a state for each; for the browser,
a bare page with as many rows as the board draws.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from playwright.sync_api import Browser, sync_playwright
from pysqlite3 import dbapi2
from sqlalchemy import insert

from server.accounts.models import User
from server.kernel import changes
from server.kernel.clock import iso_week
from server.kernel.db import db
from server.kernel.ids import new_id
from server.office.models import OfficeCheckIn
from tests.bench.bulk import PIN
from tests.bench.registry import Figure, bench
from tests.bench.serving import Place, place
from tests.bench.wire import RUNS, Line, ask_all, check, get_request, median, percentile
from tests.browser.conftest import ARGUMENTS, DESKTOP
from tests.browser.seed import PASSWORD
from tests.chromium import find_or_install

REPS = 2_000
WEEKS = 13
KEPT = 0.9
ASKED = 20
CHANGED = 50
PAGE_ROWS = 50
FLOOR_PEOPLE = "SELECT id, name, region_id FROM user_account WHERE role = 'rep' AND active"
FLOOR_MARKS = """
    SELECT author_id, week, at, accepted FROM office_check_in
    WHERE week >= ? AND week <= ? ORDER BY week, author_id, at"""


@bench
def board() -> Iterator[Figure]:
    with place() as here:
        # One worker: each remembers for itself, and the cold one must be known when it is asked.
        here.settings = {"WEB_CONCURRENCY": "1"}
        with here.app.app_context():
            people = _write(here)
            db.session.commit()
            db.engine.dispose()
        here.start()
        token = here.log_in("office", "bench-board")
        path = f"/api/v1/office/weeks/{iso_week(datetime.now(UTC))}"
        request = get_request(path, token)
        floor = _floor(here)
        with Line(here.port) as line:
            cold = line.ask(request)
        check([cold])
        if len(cold.json()["rows"]) < REPS:
            raise AssertionError(f"{len(cold.json()['rows'])} rows")
        yield Figure("board of 2,000 reps, a worker's first", cold.ms, "ms", None, floor)
        medians, times = [], []
        for run in range(RUNS + 1):
            answers = ask_all(here.port, [request] * ASKED)
            check(answers)
            if run:
                medians.append(median(one.ms for one in answers))
                times += [one.ms for one in answers]
        yield Figure("board of 2,000 reps × 13 weeks", median(medians), "ms", 50, floor)
        yield Figure("  p99 of 100", percentile(times, 0.99), "ms")
        yield Figure("  after 50 more check-ins", _after_changes(here, people, request), "ms", 50)
        yield from _painted(here)


def _write(here: Place) -> list[str]:
    """The reps, and their check-ins of 26 weeks: the board counts through those before it."""
    chance, now = random.Random(8), datetime.now(UTC)
    park = here.company.regions["park"]
    people = [new_id() for _ in range(REPS)]
    names = [
        {
            "id": one,
            "username": f"bench-{number:04}",
            "name": f"业务员{number}",
            "role": "rep",
            "region_id": park,
            "password_hash": "-",
            "phone": "",
            "locale": "zh-CN",
            "active": True,
            "rev": 1,
            "created_at": now - timedelta(days=400),
        }
        for number, one in enumerate(people)
    ]
    db.session.execute(insert(User), names)
    rows = [
        _row(one, park, now - timedelta(weeks=week, minutes=chance.randrange(3 * 1440)))
        for one in people
        for week in range(2 * WEEKS)
        if chance.random() < KEPT
    ]
    for start in range(0, len(rows), 10_000):
        db.session.execute(insert(OfficeCheckIn), rows[start : start + 10_000])
    for one in people:
        changes.touch(db.session(), changes.user_scope(one), "person", [one])
    return people


def _row(author_id: str, region_id: str, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "author_id": author_id,
        "office_id": None,
        "region_id": region_id,
        "week": iso_week(at),
        "at": at,
        "lat": PIN[0],
        "lon": PIN[1],
        "accuracy_m": 12.0,
        "fix_age_s": 1.0,
        "fix_source": "gps",
        "verdict": "on_site",
        "distance_m": 8.0,
        "explanation": {"code": "on_site", "numbers": {}, "words": {}},
        "flags": [],
        "rule_version": 1,
        "accepted": True,
        "reason": None,
        "received_at": at,
        "device_id": "bulk",
        "device_seq": 1,
        "device_at": at,
        "clock_offset_ms": 0,
        "monotonic_ms": None,
        "payload_digest": bytes(16),
        "summary": None,
        "declined": False,
    }


def _after_changes(here: Place, people: list[str], request: bytes) -> float:
    """The next board once fifty reps have checked in; milliseconds, median of some."""
    times = []
    with Line(here.port) as line:
        for run in range(RUNS):
            some = people[run * CHANGED : (run + 1) * CHANGED]
            with here.app.app_context():
                rows = [_row(one, here.company.regions["park"], datetime.now(UTC)) for one in some]
                db.session.execute(insert(OfficeCheckIn), rows)
                for one, row in zip(some, rows, strict=True):
                    scope = changes.user_scope(one)
                    changes.touch(db.session(), scope, "office_check_in", [row["id"]])
                db.session.commit()
                db.engine.dispose()
            answer = line.ask(request)
            check([answer])
            times.append(answer.ms)
    return median(times)


def _floor(here: Place) -> float:
    """Plain SQLite reading the same, and its states as JSON; milliseconds."""
    now = datetime.now(UTC)
    first, last = iso_week(now - timedelta(weeks=WEEKS - 1)), iso_week(now)
    with closing(dbapi2.connect(str(here.database))) as database:
        return median([_floor_ms(database, first, last) for _ in range(RUNS)])


def _floor_ms(database: Any, first: str, last: str) -> float:
    began = time.monotonic()
    people = database.execute(FLOOR_PEOPLE).fetchall()
    done: dict[str, set[str]] = {}
    for author_id, week, _at, _accepted in database.execute(FLOOR_MARKS, (first, last)):
        done.setdefault(author_id, set()).add(week)
    rows = [
        {"id": one, "name": name, "states": ["done"] * len(done.get(one, ()))}
        for one, name, _ in people
    ]
    orjson.dumps(rows)
    return (time.monotonic() - began) * 1000


# From the press on "reload" until the rows stand there and have been painted.
PAINTED = """() => new Promise((resolve) => {
    const look = () => {
        if (document.querySelectorAll('tbody tr').length > 0) {
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now()), 0))
        } else setTimeout(look, 5)
    }
    look()
})"""
BARE = """<!doctype html><table><tbody></tbody></table><script>
    const body = document.querySelector('tbody')
    for (let row = 0; row < %d; row++) {
        const line = body.insertRow()
        for (let cell = 0; cell < %d; cell++) line.insertCell().textContent = 'done'
    }
</script>"""


def _painted(here: Place) -> Iterator[Figure]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=ARGUMENTS)
        try:
            yield Figure(
                "board painted, warm browser", _console_s(browser, here), "s", 1.0, _bare_s(browser)
            )
        finally:
            browser.close()


def _console_s(browser: Browser, here: Place) -> float:
    url = f"http://127.0.0.1:{here.port}"
    context = browser.new_context(base_url=url, viewport=DESKTOP)  # type: ignore[arg-type]
    body = {"username": "office", "password": PASSWORD, "client": "cookie"}
    if not context.request.post("/api/v1/session", data=body).ok:
        raise AssertionError("no log-in")
    page = context.new_page()
    page.goto("/console/weeks")
    times = []
    for _ in range(RUNS + 1):
        page.reload(wait_until="commit")
        times.append(float(page.evaluate(PAINTED)) / 1000)
    shown = page.locator("tbody tr").count()
    if shown != PAGE_ROWS:
        raise AssertionError(f"{shown} rows are drawn")
    context.close()
    return median(times[1:])


def _bare_s(browser: Browser) -> float:
    page = browser.new_page()
    times = []
    for _ in range(RUNS):
        page.goto("about:blank")
        began = time.monotonic()
        page.set_content(BARE % (PAGE_ROWS, WEEKS + 2), wait_until="commit")
        page.evaluate(PAINTED)
        times.append(time.monotonic() - began)
    page.close()
    return median(times)
