"""What the server's own settings do to the process that loads them."""

from __future__ import annotations

import subprocess
import sys

from server.config import ROOT

LOADED = """
import gc, runpy
hooks = runpy.run_path("server/gunicorn.conf.py")
assert not gc.isenabled()
hooks["post_fork"](None, None)
assert gc.isenabled()
"""


def test_a_worker_looks_for_garbage_also_after_a_reload() -> None:
    """A reload loads the file, which turns it off, and calls of the hooks only a worker's."""
    subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, check=True)
