"""Fetching a person's visits around others, in one statement for a whole batch.

A visit's flags depend on the REACH visits before and after it in time, and on the one before it in
the phone's own order. So a new visit changes the flags of no more than REACH on either side, and
those depend on REACH further ones: twice the reach is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from server.kernel.prepared import reading
from server.visits.models import Visit
from server.visits.travel import REACH

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
COLUMNS: Final = (
    "id",
    "store_id",
    "checked_in_at",
    "said_at",
    "received_at",
    "device_at",
    "device_id",
    "device_seq",
    "clock_offset_ms",
    "monotonic_ms",
    "contact_at",
    "close_step_s",
    "in_lat",
    "in_lon",
    "in_accuracy_m",
    "in_fix_age_s",
    "verdict",
    "flags",
    "erased_at",
    "rev",
)
# Visits of one day are one stretch; what lies between them is fetched whole.
_GAP: Final = timedelta(hours=3)
# A statement holds so many stretches; a batch has more only if its clock was all over the place.
_STRETCHES: Final = 60
_SEQ_GAP: Final = 1_000
_FAR: Final = 2 * REACH

Bounds = tuple[Any, Any]
Row = dict[str, Any]


def around(
    session: Session,
    author_id: str,
    times: Collection[datetime],
    seqs: Mapping[str, Collection[int]],
) -> list[dict[str, Any]]:
    """The author's visits that are there around these check-in times and devices' numbers.

    Rows of COLUMNS, each visit once, in no order. One statement.
    """
    if not times:
        return []
    connection = session.connection()
    dialect = connection.dialect
    bind = _VISIT.c.checked_in_at.type.dialect_impl(dialect).bind_processor(dialect)
    in_time = _stretches(sorted(times), _GAP)
    values: list[Any] = []
    for low, high in in_time:
        first, last = (bind(low), bind(high)) if bind else (low, high)
        values += [author_id, first, last, author_id, first, author_id, last]
    in_order = 0
    for device_id, numbers in sorted(seqs.items()):
        whose = [author_id, device_id]
        for low, high in _stretches(sorted(numbers), _SEQ_GAP):
            values += [*whose, low, high, *whose, low, *whose, high]
            in_order += 1
    statement = _statement(dialect, len(in_time), in_order)
    rows = connection.exec_driver_sql(statement, tuple(values)).cursor.fetchall()
    return _read(dialect, rows)


def _stretches(sorted_values: Sequence[Any], gap: Any) -> list[Bounds]:
    """The values as few ranges without large gaps inside."""
    found = [[sorted_values[0], sorted_values[0]]]
    for value in sorted_values[1:]:
        if value - found[-1][1] <= gap:
            found[-1][1] = value
        else:
            found.append([value, value])
    while len(found) > _STRETCHES:
        # Join those that lie nearest: it fetches more than is needed, never less.
        nearest = min(range(len(found) - 1), key=lambda i: found[i + 1][0] - found[i][1])
        found[nearest][1] = found.pop(nearest + 1)[1]
    return [(low, high) for low, high in found]


@lru_cache(maxsize=256)
def _statement(dialect: Dialect, in_time: int, in_order: int) -> str:
    mark = {"qmark": "?", "format": "%s"}.get(dialect.paramstyle, "%s")
    names = ", ".join(COLUMNS)
    parts = []
    whose = f"author_id = {mark}"
    kinds = (
        ("checked_in_at", whose, _FAR, in_time),
        ("device_seq", f"{whose} AND device_id = {mark}", 1, in_order),
    )
    for column, where, far, times in kinds:
        chosen = f"SELECT {names} FROM visit WHERE {where} AND {column}"  # noqa: S608 -- names of our own columns
        down, up = f"{column} DESC, id DESC", f"{column}, id"
        parts += [
            f"{chosen} BETWEEN {mark} AND {mark}",
            f"SELECT * FROM ({chosen} < {mark} ORDER BY {down} LIMIT {far}) AS earlier",  # noqa: S608 -- likewise
            f"SELECT * FROM ({chosen} > {mark} ORDER BY {up} LIMIT {far}) AS later",  # noqa: S608 -- likewise
        ] * times
    return " UNION ALL ".join(parts)


@lru_cache(maxsize=8)
def _readers(dialect: Dialect) -> list[tuple[int, Callable[[Any], Any]]]:
    readers: list[tuple[int, Callable[[Any], Any]]] = []
    for index, name in enumerate(COLUMNS):
        process = reading(_VISIT.c[name].type, dialect)
        if process is not None:
            readers.append((index, process))
    return readers


def _read(dialect: Dialect, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    readers, found = _readers(dialect), {}
    for row in rows:
        if row[0] in found:
            continue
        values = list(row)
        for index, process in readers:
            values[index] = process(values[index])
        found[row[0]] = dict(zip(COLUMNS, values, strict=True))
    return list(found.values())
