"""Reading stock, the ledger, movements and corrections for lists and files."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.accounts.queries import people_by_ids
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.clock import day_bounds
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.materials import ledger
from server.materials.models import (
    Batch,
    LedgerEntry,
    Material,
    StockAdjustment,
    StockMovement,
)
from server.materials.records import entry_record
from server.materials.stock.feed import place_names
from server.materials.stock.handed import NOTHING, handed_items
from server.materials.stock.places import Holder, holders, scope_places
from server.materials.stock.records import adjustment_record, movement_record, row_of
from server.stores.queries import store_names

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows. Days are the organisation's, both included."""

    rep_id: str | None = None
    warehouse_id: str | None = None
    store_id: str | None = None
    material_id: str | None = None
    kind: str | None = None
    state: str | None = None
    first: date | None = None
    last: date | None = None


def list_stock(
    session: Session,
    actor: Actor,
    filters: Filters,
    *,
    at: datetime | None = None,
    cursor: str | None = None,
    limit: int | None = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of balances, of now or of a past moment: {items, next, total}.

    Warehouses come first, then reps, each by material code. A material that never was at a place
    (nor on its way there) is left out. Raises not_found for a place out of the actor's scope.
    """
    shown = _shown(session, actor, filters)
    keys = [*shown, *(ledger.transit_place(place) for place in shown)]
    wanted = [filters.material_id] if filters.material_id else None
    if at is None:
        found = ledger.batch_balances(session, keys, wanted)
    else:
        found = ledger.balances_at(session, at, keys, wanted)
    rows = _stock_rows(session, shown, found)
    start = bisect_right([key for key, _ in rows], _stock_cursor(cursor)) if cursor else 0
    page = rows[start : None if limit is None else start + limit]
    more = limit is not None and start + limit < len(rows)
    return {
        "items": [item for _, item in page],
        "next": encode_cursor(*page[-1][0]) if more else None,
        "total": len(rows),
    }


def _shown(session: Session, actor: Actor, filters: Filters) -> dict[str, Holder]:
    found = holders(session, actor)
    for name, place in (
        ("rep", ledger.rep_place(filters.rep_id) if filters.rep_id else None),
        (
            "warehouse",
            ledger.warehouse_place(filters.warehouse_id) if filters.warehouse_id else None,
        ),
    ):
        if place is not None:
            if place not in found:
                raise problems.NOT_FOUND.error(field=name)
            found = {place: found[place]}
    return found


def _stock_cursor(cursor: str) -> tuple[str, str]:
    first, second = decode_cursor(cursor, 2)
    return str(first), str(second)


def _stock_rows(
    session: Session, shown: dict[str, Holder], found: dict[ledger.Key, int]
) -> list[tuple[tuple[str, str], dict[str, Any]]]:
    materials = materials_by_id(session, {key[1] for key in found})
    batches = _batches(session, {key[2] for key in found if key[2]})
    of_way = {ledger.transit_place(place): place for place in shown}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for (where, material_id, batch_id), amount in sorted(found.items()):
        place = of_way.get(where, where)
        holder, material = shown[place], materials[material_id]
        item = rows.setdefault((holder.sort_key, material.code), _stock_row(holder, material))
        if where != place:
            item["in_transit"] += amount
            continue
        item["balance"] += amount
        if batch_id and amount:
            batch = batches[batch_id]
            expires = batch.expires_on.isoformat() if batch.expires_on else None
            item["batches"].append({"code": batch.code, "expires_on": expires, "balance": amount})
    return sorted(rows.items(), key=itemgetter(0))


def _stock_row(holder: Holder, material: Material) -> dict[str, Any]:
    is_rep = holder.kind == "rep"
    return {
        "place": holder.place,
        "holder_name": holder.name,
        "rep_id": holder.id if is_rep else None,
        "rep_name": holder.name if is_rep else None,
        "warehouse_id": None if is_rep else holder.id,
        "material_id": material.id,
        "material_code": material.code,
        "material_name": material.name,
        "unit": material.unit,
        "value_cents": material.value_cents,
        "balance": 0,
        "in_transit": 0,
        "batches": [],
    }


def list_entries(
    session: Session,
    actor: Actor,
    filters: Filters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of the ledger, newest first: {items, next}. Raises not_found as list_stock does."""
    conditions = _about(session, actor, filters, LedgerEntry.from_place, LedgerEntry.to_place)
    if filters.material_id:
        conditions.append(LedgerEntry.material_id == filters.material_id)
    if filters.kind:
        conditions.append(LedgerEntry.kind == filters.kind)
    conditions += _period(filters, LedgerEntry.at)
    return _page(session, LedgerEntry, conditions, cursor, limit, entry_items)


def list_movements(
    session: Session,
    actor: Actor,
    filters: Filters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of issues, transfers and returns, newest first: {items, next}."""
    ends = (StockMovement.from_place, StockMovement.to_place)
    conditions = _about(session, actor, filters, *ends)
    if filters.material_id:
        conditions.append(StockMovement.material_id == filters.material_id)
    if filters.kind:
        conditions.append(StockMovement.kind == filters.kind)
    if filters.state == "open":
        conditions.append(StockMovement.state.in_(("in_transit", "short")))
    elif filters.state:
        conditions.append(StockMovement.state == filters.state)
    conditions += _period(filters, StockMovement.at)
    return _page(session, StockMovement, conditions, cursor, limit, movement_items)


def list_adjustments(
    session: Session,
    actor: Actor,
    filters: Filters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of counts and corrections, newest first: {items, next}."""
    conditions = _about(session, actor, filters, StockAdjustment.place)
    if filters.material_id:
        conditions.append(StockAdjustment.material_id == filters.material_id)
    if filters.kind:
        conditions.append(StockAdjustment.kind == filters.kind)
    if filters.state:
        conditions.append(StockAdjustment.state == filters.state)
    conditions += _period(filters, StockAdjustment.at)
    return _page(session, StockAdjustment, conditions, cursor, limit, adjustment_items)


def _about(
    session: Session, actor: Actor, filters: Filters, *columns: InstrumentedAttribute[str]
) -> list[Condition]:
    """The conditions that an end is in the actor's scope, and is the one that is asked for."""
    conditions: list[Condition] = []
    scope = scope_places(session, actor)
    if scope is not None:
        conditions.append(or_(*(column.in_(scope) for column in columns)))
    if filters.rep_id or filters.warehouse_id:
        for place in _shown(session, actor, filters):
            ends = (place, ledger.transit_place(place))
            conditions.append(or_(*(column.in_(ends) for column in columns)))
    if filters.store_id:
        place = ledger.store_place(filters.store_id)
        conditions.append(or_(*(column == place for column in columns)))
    return conditions


def _period(filters: Filters, column: InstrumentedAttribute[datetime]) -> list[Condition]:
    if filters.first is None and filters.last is None:
        return []
    first, last = filters.first or date(2000, 1, 1), filters.last or date(2200, 1, 1)
    if first > last:
        raise problems.VALIDATION_FAILED.error(field="to")
    start, end = day_bounds(first, last)
    return [and_(column >= start, column < end)]


def _page(
    session: Session,
    model: Any,
    conditions: Sequence[Condition],
    cursor: str | None,
    limit: int,
    items: Any,
) -> dict[str, Any]:
    query = select(model).where(*conditions).order_by(model.at.desc(), model.id.desc())
    if cursor:
        query = query.where(tuple_(model.at, model.id) < _time_cursor(cursor))
    rows = session.scalars(query.limit(limit + 1)).all()
    page, more = rows[:limit], len(rows) > limit
    after = encode_cursor(page[-1].at.isoformat(), page[-1].id) if more else None
    return {"items": items(session, page), "next": after}


def _time_cursor(cursor: str) -> tuple[datetime, str]:
    text, key = decode_cursor(cursor, 2)
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise problems.VALIDATION_FAILED.error(field="cursor") from error
    if at.tzinfo is None or not 2000 <= at.year <= 2200:
        raise problems.VALIDATION_FAILED.error(field="cursor")
    return at, str(key)


def entry_items(session: Session, rows: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """Entries with the words that a reader needs beside the ids."""
    words = _Words(session, rows, ("from_place", "to_place"), ("author_id",))
    handouts = handed_items(session, (row.handout_id for row in rows))
    reversed_by = {
        row[0]: row[1]
        for row in session.execute(
            select(LedgerEntry.reverses_id, LedgerEntry.id).where(
                LedgerEntry.reverses_id.in_({row.id for row in rows})
            )
        )
    }
    return [
        entry_record(row)
        | words.of(row)
        | {
            "from_name": words.place(row.from_place),
            "to_name": words.place(row.to_place),
            "reversed_by": reversed_by.get(row.id),
        }
        | handouts.get(row.handout_id or "", NOTHING)
        for row in rows
    ]


def movement_items(session: Session, rows: Sequence[StockMovement]) -> list[dict[str, Any]]:
    """Movements with the words that a reader needs beside the ids."""
    words = _Words(session, rows, ("from_place", "to_place"), ("author_id", "confirmed_by"))
    return [
        movement_record(row_of(row))
        | words.of(row)
        | {
            "from_name": words.place(row.from_place),
            "to_name": words.place(row.to_place),
            "confirmed_name": words.person(row.confirmed_by),
        }
        for row in rows
    ]


def adjustment_items(session: Session, rows: Sequence[StockAdjustment]) -> list[dict[str, Any]]:
    """Counts and corrections with the words that a reader needs beside the ids."""
    words = _Words(session, rows, ("place",), ("author_id", "decided_by"))
    return [
        adjustment_record(row_of(row))
        | words.of(row)
        | {
            "place_name": words.place(row.place),
            "decided_name": words.person(row.decided_by),
        }
        for row in rows
    ]


class _Words:
    """Names of all that a page of rows mentions, in a fixed number of queries."""

    def __init__(
        self, session: Session, rows: Sequence[Any], ends: Sequence[str], people: Sequence[str]
    ) -> None:
        found = {getattr(row, name) for row in rows for name in ends}
        whole = {place for place in found if ledger.sort_of(place) in {"rep", "warehouse"}}
        whole |= {place for place in found if ledger.sort_of(place) == "transit"}
        self._places = place_names(session, whole)
        keys = [p.partition(":")[2] for p in found if ledger.sort_of(p) == "store"]
        self._stores = store_names(session, keys)
        self._people = people_by_ids(
            session, {getattr(row, name) for row in rows for name in people} - {None}
        )
        self._materials = materials_by_id(session, {row.material_id for row in rows})
        self._batches = _batches(session, {row.batch_id for row in rows if row.batch_id})

    def place(self, place: str) -> str | None:
        """The name of a rep, warehouse or store; None for a place outside of the house."""
        if ledger.sort_of(place) == "store":
            return self._stores.get(place.partition(":")[2])
        return None if place in ledger.OUTSIDE else self._places.get(place)

    def person(self, user_id: str | None) -> str | None:
        """A person's name."""
        found = self._people.get(user_id or "")
        return None if found is None else str(found["name"])

    def of(self, row: Any) -> dict[str, Any]:
        """The words that every kind of row has."""
        material = self._materials[row.material_id]
        batch = self._batches.get(row.batch_id or "")
        return {
            "material_code": material.code,
            "material_name": material.name,
            "unit": material.unit,
            "batch_code": batch.code if batch else None,
            "expires_on": batch.expires_on.isoformat() if batch and batch.expires_on else None,
            "author_name": self.person(row.author_id),
        }


def materials_by_id(session: Session, ids: Iterable[str]) -> dict[str, Material]:
    """Materials by id."""
    return {
        row.id: row for row in session.scalars(select(Material).where(Material.id.in_(set(ids))))
    }


def _batches(session: Session, ids: Iterable[str]) -> dict[str, Batch]:
    return {row.id: row for row in session.scalars(select(Batch).where(Batch.id.in_(set(ids))))}
