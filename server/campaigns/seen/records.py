"""What was seen of a campaign as the API writes it, in push, pull and on the page of a visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.kernel.clock import wire_time

Row = Mapping[Any, Any]


def seen_record(row: Row) -> dict[str, Any]:
    """A row of the table of what was seen."""
    return {
        "id": row["id"],
        "campaign_id": row["campaign_id"],
        "store_id": row["store_id"],
        "visit_id": row["visit_id"],
        "at": wire_time(row["at"]),
        "received_at": wire_time(row["received_at"]),
        "materials": row["materials"],
        "photo_kinds": row["photo_kinds"],
        "note": row["note"],
    }
