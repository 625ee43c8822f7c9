"""The database: engine set-up, base model, column types, and the write lock for SQLite."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import orjson
from flask import has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    event,
)
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from server.config import Settings
from server.kernel.clock import utc_text, wire_time

Id = String(36)
# SQLite only numbers rows by itself in an INTEGER key.
BigId = BigInteger().with_variant(Integer, "sqlite")
READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Base(DeclarativeBase):
    """Base of all models. Constraints are named, so that migrations can find them again."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Utc(TypeDecorator[datetime]):
    """An aware time, stored as naive UTC. Refuses naive times, which mean nothing here.

    The processors are written out: a batch binds thousands of times, and SQLAlchemy's general
    way through a naive datetime and a format string costs five times as much.
    """

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware to naive UTC. Raises ValueError for a naive time."""
        return _utc_naive(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Aware to naive UTC; for SQLite its text, as SQLAlchemy itself writes it."""
        return _utc_text if dialect.name == "sqlite" else _utc_naive

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None]:
        """Naive UTC to aware."""
        return _aware_from_text if dialect.name == "sqlite" else _aware


def _utc_text(value: datetime | None) -> str | None:
    return None if value is None else utc_text(value)


def _utc_naive(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC).replace(tzinfo=None)


def _aware_from_text(value: str | None) -> datetime | None:
    # The zone goes into the text: replace() afterwards costs nine times as much.
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _aware(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


def told_time(name: str, dialect: Dialect) -> tuple[str, Callable[[Any], str | None] | None]:
    """A column of Utc selected as the text that the API writes: the SQL, and what is left to do.

    SQLite keeps times as texts and cuts them at a tenth of Python's price.
    """
    if dialect.name == "sqlite":
        return f"substr({name}, 1, 10) || 'T' || substr({name}, 12, 12) || 'Z'", None
    return name, _told


def _told(value: datetime | None) -> str | None:
    return wire_time(_aware(value))


class Json(TypeDecorator[Any]):
    """A JSON document as UTF-8 bytes, written and read by orjson."""

    impl = LargeBinary
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], bytes | None]:
        """Document to bytes."""
        del dialect
        return _json_bytes

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Bytes to document."""
        return _document


def _json_bytes(value: Any) -> bytes | None:
    return None if value is None else orjson.dumps(value)


def _document(value: bytes | None) -> Any:
    return None if value is None else orjson.loads(value)


# Models derive from Base and not from db.Model, which type checkers cannot follow.
db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True)


def engine_options(settings: Settings) -> dict[str, Any]:
    """Options of create_engine for the configured database."""
    if settings.is_sqlite:
        # The wheel bundles a current SQLite; the system's may carry the WAL-reset corruption bug.
        from pysqlite3 import dbapi2

        # The driver asks each value it does not know by itself how to adapt it, at 2 µs a value.
        # It does not know None, bytes and bool; told so, it binds them in a fifth of the time.
        dbapi2.register_adapter(type(None), {}.get)
        dbapi2.register_adapter(bytes, bytearray)
        dbapi2.register_adapter(bool, int)
        # The connection used last has its pages in mind; the others need none.
        lasting = {"pool_size": 40, "pool_use_lifo": True}
        return {"module": dbapi2, "connect_args": {"timeout": 30}, **lasting}
    # prepare_threshold=None: prepared statements break behind a transaction pooler.
    return {
        "connect_args": {"prepare_threshold": None},
        "pool_size": 20,
        "max_overflow": 20,
        "pool_pre_ping": True,
    }


def prepare_sqlite(engine: Engine, lock_path: Path) -> None:
    """Make SQLite safe under concurrent writers.

    Writers queue on a file lock and begin IMMEDIATE: SQLite's own busy handler sleeps and polls,
    which costs throughput and tail latency, and a deferred BEGIN fails when it must upgrade.
    Requests that only read use a plain BEGIN and never wait.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=30000")
        cursor.execute("PRAGMA journal_mode=WAL")
        # A phone deletes its copy on our ack, so a commit must be on the disk, not in a cache.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        # For each connection, of which there may be one a thread: the system caches the rest.
        cursor.execute("PRAGMA cache_size=-2000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if is_reading():
            connection.exec_driver_sql("BEGIN")
            return
        entry = cast("dict[str, Any]", connection.info)
        if "write_lock" not in entry:
            descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except BaseException:
                os.close(descriptor)
                raise
            entry["write_lock"] = descriptor
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def on_checkin(_connection: Any, entry: ConnectionPoolEntry) -> None:
        # Only here is the transaction over for certain: commit events fire before the commit.
        descriptor = entry.info.pop("write_lock", None)
        if descriptor is not None:
            os.close(descriptor)


_read_only: ContextVar[bool | None] = ContextVar("storewalk_read_only", default=None)


@contextmanager
def read_only() -> Iterator[None]:
    """Begin transactions inside this block without the write lock, whatever the request is."""
    with _reading(found=True):
        yield


@contextmanager
def writing() -> Iterator[None]:
    """Begin transactions inside this block with the write lock, also in a request that reads.

    For what a look leaves behind: who looked, who took a copy. Roll back what was read before it,
    for a transaction that has begun to read stays as it is.
    """
    with _reading(found=False):
        yield


@contextmanager
def _reading(*, found: bool) -> Iterator[None]:
    token = _read_only.set(found)
    try:
        yield
    finally:
        _read_only.reset(token)


def is_reading() -> bool:
    """True inside read_only(), and in a request whose method only reads but inside writing()."""
    said = _read_only.get()
    if said is not None:
        return said
    return has_request_context() and request.method in READ_METHODS
