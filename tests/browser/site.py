"""The real server for browser tests: gunicorn on a free port, with a small company in it."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from server.app import create_app
from server.config import ROOT, Settings
from server.kernel.clock import Clock
from server.kernel.db import db
from server.tables import bring_up_to_date
from tests.browser import seed

PATIENCE_S = 30


@dataclass
class Site:
    """A running server: its address, its folder, its people's ids by user name."""

    url: str
    port: int
    data: Path
    company: seed.Company
    process: subprocess.Popen[bytes] | None = field(default=None)
    # Whose code it runs.
    root: Path = ROOT

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        env = os.environ | {
            "PORT": str(self.port),
            "STOREWALK_DATA": str(self.data),
            "STOREWALK_PASSWORD_COST": "test",
            "STOREWALK_LOGIN_RATE": "1000 per minute",
        }
        with (self.data / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "-c",
                    "server/gunicorn.conf.py",
                    "server.app:create_app()",
                ],
                cwd=self.root,
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the server did not start; its log: {self.log()}")

    def log(self) -> str:
        """What the server printed so far."""
        return (self.data / "server.log").read_text("utf-8", "replace")

    def stop(self) -> None:
        """Stop the server, gently."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop the server as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, how)
            self.process.wait(PATIENCE_S)
            self.process = None


def free_port() -> int:
    """A port that nobody listens on just now, and that no outgoing connection is given.

    Outgoing ones get theirs from 32768 on: a client that knocks at a killed server's port there
    may be given that very port, be connected to itself, and keep the server from coming back.
    """
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def make_site(data: Path) -> Site:
    """Migrate and fill a new database in this folder, and start a server on it."""
    app = create_app(Settings(data_dir=data, password_cost="test"))
    with app.app_context():
        bring_up_to_date()
        company = seed.fill(db.session(), Clock())
        db.session.commit()
        db.engine.dispose()
    port = free_port()
    site = Site(f"http://127.0.0.1:{port}", port, data, company)
    site.start()
    return site
