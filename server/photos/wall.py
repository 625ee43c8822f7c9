"""The photo wall: pictures of stores, newest first, each with what it is told apart by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Table, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids, region_names, scope_regions
from server.campaigns.queries import photos_asked
from server.kernel.auth import Actor
from server.kernel.clock import day_bounds, org_day, wire_time
from server.kernel.paging import LIMIT_DEFAULT, encode_cursor
from server.photos.models import Photo, PhotoState
from server.photos.queries import after_cursor, photo_scope
from server.photos.records import Row
from server.stores.queries import store_refs

_PHOTO: Table = Photo.__table__  # type: ignore[assignment]  # declared wider than it is
_TOLD = ("id", "visit_id", "store_id", "author_id", "region_id", "kind", "taken_at", "source")


@dataclass(frozen=True, slots=True)
class WallFilters:
    """What the wall is narrowed to; days are the organisation's, both inclusive."""

    ids: Sequence[str] = field(default_factory=tuple)
    kinds: Sequence[str] = field(default_factory=tuple)
    region: str | None = None
    store: str | None = None
    rep: str | None = None
    campaign: str | None = None
    first: date | None = None
    last: date | None = None


def wall_page(
    session: Session,
    actor: Actor,
    wanted: WallFilters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of the photos of visits that can be shown, newest first: {items, next}.

    How many there are in all is not told: counting them would cost more than all pages. Raises
    not_found for a region or campaign out of scope, validation_failed for a forged cursor.
    """
    conditions = _conditions(session, actor, wanted)
    if cursor:
        conditions.append(tuple_(_PHOTO.c.taken_at, _PHOTO.c.id) < after_cursor(cursor))
    query = (
        select(*(_PHOTO.c[name] for name in _TOLD))
        .where(*conditions)
        .order_by(_PHOTO.c.taken_at.desc(), _PHOTO.c.id.desc())
        .limit(limit + 1)
    )
    rows: list[Row] = list(session.execute(query).mappings())
    page, more = rows[:limit], len(rows) > limit
    last = encode_cursor(page[-1]["taken_at"].isoformat(), page[-1]["id"]) if more else None
    return {"items": _items(session, page), "next": last}


def _conditions(session: Session, actor: Actor, wanted: WallFilters) -> list[ColumnElement[bool]]:
    p = _PHOTO.c
    found = [
        photo_scope(actor),
        p.state == PhotoState.COMPLETE.value,
        p.visit_id.is_not(None),
    ]
    if wanted.region:
        found.append(p.region_id.in_(scope_regions(session, actor, wanted.region)))
    for column, value in ((p.store_id, wanted.store), (p.author_id, wanted.rep)):
        if value:
            found.append(column == value)
    for column, several in ((p.id, wanted.ids), (p.kind, wanted.kinds)):
        if several:
            found.append(column.in_(several))
    if wanted.campaign:
        asked = photos_asked(session, actor, wanted.campaign)
        found += [
            p.store_id.in_(asked.stores),
            p.taken_at >= asked.start,
            p.taken_at < asked.end,
        ]
        if asked.kinds:
            found.append(p.kind.in_(asked.kinds))
    if wanted.first:
        found.append(p.taken_at >= day_bounds(wanted.first, wanted.first)[0])
    if wanted.last:
        found.append(p.taken_at < day_bounds(wanted.last, wanted.last)[1])
    return found


def _items(session: Session, rows: Sequence[Row]) -> list[dict[str, Any]]:
    stores = store_refs(session, {row["store_id"] for row in rows if row["store_id"]})
    people = people_by_ids(session, {row["author_id"] for row in rows})
    regions = region_names(session)
    items = []
    for row in rows:
        store, author = stores.get(row["store_id"]), people.get(row["author_id"])
        items.append(
            {name: row[name] for name in _TOLD}
            | {
                "taken_at": wire_time(row["taken_at"]),
                "day": org_day(row["taken_at"]).isoformat(),
                "store_name": store.name if store else "",
                "store_code": store.code if store else "",
                "author_name": author["name"] if author else "",
                "region_name": regions.get(row["region_id"], ""),
            }
        )
    return items
