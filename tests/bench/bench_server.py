"""Memory of the whole server, idle and after 10,000 visits, and how fast it starts.

Memory is PSS, summed over gunicorn's master and both workers: shared pages are counted once, so
the sum is what the machine really gives. The floors: the same gunicorn with a bare Flask app, and
a bare Python that imports Flask.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.config import ROOT
from tests.bench.bench_push import BATCH, check_ins, settled
from tests.bench.day import Rep
from tests.bench.registry import Figure, bench
from tests.bench.serving import await_answer, bench_folder, environment, place, reps
from tests.bench.wire import RUNS, ask_at_once, median
from tests.browser.site import free_port

MIB = 1024 * 1024
VISITS = 10_000
PHONES = 5
SETTLE_S = 1.5
BARE = """
import flask
app = flask.Flask("bare")
app.add_url_rule("/healthz", "healthz", lambda: "ok")
"""


@bench
def server() -> Iterator[Figure]:
    floor = _bare_memory()
    with place() as here:
        starts = []
        for _ in range(RUNS):
            here.stop()
            starts.append(here.start())
        # The workers start one after the other, and then sweep once.
        here.rest()
        if here.process is None:
            raise AssertionError("the server is not running")
        master = here.process.pid
        yield Figure("server memory, idle (PSS of all)", pss_mib(master), "MiB", 70, floor)
        yield _worker("  one worker, idle", here.workers())
        crowd = [Rep(here, name, f"bench-{name}") for name in reps(here.company)[:PHONES]]
        scripts = [check_ins(rep, VISITS // BATCH // PHONES) for rep in crowd]
        for given in ask_at_once(here.port, scripts):
            settled(given, "applied")
        grown = pss_mib(master)
        yield Figure("server memory after 10,000 visits (PSS of all)", grown, "MiB", 110, floor)
        yield _worker("  one worker, after", here.workers())
    yield Figure("cold start to first /healthz", median(starts), "s", 0.5, _bare_import_s())


def _worker(name: str, pids: list[int]) -> Figure:
    return Figure(f"{name} (PSS, the larger)", max(map(_pss, pids)) / MIB, "MiB")


def pss_mib(master: int) -> float:
    """PSS of a process and its children, MiB."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return sum(map(_pss, [master, *map(int, children)])) / MIB


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no PSS for process {pid}")


def _bare_memory() -> float:
    """PSS of the shipped gunicorn serving a bare Flask app, after its first answer."""
    with bench_folder() as folder:
        (folder / "bare.py").write_text(BARE)
        with _bare_server(folder) as (process, port):
            await_answer(port, process)
            time.sleep(SETTLE_S)
            return pss_mib(process.pid)


@contextmanager
def _bare_server(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    bare_config = folder / "gunicorn.conf.py"
    # Without the hook that starts our jobs.
    shipped = (ROOT / "server" / "gunicorn.conf.py").read_text().partition("def post_worker")[0]
    bare_config.write_text(shipped)
    command = [sys.executable, "-m", "gunicorn", "-c", str(bare_config), "bare:app"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder, port),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process, port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _bare_import_s() -> float:
    times = []
    for _ in range(RUNS):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import flask"], check=True)
        times.append(time.monotonic() - began)
    return median(times)
