"""The map over 1,000,000 check-ins: clusters of any viewport, and how soon the console shows them.

90 days and 20,000 of today, 3,000 stores in 60 cities of very different sizes, 40 districts, 370
reps with 30 visits a day, eight in a hundred doubtful. The viewports are those of a laptop
(1,280 × 800) around a city, from the whole country to one street, each with filters as a supervisor
sets them. Three sets of them: up to yesterday, all added up; up to today, as the console asks at
first, where today's visits are read themselves; and those of one rep, which are read themselves on
all days. The floor is plain SQLite adding up the sums of the same viewport and days, and counting
the visits that no sums hold, without scope, cells merged or JSON.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from pysqlite3 import dbapi2

from server.accounts import domain as accounts
from server.audit.clusters import Box, cell_ranges
from server.audit.sums import add_up, level_for, spans_of
from server.kernel.clock import Clock, day_bounds, org_day, utc_text
from server.kernel.db import db
from server.kernel.geo import MORTON_BITS, morton
from server.visits.flag_bits import bits_of
from tests.bench import bulk
from tests.bench.registry import Figure, bench
from tests.bench.serving import Place, place, store_row
from tests.bench.wire import RUNS, ask_all, check, get_request, median, percentile
from tests.browser.conftest import ARGUMENTS
from tests.browser.seed import PASSWORD
from tests.chromium import find_or_install

VISITS = 1_000_000
# Of today, which is added up when it is over.
TODAYS = 20_000
REPS = 370
DAYS = 90
CITIES = 60
STORES = 3_000
DISTRICTS = 40
TODAY = org_day(datetime.now(UTC))
LAST_DAY = TODAY - timedelta(days=1)
ZOOMS = (4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17)
_CHUNK = 50_000
_VERDICTS = ("on_site",) * 92 + ("off_site",) * 2 + ("uncertain",) * 4 + ("unverifiable",) * 2

Point = tuple[float, float]


def view(centre: Point, zoom: int) -> Box:
    """What a laptop shows around a point: 1,280 by 800 pixels of a 256-pixel tile's zoom."""
    lat, lon = centre
    across = 360 / 2**zoom / 256
    half_lon, half_lat = 640 * across, 400 * across * math.cos(math.radians(lat))
    return Box(
        max(lon - half_lon, -180),
        max(lat - half_lat, -85),
        min(lon + half_lon, 180),
        lat + half_lat,
    )


def span(last: date, chance: random.Random) -> tuple[date, date]:
    """First and last day of what is asked for."""
    days = chance.choice((1, 7, 7, 30, 30, DAYS))
    return last - timedelta(days=days - 1), last


def filters(districts: Sequence[str], chance: random.Random) -> str:
    """What a supervisor or the office narrows the map to."""
    return chance.choice(
        (
            "",
            "",
            "&verdict=off_site,uncertain",
            "&flag=off_site",
            f"&region={chance.choice(districts)}",
        )
    )


@bench
def map_of_a_million() -> Iterator[Figure]:
    with place() as here:
        with here.app.app_context():
            began = time.monotonic()
            cities, districts, people = _write_visits(here)
            add_up_began = time.monotonic()
            print(f"  {VISITS:,} visits in {add_up_began - began:.0f} s", flush=True)
            add_up(db.session(), Clock())
            added_s = time.monotonic() - add_up_began
            if spans_of(db.session(), LAST_DAY, TODAY).raw != [(TODAY, TODAY)]:
                raise AssertionError("today is to be read from its visits")
            db.session.commit()
            db.session.connection().exec_driver_sql("PRAGMA optimize=0x10012")
            db.session.commit()
            db.engine.dispose()
        here.start()
        yield Figure(f"adding up {DAYS} days of the map", added_s / DAYS * 1000, "ms a day")
        yield from _clusters(here, cities, districts, people)
        yield from _days(here, districts, people)
        yield from _console(here)


def _clusters(
    here: Place, cities: Sequence[Point], districts: Sequence[str], people: Sequence[str]
) -> Iterator[Figure]:
    token = here.log_in("office", "bench-map")
    sets = (
        ("clusters of a viewport over 1 M, p95 of all zooms", LAST_DAY, False),
        (f"  up to today, {TODAYS:,} of it not added up", TODAY, False),
        ("  of one rep, up to today", TODAY, True),
    )
    with closing(dbapi2.connect(str(here.database))) as database:
        for name, until, of_rep in sets:
            chance = random.Random(3)
            times: list[float] = []
            floors: list[float] = []
            by_zoom: dict[int, list[float]] = {}
            for run in range(RUNS + 1):
                for zoom in ZOOMS:
                    box = view(chance.choice(cities), zoom)
                    days = span(until, chance)
                    rep = chance.choice(people) if of_rep else None
                    query = f"&rep={rep}" if rep else filters(districts, chance)
                    bbox = f"{box.west:.6f},{box.south:.6f},{box.east:.6f},{box.north:.6f}"
                    path = f"/api/v1/map/clusters?bbox={bbox}&zoom={zoom}"
                    path += f"&from={days[0]}&to={days[1]}{query}"
                    answers = ask_all(here.port, [get_request(path, token)])
                    check(answers)
                    floor = _floor_ms(database, box, zoom, days, rep)
                    if run:  # the first run warms both
                        times.append(answers[0].ms)
                        floors.append(floor)
                        by_zoom.setdefault(zoom, []).append(answers[0].ms)
            yield Figure(name, percentile(times, 0.95), "ms", 30, percentile(floors, 0.95))
            yield Figure("  median", median(times), "ms", None, median(floors))
            slowest = max(by_zoom, key=lambda zoom: median(by_zoom[zoom]))
            yield Figure(f"  median of the slowest zoom, {slowest}", median(by_zoom[slowest]), "ms")


def _days(here: Place, districts: Sequence[str], people: Sequence[str]) -> Iterator[Figure]:
    token = here.log_in("office", "bench-days")
    chance = random.Random(4)
    narrowed = ("", "&verdict=off_site", "&flag=off_site", f"&store={7:036x}")
    sets: tuple[tuple[str, date, Callable[[], Sequence[str]]], ...] = (
        (
            "check-ins a day over 1 M, p95 of 7 to 90 days",
            LAST_DAY,
            lambda: (*narrowed, f"&region={chance.choice(districts)}"),
        ),
        ("  up to today", TODAY, lambda: (*narrowed, f"&region={chance.choice(districts)}")),
        ("  of one rep, up to today", TODAY, lambda: (f"&rep={chance.choice(people)}",)),
    )
    with closing(dbapi2.connect(str(here.database))) as database:
        for name, last, queries in sets:
            times: list[float] = []
            floors: list[float] = []
            for run in range(RUNS + 1):
                for days, query in product((7, 30, DAYS), queries()):
                    first = last - timedelta(days=days - 1)
                    path = f"/api/v1/map/days?from={first}&to={last}{query}"
                    answers = ask_all(here.port, [get_request(path, token)])
                    check(answers)
                    began = time.monotonic()
                    database.execute(
                        "SELECT start, verdict, sum(visits) FROM map_sum WHERE period = 0 "
                        "AND level = 6 AND start BETWEEN ? AND ? GROUP BY 1, 2",
                        (str(first), str(last)),
                    ).fetchall()
                    floor = (time.monotonic() - began) * 1000
                    if run:
                        times.append(answers[0].ms)
                        floors.append(floor)
            goal = None if "rep" in name else 10
            yield Figure(name, percentile(times, 0.95), "ms", goal, percentile(floors, 0.95))
            yield Figure("  median", median(times), "ms", None, median(floors))


def _floor_ms(
    database: Any, box: Box, zoom: int, days: tuple[date, date], rep: str | None
) -> float:
    level = level_for(zoom + 2) or 16
    shift = 2 * (MORTON_BITS - level)
    start, end = day_bounds(*days)
    began = time.monotonic()
    if rep:
        _count_raw(database, "author_id = ? AND", (rep, utc_text(start), utc_text(end)), box)
        return (time.monotonic() - began) * 1000
    for first, last in cell_ranges(box):
        database.execute(
            "SELECT cell >> 4, verdict, sum(visits), sum(lat_sum), sum(lon_sum) FROM map_sum "
            "WHERE period = 0 AND level = ? AND start = ? AND cell BETWEEN ? AND ? GROUP BY 1, 2",
            (level, str(LAST_DAY), first >> shift, last >> shift),
        ).fetchall()
    if days[1] == TODAY:
        start, end = day_bounds(TODAY, TODAY)
        _count_raw(database, "", (utc_text(start), utc_text(end)), box)
    return (time.monotonic() - began) * 1000


def _count_raw(database: Any, whose: str, values: tuple[str, ...], box: Box) -> None:
    database.execute(
        "SELECT morton >> 20, verdict, count(*), sum(in_lat), sum(in_lon) FROM visit "
        f"WHERE {whose} checked_in_at >= ? AND checked_in_at < ? "
        "AND in_lat BETWEEN ? AND ? AND in_lon BETWEEN ? AND ? GROUP BY 1, 2",
        (*values, box.south, box.north, box.west, box.east),
    ).fetchall()


def _write_visits(here: Place) -> tuple[list[Point], list[str], list[str]]:
    """Write the visits straight into the table; the cities, districts and reps that made them."""
    chance = random.Random(17)
    hq = here.company.regions["hq"]
    districts = [
        accounts.create_region(
            db.session(), None, Clock(), {"code": f"m{n}", "name": f"{n} 片区", "parent_id": hq}
        ).id
        for n in range(DISTRICTS)
    ]
    cities = [(chance.uniform(22, 42), chance.uniform(102, 121)) for _ in range(CITIES)]
    # The largest city has a hundred times the stores of the smallest.
    weights = [1 / (1 + number) for number in range(CITIES)]
    stores = _stores(cities, weights, districts, chance)
    table = db.metadata.tables["store"]
    db.session.execute(table.insert(), [row for row, _ in stores])
    db.session.commit()
    template = bulk.visit_row("a", "s", "r", datetime.now(UTC), 1, chance)
    people = _people(hq)
    visit = db.metadata.tables["visit"]
    # How soon they are written is not what is measured.
    db.session.connection().exec_driver_sql("PRAGMA cache_size=-400000")
    first_day = datetime.combine(LAST_DAY - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
    for start in range(0, VISITS + TODAYS, _CHUNK):
        rows = []
        for number in range(start, min(start + _CHUNK, VISITS + TODAYS)):
            store, (lat, lon) = stores[chance.randrange(STORES)]
            lat, lon = lat + chance.gauss(0, 0.0004), lon + chance.gauss(0, 0.0004)
            verdict = _VERDICTS[chance.randrange(100)]
            # Day by day, as they would have come; one to eleven o'clock UTC is working time.
            day, within = divmod(number, -(-VISITS // DAYS))
            if number >= VISITS:
                day, within = DAYS, number - VISITS
            seconds = within * 36_000 / (TODAYS if day == DAYS else VISITS / DAYS)
            at = first_day + timedelta(days=day, hours=1, seconds=seconds)
            rows.append(
                template
                | {
                    "id": f"{number:032x}",
                    "author_id": people[number % len(people)],
                    "store_id": store["id"],
                    "region_id": store["region_id"],
                    "checked_in_at": at,
                    "received_at": at,
                    "in_lat": lat,
                    "in_lon": lon,
                    "morton": morton(lat, lon),
                    "verdict": verdict,
                    "explanation": {},
                    "flags": [],
                    "flag_bits": 0 if verdict == "on_site" else bits_of([verdict]),
                    "device_seq": number,
                }
            )
        db.session.execute(visit.insert(), rows)
        db.session.commit()
    return cities, districts, people


def _people(region_id: str) -> list[str]:
    """Reps as many as make so many visits; they never log in."""
    table = db.metadata.tables["user_account"]
    rows = [
        {"id": f"{number:036x}", "username": f"map{number}", "name": f"业务员 {number}"}
        | {"role": "rep", "region_id": region_id, "password_hash": "", "phone": ""}
        | {"locale": "zh-CN", "active": True, "rev": 1, "created_at": datetime.now(UTC)}
        for number in range(1, REPS + 1)
    ]
    db.session.execute(table.insert(), rows)
    db.session.commit()
    return [str(row["id"]) for row in rows]


def _stores(
    cities: Sequence[Point],
    weights: Sequence[float],
    districts: Sequence[str],
    chance: random.Random,
) -> list[tuple[dict[str, Any], Point]]:
    found = []
    now = datetime.now(UTC)
    for number in range(STORES):
        city = chance.choices(range(CITIES), weights)[0]
        lat = cities[city][0] + chance.gauss(0, 0.06)
        lon = cities[city][1] + chance.gauss(0, 0.08)
        district = districts[city % DISTRICTS]
        row = store_row(f"{number:036x}", 900_000 + number, district, lat, lon, now)
        found.append((row, (lat, lon)))
    return found


FIRST_BUBBLE = ".leaflet-marker-pane .bubble"
# How long each frame took while the map was dragged, as the page itself saw it.
TYPING_MS = 1_000
FRAMES = """() => new Promise((resolve) => {
    const times = []
    let last = performance.now()
    const step = (now) => {
        times.push(now - last)
        last = now
        if (window.dragged) resolve(times)
        else requestAnimationFrame(step)
    }
    window.dragged = false
    requestAnimationFrame(step)
})"""


def _console(here: Place) -> Iterator[Figure]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=ARGUMENTS)
        try:
            seconds = [_open(browser, here) for _ in range(RUNS)]
            yield Figure("console's map, log-in to first clusters", median(seconds), "s", 1.0)
            page = _logged_in(browser, here)
            page.locator(FIRST_BUBBLE).first.wait_for()
            frames = _drag(page)
            rate = 1000 / median(frames)
            # The screen draws 60 times a second; a frame's clock is a little off.
            yield Figure(
                "  frames a second while dragging", round(rate), "fps", 60, more_is_better=True
            )
            yield Figure("  longest frame while dragging", max(frames), "ms")
        finally:
            browser.close()


def _logged_in(browser: Browser, here: Place) -> Page:
    page = browser.new_page(
        base_url=f"http://127.0.0.1:{here.port}", viewport={"width": 1280, "height": 800}
    )
    page.goto("/console/login")
    page.locator("input[autocomplete=username]").fill("office")
    page.locator("input[type=password]").fill(PASSWORD)
    # Nobody types a name and a password faster; the app uses the time.
    page.wait_for_timeout(TYPING_MS)
    page.keyboard.press("Enter")
    return page


def _open(browser: Browser, here: Place) -> float:
    page = _logged_in(browser, here)
    began = time.monotonic()
    page.locator(FIRST_BUBBLE).first.wait_for()
    took = time.monotonic() - began
    page.context.close()
    return took


def _drag(page: Page) -> list[float]:
    page.wait_for_timeout(500)
    # Not handed back: evaluate() would wait for the promise, which ends with the drag.
    page.evaluate(f"() => {{ window.frames_seen = ({FRAMES})() }}")
    page.mouse.move(640, 500)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(640 - 5 * step, 500 - 2 * step)
        page.wait_for_timeout(16)
    page.mouse.up()
    page.evaluate("window.dragged = true")
    frames: list[float] = page.evaluate("window.frames_seen")
    return frames[2:]
