"""Many rows in one statement, without what an ORM does for each value of each row.

Push reads and writes hundreds of rows a request; SQLAlchemy's compiled statements cost more there
than SQLite itself. Here a statement is put together once, and values go straight to the driver.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import Column, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from server.kernel.db import Json, Utc, told_time
from server.kernel.prepared import Processor, processed, reading

Row = Mapping[str, Any]
_NOTHING: Final = object()


class BulkInsert:
    """INSERT INTO one table, of all its columns but those left out.

    A row whose `keys` are there already gets the columns `replaces` anew, or is left as it is
    where there are none; without `keys` it is an IntegrityError.
    """

    def __init__(
        self,
        table: Table,
        *,
        leave_out: Collection[str] = (),
        keys: Sequence[str] = (),
        replaces: Sequence[str] = (),
    ) -> None:
        self._table = table
        self._columns = [column for column in table.columns if column.name not in leave_out]
        self._pick = itemgetter(*(column.name for column in self._columns))
        self._keys, self._replaces = keys, replaces
        self._ready: dict[str, tuple[str, list[tuple[int, Processor]]]] = {}

    def __call__(self, session: Session, rows: Collection[Row]) -> None:
        """Write the rows (each with every column) in this transaction."""
        if not rows:
            return
        connection = session.connection()
        dialect = connection.dialect
        if dialect.name not in self._ready:
            self._ready[dialect.name] = self._prepare(dialect)
        statement, processors = self._ready[dialect.name]
        connection.exec_driver_sql(statement, self._bound(rows, processors))

    def _bound(
        self, rows: Collection[Row], processors: Sequence[tuple[int, Processor]]
    ) -> list[tuple[Any, ...]]:
        # A batch shares its time of receipt: what is the same object is converted once.
        seen = [_NOTHING] * len(processors)
        made: list[Any] = [None] * len(processors)
        bound = []
        for row in rows:
            values = list(self._pick(row))
            for slot, (index, process) in enumerate(processors):
                value = values[index]
                if value is not seen[slot]:
                    seen[slot], made[slot] = value, process(value)
                values[index] = made[slot]
            bound.append(tuple(values))
        return bound

    def _prepare(self, dialect: Dialect) -> tuple[str, list[tuple[int, Processor]]]:
        quote = dialect.identifier_preparer.quote
        names = [quote(column.name) for column in self._columns]
        # The two drivers that we run on take positions; psycopg writes them in its own way.
        mark = "?" if dialect.name == "sqlite" else "%s"
        statement = (
            f"INSERT INTO {quote(self._table.name)} ({', '.join(names)}) "  # noqa: S608 -- names of our own tables
            f"VALUES ({', '.join([mark] * len(names))})"
        )
        if self._keys:
            keys = ", ".join(map(quote, self._keys))
            anew = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in self._replaces)
            what = f"UPDATE SET {anew}" if anew else "NOTHING"
            statement += f" ON CONFLICT ({keys}) DO {what}"
        processors = [
            (index, column.type.bind_processor(dialect))
            for index, column in enumerate(self._columns)
            if isinstance(column.type, Utc | Json)
        ]
        return statement, processors


class Lookup:
    """SELECT columns of the rows whose key is one of many; the ids travel as one value.

    With told, for rows that are only read to be told, times come as the API writes them and JSON
    documents as orjson.Fragment: read and written again they would take half of a pull.
    """

    def __init__(
        self,
        key: Column[Any],
        columns: Collection[Column[Any]] | None = None,
        *,
        told: bool = False,
    ) -> None:
        self._key, self._told = key, told
        self._columns = list(columns or key.table.columns)
        self._names = [column.name for column in self._columns]
        self._ready: dict[str, tuple[str, list[tuple[int, Processor]]]] = {}

    def __call__(self, session: Session, ids: Collection[str]) -> list[dict[str, Any]]:
        """The rows as dictionaries by column name; unknown ids are left out."""
        names = self._names
        return [dict(zip(names, row, strict=True)) for row in self.rows(session, ids)]

    def rows(self, session: Session, ids: Collection[str]) -> list[Sequence[Any]]:
        """The rows with their values in the order of the columns; unknown ids are left out."""
        if not ids:
            return []
        session.flush()
        connection = session.connection()
        dialect = connection.dialect
        if dialect.name not in self._ready:
            self._ready[dialect.name] = self._prepare(dialect)
        statement, processors = self._ready[dialect.name]
        wanted = list(ids)
        value = orjson.dumps(wanted).decode() if dialect.name == "sqlite" else wanted
        rows = connection.exec_driver_sql(statement, (value,)).cursor.fetchall()
        if not processors:
            return list(rows)
        return [processed(row, processors) for row in rows]

    def _prepare(self, dialect: Dialect) -> tuple[str, list[tuple[int, Processor]]]:
        quote = dialect.identifier_preparer.quote
        many = "IN (SELECT value FROM json_each(?))" if dialect.name == "sqlite" else "= ANY(%s)"
        selected, processors = [], list[tuple[int, Processor]]()
        for index, column in enumerate(self._columns):
            expression, process = self._reading(column, quote(column.name), dialect)
            selected.append(expression)
            if process is not None:
                processors.append((index, process))
        statement = (
            f"SELECT {', '.join(selected)} "  # noqa: S608 -- names of our own tables and columns
            f"FROM {quote(str(self._key.table.name))} WHERE {quote(self._key.name)} {many}"
        )
        return statement, processors

    def _reading(
        self, column: Column[Any], name: str, dialect: Dialect
    ) -> tuple[str, Processor | None]:
        """What is selected for a column, and what is then done to each value."""
        if self._told and isinstance(column.type, Utc):
            return told_time(name, dialect)
        if self._told and isinstance(column.type, Json):
            return name, _fragment
        return name, reading(column.type, dialect)


def _fragment(value: bytes | None) -> orjson.Fragment | None:
    return None if value is None else orjson.Fragment(value)
