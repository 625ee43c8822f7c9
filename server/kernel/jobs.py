"""Background jobs: huey, in the web process by default, on Redis in production.

A job is enqueued with its name and plain arguments, and goes out only after the commit. Huey may
lose a job when a process is killed, so no job is the only keeper of a state: what is to be done
stands in the features' own tables, and periodic sweeps pick up what was lost.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from server.config import Settings
from server.kernel.db import db

if TYPE_CHECKING:
    from huey import Huey
    from huey.api import Task
    from huey.consumer import Consumer

log = logging.getLogger(__name__)

_JOB_NICENESS = 10

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
    """Register a job that also runs by itself about every so many seconds in each consumer."""

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


class Runner:
    """The queue of one app and, where jobs are embedded, its consumer thread.

    Huey is loaded with the first job or consumer: it brings the Redis client along, and no server
    should be slow to start for it.
    """

    def __init__(self, app: Flask, redis_url: str | None) -> None:
        self.app = app
        self.stopping = threading.Event()
        self._redis_url = redis_url
        self._lock = threading.Lock()
        self._task: Any = None
        self._huey: Any = None
        self._started = False
        self.consumer: Consumer | None = None

    @property
    def huey(self) -> Huey:
        """The queue itself."""
        with self._lock:
            if self._huey is None:
                self._open()
        queue: Huey = self._huey
        return queue

    def _open(self) -> None:
        from huey import MemoryHuey, RedisHuey

        if self._redis_url:
            self._huey = RedisHuey("storewalk", url=self._redis_url, results=False)
        else:
            self._huey = MemoryHuey("storewalk", results=False)
        self._task = self._huey.task(name="storewalk.run")(self._run)

    def _run(self, name: str, args: list[Any]) -> None:
        with self.app.app_context():
            try:
                _JOBS[name](*args)
            except Exception:
                db.session.rollback()
                log.exception("job %s failed", name)
                raise

    def send(self, name: str, args: list[Any]) -> Task | None:
        """Put a job into the queue."""
        if self._task is None:
            self.huey  # noqa: B018 -- opens it
        task: Task | None = self._task(name, args)
        return task

    def start(self) -> None:
        """Start consuming in this process (embedded jobs), without keeping the caller waiting."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._consume, name="jobs", daemon=True).start()

    def _consume(self) -> None:
        from huey.consumer import Consumer

        class Embedded(Consumer):
            """Leaves the process's signals to the web server."""

            def _set_signal_handlers(self) -> None:
                """Do nothing: gunicorn owns the signals."""

        # Threads that this one starts inherit its place behind the threads that people wait for.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _JOB_NICENESS)
        # One worker: jobs are heavy on the processor, which the web threads want as well.
        self.consumer = Embedded(self.huey, workers=1, periodic=False)
        self.consumer.start()
        start_sweeps(self)


def start_sweeps(runner: Runner) -> None:
    """Start a thread for each periodic job."""
    for name, seconds in _PERIODIC.items():
        thread = threading.Thread(
            target=_sweep, args=(runner, name, seconds), name=f"sweep:{name}", daemon=True
        )
        thread.start()


def _sweep(runner: Runner, name: str, seconds: float) -> None:
    while not runner.stopping.wait(seconds):
        runner.send(name, [])


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
