"""What is held about a person, told table by table: the register of everything that names them.

A feature lists its own tables here where it defines them, so that a new one cannot be forgotten in
a list far away. Who reads the register (the page "My data", the export) knows no table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, tuple_
from sqlalchemy.orm import Session

from server.kernel import problems
from server.kernel.clock import wire_time
from server.kernel.paging import decode_cursor, encode_cursor

Row = Mapping[Any, Any]
Item = dict[str, Any]
# The order of a page, added to its columns.
_AT, _KEY = "_order_at", "_order_key"
# Never told: what proves a content the same, what opens a door, what only an index needs.
_INTERNAL: Final = frozenset(
    {"payload_digest", "confirm_digest", "in_digest", "close_digest"}
    | {"done_digest"}
    | {"password_hash", "token_hash", "endpoint_hash", "p256dh", "auth"}
    | {"morton", "flag_bits", "claimed_at", "attempts", "compared_by", _AT, _KEY}
)
_AT_ONCE: Final = 500


def plain(row: Row) -> Item:
    """A row as it is, times and days as the API writes them, without what is internal."""
    return {str(name): _told(row[name]) for name in row if name not in _INTERNAL}


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return wire_time(value)
    return value.isoformat() if isinstance(value, date) else value


def _as_it_is(session: Session, items: list[Item]) -> list[Item]:
    del session
    return items


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of record about a person.

    of gives the SELECT of a person's rows; at and key, columns of it, put them in order, newest
    first. name_them adds names to ids for people to read. columns are those of the readable table.
    """

    name: str
    of: Callable[[str], Select[Any]]
    at: ColumnElement[Any]
    key: ColumnElement[Any]
    columns: Sequence[str]
    name_them: Callable[[Session, list[Item]], list[Item]] = field(default=_as_it_is)

    def count(self, session: Session, user_id: str) -> Item:
        """{name, total, oldest, newest}; the times are None where there is nothing."""
        query = self.of(user_id).with_only_columns(
            func.count(), func.min(self.at), func.max(self.at), maintain_column_froms=True
        )
        total, oldest, newest = session.execute(query.order_by(None)).one()
        return {"name": self.name, "total": total, "oldest": _told(oldest), "newest": _told(newest)}

    def page(self, session: Session, user_id: str, cursor: str | None, limit: int) -> Item:
        """{items, next}, newest first. Raises validation_failed for a forged cursor."""
        query = self.of(user_id).add_columns(self.at.label(_AT), self.key.label(_KEY))
        if cursor:
            query = query.where(tuple_(self.at, self.key) < self._after(cursor))
        query = query.order_by(self.at.desc(), self.key.desc()).limit(limit + 1)
        rows = session.execute(query).mappings().all()
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        after = encode_cursor(last[_AT].isoformat(), last[_KEY]) if last else None
        items = self.name_them(session, [plain(row) for row in rows[:limit]])
        return {"items": items, "next": after}

    def _after(self, cursor: str) -> tuple[datetime, Any]:
        at, key = decode_cursor(cursor, 2)
        try:
            kind = self.key.type.python_type
            return datetime.fromisoformat(at).astimezone(UTC), kind(key)
        except (TypeError, ValueError, OverflowError) as error:
            raise problems.VALIDATION_FAILED.error(field="cursor") from error

    def all(self, session: Session, user_id: str) -> Iterator[Item]:
        """Everything, newest first, a few hundred in memory at a time."""
        query = self.of(user_id).order_by(self.at.desc(), self.key.desc())
        rows = session.execute(query.execution_options(yield_per=_AT_ONCE)).mappings()
        for part in rows.partitions(_AT_ONCE):
            yield from self.name_them(session, [plain(row) for row in part])


_SECTIONS: dict[str, Section] = {}


def tell_of(section: Section) -> Section:
    """Add a kind of record to what people are told of."""
    _SECTIONS[section.name] = section
    return section


def sections() -> dict[str, Section]:
    """All of them by name."""
    return dict(_SECTIONS)
