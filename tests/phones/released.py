"""The phones of past releases as files, and a server that goes on from the one each talked to."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from server.app import create_app
from server.config import ROOT, Settings
from server.kernel.db import db
from server.tables import bring_up_to_date
from tests.browser.seed import Company
from tests.browser.site import Site, free_port

FOLDER = ROOT / "pwa" / "src" / "db" / "fixtures"
FILES = sorted(FOLDER.glob("phone-*.json"))
Row = dict[str, Any]


class Phone:
    """What lay on a phone, as pwa/src/db/fixtures/phone.ts says."""

    def __init__(self, path: Path) -> None:
        self.said: dict[str, Any] = json.loads(path.read_text("utf-8"))
        self.user_id: str = self.said["user_id"]
        self.username: str = self.said["username"]
        # Ops that stay on the phone: a person has to look at them first.
        self.stays: set[str] = {*self.said["parked"], *self.said["blocked"]}

    def rows(self, table: str) -> list[Row]:
        """The rows of a table; none where the release knew no such table."""
        found: list[Row] = self.said["database"]["tables"].get(table, {"rows": []})["rows"]
        return found

    def goes(self) -> dict[str, Row]:
        """The unsent ops that the server should have in the end."""
        return {op["op_id"]: op for op in self.rows("outbox") if op["op_id"] not in self.stays}

    def refused(self) -> set[str]:
        """The records that do not reach the server: those of the ops that stay."""
        return {op["record_id"] for op in self.rows("outbox") if op["op_id"] in self.stays}

    def bytes_of(self, sha256: str) -> bytes:
        """A file that waits to be sent."""
        [found] = [row["bytes"]["$bytes"] for row in self.rows("blobs") if row["sha256"] == sha256]
        return base64.b64decode(found)


def server_of(phone: Phone, data: Path) -> Site:
    """Today's server on the database and files of the phone's own one."""
    kept = phone.said["server"]
    sql = gzip.decompress(base64.b64decode(kept["database"])).decode()
    with closing(sqlite3.connect(data / "storewalk.db")) as connection:
        connection.executescript(sql)
    for name, text in kept["files"].items():
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(text))
    with create_app(Settings(data_dir=data, password_cost="test")).app_context():
        bring_up_to_date()
        db.engine.dispose()
    port = free_port()
    site = Site(f"http://127.0.0.1:{port}", port, data, Company())
    site.start()
    return site
