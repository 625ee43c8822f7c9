"""An answer as the API writes it, in push, pull and on the page of a visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.kernel.clock import wire_time

Row = Mapping[Any, Any]


def reply_record(row: Row) -> dict[str, Any]:
    """A row of the table of answers."""
    return {
        "id": row["id"],
        "visit_id": row["visit_id"],
        "at": wire_time(row["at"]),
        "received_at": wire_time(row["received_at"]),
        "text": row["text"],
        "photo_id": row["photo_id"],
        "erased_at": wire_time(row["erased_at"]),
    }
