"""Changing materials, and the movements of stock that the office books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.campaigns.choosing import tell_of_stores
from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.kernel.unique import save_coded
from server.materials import ledger, problems
from server.materials.barcodes import clean_barcode
from server.materials.ledger import SUPPLIER, Entry, EntryKind
from server.materials.models import Handout, LedgerEntry, Material
from server.materials.stock import movements, places
from server.photos.domain import open_verified


def create_material(
    session: Session, actor: Actor | None, clock: Clock, values: Mapping[str, Any]
) -> Material:
    """Add a material: {code, name, kind, unit, barcode?, value_cents?, tracks_batches?}.

    Raises material_code_taken and the problems of barcodes.
    """
    material = Material(
        id=values.get("id") or new_id(),
        code=values["code"],
        name=values["name"],
        kind=values["kind"],
        unit=values["unit"],
        barcode=clean_barcode(values.get("barcode")),
        value_cents=values.get("value_cents"),
        tracks_batches=values.get("tracks_batches", False),
        active=True,
        rev=1,
    )
    save_coded(session, material, problems.MATERIAL_CODE_TAKEN)
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
    """Change what is named in values. Raises as create_material does, and photo_missing.

    photo_sha256 is a picture that the actor has uploaded, or null.
    """
    values = dict(values)
    if values.get("photo_sha256"):
        file = open_verified(session, actor.user_id, values["photo_sha256"])
        if file is None:
            raise problems.PHOTO_MISSING.error(field="photo_sha256")
        file.close()
        values["photo_by"] = actor.user_id
    if "barcode" in values:
        values["barcode"] = clean_barcode(values["barcode"])
    before = {key: getattr(material, key) for key in values}
    save_coded(session, material, problems.MATERIAL_CODE_TAKEN, values | {"rev": material.rev + 1})
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


def move_stock(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]
) -> LedgerEntry:
    """Book a movement that is complete at once: {kind, material_id, quantity, warehouse_id?,
    rep_id?, to_warehouse_id?, batch_id?, batch_code?, expires_on?, note?, id?}.

    receive: supplier to warehouse; return: rep to warehouse, brought to the counter; transfer:
    warehouse to warehouse. The same id sent again answers with the entry that is there. Raises
    material_unknown, rep_unknown, warehouse_unknown, batch_unknown, batch_contradicted,
    quantity_invalid, stock_short (the books would go below zero) and record_exists (the id holds
    something else).
    """
    places.hold_named(session, values)
    movements.locked_material(session, values["material_id"])
    entry = _entry(session, actor, clock.now(), values)
    there = session.get(LedgerEntry, entry.id)
    if there is not None:
        if _says(there) != _says(entry):
            raise common.RECORD_EXISTS.error(field="id")
        return there
    if entry.from_place != SUPPLIER:
        batch = entry.batch_id
        movements.enough(session, entry.from_place, entry.material_id, batch, entry.quantity)
    return _booked(session, actor, clock, entry, journal.Event.STOCK_MOVED)


def find_entry(session: Session, entry_id: str) -> LedgerEntry:
    """An entry of the ledger, locked to be reversed. Raises the problem not_found."""
    found = session.get(LedgerEntry, entry_id, with_for_update=True)
    if found is None:
        raise common.NOT_FOUND.error(field="entry_id")
    return found


def reverse(
    session: Session, actor: Actor, clock: Clock, entry: LedgerEntry, note: str
) -> LedgerEntry:
    """Correct a mistaken entry by its opposite. Doing it again answers with the opposite.

    The caller has locked the entry. A handout counts no more from then on, and the phones that
    were told of it hear. Raises entry_bound for what has a correction of its own (movements,
    counts), entry_reversed for an opposite.
    """
    if entry.movement_id or entry.adjustment_id:
        raise problems.ENTRY_BOUND.error()
    if entry.reverses_id:
        raise problems.ENTRY_REVERSED.error()
    ledger.hold(session, (entry.from_place, entry.to_place))
    there = session.scalar(select(LedgerEntry).where(LedgerEntry.reverses_id == entry.id))
    if there is not None:
        return there
    opposite = Entry(
        kind=EntryKind(entry.kind),
        material_id=entry.material_id,
        from_place=entry.to_place,
        to_place=entry.from_place,
        quantity=entry.quantity,
        at=clock.now(),
        author_id=actor.user_id,
        note=note,
        id=new_id(),
        batch_id=entry.batch_id,
        reverses_id=entry.id,
    )
    made = _booked(session, actor, clock, opposite, journal.Event.ENTRY_REVERSED)
    if entry.handout_id:
        _take_back(session, session.get_one(Handout, entry.handout_id), opposite.at)
    return made


def _take_back(session: Session, handout: Handout, at: datetime) -> None:
    handout.reversed_at = at
    session.flush()
    changes.touch(session, changes.user_scope(handout.author_id), "handout", [handout.id])
    if handout.campaign_id:
        tell_of_stores(session, [handout.store_id], [handout.author_id])


def _booked(
    session: Session, actor: Actor, clock: Clock, entry: Entry, event: journal.Event
) -> LedgerEntry:
    ledger.append(session, [entry], clock=clock)
    for user_id in movements.reps_at((entry.from_place, entry.to_place)):
        changes.touch(session, changes.user_scope(user_id), "stock", [entry.material_id])
    journal.record(
        session,
        clock,
        actor,
        event,
        "material",
        entry.material_id,
        entry_id=entry.id,
        kind=entry.kind.value,
        from_place=entry.from_place,
        to_place=entry.to_place,
        quantity=entry.quantity,
    )
    return session.get_one(LedgerEntry, entry.id)


def _entry(session: Session, actor: Actor, at: datetime, values: Mapping[str, Any]) -> Entry:
    kind, quantity = EntryKind(values["kind"]), values["quantity"]
    material_id = values["material_id"]
    if quantity <= 0:
        raise common.QUANTITY_INVALID.error(field="quantity", value=quantity)
    warehouse = places.warehouse_there(session, actor, values.get("warehouse_id"))
    match kind:
        case EntryKind.RECEIVE:
            way = (SUPPLIER, warehouse)
        case EntryKind.RETURN:
            way = (places.rep_there(session, actor, values.get("rep_id")), warehouse)
        case EntryKind.TRANSFER:
            other = places.warehouse_there(session, actor, values.get("to_warehouse_id"))
            if other == warehouse:
                raise problems.WAREHOUSE_UNKNOWN.error(field="to_warehouse_id")
            way = (warehouse, other)
        case _:
            raise common.VALIDATION_FAILED.error(field="kind")
    batch_id = places.batch_there(session, material_id, values.get("batch_id"))
    if kind is EntryKind.RECEIVE and batch_id is None:
        code, expires = values.get("batch_code"), values.get("expires_on")
        batch_id = places.batch_of(session, material_id, code, expires)
    return Entry(
        kind=kind,
        material_id=material_id,
        from_place=way[0],
        to_place=way[1],
        quantity=quantity,
        at=at,
        author_id=actor.user_id,
        note=values.get("note", ""),
        id=values.get("id") or new_id(),
        batch_id=batch_id,
    )


def _says(entry: LedgerEntry | Entry) -> tuple[object, ...]:
    return (
        entry.kind,
        entry.material_id,
        entry.from_place,
        entry.to_place,
        entry.quantity,
        entry.batch_id,
    )
