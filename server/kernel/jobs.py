"""Background jobs: a thread of the web process by default, huey on Redis for larger sites.

A job is enqueued with its name and plain arguments, and goes out only after the commit. A queue may
lose a job when a process is killed, so no job is the only keeper of a state: what is to be done
stands in the features' own tables, and periodic sweeps pick up what was lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from random import random
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import Flask, current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from server.config import Settings
from server.kernel.db import db

if TYPE_CHECKING:
    from huey import Huey

log = logging.getLogger(__name__)

_JOB_NICENESS = 10
QUIET_S: Final = 0.05
PATIENCE_S: Final = 5.0
# A process that leaves the sweeps to another one asks this often whether that still lives.
ELSEWHERE_S: Final = 20.0
_EARLIEST_FIRST_S: Final = 1.0
LATEST_FIRST_S: Final = 6.0

Work = Callable[..., None]
W = TypeVar("W", bound=Work)

_JOBS: dict[str, Work] = {}
_PERIODIC: dict[str, float] = {}
_PENDING = "storewalk.jobs"


def job(name: str) -> Callable[[W], W]:
    """Register a function as the job of this name. It runs in an app context."""

    def decorate(work: W) -> W:
        if name in _JOBS:
            raise ValueError(f"job {name!r} is registered already")
        _JOBS[name] = work
        return work

    return decorate


def periodic(name: str, seconds: float) -> Callable[[W], W]:
    """Register a job that also runs by itself about every so many seconds.

    The first time within LATEST_FIRST_S of the start; in one process of a data folder.
    """

    def decorate(work: W) -> W:
        _PERIODIC[name] = seconds
        return job(name)(work)

    return decorate


def enqueue(session: Session, name: str, *args: Any) -> None:
    """Run a job once this transaction has committed. Raises KeyError for an unknown name."""
    if name not in _JOBS:
        raise KeyError(name)
    if not session.in_transaction():
        # What is queued belongs to a transaction, so that a rollback forgets it.
        session.begin()
    session.info.setdefault(_PENDING, []).append((name, args))


def forget_pending(session: Session) -> None:
    """Drop what this transaction has queued: a trial whose records are undone has no jobs."""
    session.info.pop(_PENDING, None)


def run_now(name: str, *args: Any) -> None:
    """Run a job in this thread, as a test or a command does."""
    _JOBS[name](*args)


@dataclass(frozen=True, slots=True)
class _Queued:
    """A job that waits in this process, since when by the monotonic clock."""

    name: str
    args: list[Any]
    at: float


class Runner:
    """The queue of one app and, where jobs are embedded, the thread that works them off.

    Without Redis the queue is this process's own. With it jobs go out by huey, which is loaded with
    the first of them: it brings three database clients along, 15 MB that no other server needs.
    """

    def __init__(self, app: Flask, redis_url: str | None) -> None:
        self.app = app
        self.stopping = threading.Event()
        self.last_request = -QUIET_S
        self._redis_url = redis_url
        self._lock = threading.Lock()
        self._task: Any = None
        self._huey: Any = None
        self._queue: SimpleQueue[_Queued | None] = SimpleQueue()
        self._started = False
        self._sweeping: int | None = None

    @property
    def huey(self) -> Huey:
        """The queue in Redis. Raises RuntimeError where no Redis is configured."""
        if not self._redis_url:
            raise RuntimeError("jobs go through Redis only where STOREWALK_REDIS_URL is set")
        with self._lock:
            if self._huey is None:
                from huey import RedisHuey

                self._huey = RedisHuey("storewalk", url=self._redis_url, results=False)
                self._task = self._huey.task(name="storewalk.run")(self._run)
        queue: Huey = self._huey
        return queue

    def send(self, name: str, args: list[Any]) -> None:
        """Put a job into the queue. Where nobody here works it off, it is left to the sweeps."""
        if self._redis_url:
            self.huey  # noqa: B018 -- opens it
            self._task(name, args)
        elif self._started:
            self._queue.put(_Queued(name, args, time.monotonic()))

    def start(self) -> None:
        """Work jobs off in this process, without keeping the caller waiting."""
        if not self._started:
            self._started = True
            # One worker: jobs are heavy on the processor, which the web threads want as well.
            threading.Thread(target=self._work_off, name="jobs", daemon=True).start()
            start_sweeps(self)

    def stop(self) -> None:
        """End the threads after what they are doing."""
        self.stopping.set()
        self._queue.put(None)
        with self._lock:
            if self._sweeping is not None:
                os.close(self._sweeping)
                self._sweeping = None

    def sweeps_here(self) -> bool:
        """Ask for the sweeps of this data folder; True where this process has them.

        It keeps them until it ends, however it ends: one process is enough, and a sweep costs each
        that does it the memory of its queries.
        """
        with self._lock:
            if self._sweeping is None and not self.stopping.is_set():
                self._sweeping = _lock_of(self.app.config["SETTINGS"].data_dir / "sweeps.lock")
            return self._sweeping is not None

    def note_request(self) -> None:
        """Say that a request begins or ends: jobs stand back behind those that follow."""
        self.last_request = time.monotonic()

    def _work_off(self) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _JOB_NICENESS)
        while (queued := self._queue.get()) is not None:
            while wait := wait_s(time.monotonic(), self.last_request, queued.at):
                if self.stopping.wait(wait):
                    return
            # What it broke on is logged; a sweep tries it again.
            with contextlib.suppress(Exception):
                self._run(queued.name, queued.args)

    def _run(self, name: str, args: list[Any]) -> None:
        with self.app.app_context():
            try:
                _JOBS[name](*args)
            except Exception:
                db.session.rollback()
                log.exception("job %s failed", name)
                raise


def wait_s(now: float, last_request: float, queued_at: float) -> float:
    """Seconds until a job may begin: once requests pause for QUIET_S, or it waited PATIENCE_S.

    A phone sends its photos in one go. Decoding the first ones meanwhile makes it wait longer for
    the last, and nobody looks at them so soon.
    """
    return max(0.0, min(last_request + QUIET_S, queued_at + PATIENCE_S) - now)


def _lock_of(path: Path) -> int | None:
    """Take a lock that this process then keeps: its descriptor, or None where another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return descriptor


def start_sweeps(runner: Runner) -> None:
    """Start a thread for each periodic job."""
    for name, seconds in _PERIODIC.items():
        thread = threading.Thread(
            target=_sweep, args=(runner, name, seconds), name=f"sweep:{name}", daemon=True
        )
        thread.start()


def first_wait_s(every: float, chance: float) -> float:
    """Seconds from the start to the first run of a periodic job. chance: 0..1.

    Soon, for what a killed process has lost is due now; and not at once, for that is when phones
    come back, and jobs must not all begin at one moment.
    """
    span = LATEST_FIRST_S - _EARLIEST_FIRST_S
    return min(every, _EARLIEST_FIRST_S + chance * span)


def _sweep(runner: Runner, name: str, seconds: float) -> None:
    wait = first_wait_s(seconds, random())  # noqa: S311 -- spreads load, keeps no secret
    while not runner.stopping.wait(wait):
        wait = min(seconds, ELSEWHERE_S)
        try:
            if runner.sweeps_here():
                runner.send(name, [])
                wait = seconds
        except Exception:
            # Redis that is away, a full disk: the thread asks again soon. Were it to end while
            # this process holds the lock, nobody would sweep any more.
            log.exception("sweep %s could not be queued", name)


def install(app: Flask) -> None:
    """Let the queue know of the requests that jobs stand back behind."""
    runner: Runner = app.extensions["storewalk.jobs"]
    app.before_request(runner.note_request)

    @app.teardown_request
    def note_end(_error: BaseException | None) -> None:
        runner.note_request()


def make_runner(app: Flask, settings: Settings) -> Runner:
    """Build the queue of an app: Redis where configured, else memory."""
    return Runner(app, settings.redis_url)


def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return
    pending = session.info.pop(_PENDING, [])
    if not pending or not has_app_context():
        return
    runner: Runner | None = current_app.extensions.get("storewalk.jobs")
    if runner is None:
        return
    for name, args in pending:
        try:
            runner.send(name, list(args))
        except Exception:
            # The change is committed and must be acknowledged; a sweep will find the work.
            log.exception("job %s could not be queued", name)


def _after_rollback(session: Session, previous: SessionTransaction) -> None:
    if not previous.nested:
        session.info.pop(_PENDING, None)


event.listen(Session, "after_commit", _after_commit)
event.listen(Session, "after_soft_rollback", _after_rollback)
