"""Jobs go out after the commit, and never stand in the way of it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from server.app import create_app
from server.config import Settings
from server.kernel import jobs
from server.kernel.db import db
from server.kernel.jobs import LATEST_FIRST_S, PATIENCE_S, QUIET_S

ROOT = Path(__file__).parents[3]


@pytest.fixture
def sent(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    runner = app.extensions["storewalk.jobs"]
    monkeypatch.setattr(runner, "send", lambda name, args: found.append((name, args)))
    return found


def test_a_job_goes_out_after_the_commit(session: Session, sent: list[Any]) -> None:
    jobs.enqueue(session, "photos.process", "a")
    with session.begin_nested():
        pass
    assert sent == []
    session.commit()
    assert sent == [("photos.process", ["a"])]


def test_a_rollback_forgets_it(session: Session, sent: list[Any]) -> None:
    jobs.enqueue(session, "photos.process", "a")
    session.rollback()
    session.commit()
    assert sent == []


def test_an_unknown_job_is_a_mistake(session: Session) -> None:
    with pytest.raises(KeyError):
        jobs.enqueue(session, "no.such.job")


def test_a_dead_queue_does_not_undo_the_commit(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(name: str, args: list[Any]) -> None:
        raise ConnectionError("no queue")

    monkeypatch.setattr(app.extensions["storewalk.jobs"], "send", dead)
    jobs.enqueue(session, "photos.process", "a")
    session.commit()


def test_the_embedded_consumer_runs_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setitem(jobs._JOBS, "test.done", done.set)
    app = create_app(Settings(data_dir=tmp_path))
    runner = app.extensions["storewalk.jobs"]
    runner.start()
    with app.app_context():
        jobs.enqueue(db.session(), "test.done")
        db.session.commit()
    assert done.wait(20)
    runner.stop()


def test_what_was_lost_is_looked_for_soon_after_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    monkeypatch.setattr(jobs, "_PERIODIC", {})
    monkeypatch.setattr(jobs, "_JOBS", dict(jobs._JOBS))
    jobs.periodic("test.hourly", seconds=3_600)(done.set)
    app = create_app(Settings(data_dir=tmp_path))
    runner = app.extensions["storewalk.jobs"]
    runner.start()
    assert done.wait(LATEST_FIRST_S + 20)
    runner.stop()


def test_one_process_sweeps_and_another_takes_over(tmp_path: Path) -> None:
    first, second = (
        create_app(Settings(data_dir=tmp_path)).extensions["storewalk.jobs"] for _ in range(2)
    )
    elsewhere = create_app(Settings(data_dir=tmp_path / "other")).extensions["storewalk.jobs"]
    assert [one.sweeps_here() for one in (first, second, first, elsewhere)] == [
        True,
        False,
        True,
        True,
    ]
    first.stop()
    assert not first.sweeps_here()
    assert second.sweeps_here()
    # A process that is killed says nothing: its lock goes with it.
    second.stop()
    ask = (
        "from pathlib import Path; from server.kernel.jobs import _lock_of;"
        f"print(_lock_of(Path({str(tmp_path / 'sweeps.lock')!r})) is not None, flush=True);"
        "import time; time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", ask], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "True"
        third = create_app(Settings(data_dir=tmp_path)).extensions["storewalk.jobs"]
        assert not third.sweeps_here()
        other.kill()
        other.wait()
        assert third.sweeps_here()
    third.stop()
    elsewhere.stop()


@pytest.mark.parametrize("broken", ["send", "sweeps_here"])
def test_a_sweep_outlives_a_queue_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    runner = create_app(Settings(data_dir=tmp_path)).extensions["storewalk.jobs"]
    sent: list[str] = []
    monkeypatch.setattr(runner, "send", lambda name, _args: sent.append(name))
    real, tries = getattr(runner, broken), 0

    def away_at_first(*args: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise ConnectionError("no queue")
        if len(sent) == 3:
            runner.stopping.set()
        return real(*args)

    monkeypatch.setattr(runner, broken, away_at_first)
    jobs._sweep(runner, "test.often", 0.001)
    runner.stop()
    assert tries > len(sent) > 2


@pytest.mark.parametrize(
    ("every", "chance", "seconds"),
    [
        (3_600, 0.0, 1.0),
        (3_600, 1.0, LATEST_FIRST_S),
        # One that runs more often than that needs no start of its own.
        (2, 1.0, 2.0),
    ],
)
def test_the_first_run_of_each_process_falls_elsewhere(
    every: float, chance: float, seconds: float
) -> None:
    assert jobs.first_wait_s(every, chance) == seconds


@pytest.mark.parametrize(
    ("now", "last_request", "queued_at", "seconds"),
    [
        # Nobody asks anything: at once.
        (100.0, 10.0, 100.0, 0.0),
        # A request has just ended: the next one may follow.
        (100.0, 99.99, 100.0, QUIET_S - 0.01),
        # Requests never pause: not for ever.
        (100.0, 99.99, 100.01 - PATIENCE_S, 0.01),
        (100.0, 99.99, 100.0 - PATIENCE_S, 0.0),
    ],
)
def test_a_job_stands_back_behind_requests(
    now: float, last_request: float, queued_at: float, seconds: float
) -> None:
    assert jobs.wait_s(now, last_request, queued_at) == pytest.approx(seconds)


def test_requests_are_noted(app: Flask, session: Session) -> None:
    runner = app.extensions["storewalk.jobs"]
    runner.last_request = 0.0
    app.test_client().get("/healthz")
    assert runner.last_request > 0.0
