"""The lists beside the books, row by row for files: material, batches, warehouses, stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import region_names
from server.kernel.auth import Actor
from server.materials import ledger
from server.materials.models import Batch, Material
from server.materials.records import material_record
from server.materials.stock.places import holders, list_warehouses, warehouse_record

Item = dict[str, Any]


def material_items(session: Session) -> list[Item]:
    """All material by code, also what is switched off."""
    rows = session.scalars(select(Material).order_by(Material.code))
    return [
        material_record(row) | {"material_code": row.code, "material_name": row.name}
        for row in rows
    ]


def batch_items(session: Session, actor: Actor) -> list[Item]:
    """All batches, with what of each is at places that the actor sees."""
    held: Counter[str] = Counter()
    for (_, _, batch_id), amount in ledger.batch_balances(session, holders(session, actor)).items():
        held[batch_id] += amount
    rows = session.execute(
        select(Batch, Material)
        .join(Material, Material.id == Batch.material_id)
        .order_by(Material.code, Batch.expires_on.is_(None), Batch.expires_on, Batch.code)
    )
    return [
        {
            "material_code": material.code,
            "material_name": material.name,
            "unit": material.unit,
            "batch_code": batch.code,
            "expires_on": batch.expires_on.isoformat() if batch.expires_on else None,
            "balance": held[batch.id],
        }
        for batch, material in rows
    ]


def warehouse_items(session: Session, actor: Actor) -> list[Item]:
    """The warehouses that the actor sees, with region_name; without a region: the company's."""
    regions = region_names(session)
    return [
        warehouse_record(row) | {"region_name": regions.get(row.region_id or "")}
        for row in list_warehouses(session, actor)
    ]


def by_batch(items: Iterable[Item]) -> Iterator[Item]:
    """Rows of stock with one for each batch, and one for the units of which nobody said the batch.

    What is in transit stands once, in the row without a batch: a way is not told by batch.
    """
    for item in items:
        batches = item["batches"]
        rest = item["balance"] - sum(batch["balance"] for batch in batches)
        for batch in batches:
            told = {"batch_code": batch["code"], "expires_on": batch["expires_on"]}
            yield item | told | {"balance": batch["balance"], "in_transit": None}
        if rest or item["in_transit"] or not batches:
            yield item | {"balance": rest}
