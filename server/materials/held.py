"""What this feature holds about a person: handouts, and the entries of their stock."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from server.kernel.held import Section, tell_of
from server.materials.ledger import rep_place
from server.materials.models import (
    Handout,
    LedgerEntry,
    Material,
    StockAdjustment,
    StockMovement,
)
from server.stores.held import name_stores

_HANDOUT: Table = Handout.__table__  # type: ignore[assignment]  # declared wider than it is
_ENTRY: Table = LedgerEntry.__table__  # type: ignore[assignment]  # likewise

_MOVEMENT: Table = StockMovement.__table__  # type: ignore[assignment]  # likewise
_COUNT: Table = StockAdjustment.__table__  # type: ignore[assignment]  # likewise


def _name_materials(session: Session, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted = {item["material_id"] for item in items}
    query = select(Material.id, Material.name).where(Material.id.in_(wanted))
    names = {row.id: row.name for row in session.execute(query)}
    for item in items:
        item["material_name"] = names.get(item["material_id"])
    return items


SECTIONS: Final = (
    tell_of(
        Section(
            "handouts",
            lambda user_id: select(_HANDOUT).where(_HANDOUT.c.author_id == user_id),
            _HANDOUT.c.at,
            _HANDOUT.c.id,
            ("at", "store_name", "material_name", "quantity", "recipient"),
            lambda session, items: name_stores(session, _name_materials(session, items)),
        )
    ),
    tell_of(
        Section(
            "stock_entries",
            lambda user_id: select(_ENTRY).where(
                or_(
                    _ENTRY.c.from_place == rep_place(user_id),
                    _ENTRY.c.to_place == rep_place(user_id),
                )
            ),
            _ENTRY.c.at,
            _ENTRY.c.id,
            ("at", "kind", "material_name", "quantity"),
            _name_materials,
        )
    ),
    tell_of(
        Section(
            "stock_movements",
            lambda user_id: select(_MOVEMENT).where(
                or_(
                    _MOVEMENT.c.from_place == rep_place(user_id),
                    _MOVEMENT.c.to_place == rep_place(user_id),
                    _MOVEMENT.c.author_id == user_id,
                )
            ),
            _MOVEMENT.c.at,
            _MOVEMENT.c.id,
            ("at", "kind", "material_name", "quantity", "confirmed", "state"),
            _name_materials,
        )
    ),
    tell_of(
        Section(
            "stock_counts",
            lambda user_id: select(_COUNT).where(
                or_(_COUNT.c.place == rep_place(user_id), _COUNT.c.author_id == user_id)
            ),
            _COUNT.c.at,
            _COUNT.c.id,
            ("at", "kind", "material_name", "expected", "counted", "state"),
            _name_materials,
        )
    ),
)
