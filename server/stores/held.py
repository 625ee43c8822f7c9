"""What this feature holds about a person: the stores they were given. And naming stores."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.kernel.held import Section, tell_of
from server.stores.models import StoreAssignment
from server.stores.queries import store_refs

_GIVEN: Table = StoreAssignment.__table__  # type: ignore[assignment]  # declared wider than it is


def name_stores(session: Session, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add store_name to items with a store_id (which may be None)."""
    stores = store_refs(session, {item["store_id"] for item in items if item["store_id"]})
    for item in items:
        store = stores.get(item["store_id"])
        item["store_name"] = store.name if store else None
    return items


SECTIONS: Final = (
    tell_of(
        Section(
            "stores",
            lambda user_id: select(_GIVEN).where(_GIVEN.c.user_id == user_id),
            _GIVEN.c.since,
            _GIVEN.c.id,
            ("store_name", "since", "until"),
            name_stores,
        )
    ),
)
