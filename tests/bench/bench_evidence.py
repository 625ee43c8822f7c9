"""Photo evidence: finding a photo among a million, one photo's work, right and wrong pairs, memory.

The search runs over synthetic hashes, of which some lie within the distance of what is looked for;
each of these must be found. Its floor is one row by its primary key, through the same session. The
work on a photo is all that the server does with a 12-megapixel JPEG before it can be shown; its
floor decodes the same bytes at half the size and does nothing else.
"""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image
from pysqlite3 import dbapi2

from server.app import create_app
from server.config import ROOT, Settings
from server.kernel.db import db, read_only
from server.photos import likeness
from server.photos.exif import read_exif
from server.photos.images import prepare
from server.photos.neighbours import near_prints
from tests.bench.registry import Figure, bench
from tests.bench.wire import median, percentile
from tests.realdata import real_file

MILLION = 1_000_000
SEARCHES = 400
PLANTED = 200
LIMIT = 25_000_000
TIMES = 15
ONE_PICTURE = {"near_duplicate", "same_photo_other_format", "same_after_exif_rotation"}
_PEAK = """
import json, sys
from pathlib import Path
from server.photos.images import ImageRefusedError, prepare
def peak_kb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line)
before = peak_kb()
for name in sys.argv[1:]:
    try:
        prepare(Path(name).read_bytes(), 25_000_000)
    except ImageRefusedError:
        pass
print(json.dumps([before, peak_kb()]))
"""


@bench
def evidence_search() -> Iterator[Figure]:
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), password_cost="test"))
        with app.app_context():
            db.create_all()
        wanted = _fill(Path(folder) / "storewalk.db", chance)
        with app.app_context(), read_only():
            session = db.session()
            for bits, numbers in wanted[:PLANTED]:
                found = near_prints(session, bits)
                missed = numbers - found.keys()
                if missed:
                    raise AssertionError(f"{len(missed)} of {len(numbers)} near hashes not found")
            searches = [_ms(lambda bits=bits: near_prints(session, bits)) for bits, _ in wanted]
            connection = session.connection()
            query = "SELECT hash FROM photo_print WHERE id = ?"
            rows = [
                _ms(lambda at=at: connection.exec_driver_sql(query, (at,)).fetchall())
                for at in chance.sample(range(1, MILLION), SEARCHES)
            ]
            session.close()
            db.engine.dispose()
    yield Figure("near photos among 1,000,000, median", median(searches), "ms", floor=median(rows))
    yield Figure(
        "near photos among 1,000,000, p95",
        percentile(searches, 0.95),
        "ms",
        goal=5,
        floor=percentile(rows, 0.95),
    )


def _fill(path: Path, chance: random.Random) -> list[tuple[int, set[int]]]:
    """A million prints; what to look for, and the numbers of those planted near it."""
    hashes = [chance.getrandbits(64) for _ in range(MILLION)]
    wanted: list[tuple[int, set[int]]] = []
    free = iter(chance.sample(range(MILLION), PLANTED * 9))
    for _ in range(SEARCHES):
        bits, numbers = chance.getrandbits(64), set()
        if len(wanted) < PLANTED:
            for flips in range(likeness.NEAR_BITS + 1):
                at = next(free)
                hashes[at] = bits ^ sum(1 << bit for bit in chance.sample(range(64), flips))
                numbers.add(at + 1)
        wanted.append((bits, numbers))
    sample = chance.randbytes(likeness.SAMPLE_SIDE**2)
    names = ("band_a", "band_b", "band_c")
    with dbapi2.connect(str(path)) as database:
        database.execute("PRAGMA synchronous=OFF")
        for name in names:
            database.execute(f"DROP INDEX ix_photo_print_{name}_hash_id")
        database.executemany(
            "INSERT INTO photo_print VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (number, f"{number:036}", likeness.signed(bits), *likeness.bands(bits), sample)
                for number, bits in enumerate(hashes, 1)
            ),
        )
        for name in names:
            database.execute(
                f"CREATE INDEX ix_photo_print_{name}_hash_id ON photo_print ({name}, hash, id)"
            )
    return wanted


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


@bench
def evidence_photo() -> Iterator[Figure]:
    data = _twelve_megapixels()
    floor = median([_cpu_ms(lambda: _half(data)) for _ in range(TIMES)])
    whole = median([_cpu_ms(lambda: prepare(data, LIMIT)) for _ in range(TIMES)])
    shown = _half(data)
    shown.thumbnail((1600, 1600), Image.Resampling.HAMMING)
    seen = median([_cpu_ms(lambda: likeness.print_of(shown)) for _ in range(TIMES)])
    told = median([_cpu_ms(lambda: _exif(data)) for _ in range(TIMES)])
    yield Figure("a 12-megapixel JPEG: all work", whole, "ms of a core", floor=floor)
    yield Figure("of it: hash, sample and EXIF", seen + told, "ms of a core", goal=6, floor=floor)
    small = median([_cpu_ms(lambda: _thumb_alone(data)) for _ in range(TIMES)])
    eighth = median([_cpu_ms(lambda: _half(data, (500, 375))) for _ in range(TIMES)])
    yield Figure(
        "its thumbnail, hash and EXIF, without the 1,600 pixels",
        small + seen + told,
        "ms of a core",
        goal=30,
        floor=eighth,
    )


def _twelve_megapixels() -> bytes:
    """4,000 x 3,000 with the detail of a phone's photo (about 1.6 MB) and an EXIF block."""
    size = (4000, 3000)
    gradient = Image.linear_gradient("L").resize(size)
    grain = Image.effect_noise((1000, 750), 40).resize(size)
    grey = Image.blend(gradient, grain, 0.4)
    picture = Image.merge("RGB", (grey, gradient, grey.transpose(Image.Transpose.ROTATE_180)))
    exif = Image.Exif()
    exif.update({0x010F: "Maker", 0x0110: "Model", 0x0112: 1})
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def _half(data: bytes, size: tuple[int, int] = (1600, 1200)) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.draft("RGB", size)
    picture.load()
    return picture


def _thumb_alone(data: bytes) -> None:
    picture = _half(data, (320, 240))
    picture.thumbnail((320, 320), Image.Resampling.HAMMING)
    picture.save(io.BytesIO(), "JPEG", quality=75)


def _exif(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as picture:
        read_exif(picture)


def _cpu_ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


@bench
def evidence_pairs() -> Iterator[Figure]:
    labelled = real_file("near_duplicates.csv")
    if labelled is None:
        return
    right = accused = same = 0
    with labelled.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            one, other = (
                prepare((labelled.parent / row[name]).read_bytes(), LIMIT).seen
                for name in ("file_a", "file_b")
            )
            found = one is not None and other is not None and likeness.near(one, other)
            alike = row["label_by_eye"] in ONE_PICTURE
            accused, same, right = accused + found, same + alike, right + (found and alike)
    yield Figure(
        f"pairs named that are ones (of {accused})",
        right / accused,
        "share",
        1,
        more_is_better=True,
    )
    yield Figure(
        f"ones that are named (of {same})", right / same, "share", 0.9, more_is_better=True
    )


@bench
def evidence_broken() -> Iterator[Figure]:
    folder = real_file("broken")
    if folder is None:
        return
    files = sorted(str(path) for path in folder.rglob("*") if path.is_file())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PEAK, *files],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    before, after = json.loads(done.stdout)
    yield Figure(
        f"peak memory over {len(files)} broken pictures", after / 1024, "MB", 300, before / 1024
    )
