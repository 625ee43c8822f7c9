"""The console's list: 50 visits and the total of one district and day among 100,000 visits.

Asked by the office, each time another district or day of 20 districts and 50 days (100 visits
each, with a photo each), as the console asks: filters, no cursor, 50 a page. The floor is plain
SQLite counting the same visits and reading the same 50 rows with their stores' and authors' names.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from typing import Any

from pysqlite3 import dbapi2

from server.accounts import domain as accounts
from server.kernel.clock import Clock, day_bounds
from server.kernel.db import db
from tests.bench import bulk
from tests.bench.registry import Figure, bench
from tests.bench.serving import Place, place, reps
from tests.bench.wire import (
    RUNS,
    ask_all,
    ask_at_once,
    check,
    get_request,
    median,
    percentile,
    span_s,
)

DISTRICTS = 20
DAYS = 50
VISITS_A_DAY = 100
PAGE = 50
ASKED = 60
CLIENTS = 8
ASKED_EACH = 30
LAST_DAY = date(2026, 10, 31)
FLOOR = """
    SELECT visit.*, store.name, store.code, user_account.name, photo.id FROM visit
    JOIN store ON store.id = visit.store_id
    JOIN user_account ON user_account.id = visit.author_id
    LEFT JOIN photo ON photo.visit_id = visit.id
    WHERE visit.region_id = ? AND visit.checked_in_at >= ? AND visit.checked_in_at < ?
    ORDER BY visit.checked_in_at DESC, visit.id DESC LIMIT 50"""
FLOOR_TOTAL = """
    SELECT count(*) FROM visit
    WHERE region_id = ? AND checked_in_at >= ? AND checked_in_at < ?"""

Selection = tuple[str, date]


@bench
def page() -> Iterator[Figure]:
    with place() as here:
        with here.app.app_context():
            wanted = _write_visits(here)
            bounds = {day: day_bounds(day, day) for _, day in wanted}
            db.session.commit()
            db.engine.dispose()
        here.start()
        here.rest()
        token = here.log_in("office", "bench-office")
        requests = [_request(one, token) for one in wanted]
        with closing(dbapi2.connect(str(here.database))) as database:
            database.execute("PRAGMA cache_size=-16000")
            yield from _one(here, requests, lambda one: _floor_ms(database, one, bounds), wanted)
        yield from _eight(here, requests)


def _write_visits(here: Place) -> list[Selection]:
    """The visits, evenly over districts, days and reps; every district and day in any order."""
    chance = random.Random(5)
    park = here.company.regions["park"]
    districts = [
        accounts.create_region(
            db.session(),
            None,
            Clock(),
            {"code": f"d{number}", "name": f"{number} 片区", "parent_id": park},
        ).id
        for number in range(DISTRICTS)
    ]
    db.session.flush()
    days = [LAST_DAY - timedelta(days=number) for number in range(DAYS)]
    people = reps(here.company)
    visits = []
    for number in range(DISTRICTS * DAYS * VISITS_A_DAY):
        # Day by day, as they would have come.
        day, within = divmod(number, DISTRICTS * VISITS_A_DAY)
        rep = people[number % len(people)]
        store_id, _, _ = here.stores[rep][number // 7 % len(here.stores[rep])]
        noon = datetime.combine(days[-1 - day], day_time(1), UTC)
        visits.append(
            bulk.visit_row(
                here.company.people[rep],
                store_id,
                districts[within % DISTRICTS],
                noon + timedelta(seconds=within * 14),
                number + 1,
                chance,
            )
        )
    bulk.write_visits(db.session(), visits, photos_each=1)
    wanted = list(itertools.product(districts, days))
    chance.shuffle(wanted)
    return wanted


def _request(wanted: Selection, token: str) -> bytes:
    region, day = wanted
    path = f"/api/v1/visits?region={region}&from={day}&to={day}&limit={PAGE}"
    return get_request(path, token)


def _floor_ms(
    database: Any, wanted: Selection, bounds: dict[date, tuple[datetime, datetime]]
) -> float:
    region, day = wanted
    first, last = (one.strftime("%Y-%m-%d %H:%M:%S.%f") for one in bounds[day])
    began = time.monotonic()
    (total,) = database.execute(FLOOR_TOTAL, (region, first, last)).fetchone()
    rows = database.execute(FLOOR, (region, first, last)).fetchall()
    took = (time.monotonic() - began) * 1000
    if (total, len(rows)) != (VISITS_A_DAY, PAGE):
        raise AssertionError(f"{total} visits, {len(rows)} on the page")
    return took


def _one(here: Place, requests: Sequence[bytes], floor: Any, wanted: Any) -> Iterator[Figure]:
    medians, floors, times = [], [], []
    for run in range(RUNS + 1):
        share = slice(run * ASKED, (run + 1) * ASKED)
        answers = ask_all(here.port, requests[share])
        check(answers)
        for answer in answers:
            found = answer.json()
            if (found["total"], len(found["items"])) != (VISITS_A_DAY, PAGE):
                raise AssertionError(f"total {found['total']}, {len(found['items'])} items")
        floor_times = [floor(one) for one in wanted[share]]
        if run:  # the first run warms both
            medians.append(median(one.ms for one in answers))
            floors.append(median(floor_times))
            times += [one.ms for one in answers]
    name = "page of 50 visits and total among 100,000"
    yield Figure(name, median(medians), "ms", 2.5, median(floors))
    yield Figure("  p99 of 300", percentile(times, 0.99), "ms")


def _eight(here: Place, requests: list[bytes]) -> Iterator[Figure]:
    rates = []
    for run in range(RUNS):
        first = run * CLIENTS * ASKED_EACH % len(requests)
        mine = (requests[first:] + requests[:first])[: CLIENTS * ASKED_EACH]
        scripts = [mine[number::CLIENTS] for number in range(CLIENTS)]
        answers = [one for given in ask_at_once(here.port, scripts) for one in given]
        check(answers)
        rates.append(len(answers) / span_s(answers))
    yield Figure("pages from eight clients", median(rates), "pages/s", 500, more_is_better=True)
