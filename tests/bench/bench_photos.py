"""Photos of 300 kB: their records announced before, their bytes by PATCH, one body each.

The time holds what stands between the first byte sent and the last answer: hash, file, directory
and row, all synced. The server as shipped also decodes each photo and makes its small pictures in
the background, on the same two cores; the second set of figures has that work elsewhere, as with
Redis. The floor hashes, writes and syncs the same bytes: file, then directory.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pysqlite3 import dbapi2

from tests.bench.bench_push import settled
from tests.bench.day import Rep
from tests.bench.pictures import Pictures
from tests.bench.registry import Figure, bench
from tests.bench.serving import Place, reps, served
from tests.bench.wire import (
    RUNS,
    Answer,
    ask_all,
    ask_at_once,
    bearer,
    check,
    make_request,
    median,
    percentile,
    span_s,
)

ELSEWHERE = ", decoded elsewhere"
CLIENTS = 8
PHOTOS = 60
# Fewer where each run is followed by their decoding.
PHOTOS_A_CLIENT = {"": 10, ELSEWHERE: 20}
PATIENCE_S = 120


def patch(rep: Rep, data: bytes) -> bytes:
    """The request that sends a whole photo."""
    size = str(len(data))
    headers = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": "0",
        "Upload-Length": size,
        **bearer(rep.token),
    }
    sha256 = hashlib.sha256(data).hexdigest()
    return make_request("PATCH", f"/api/v1/uploads/{sha256}", data, headers)


def announce(rep: Rep, photos: Sequence[bytes]) -> None:
    """Push a visit for each five photos, and the photos' records."""
    ops = []
    for first in range(0, len(photos), 5):
        check_in = rep.check_in(first)
        ops.append(check_in)
        ops += [
            rep.photo(check_in["record_id"], "shelf", data) for data in photos[first : first + 5]
        ]
    settled(ask_all(rep.place.port, [rep.push(ops)]), "applied")


def write_plainly(folder: Path, photos: Sequence[bytes]) -> None:
    """The floor: hash, write, sync the file, sync the directory; one photo after the other."""
    for data in photos:
        name = hashlib.sha256(data).hexdigest()
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(descriptor, data)
        os.fsync(descriptor)
        os.close(descriptor)
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(directory)
        os.close(directory)


def floor_s(here: Place, shares: Sequence[Sequence[bytes]]) -> float:
    """Seconds of the floor, with a thread for each client."""
    folder = here.data / "plain"
    folder.mkdir()
    with ThreadPoolExecutor(len(shares)) as pool:
        began = time.monotonic()
        list(pool.map(lambda share: write_plainly(folder, share), shares))
        took = time.monotonic() - began
    shutil.rmtree(folder)
    return took


def await_pictures(here: Place) -> None:
    """Wait until all photos that arrived are decoded, so that runs do not pile up on each other."""
    query = "SELECT count(*), sum(state = 'unreadable') FROM photo WHERE state <> 'complete'"
    end = time.monotonic() + PATIENCE_S
    with dbapi2.connect(str(here.database)) as database:
        while time.monotonic() < end:
            left, unreadable = database.execute(query).fetchone()
            if unreadable:
                raise AssertionError(f"{unreadable} photos of the bench are unreadable")
            if not left:
                return
            time.sleep(0.1)
    raise AssertionError(f"{left} photos are not decoded after {PATIENCE_S} s")


@bench
def photos() -> Iterator[Figure]:
    pictures = Pictures()
    with served() as here:
        crowd = _log_in(here)
        yield from _one(here, crowd[0], pictures, "")
        yield from _eight(here, crowd, pictures, "")
    with served(STOREWALK_EMBEDDED_JOBS="0") as here:
        crowd = _log_in(here)
        yield from _one(here, crowd[0], pictures, ELSEWHERE)
        yield from _eight(here, crowd, pictures, ELSEWHERE)


def _log_in(here: Place) -> list[Rep]:
    return [Rep(here, name, f"bench-{name}") for name in reps(here.company)[:CLIENTS]]


def _one(here: Place, rep: Rep, pictures: Pictures, how: str) -> Iterator[Figure]:
    rates, floors, times = [], [], []
    for _ in range(RUNS):
        data = pictures.take(PHOTOS)
        announce(rep, data)
        answers = ask_all(here.port, [patch(rep, one) for one in data])
        _finish(here, answers, how)
        rates.append(PHOTOS / span_s(answers))
        floors.append(PHOTOS / floor_s(here, [data]))
        times += [one.ms for one in answers]
    rate, floor = median(rates), median(floors)
    yield Figure(
        f"60 photos of 300 kB, 1 client{how}", rate, "photos/s", 300, floor, more_is_better=True
    )
    yield Figure("  a photo, p99", percentile(times, 0.99), "ms")


def _eight(here: Place, crowd: Sequence[Rep], pictures: Pictures, how: str) -> Iterator[Figure]:
    each = PHOTOS_A_CLIENT[how]
    rates, floors = [], []
    for _ in range(RUNS):
        shares = [pictures.take(each) for _ in crowd]
        for rep, share in zip(crowd, shares, strict=True):
            announce(rep, share)
        scripts = [
            [patch(rep, one) for one in share] for rep, share in zip(crowd, shares, strict=True)
        ]
        answers = [one for given in ask_at_once(here.port, scripts) for one in given]
        _finish(here, answers, how)
        rates.append(len(answers) / span_s(answers))
        floors.append(len(answers) / floor_s(here, shares))
    rate, floor = median(rates), median(floors)
    yield Figure(
        f"{CLIENTS * each} photos of 300 kB, 8 clients{how}",
        rate,
        "photos/s",
        480,
        floor,
        more_is_better=True,
    )


def _finish(here: Place, answers: Sequence[Answer], how: str) -> None:
    check(answers, 201)
    if not how:
        await_pictures(here)
