"""Reading materials, stock and handouts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.ops import Reader
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.materials.models import Handout, Material
from server.materials.records import handout_record, material_record
from server.photos.arrived import standing_of
from server.photos.queries import sent_by
from server.stores.queries import chunks

_HANDOUT: Table = Handout.__table__  # type: ignore[assignment]  # declared wider than it is
_BY_ID = Lookup(_HANDOUT.c.id, told=True)


def read_materials(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: everybody is told of every material."""
    del actor
    rows = session.scalars(select(Material).where(Material.id.in_(ids)))
    return {row.id: material_record(row) for row in rows}


def read_handouts(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the person's own handouts."""
    mine = (row for row in _BY_ID(session, ids) if row["author_id"] == actor.user_id)
    return {row["id"]: handout_record(row) for row in mine}


def beyond_books(session: Session, visit_ids: Collection[str]) -> dict[str, list[int]]:
    """By visit: of each of its handouts flagged over_issued the units that the books lack for it.

    A handout lacks no more than it gave, whatever was lacking before. Visits without are empty.
    """
    found: dict[str, list[int]] = {visit_id: [] for visit_id in visit_ids}
    for part in chunks(found):
        query = (
            select(Handout.visit_id, Handout.flags)
            .where(Handout.visit_id.in_(part))
            .order_by(Handout.id)
        )
        for visit_id, flags in session.execute(query):
            for numbers in (one["numbers"] for one in flags if one["code"] == "over_issued"):
                found[visit_id].append(min(numbers["quantity"], -numbers["balance_after"]))
    return found


READERS: dict[str, Reader] = {"material": read_materials, "handout": read_handouts}


def list_materials(
    session: Session,
    *,
    q: str | None = None,
    kind: str | None = None,
    active: bool | None = None,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of materials by code: {items, next, total}. q looks into name, code and barcode."""
    conditions = []
    if q and q.strip():
        columns = (Material.name, Material.code, Material.barcode)
        conditions.append(or_(*(c.icontains(q.strip(), autoescape=True) for c in columns)))
    if kind:
        conditions.append(Material.kind == kind)
    if active is not None:
        conditions.append(Material.active == active)
    total = session.scalar(select(func.count()).select_from(Material).where(*conditions)) or 0
    query = select(Material).where(*conditions).order_by(Material.code, Material.id)
    if cursor:
        query = query.where(tuple_(Material.code, Material.id) > _after(cursor))
    rows = session.scalars(query.limit(limit + 1)).all()
    page, more = rows[:limit], len(rows) > limit
    return {
        "items": [material_record(row) for row in page],
        "next": encode_cursor(page[-1].code, page[-1].id) if more else None,
        "total": total,
    }


def find_material(session: Session, material_id: str, *, lock: bool = False) -> Material:
    """One material. Raises the problem not_found."""
    material = session.get(Material, material_id, with_for_update=lock or None)
    if material is None:
        raise problems.NOT_FOUND.error(field="material_id")
    return material


def _after(cursor: str) -> tuple[str, str]:
    first, second = decode_cursor(cursor, 2)
    return str(first), str(second)


def handouts_of_visit(session: Session, visit_id: str) -> list[dict[str, Any]]:
    """The handouts of a visit, oldest first, with material_name, unit, signature_url, photo_state.

    The caller has made sure that the visit is in the actor's scope.
    """
    query = (
        select(_HANDOUT, Material.name.label("material_name"), Material.unit.label("unit"))
        .join(Material, Material.id == _HANDOUT.c.material_id)
        .where(_HANDOUT.c.visit_id == visit_id)
        .order_by(_HANDOUT.c.at, _HANDOUT.c.id)
    )
    rows = session.execute(query).mappings().all()
    standing = standing_of(
        session, ((row["photo_id"], visit_id) for row in rows if row["photo_id"])
    )
    return [
        handout_record(row)
        | {
            "material_name": row["material_name"],
            "unit": row["unit"],
            "signature_url": _signature_url(row["id"]) if row["signature_sha256"] else None,
            "photo_state": standing.get((row["photo_id"] or "", visit_id)),
        }
        for row in rows
    ]


def _signature_url(handout_id: str) -> str:
    return f"/api/v1/handouts/{handout_id}/signature"


def find_handout(session: Session, actor: Actor, handout_id: str) -> Handout:
    """A handout in the actor's scope. Raises the problem not_found."""
    handout = session.get(Handout, handout_id)
    if handout is None:
        raise problems.NOT_FOUND.error(field="id")
    seen = actor.sees_region(handout.region_id)
    if actor.is_rep:
        seen = handout.author_id == actor.user_id
    if not seen:
        raise problems.NOT_FOUND.error(field="id")
    return handout


def all_signed(visit_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that every signature given in a visit is here."""
    unsent = exists().where(
        Handout.visit_id == visit_id,
        Handout.signature_sha256.is_not(None),
        ~sent_by(Handout.author_id.expression, Handout.signature_sha256.expression),
    )
    return ~unsent


def signatures_among(session: Session, hashes: Collection[str]) -> set[str]:
    """Those of the hashes that are a signature's."""
    query = select(Handout.signature_sha256).where(Handout.signature_sha256.in_(hashes))
    return {sha256 for sha256 in session.scalars(query) if sha256 is not None}
