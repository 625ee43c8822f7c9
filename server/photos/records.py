"""Photos as the API writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.kernel.clock import wire_time
from server.kernel.http import API_PREFIX

Row = Mapping[Any, Any]


def photo_record(row: Row) -> dict[str, Any]:
    """A row of the photo table, as in push and pull."""
    return {
        "id": row["id"],
        "visit_id": row["visit_id"],
        "office_check_in_id": row["office_check_in_id"],
        "kind": row["kind"],
        "sha256": row["sha256"],
        "bytes": row["bytes"],
        "width": row["width"],
        "height": row["height"],
        "mime": row["mime"],
        "taken_at": wire_time(row["taken_at"]),
        "source": row["source"],
        "state": row["state"],
        "problem": row["problem"],
        "uploaded_at": wire_time(row["uploaded_at"]),
    }


def photo_with_urls(row: Row) -> dict[str, Any]:
    """A photo with its store, its author, what its file says of itself and where it is found."""
    base = f"{API_PREFIX}/photos/{row['id']}"
    return photo_record(row) | {
        "store_id": row["store_id"],
        "author_id": row["author_id"],
        "exif": row["exif"],
        "urls": {size: f"{base}/{size}" for size in ("thumb", "screen", "original")},
    }
