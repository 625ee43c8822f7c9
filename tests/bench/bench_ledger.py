"""The books over a million entries: the trial balance, a balance of the past, a page of the ledger.

Two hundred reps with thirty thousand stores and twenty materials; nine entries of ten are handouts.
The floor of the trial balance is one SELECT sum() over the running balances; that of a past balance
is the sum over all entries up to then, as it would be without them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.accounts.models import User
from server.accounts.sessions import actor_of
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.db import db
from server.kernel.ids import new_id
from server.materials import domain, ledger
from server.materials.ledger import SUPPLIER, WAREHOUSE, Entry, EntryKind
from server.materials.stock import queries, trial
from server.materials.stock.queries import Filters
from tests.bench import wire
from tests.bench.registry import Figure, bench
from tests.bench.serving import place

ENTRIES = 1_000_000
REPS, STORES, MATERIALS = 200, 30_000, 20
DAYS = 365
START = datetime(2025, 11, 26, tzinfo=UTC)
RUNS = 7
CHUNK = 20_000


@bench
def books_of_material() -> Iterator[Figure]:
    with place() as here, here.app.app_context():
        session: Session = db.session()  # type: ignore[assignment]
        office = actor_of(session, session.get_one(User, here.company.people["office"]))
        _write(session, office)
        floor = "SELECT sum(quantity) FROM stock_balance"
        yield Figure(
            "trial balance over 1 M entries",
            _ms(lambda: trial.trial_balance(session, None, START), RUNS),
            "ms",
            goal=100,
            floor=_ms(lambda: session.execute(text(floor)).scalar(), RUNS),
        )
        yield _past(session, 7, "a week")
        yield _past(session, DAYS // 2, "half a year")
        first = text("SELECT * FROM ledger_entry ORDER BY at DESC, id DESC LIMIT 51")
        yield Figure(
            "a page of the ledger",
            _ms(lambda: queries.list_entries(session, office, Filters()), RUNS),
            "ms",
            floor=_ms(lambda: session.execute(first).all(), RUNS),
        )
        session.rollback()


def _past(session: Session, days: int, name: str) -> Figure:
    at = START + timedelta(days=DAYS - days)
    sums = text(
        "SELECT to_place, material_id, sum(quantity) FROM ledger_entry "
        "WHERE at <= :at GROUP BY to_place, material_id UNION ALL "
        "SELECT from_place, material_id, -sum(quantity) FROM ledger_entry "
        "WHERE at <= :at GROUP BY from_place, material_id"
    )
    moment = {"at": at.replace(tzinfo=None).isoformat(sep=" ")}
    return Figure(
        f"trial balance {name} ago",
        _ms(lambda: trial.trial_balance(session, at, START), 3),
        "ms",
        floor=_ms(lambda: session.execute(sums, moment).all(), 3),
    )


def _ms(work: Callable[[], Any], runs: int) -> float:
    """The median of so many runs, after one that warms the pages."""
    work()
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return 1_000 * wire.median(took)


def _write(session: Session, office: Actor) -> None:
    """A year of entries through the ledger itself, so that the running balances are its own."""
    # Filling four indexes at random is not what is measured here.
    session.execute(text("PRAGMA cache_size=-600000"))
    chance = random.Random(20251126)
    goods = []
    for number in range(MATERIALS):
        values = {"code": f"B{number:02}", "name": f"物料{number}", "kind": "posm", "unit": "张"}
        goods.append(domain.create_material(session, office, Clock(), values).id)
    reps = [ledger.rep_place(new_id()) for _ in range(REPS)]
    # Each rep has stores of their own.
    stores = [[ledger.store_place(new_id()) for _ in range(STORES // REPS)] for _ in reps]
    step = timedelta(days=DAYS) / ENTRIES
    for start in range(0, ENTRIES, CHUNK):
        entries = []
        for number in range(start, start + CHUNK):
            rep = chance.randrange(REPS)
            if number % 100 == 0:
                kind, way, units = EntryKind.RECEIVE, (SUPPLIER, WAREHOUSE), 2_000
            elif number % 10 == 0:
                kind, way, units = EntryKind.ISSUE, (WAREHOUSE, reps[rep]), 50
            else:
                way = (reps[rep], chance.choice(stores[rep]))
                kind, units = EntryKind.HANDOUT, chance.randint(1, 9)
            at = START + number * step
            good = chance.choice(goods)
            entries.append(Entry(kind, good, *way, units, at, office.user_id))
        ledger.append(session, entries)
        session.commit()
