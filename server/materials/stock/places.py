"""Warehouses and batches, and who may see which place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import people, people_by_ids
from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.kernel.unique import save_coded
from server.materials import ledger, problems
from server.materials.models import Batch, Warehouse
from server.stores.problems import REP_UNKNOWN


def warehouse_record(warehouse: Warehouse) -> dict[str, Any]:
    """A warehouse as the API and the feed write it."""
    return {
        "id": warehouse.id,
        "code": warehouse.code,
        "name": warehouse.name,
        "region_id": warehouse.region_id,
        "active": warehouse.active,
        "rev": warehouse.rev,
    }


def sees_warehouse(actor: Actor, warehouse: Warehouse) -> bool:
    """The office sees all, a supervisor those of their regions."""
    if actor.is_office:
        return True
    return warehouse.region_id is not None and actor.sees_region(warehouse.region_id)


def list_warehouses(session: Session, actor: Actor) -> list[Warehouse]:
    """The warehouses in the actor's scope by code; a rep finds all that they may return to."""
    rows = session.scalars(select(Warehouse).order_by(Warehouse.code)).all()
    return [row for row in rows if actor.is_rep or sees_warehouse(actor, row)]


def find_warehouse(
    session: Session,
    actor: Actor,
    warehouse_id: str,
    field: str = "warehouse_id",
    *,
    lock: bool = False,
) -> Warehouse:
    """A warehouse in the actor's scope. Raises not_found."""
    found = session.get(Warehouse, warehouse_id, with_for_update=lock or None)
    if found is None or not sees_warehouse(actor, found):
        raise common.NOT_FOUND.error(field=field)
    return found


def create_warehouse(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]
) -> Warehouse:
    """Add a warehouse: {code, name, region_id?}. Raises warehouse_code_taken, region_unknown."""
    _check_region(actor, values)
    warehouse = Warehouse(
        id=new_id(),
        code=values["code"],
        name=values["name"],
        region_id=values.get("region_id"),
        active=True,
        rev=1,
    )
    save_coded(session, warehouse, problems.WAREHOUSE_CODE_TAKEN)
    _told(session, actor, clock, warehouse, journal.Event.WAREHOUSE_CREATED, code=warehouse.code)
    return warehouse


def change_warehouse(
    session: Session, actor: Actor, clock: Clock, warehouse: Warehouse, values: Mapping[str, Any]
) -> Warehouse:
    """Change what is named in values. Raises as create_warehouse does."""
    _check_region(actor, values)
    before = {key: getattr(warehouse, key) for key in values}
    new = dict(values) | {"rev": warehouse.rev + 1}
    save_coded(session, warehouse, problems.WAREHOUSE_CODE_TAKEN, new)
    event = journal.Event.WAREHOUSE_CHANGED
    _told(session, actor, clock, warehouse, event, before=before, after=dict(values))
    return warehouse


def _check_region(actor: Actor, values: Mapping[str, Any]) -> None:
    from server.accounts.problems import REGION_UNKNOWN

    region_id = values.get("region_id")
    if region_id is not None and not actor.sees_region(region_id):
        raise REGION_UNKNOWN.error(field="region_id")


def _told(
    session: Session,
    actor: Actor,
    clock: Clock,
    warehouse: Warehouse,
    event: journal.Event,
    **data: Any,
) -> None:
    changes.touch(session, changes.ORG, "warehouse", [warehouse.id])
    journal.record(session, clock, actor, event, "warehouse", warehouse.id, **data)


def batch_of(
    session: Session, material_id: str, code: str | None, expires_on: date | None = None
) -> str | None:
    """The id of a material's batch by its code, written down at its first mention; None without.

    Raises batch_contradicted where the batch is known with another expiry.
    """
    if not code:
        return None
    query = select(Batch).where(Batch.material_id == material_id, Batch.code == code)
    found = session.scalar(query)
    if found is None:
        found = Batch(id=new_id(), material_id=material_id, code=code, expires_on=expires_on)
        session.add(found)
        session.flush()
    elif expires_on is not None and found.expires_on != expires_on:
        if found.expires_on is not None:
            known = found.expires_on.isoformat()
            raise problems.BATCH_CONTRADICTED.error(field="expires_on", code=code, known=known)
        found.expires_on = expires_on
    return found.id


def batch_there(session: Session, material_id: str, batch_id: str | None) -> str | None:
    """The batch id, if it is one of the material. Raises batch_unknown."""
    if batch_id is None:
        return None
    found = session.get(Batch, batch_id)
    if found is None or found.material_id != material_id:
        raise problems.BATCH_UNKNOWN.error(field="batch_id")
    return batch_id


def rep_there(session: Session, actor: Actor, rep_id: str | None) -> str:
    """The place of a rep in the actor's scope. Raises rep_unknown."""
    person = people_by_ids(session, [rep_id]).get(rep_id) if rep_id else None
    if person is None or person["role"] != Role.REP or not actor.sees_region(person["region_id"]):
        raise REP_UNKNOWN.error(field="rep_id")
    return ledger.rep_place(person["id"])


def warehouse_there(session: Session, actor: Actor, warehouse_id: str | None) -> str:
    """The place of a warehouse in the actor's scope; the main one if none is named.

    Raises warehouse_unknown.
    """
    found = session.get(Warehouse, warehouse_id or "main")
    if found is None or not (actor.is_rep or sees_warehouse(actor, found)):
        raise problems.WAREHOUSE_UNKNOWN.error(field="warehouse_id")
    return ledger.warehouse_place(found.id)


def hold_named(session: Session, values: Mapping[str, Any]) -> None:
    """ledger.hold for what a booking names: {rep_id?, warehouse_id?, to_warehouse_id?}.

    Before anybody has looked whether they are there: an unknown place is held to no effect.
    """
    named = {ledger.warehouse_place(values.get("warehouse_id") or "main")}
    if values.get("rep_id"):
        named.add(ledger.rep_place(values["rep_id"]))
    if values.get("to_warehouse_id"):
        named.add(ledger.warehouse_place(values["to_warehouse_id"]))
    ledger.hold(session, named)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who or what a place is, for lists: kind rep or warehouse, its id, name and region."""

    place: str
    kind: str
    id: str
    name: str
    sort_key: str


def holders(session: Session, actor: Actor) -> dict[str, Holder]:
    """The places with a stock of their own in the actor's scope: warehouses, then reps."""
    found: dict[str, Holder] = {}
    if not actor.is_rep:
        for one in list_warehouses(session, actor):
            place = ledger.warehouse_place(one.id)
            found[place] = Holder(place, "warehouse", one.id, one.name, "0" + one.code)
    # Whoever left keeps what they held on the books, so inactive people count as well.
    for person in people(session, actor, role=Role.REP):
        place = ledger.rep_place(person["id"])
        found[place] = Holder(place, "rep", person["id"], person["name"], "1" + person["username"])
    return found


def scope_places(session: Session, actor: Actor) -> frozenset[str] | None:
    """Every place of which the actor is told, ways to it included; None for the office's all."""
    if actor.is_office:
        return None
    own = holders(session, actor).keys()
    return frozenset(own) | {ledger.transit_place(place) for place in own}


def holder_region(session: Session, place: str) -> str | None:
    """The region of a rep or warehouse, None for the whole company's."""
    sort, _, key = place.partition(":")
    if sort == "rep":
        person = people_by_ids(session, [key]).get(key)
        return None if person is None else str(person["region_id"])
    found = session.get(Warehouse, key)
    return None if found is None else found.region_id


def sees_place(session: Session, actor: Actor, place: str) -> bool:
    """True if the actor is told of this rep's or warehouse's stock."""
    if actor.is_office:
        return True
    if actor.is_rep:
        return place == ledger.rep_place(actor.user_id)
    region_id = holder_region(session, place)
    return region_id is not None and actor.sees_region(region_id)


def read_warehouses(
    session: Session, actor: Actor, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: everybody is told of every warehouse."""
    del actor
    rows = session.scalars(select(Warehouse).where(Warehouse.id.in_(set(ids))))
    return {row.id: warehouse_record(row) for row in rows}
