"""The physical floor of a push: plain SQLite writing the very rows that the server wrote.

A copy of the database is kept beside the server's. What the server has written since is found by
comparing all tables, and inserted into the copy by executemany, in as many transactions as the
server made, under the server's own PRAGMAs and indexes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from flask import Flask
from pysqlite3 import dbapi2

from server.kernel.db import db

# What a connection of the app sets; the floor sets the same.
PRAGMAS = (
    "journal_mode",
    "synchronous",
    "foreign_keys",
    "cache_size",
    "wal_autocheckpoint",
    "temp_store",
    "mmap_size",
)
FULL = 2
LARGE = 100


class RawCopy:
    """A copy of the server's database, to write the same rows into without the server."""

    def __init__(self, app: Flask, source: Path, target: Path) -> None:
        self._pragmas = app_pragmas(app)
        with dbapi2.connect(str(source)) as old, dbapi2.connect(str(target)) as new:
            old.backup(new)
        self.database = dbapi2.connect(str(target), isolation_level=None)
        for name, value in self._pragmas.items():
            self.database.execute(f"PRAGMA {name}={value}")
        self.database.execute("ATTACH ? AS server", (str(source),))
        tables = self.database.execute("SELECT name FROM main.sqlite_master WHERE type='table'")
        there = {name for (name,) in tables}
        known = [table.name for table in db.metadata.sorted_tables if table.name in there]
        others = sorted(there - set(known) - {"sqlite_sequence", "sqlite_stat1"})
        self.tables = [*known, *others]

    def close(self) -> None:
        """Let go of both files."""
        self.database.close()

    def new_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows that the server has and the copy has not, by table, parents before children.

        Of a large table only what was added is seen (comparing all of it takes longer than the
        benches), of a small one also what was changed.
        """
        found = {}
        large = self._large()
        for table in self.tables:
            rows = self._added(table) if table in large else self._different(table)
            if rows:
                found[table] = rows
        return found

    def _large(self) -> set[str]:
        """The tables with many rows that are kept in the order in which they were inserted."""
        listed = self.database.execute("SELECT name, wr FROM main.pragma_table_list").fetchall()
        ordered = {name for name, without_rowid in listed if not without_rowid}
        return {table for table in self.tables if table in ordered and self._last(table) > LARGE}

    def _last(self, table: str) -> int:
        found = self.database.execute(f'SELECT max(rowid) FROM server."{table}"').fetchone()
        return int(found[0] or 0)

    def _added(self, table: str) -> list[tuple[Any, ...]]:
        last = f'SELECT coalesce(max(rowid), 0) FROM main."{table}"'
        rows: list[tuple[Any, ...]] = self.database.execute(
            f'SELECT * FROM server."{table}" WHERE rowid > ({last}) ORDER BY rowid'
        ).fetchall()
        return rows

    def _different(self, table: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.database.execute(
            f'SELECT * FROM server."{table}" EXCEPT SELECT * FROM main."{table}"'
        ).fetchall()
        return rows

    def write_again(self, batches: int) -> list[float]:
        """Insert what the server wrote in so many batches; return each transaction's seconds.

        A table with no more new rows than batches holds rows that batches change (the counter, the
        phone's last contact): one of them is replaced in each transaction.
        """
        rows = self.new_rows()
        statements = [_insert(table, found, batches) for table, found in rows.items()]
        times = []
        for batch in range(batches):
            began = time.monotonic()
            self.database.execute("BEGIN IMMEDIATE")
            for statement, shares in statements:
                self.database.executemany(statement, shares[batch])
            self.database.execute("COMMIT")
            times.append(time.monotonic() - began)
        left = {table: len(found) for table, found in self.new_rows().items()}
        if left:
            raise AssertionError(f"the copy still lacks rows: {left}")
        return times


def _insert(
    table: str, rows: list[tuple[Any, ...]], batches: int
) -> tuple[str, Sequence[Sequence[tuple[Any, ...]]]]:
    places = ",".join("?" * len(rows[0]))
    if len(rows) <= batches:
        one_each = [[rows[batch % len(rows)]] for batch in range(batches)]
        return f'INSERT OR REPLACE INTO main."{table}" VALUES ({places})', one_each
    ends = [len(rows) * batch // batches for batch in range(batches + 1)]
    shares = [rows[first:last] for first, last in pairwise(ends)]
    return f'INSERT INTO main."{table}" VALUES ({places})', shares


def app_pragmas(app: Flask) -> dict[str, Any]:
    """The PRAGMAs of the app's own connections. Raises AssertionError unless commits are synced."""
    with app.app_context(), db.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in PRAGMAS
        }
        connection.rollback()
    with app.app_context():
        db.engine.dispose()
    if found["synchronous"] != FULL:
        raise AssertionError(f"synchronous is {found['synchronous']}, not FULL: {found}")
    return found
