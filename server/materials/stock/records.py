"""Movements, counts and corrections as the API and the feed write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.kernel.clock import wire_time

Row = Mapping[str, Any]


def movement_record(row: Row) -> dict[str, Any]:
    """A row of the movement table."""
    confirmed = row["confirmed"]
    return {
        "id": row["id"],
        "kind": row["kind"],
        "state": row["state"],
        "material_id": row["material_id"],
        "batch_id": row["batch_id"],
        "from_place": row["from_place"],
        "to_place": row["to_place"],
        "quantity": row["quantity"],
        "confirmed": confirmed,
        "difference": None if confirmed is None else confirmed - row["quantity"],
        "author_id": row["author_id"],
        "at": wire_time(row["at"]),
        "note": row["note"],
        "confirmed_by": row["confirmed_by"],
        "confirmed_at": wire_time(row["confirmed_at"]),
        "confirm_note": row["confirm_note"],
        "settled_how": row["settled_how"],
    }


def adjustment_record(row: Row) -> dict[str, Any]:
    """A row of the adjustment table."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "state": row["state"],
        "place": row["place"],
        "material_id": row["material_id"],
        "batch_id": row["batch_id"],
        "expected": row["expected"],
        "counted": row["counted"],
        "seen": row["seen"],
        "quantity": row["quantity"],
        "reason": row["reason"],
        "note": row["note"],
        "author_id": row["author_id"],
        "at": wire_time(row["at"]),
        "decided_by": row["decided_by"],
        "decided_at": wire_time(row["decided_at"]),
        "decision_note": row["decision_note"],
    }


def row_of(instance: Any) -> dict[str, Any]:
    """The columns of a mapped object, by name."""
    return {column.name: getattr(instance, column.name) for column in instance.__table__.columns}
