"""A statement that is asked over and over: written down and compiled once.

SQLAlchemy puts a statement together anew for each request and finds by a cache that it has compiled
the same before. That costs ten times what SQLite needs to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Float, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.types import TypeEngine

Processor = Callable[[Any], Any]
Bind = Callable[[dict[str, Any]], Any]


class Prepared:
    """One SELECT, or UPDATE with RETURNING, with bindparam()s; none may be an expanding one."""

    def __init__(self, query: Select[Any] | ReturningUpdate[Any]) -> None:
        self._query = query
        self._ready: dict[str, tuple[str, Bind, list[tuple[int, Processor]]]] = {}

    def __call__(self, session: Session, **values: Any) -> list[Sequence[Any]]:
        """The rows, their values in the order of the SELECT or RETURNING."""
        # What the session has not yet written counts, as with the ORM's own queries.
        session.flush()
        connection = session.connection()
        dialect = connection.dialect
        if dialect.name not in self._ready:
            self._ready[dialect.name] = self._prepare(dialect)
        statement, bind, processors = self._ready[dialect.name]
        rows = connection.exec_driver_sql(statement, bind(values)).cursor.fetchall()
        if not processors:
            return list(rows)
        return [processed(row, processors) for row in rows]

    def _prepare(self, dialect: Dialect) -> tuple[str, Bind, list[tuple[int, Processor]]]:
        compiled = self._query.compile(dialect=dialect)
        fixed = compiled.params
        binders: list[tuple[str, Processor | None]] = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in (compiled.positiontup or fixed)
        ]

        def read(values: dict[str, Any]) -> list[tuple[str, Any]]:
            given = fixed | values
            return [
                (name, process(given[name]) if process else given[name])
                for name, process in binders
            ]

        def by_place(values: dict[str, Any]) -> Any:
            return tuple([value for _, value in read(values)])

        def by_name(values: dict[str, Any]) -> Any:
            return dict(read(values))

        processors: list[tuple[int, Processor]] = []
        for index, column in enumerate(self._query.exported_columns):
            process = reading(column.type, dialect)
            if process is not None:
                processors.append((index, process))
        return str(compiled), by_place if compiled.positiontup else by_name, processors


def reading(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    """What turns a value of the driver into Python's; None where the driver does so itself."""
    if isinstance(kind, Float):
        # Both drivers give floats; SQLAlchemy would ask PostgreSQL's for the column's number first.
        return None
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def processed(row: Sequence[Any], processors: Sequence[tuple[int, Processor]]) -> list[Any]:
    """A row with its values as Python has them."""
    values = list(row)
    for index, process in processors:
        values[index] = process(values[index])
    return values
