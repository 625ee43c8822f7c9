"""Materials, handouts and stock as the API writes them, in push, pull, lists and pages alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.kernel.clock import wire_time
from server.materials.models import LedgerEntry, Material

Row = Mapping[Any, Any]


def material_record(material: Material) -> dict[str, Any]:
    """A material."""
    return {
        "id": material.id,
        "code": material.code,
        "name": material.name,
        "kind": material.kind,
        "unit": material.unit,
        "barcode": material.barcode,
        "active": material.active,
        "value_cents": material.value_cents,
        "tracks_batches": material.tracks_batches,
        "photo_url": f"/api/v1/materials/{material.id}/photo?v={material.photo_sha256[:8]}"
        if material.photo_sha256
        else None,
        "rev": material.rev,
    }


def handout_record(row: Row) -> dict[str, Any]:
    """A row of the handout table."""
    return {
        "id": row["id"],
        "visit_id": row["visit_id"],
        "store_id": row["store_id"],
        "material_id": row["material_id"],
        "quantity": row["quantity"],
        "recipient": row["recipient"],
        "signature_sha256": row["signature_sha256"],
        "at": wire_time(row["at"]),
        "flags": row["flags"],
        "batch_id": row["batch_id"],
        "photo_id": row["photo_id"],
        "campaign_id": row["campaign_id"],
        "reversed_at": wire_time(row["reversed_at"]),
    }


def entry_record(entry: LedgerEntry) -> dict[str, Any]:
    """A ledger entry."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "material_id": entry.material_id,
        "from_place": entry.from_place,
        "to_place": entry.to_place,
        "quantity": entry.quantity,
        "at": wire_time(entry.at),
        "author_id": entry.author_id,
        "note": entry.note,
        "batch_id": entry.batch_id,
        "movement_id": entry.movement_id,
        "adjustment_id": entry.adjustment_id,
        "reverses_id": entry.reverses_id,
        "handout_id": entry.handout_id,
        "evidence_sha256": entry.evidence_sha256,
        "booked_at": wire_time(entry.booked_at),
    }
