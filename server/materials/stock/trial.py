"""The trial balance of the house, and the batches of a material."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel.clock import wire_time
from server.materials import ledger
from server.materials.models import Batch
from server.materials.stock.queries import materials_by_id

SORTS = ("supplier", "opening", "adjust", "warehouse", "transit", "rep", "store")


def list_batches(session: Session, material_id: str) -> list[dict[str, Any]]:
    """The batches of a material, those first that expire first."""
    rows = session.scalars(select(Batch).where(Batch.material_id == material_id)).all()
    rows = sorted(rows, key=lambda row: (row.expires_on or date.max, row.code))
    return [
        {
            "id": row.id,
            "code": row.code,
            "expires_on": row.expires_on.isoformat() if row.expires_on else None,
        }
        for row in rows
    ]


def trial_balance(session: Session, at: datetime | None, now: datetime) -> dict[str, Any]:
    """Units by kind of place and material, of the whole house: {at, rows, out_of_balance}.

    out_of_balance is what the kinds of places do not cancel out; anything but 0 is a fault.
    """
    rows = trial_rows(session, at)
    wrong = sum(abs(sum(row[sort] for sort in SORTS)) for row in rows)
    return {"at": wire_time(at or now), "rows": rows, "out_of_balance": wrong}


def trial_rows(session: Session, at: datetime | None) -> list[dict[str, Any]]:
    """The rows of the trial balance of now or of a past moment, by material code."""
    if at is None:
        sums = ledger.trial_balance(session)
    else:
        summed: dict[tuple[str, str], int] = {}
        for (place, material_id, _), amount in ledger.balances_at(session, at).items():
            key = (ledger.sort_of(place), material_id)
            summed[key] = summed.get(key, 0) + amount
        sums = [(sort, material_id, amount) for (sort, material_id), amount in summed.items()]
    materials = materials_by_id(session, {row[1] for row in sums})
    rows: dict[str, dict[str, Any]] = {}
    for sort, material_id, amount in sums:
        material = materials[material_id]
        start = {"material_id": material.id, "material_code": material.code}
        start |= {"material_name": material.name, "unit": material.unit}
        start |= dict.fromkeys(SORTS, 0)  # type: ignore[arg-type]  # numbers beside words
        row = rows.setdefault(material.code, start)
        row[sort] += amount
    return [rows[code] for code in sorted(rows)]
