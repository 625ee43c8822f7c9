"""Push: 100 check-ins from one phone, from 16 at once, sent again, and a whole day's mix.

A batch is 100 visit.check_in at 100 of the rep's 300 stores, each with a position and a reason.
The bytes are ready before the clock starts; the client's reading of the answer is part of the
time, its own work is not. What the answers say is checked afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench.day import Rep
from tests.bench.raw import RawCopy
from tests.bench.registry import Figure, bench
from tests.bench.serving import Place, reps, served
from tests.bench.wire import (
    RUNS,
    Answer,
    ask_all,
    ask_at_once,
    check,
    median,
    percentile,
    span_s,
)

BATCH = 100
BATCHES = 24
PHONES = 16
BATCHES_A_PHONE = 3
DAY_VISITS = 16
DAY_BATCHES = 15
P99 = 0.99


def check_ins(rep: Rep, batches: int) -> list[bytes]:
    """Requests of BATCH check-ins each."""
    return [
        rep.push([rep.check_in(batch * BATCH + number) for number in range(BATCH)])
        for batch in range(batches)
    ]


def settled(answers: Sequence[Answer], status: str) -> None:
    """Hold that every op of these pushes ended as it should."""
    check(answers)
    for answer in answers:
        others = [row for row in answer.json()["results"] if row["status"] != status]
        if others:
            raise AssertionError(f"{len(others)} ops not {status}, the first: {others[0]}")


def change_numbers(raw: RawCopy) -> list[tuple[str, int]]:
    """The last change number of each scope in the server's database."""
    query = "SELECT scope, seq FROM server.change_counter ORDER BY scope"
    return [(scope, seq) for scope, seq in raw.database.execute(query)]


@bench
def push() -> Iterator[Figure]:
    with served() as here:
        people = reps(here.company)
        crowd = [Rep(here, name, f"bench-{name}") for name in people[:PHONES]]
        rep = Rep(here, people[PHONES], "bench-one")
        # So that threads, connections and statement caches are there, on both workers.
        for _ in range(4):
            settled(ask_all(here.port, check_ins(rep, 2)), "applied")
        # The first sweeps add up for the map what was pushed just now; the copy cannot follow them.
        here.rest()
        raw = RawCopy(here.app, here.database, here.data / "raw.db")
        try:
            yield from _one_phone(here, rep, raw)
            yield from _many_phones(here, crowd, raw)
            yield from _day(here, rep, raw)
        finally:
            raw.close()


def _one_phone(here: Place, rep: Rep, raw: RawCopy) -> Iterator[Figure]:
    rates, floors, times, floor_times, shares = [], [], [], [], []
    news = 0
    for _ in range(RUNS):
        requests = check_ins(rep, BATCHES)
        answers = ask_all(here.port, requests)
        first_s = span_s(answers)
        settled(answers, "applied")
        raw_times = raw.write_again(BATCHES)
        before = change_numbers(raw)
        again = ask_all(here.port, requests)
        settled(again, "replayed")
        news += change_numbers(raw) != before
        raw.write_again(1)
        _same_results(answers, again)
        rates.append(BATCH * BATCHES / first_s)
        floors.append(BATCH * BATCHES / sum(raw_times))
        times += [one.ms for one in answers]
        floor_times += [one * 1000 for one in raw_times]
        shares.append(span_s(again) / first_s)
    rate, floor = median(rates), median(floors)
    yield Figure("push 100 visits, 1 phone", rate, "visits/s", 15_000, floor, more_is_better=True)
    share = rate / floor
    yield Figure("  as a share of raw sqlite3", share, "", 1 / 3, None, more_is_better=True)
    p99, p99_floor = percentile(times, P99), percentile(floor_times, P99)
    yield Figure("  a batch, p99", p99, "ms", 15, p99_floor)
    yield Figure("  a batch, median", median(times), "ms", None, median(floor_times))
    yield Figure("replay of the same 100, share of first time", median(shares), "", 0.5)
    yield Figure("  runs that gave new change numbers", news, "", 0)


def _same_results(answers: Sequence[Answer], again: Sequence[Answer]) -> None:
    for first, second in zip(answers, again, strict=True):
        pairs = zip(first.json()["results"], second.json()["results"], strict=True)
        if any(one["result"] != other["result"] for one, other in pairs):
            raise AssertionError("a replay was answered with another result")


def _many_phones(here: Place, crowd: Sequence[Rep], raw: RawCopy) -> Iterator[Figure]:
    rates, floors, times = [], [], []
    batches = len(crowd) * BATCHES_A_PHONE
    for _ in range(RUNS):
        scripts = [check_ins(rep, BATCHES_A_PHONE) for rep in crowd]
        answers = [one for given in ask_at_once(here.port, scripts) for one in given]
        settled(answers, "applied")
        raw_times = raw.write_again(batches)
        rates.append(BATCH * batches / span_s(answers))
        floors.append(BATCH * batches / sum(raw_times))
        times += [one.ms for one in answers]
    rate, floor = median(rates), median(floors)
    yield Figure("push 100 visits, 16 phones", rate, "visits/s", 12_000, floor, more_is_better=True)
    yield Figure("  a batch, p99", percentile(times, P99), "ms", 150)
    yield Figure("  a batch, median", median(times), "ms")


def _day(here: Place, rep: Rep, raw: RawCopy) -> Iterator[Figure]:
    """16 whole visits a batch: check-in, 3 photo.add, handout, check-out; 96 ops."""
    rates, floors, times = [], [], []
    for _ in range(RUNS):
        batches = [
            [op for number in range(DAY_VISITS) for op in rep.visit(batch * DAY_VISITS + number)]
            for batch in range(DAY_BATCHES)
        ]
        ops = sum(map(len, batches))
        answers = ask_all(here.port, [rep.push(batch) for batch in batches])
        settled(answers, "applied")
        raw_times = raw.write_again(DAY_BATCHES)
        rates.append(ops / span_s(answers))
        floors.append(ops / sum(raw_times))
        times += [one.ms for one in answers]
    rate, floor = median(rates), median(floors)
    yield Figure("push 16 whole visits (96 ops)", rate, "ops/s", None, floor, more_is_better=True)
    yield Figure("  a batch, p99 of 75", percentile(times, P99), "ms")
