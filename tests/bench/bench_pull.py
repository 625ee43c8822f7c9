"""Pull: 200 changes among 50,000, none, a new phone's 5,000, and none missed under six writers.

200 changes are 100 visits with two photos each and 100 stores, of a rep who has 50,000 records
behind. The floor asks plain SQLite for the same change rows and records by their keys and writes
them with orjson.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
from pysqlite3 import dbapi2
from sqlalchemy import delete, insert

from server.kernel.changes import ORG, Change, ChangeCounter, user_scope
from server.kernel.db import db
from server.kernel.ids import new_id
from server.kernel.paging import encode_cursor
from server.photos.models import Photo
from server.stores.models import Store, StoreAssignment
from server.sync.schemas import PullQuery
from server.visits.models import Visit
from tests.bench import bulk
from tests.bench.bench_push import settled
from tests.bench.day import Rep
from tests.bench.registry import Figure, bench
from tests.bench.serving import Place, place, store_row
from tests.bench.wire import RUNS, Line, ask_all, check, get_request, median, percentile

AMONG = 50_000
NEW = 200
FIRST_STORES = 5_000
# The app's own page (pwa/src/sync/engine.ts), and the largest that the server gives.
PAGES = (500, 2_000)
ASKED = 60
WRITERS = 6
WRITER_BATCHES = 12
WRITER_OPS = 10
OLD_REP, NEW_REP, BUSY_REP = "rep1", "rep2", "rep3"


@bench
def pull() -> Iterator[Figure]:
    with place() as here:
        with here.app.app_context():
            org = _org_seq()
            _write_history(here)
            _write_first(here)
            db.session.commit()
            db.engine.dispose()
        here.start()
        here.rest()
        yield from _later(here, org)
        yield from _first(here)
        yield from _under_writers(here)


def path(cursor: str | None, limit: int | None = None) -> str:
    """The address of a pull."""
    limit = limit or PullQuery().load({})["limit"]
    rest = f"&cursor={quote(cursor)}" if cursor else ""
    return f"/api/v1/sync/pull?limit={limit}{rest}"


def _org_seq() -> int:
    row = db.session.get(ChangeCounter, ORG)
    return row.seq if row else 0


def _forget(scope: str) -> None:
    for model in (Change, ChangeCounter):
        db.session.execute(delete(model).where(model.scope == scope))


def _write_history(here: Place) -> None:
    """A rep with AMONG records noted, of which the last NEW are half visits and half stores."""
    chance = random.Random(3)
    author = here.company.people[OLD_REP]
    park = here.company.regions["park"]
    stores = [store_id for store_id, _, _ in here.stores[OLD_REP]]
    newest = datetime.now(UTC)
    visits = [
        bulk.visit_row(
            author,
            stores[number % len(stores)],
            park,
            newest - timedelta(minutes=10 * (AMONG - number)),
            number + 1,
            chance,
        )
        for number in range(AMONG - NEW // 2)
    ]
    bulk.write(db.session(), Visit, visits)
    bulk.write(
        db.session(),
        Photo,
        [bulk.photo_row(visit, number) for visit in visits[-NEW:] for number in range(2)],
    )
    told = [("visit", visit["id"]) for visit in visits]
    changed = [("store", store_id) for store_id in stores[: NEW // 2]]
    last = [one for pair in zip(told[-NEW // 2 :], changed, strict=True) for one in pair]
    _forget(user_scope(author))
    bulk.write_changes(db.session(), user_scope(author), told[: -NEW // 2] + last)


def _write_first(here: Place) -> None:
    """A rep with FIRST_STORES stores, none of which the phone has seen."""
    author = here.company.people[NEW_REP]
    now = datetime.now(UTC)
    park = here.company.regions["park"]
    ids = [new_id() for _ in range(FIRST_STORES)]
    rows = [
        store_row(store_id, 900_000 + number, park, *bulk.PIN, now)
        for number, store_id in enumerate(ids)
    ]
    bulk.write(db.session(), Store, rows)
    assigned = [
        {"id": new_id(), "store_id": store_id, "user_id": author, "since": now, "until": None}
        for store_id in ids
    ]
    db.session.execute(insert(StoreAssignment), assigned)
    _forget(user_scope(author))
    bulk.write_changes(db.session(), user_scope(author), [("store", one) for one in ids])


def _later(here: Place, org: int) -> Iterator[Figure]:
    rep = Rep(here, OLD_REP, "bench-old")
    behind = encode_cursor(1, rep.user_id, org, AMONG - NEW)
    for name, cursor, goal in (
        ("pull of 200 changes among 50,000", behind, 4.0),
        ("empty pull", encode_cursor(1, rep.user_id, org, AMONG), 1.2),
    ):
        request = get_request(path(cursor), rep.token)
        medians, floors, times = [], [], []
        for run in range(RUNS + 1):
            answers = ask_all(here.port, [request] * ASKED)
            check(answers)
            found = len(answers[0].json()["changes"])
            if found != (NEW if cursor == behind else 0):
                raise AssertionError(f"{found} changes instead of {NEW}")
            after = AMONG - NEW if cursor == behind else AMONG
            with closing(_plain(here)) as database:
                floor = median([_floor_ms(database, rep.user_id, after) for _ in range(ASKED)])
            if run:  # the first run warms both
                medians.append(median(one.ms for one in answers))
                floors.append(floor)
                times += [one.ms for one in answers]
        yield Figure(name, median(medians), "ms", goal, median(floors))
        yield Figure("  p99 of 300", percentile(times, 0.99), "ms")


def _floor_ms(database: Any, user_id: str, after: int) -> float:
    began = time.monotonic()
    _read_plainly(database, user_scope(user_id), after)
    return (time.monotonic() - began) * 1000


def _plain(here: Place) -> Any:
    database = dbapi2.connect(str(here.database))
    database.execute("PRAGMA cache_size=-16000")
    # Opens the file and reads the schema, which a server has done long ago.
    database.execute("SELECT count(*) FROM visit WHERE id = ''").fetchone()
    return database


def _read_plainly(database: Any, scope: str, after: int) -> bytes:
    """The change rows behind a number and their records, as JSON."""
    query = (
        "SELECT entity, record_id FROM change WHERE scope = ? AND seq > ? ORDER BY seq LIMIT 10000"
    )
    told = database.execute(query, (scope, after)).fetchall()
    found = []
    for entity in ("visit", "store"):
        ids = [record_id for kind, record_id in told if kind == entity]
        if ids:
            marks = ",".join("?" * len(ids))
            cursor = database.execute(f"SELECT * FROM {entity} WHERE id IN ({marks})", ids)
            names = [column[0] for column in cursor.description]
            found += [dict(zip(names, row, strict=True)) for row in cursor]
    return orjson.dumps({"told": told, "records": found}, default=bytes.hex)


def _first(here: Place) -> Iterator[Figure]:
    rep = Rep(here, NEW_REP, "bench-new")
    floors = []
    for size in PAGES:
        totals = []
        for _ in range(RUNS + 1):
            took, records = _pull_all(here, rep, size)
            stores = sum(1 for change in records if change["entity"] == "store")
            if stores < FIRST_STORES:
                raise AssertionError(f"{stores} stores instead of {FIRST_STORES}")
            totals.append(took)
            with closing(_plain(here)) as database:
                floors.append(_floor_ms(database, rep.user_id, 0))
        name = f"first pull of 5,000 in pages of {size}"
        yield Figure(name, median(totals[1:]), "ms", 70, median(floors[-RUNS:]))


def _pull_all(here: Place, rep: Rep, size: int) -> tuple[float, list[Any]]:
    """Pull everything; the milliseconds of all requests, and the changes."""
    answers = []
    cursor: str | None = None
    with Line(here.port) as line:
        while True:
            answers.append(line.ask(get_request(path(cursor, size), rep.token)))
            check(answers[-1:])
            page = answers[-1].json()
            cursor = page["cursor"]
            if not page["more"]:
                break
    changes = [change for answer in answers for change in answer.json()["changes"]]
    return sum(answer.ms for answer in answers), changes


def _under_writers(here: Place) -> Iterator[Figure]:
    """Six phones of one rep push while a seventh follows: every visit has to reach it."""
    phones = [Rep(here, BUSY_REP, f"bench-busy-{number}") for number in range(WRITERS)]
    scripts = [
        [
            [phone.check_in(batch * WRITER_OPS + number) for number in range(WRITER_OPS)]
            for batch in range(WRITER_BATCHES)
        ]
        for phone in phones
    ]
    pushed = {op["record_id"] for script in scripts for batch in script for op in batch}
    writers = [
        threading.Thread(target=_write_all, args=(here, phone, script))
        for phone, script in zip(phones, scripts, strict=True)
    ]
    reader = Rep(here, BUSY_REP, "bench-reader")
    for writer in writers:
        writer.start()
    seen, pulls = _follow(here, reader, writers)
    for writer in writers:
        writer.join()
    yield Figure(
        f"rows missed, of {len(pushed)} pushed by six during {pulls} pulls",
        len(pushed - seen),
        "rows",
        0,
    )


def _write_all(here: Place, phone: Rep, batches: Sequence[Any]) -> None:
    settled(ask_all(here.port, [phone.push(batch) for batch in batches]), "applied")


def _follow(here: Place, rep: Rep, writers: Sequence[threading.Thread]) -> tuple[set[str], int]:
    """Pull until nothing comes any more after the writers have ended."""
    seen: set[str] = set()
    cursor: str | None = None
    pulls = 0
    with Line(here.port) as line:
        while True:
            writing = any(writer.is_alive() for writer in writers)
            answer = line.ask(get_request(path(cursor), rep.token))
            check([answer])
            page = answer.json()
            pulls += 1
            cursor = page["cursor"]
            seen |= {one["id"] for one in page["changes"] if one["entity"] == "visit"}
            if not writing and not page["more"]:
                return seen, pulls
