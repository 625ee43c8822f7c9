"""How gunicorn serves Storewalk. Threads, because phones upload slowly and must not block."""

from __future__ import annotations

import ctypes
import gc
import os
from typing import Any

bind = f"{os.environ.get('STOREWALK_BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 32
# Loaded once and shared by the workers: half the memory, and no worker repeats the imports.
preload_app = True
timeout = 120
graceful_timeout = 30
keepalive = 65
accesslog = os.environ.get("STOREWALK_ACCESS_LOG") or None
# Nobody manages a running server through it, and two servers of one user would share its path.
control_socket_disable = True
# The heartbeat file on a disk can stall a worker; memory cannot.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108


def _keep_memory_small() -> None:
    """Let glibc give back what is freed; another C library has no such switches.

    By itself it keeps a heap for each thread, and after the first log-in the 20 MB that hashing a
    password takes, in each worker.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for switch, value in (
            (_ARENA_MAX, 1),
            (_MMAP_THRESHOLD, 1 << 21),
            (_TRIM_THRESHOLD, 1 << 21),
        ):
            mallopt(switch, value)


# From glibc's malloc.h.
_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
_keep_memory_small()

# Loading makes a million objects and throws hardly any away: looking for garbage meanwhile is a
# tenth of the time until the first answer. post_fork() turns it on again: a reload loads this file
# anew, and calls when_ready() no more.
gc.disable()


def when_ready(server: Any) -> None:
    """Keep what was loaded out of the garbage collector's sight, which would copy it by a fork."""
    del server
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """From now on garbage is made, and looked for."""
    del server, worker
    gc.enable()


def post_worker_init(worker: Any) -> None:
    """Start background jobs in the worker, unless Redis carries them to a process of their own."""
    app = worker.app.callable
    settings = app.config["SETTINGS"]
    if settings.embedded_jobs and not settings.redis_url:
        app.extensions["storewalk.jobs"].start()
