"""The real server for benches: gunicorn as it is shipped, on a folder of a real disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert

from server.accounts.passwords import hash_password
from server.app import create_app
from server.config import ROOT, Settings
from server.kernel import changes
from server.kernel.clock import Clock
from server.kernel.db import db
from server.kernel.ids import new_id
from server.kernel.jobs import LATEST_FIRST_S
from server.stores.models import Store, StoreAssignment
from server.tables import bring_up_to_date
from tests.bench.wire import Line, get_request, json_request
from tests.browser import seed
from tests.browser.site import free_port

PATIENCE_S = 60
# Of a core, over a second: what a server that has nothing to do takes at most.
AT_REST = 0.03
# What a rep has at most, by the numbers we design for.
STORES_A_REP = 300
PIN = (31.30, 120.60)


@dataclass
class Place:
    """A company in a folder, and a server on it once it is started.

    stores: for each rep's user name the ids and pins of the stores that are theirs.
    """

    data: Path
    app: Flask
    company: seed.Company
    stores: dict[str, list[tuple[str, float, float]]]
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "storewalk.db"

    def start(self) -> float:
        """Start the server as shipped; return the seconds until it answered /healthz."""
        log = (self.data / "server.log").open("ab")
        began = time.monotonic()
        with log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "-c", "server/gunicorn.conf.py"),
                    "server.app:create_app()",
                ],
                cwd=ROOT,
                env=environment(self.data, self.port) | self.settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await_answer(self.port, self.process)
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop the server, gently."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(PATIENCE_S)
            self.process = None

    def rest(self) -> None:
        """Wait until the first sweeps are over and their work is done: sums of what a bench wrote.

        Raises RuntimeError where that takes more than PATIENCE_S.
        """
        time.sleep(LATEST_FIRST_S)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            before = self._worked_s()
            time.sleep(1)
            if self._worked_s() - before < AT_REST:
                return
        raise RuntimeError("the server does not come to rest")

    def _worked_s(self) -> float:
        """Seconds of processor time that the workers have had."""
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2] for pid in self.workers()]
        ticks = sum(int(field) for stat in stats for field in stat.split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def log_in(self, username: str, device_id: str) -> str:
        """Log in as a phone does, with the password; return the session's token."""
        document = {
            "username": username,
            "password": seed.PASSWORD,
            "client": "bearer",
            "device_id": device_id,
        }
        with Line(self.port) as line:
            answer = line.ask(json_request("/api/v1/session", document, ""))
        if answer.status != 200:
            raise AssertionError(f"no log-in for {username}: {answer.body!r}")
        token: str = answer.json()["token"]
        return token

    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers."""
        if self.process is None:
            return []
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


def environment(data: Path, port: int) -> dict[str, str]:
    """The server's environment: all settings as shipped, but for the number of log-ins allowed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STOREWALK_")}
    # A server in the field has its bytecode from the start before.
    for name in ("DATABASE_URL", "WEB_CONCURRENCY", "PYTHONDONTWRITEBYTECODE"):
        kept.pop(name, None)
    return kept | {
        "PORT": str(port),
        "STOREWALK_DATA": str(data),
        "STOREWALK_LOGIN_RATE": "1000 per minute",
    }


def await_answer(port: int, process: subprocess.Popen[bytes], path: str = "/healthz") -> None:
    """Wait until the server answers. Raises RuntimeError if it ends or takes a minute."""
    request = get_request(path, "")
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with Line(port) as line:
                if line.ask(request).status == 200:
                    return
        except OSError:
            time.sleep(0.002)
    raise RuntimeError("the server does not answer")


@contextmanager
def bench_folder() -> Iterator[Path]:
    """A folder that is gone afterwards, on the disk of the checkout: /tmp may be memory."""
    parent = ROOT / "build"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=parent) as name:
        yield Path(name)


@contextmanager
def place() -> Iterator[Place]:
    """A company with 18 reps of STORES_A_REP stores each. The server is not yet started."""
    with bench_folder() as data:
        app = create_app(Settings(data_dir=data))
        with app.app_context():
            bring_up_to_date()
            company = seed.fill(db.session(), Clock())
            stores = _give_stores(company)
            _real_password()
            db.session.commit()
            db.engine.dispose()
        here = Place(data, app, company, stores)
        try:
            yield here
        finally:
            here.stop()


@contextmanager
def served(**settings: str) -> Iterator[Place]:
    """A company and a running server; settings differ from what is shipped."""
    with place() as here:
        here.settings = settings
        here.start()
        yield here


def _real_password() -> None:
    """Everybody's password, hashed as in production."""
    table = db.metadata.tables["user_account"]
    db.session.execute(table.update().values(password_hash=hash_password(seed.PASSWORD, "owasp")))


def _give_stores(company: seed.Company) -> dict[str, list[tuple[str, float, float]]]:
    now = datetime.now(UTC)
    given: dict[str, list[tuple[str, float, float]]] = {}
    stores: list[dict[str, Any]] = []
    assignments: list[dict[str, Any]] = []
    for rep in reps(company):
        mine = given[rep] = []
        for _ in range(STORES_A_REP):
            number = len(stores)
            lat, lon = PIN[0] + number % 97 * 0.004, PIN[1] + number // 97 * 0.004
            store_id = new_id()
            mine.append((store_id, lat, lon))
            stores.append(store_row(store_id, number, company.regions["park"], lat, lon, now))
            assignments.append(
                {
                    "id": new_id(),
                    "store_id": store_id,
                    "user_id": company.people[rep],
                    "since": now,
                    "until": None,
                }
            )
    db.session.execute(insert(Store), stores)
    db.session.execute(insert(StoreAssignment), assignments)
    for rep, mine in given.items():
        scope = changes.user_scope(company.people[rep])
        changes.touch(db.session(), scope, "store", [store_id for store_id, _, _ in mine])
    return given


def store_row(
    store_id: str, number: int, region_id: str, lat: float, lon: float, now: datetime
) -> dict[str, Any]:
    """The columns of a store, as an import fills them."""
    return {
        "id": store_id,
        "code": f"B{number:06}",
        "name": f"惠民超市第{number}分店",
        "address": f"苏州市工业园区星湖街 {number} 号",
        "city": "苏州",
        "chain": "惠民超市",
        "region_id": region_id,
        "lat": lat,
        "lon": lon,
        "pin_source": "import",
        "pin_quality_m": 30.0,
        "radius_m": None,
        "initials": "hmcs",
        "contact": "王店长",
        "phone": "0512-60000000",
        "active": True,
        "rev": 1,
        "created_at": now,
        "updated_at": now,
    }


def reps(company: seed.Company) -> Sequence[str]:
    """The user names of all reps."""
    return ("rep1", "rep2", "rep3", *company.spare)
