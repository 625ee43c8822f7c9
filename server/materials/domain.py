"""Changing materials, and the movements of stock that the office books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.materials import ledger, problems
from server.materials.barcodes import clean_barcode
from server.materials.ledger import ADJUST, SUPPLIER, WAREHOUSE, Entry, EntryKind
from server.materials.models import LedgerEntry, Material
from server.stores.problems import REP_UNKNOWN


def create_material(
    session: Session, actor: Actor | None, clock: Clock, values: Mapping[str, Any]
) -> Material:
    """Add a material: {code, name, kind, unit, barcode?}.

    Raises material_code_taken and the problems of barcodes.
    """
    _code_free(session, values["code"], None)
    material = Material(
        id=values.get("id") or new_id(),
        code=values["code"],
        name=values["name"],
        kind=values["kind"],
        unit=values["unit"],
        barcode=clean_barcode(values.get("barcode")),
        active=True,
        rev=1,
    )
    session.add(material)
    session.flush()
    changes.touch(session, changes.ORG, "material", [material.id])
    journal.record(
        session,
        clock,
        actor,
        journal.Event.MATERIAL_CREATED,
        "material",
        material.id,
        code=material.code,
        name=material.name,
    )
    return material


def change_material(
    session: Session, actor: Actor, clock: Clock, material: Material, values: Mapping[str, Any]
) -> Material:
    """Change what is named in values. Raises as create_material does."""
    values = dict(values)
    if "code" in values:
        _code_free(session, values["code"], material.id)
    if "barcode" in values:
        values["barcode"] = clean_barcode(values["barcode"])
    before = {key: getattr(material, key) for key in values}
    for key, value in values.items():
        setattr(material, key, value)
    material.rev += 1
    session.flush()
    changes.touch(session, changes.ORG, "material", [material.id])
    journal.record(
        session,
        clock,
        actor,
        journal.Event.MATERIAL_CHANGED,
        "material",
        material.id,
        before=before,
        after=values,
    )
    return material


def _code_free(session: Session, code: str, own_id: str | None) -> None:
    taken = session.scalar(select(Material.id).where(Material.code == code))
    if taken is not None and taken != own_id:
        raise problems.MATERIAL_CODE_TAKEN.error(field="code", code=code)


def move_stock(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]
) -> LedgerEntry:
    """Book a movement: {kind, material_id, quantity, rep_id?, note?, id?}.

    receive: supplier to warehouse; issue: warehouse to rep; return: rep to warehouse; adjust: a
    signed correction of the rep's stock, or without rep_id of the warehouse's. The same id sent
    again answers with the entry that is there. Raises material_unknown, rep_unknown,
    quantity_invalid, stock_short (the books would go below zero) and record_exists (the id holds
    something else).
    """
    # Locked, so that two people cannot both issue the last one.
    material = session.scalar(
        select(Material).where(Material.id == values["material_id"]).with_for_update()
    )
    if material is None:
        raise common.MATERIAL_UNKNOWN.error(field="material_id")
    entry = _entry(session, actor, clock.now(), values)
    there = session.get(LedgerEntry, entry.id)
    if there is not None:
        if _says(there) != _says(entry):
            raise common.RECORD_EXISTS.error(field="id")
        return there
    _enough(session, entry)
    ledger.append(session, [entry])
    if values.get("rep_id"):
        scope = changes.user_scope(values["rep_id"])
        changes.touch(session, scope, "stock", [material.id])
    journal.record(
        session,
        clock,
        actor,
        journal.Event.STOCK_MOVED,
        "material",
        material.id,
        entry_id=entry.id,
        kind=entry.kind.value,
        from_place=entry.from_place,
        to_place=entry.to_place,
        quantity=entry.quantity,
    )
    return session.get_one(LedgerEntry, entry.id)


def _entry(session: Session, actor: Actor, at: datetime, values: Mapping[str, Any]) -> Entry:
    kind, quantity = EntryKind(values["kind"]), values["quantity"]
    holder = _holder(session, kind, values.get("rep_id"))
    if quantity == 0 or (quantity < 0 and kind is not EntryKind.ADJUST):
        raise common.QUANTITY_INVALID.error(field="quantity", value=quantity)
    match kind:
        case EntryKind.RECEIVE:
            way = (SUPPLIER, WAREHOUSE)
        case EntryKind.ISSUE:
            way = (WAREHOUSE, holder)
        case EntryKind.RETURN:
            way = (holder, WAREHOUSE)
        case EntryKind.ADJUST:
            way = (ADJUST, holder) if quantity > 0 else (holder, ADJUST)
        case _:
            raise common.VALIDATION_FAILED.error(field="kind")
    return Entry(
        kind=kind,
        material_id=values["material_id"],
        from_place=way[0],
        to_place=way[1],
        quantity=abs(quantity),
        at=at,
        author_id=actor.user_id,
        note=values.get("note", ""),
        id=values.get("id") or new_id(),
    )


def _holder(session: Session, kind: EntryKind, rep_id: str | None) -> str:
    """The place that the entry is about besides the other end that its kind implies."""
    if rep_id is None or kind is EntryKind.RECEIVE:
        if kind in {EntryKind.ISSUE, EntryKind.RETURN}:
            raise REP_UNKNOWN.error(field="rep_id")
        return WAREHOUSE
    person = people_by_ids(session, [rep_id]).get(rep_id)
    if person is None or person["role"] != Role.REP:
        raise REP_UNKNOWN.error(field="rep_id")
    return ledger.rep_place(rep_id)


def _enough(session: Session, entry: Entry) -> None:
    if entry.from_place in {SUPPLIER, ADJUST}:
        return
    available = ledger.balance(session, entry.from_place, entry.material_id)
    if available < entry.quantity:
        raise problems.STOCK_SHORT.error(
            field="quantity", available=available, quantity=entry.quantity
        )


def _says(entry: LedgerEntry | Entry) -> tuple[object, ...]:
    return (entry.kind, entry.material_id, entry.from_place, entry.to_place, entry.quantity)
