"""What the change feed tells a rep of their stock, what is on its way, and what they counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.kernel.auth import Actor
from server.kernel.ops import Reader
from server.materials import ledger
from server.materials.counts import AdjustmentKind
from server.materials.models import Batch, StockAdjustment, StockMovement, Warehouse
from server.materials.stock import places
from server.materials.stock.records import adjustment_record, movement_record, row_of


def read_stock(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The person's own balance of each material id, by batch too, and what is on its way."""
    place = ledger.rep_place(actor.user_id)
    way = ledger.transit_place(place)
    found = ledger.batch_balances(session, [place, way], ids)
    batches = {
        row.id: row for row in session.scalars(select(Batch).where(Batch.material_id.in_(ids)))
    }
    records: dict[str, dict[str, Any]] = {
        one: {"id": one, "material_id": one, "balance": 0, "in_transit": 0, "batches": []}
        for one in ids
    }
    for (where, material_id, batch_id), amount in sorted(found.items()):
        record = records[material_id]
        record["balance" if where == place else "in_transit"] += amount
        batch = batches.get(batch_id)
        if where == place and batch is not None:
            expires = batch.expires_on.isoformat() if batch.expires_on else None
            one = {"id": batch.id, "code": batch.code, "expires_on": expires, "balance": amount}
            record["batches"].append(one)
    return records


def read_movements(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The movements from and to the person, with the other end's name."""
    place = ledger.rep_place(actor.user_id)
    query = select(StockMovement).where(
        StockMovement.id.in_(ids),
        or_(StockMovement.from_place == place, StockMovement.to_place == place),
    )
    rows = session.scalars(query).all()
    names = place_names(session, {end for row in rows for end in (row.from_place, row.to_place)})
    return {
        row.id: movement_record(row_of(row))
        | {"from_name": names[row.from_place], "to_name": names[row.to_place]}
        for row in rows
    }


def read_counts(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The counts of the person's own stock, whoever made them."""
    query = select(StockAdjustment).where(
        StockAdjustment.id.in_(ids),
        StockAdjustment.kind == AdjustmentKind.COUNT.value,
        StockAdjustment.place == ledger.rep_place(actor.user_id),
    )
    return {row.id: adjustment_record(row_of(row)) for row in session.scalars(query)}


def place_names(session: Session, ends: set[str]) -> dict[str, str]:
    """The name of each rep and warehouse among places; of other places the place itself."""
    keys = {end.partition(":")[2] for end in ends}
    people = people_by_ids(session, keys)
    query = select(Warehouse.id, Warehouse.name).where(Warehouse.id.in_(keys))
    warehouses = {row[0]: row[1] for row in session.execute(query)}
    names = {}
    for end in ends:
        key = end.partition(":")[2]
        name = people[key]["name"] if key in people else warehouses.get(key)
        names[end] = str(name or end)
    return names


READERS: dict[str, Reader] = {
    "stock": read_stock,
    "stock_movement": read_movements,
    "stock_count": read_counts,
    "warehouse": places.read_warehouses,
}
