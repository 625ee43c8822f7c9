"""The stock ops of sync push: what a rep gave on, sent back, got, and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.kernel import problems
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.ops import (
    Applied,
    Deferred,
    Handler,
    Op,
    Outcome,
    Rejected,
    Row,
    answer_each,
    read_each,
)
from server.kernel.payload import (
    Payload,
    digest,
    read_id,
    read_optional_id,
    read_optional_text,
    read_time,
    refuse,
)
from server.kernel.problems import Problem
from server.materials import ledger
from server.materials import problems as own
from server.materials.counts import AdjustmentKind, AdjustmentState
from server.materials.ledger import EntryKind
from server.materials.models import Batch, Material, StockAdjustment, StockMovement, Warehouse
from server.materials.stock import adjustments, movements
from server.materials.stock.records import adjustment_record, movement_record, row_of
from server.stores.problems import REP_UNKNOWN

NOTE_MAX = 200


@dataclass(frozen=True, slots=True)
class Said:
    """The payload of an op. to is a rep's or a warehouse's id, and empty for the other kinds."""

    material_id: str
    batch_id: str | None
    to: str
    quantity: int
    seen: int | None
    note: str
    at: datetime
    digest: bytes


def _whole(payload: Payload, field: str, low: int) -> int:
    value, most = payload.get(field), movements.MAX_QUANTITY
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= most:
        raise problems.QUANTITY_INVALID.error(field=f"payload.{field}", value=str(value)[:40])
    return value


def _read(op: Op, to: str, quantity: str, low: int) -> Said:
    payload = op.payload
    return Said(
        material_id=read_id(payload, "material_id"),
        batch_id=read_optional_id(payload, "batch_id"),
        to=_key(payload, to) if to else "",
        quantity=_whole(payload, quantity, low),
        seen=None,
        note=read_optional_text(payload, "note", NOTE_MAX) or "",
        at=read_time(payload, "at"),
        digest=digest(payload),
    )


def _key(payload: Payload, field: str) -> str:
    # A warehouse's id is no UUID: the first one is called main.
    value = payload.get(field)
    if not isinstance(value, str) or not 1 <= len(value) <= 36 or "\0" in value:
        raise refuse(field)
    return value


def read_transfer(op: Op) -> Said:
    """Read stock.transfer: {to_id, material_id, batch_id?, quantity, note?, at}."""
    return _read(op, "to_id", "quantity", 1)


def read_return(op: Op) -> Said:
    """Read stock.return: {warehouse_id, material_id, batch_id?, quantity, note?, at}."""
    return _read(op, "warehouse_id", "quantity", 1)


def read_count(op: Op) -> Said:
    """Read stock.count: {material_id, batch_id?, counted, seen, note?, at}."""
    said = _read(op, "", "counted", 0)
    seen = op.payload.get("seen")
    if seen is not None and (isinstance(seen, bool) or not isinstance(seen, int)):
        raise refuse("seen")
    if seen is not None and abs(seen) > movements.MAX_QUANTITY:
        raise refuse("seen")
    return Said(
        said.material_id, said.batch_id, "", said.quantity, seen, said.note, said.at, said.digest
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What a batch of ops refers to, and is there."""

    materials: frozenset[str]
    batches: dict[str, str]

    def refusal(self, said: Said) -> Rejected | None:
        if said.material_id not in self.materials:
            return Rejected(problems.MATERIAL_UNKNOWN.error(field="payload.material_id"))
        if said.batch_id is not None and self.batches.get(said.batch_id) != said.material_id:
            return Rejected(own.BATCH_UNKNOWN.error(field="payload.batch_id"))
        return None


def _known(session: Session, said: Sequence[Said | Problem]) -> _Known:
    good = [one for one in said if not isinstance(one, Problem)]
    wanted = {one.material_id for one in good}
    batches = {one.batch_id for one in good if one.batch_id}
    rows = session.execute(select(Batch.id, Batch.material_id).where(Batch.id.in_(batches)))
    return _Known(
        frozenset(session.scalars(select(Material.id).where(Material.id.in_(wanted)))),
        {row[0]: row[1] for row in rows},
    )


def _rows(session: Session, model: type[Any], ids: Sequence[str]) -> dict[str, Row]:
    return {row.id: row_of(row) for row in session.scalars(select(model).where(model.id.in_(ids)))}


def _send(
    session: Session,
    actor: Actor,
    clock: Clock,
    ops: Sequence[Op],
    kind: EntryKind,
    read: Callable[[Op], Said],
    end: Callable[[Said], str | Rejected],
) -> list[Outcome]:
    said = read_each(ops, read)
    known = _known(session, said)

    def add(op: Op, one: Said) -> Row | Outcome:
        refusal = known.refusal(one)
        to_place = refusal or end(one)
        if isinstance(to_place, Rejected):
            return to_place
        movement = StockMovement(
            id=op.record_id,
            kind=kind.value,
            state=movements.State.IN_TRANSIT.value,
            material_id=one.material_id,
            batch_id=one.batch_id,
            from_place=ledger.rep_place(actor.user_id),
            to_place=to_place,
            quantity=one.quantity,
            author_id=actor.user_id,
            at=op.evidence.correct(one.at),
            note=one.note,
            confirm_note="",
            payload_digest=one.digest,
        )
        return row_of(movement)

    there = _rows(session, StockMovement, [op.record_id for op in ops])
    outcomes, added = answer_each(actor, ops, said, there, add, movement_record)
    movements.send(session, actor, clock, [StockMovement(**row) for row in added.values()])
    return outcomes


def transfer(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """stock.transfer: what a rep gives to a colleague is in transit until that one confirms.

    Like a handout it has happened, so lack of stock refuses nothing. Rejects op_malformed,
    quantity_invalid, material_unknown, batch_unknown, rep_unknown (nobody, oneself, no rep),
    record_exists.
    """
    wanted = {str(op.payload.get("to_id")) for op in ops}
    people = people_by_ids(session, {one for one in wanted if len(one) <= 36 and "\0" not in one})
    takers = {one["id"] for one in people.values() if one["role"] == Role.REP} - {actor.user_id}

    def end(said: Said) -> str | Rejected:
        if said.to not in takers:
            return Rejected(REP_UNKNOWN.error(field="payload.to_id"))
        return ledger.rep_place(said.to)

    return _send(session, actor, clock, ops, EntryKind.TRANSFER, read_transfer, end)


def send_back(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """stock.return: what a rep sends back is in transit until the office confirms it.

    Rejects as stock.transfer does, and warehouse_unknown.
    """
    warehouses = set(session.scalars(select(Warehouse.id)))

    def end(said: Said) -> str | Rejected:
        if said.to not in warehouses:
            return Rejected(own.WAREHOUSE_UNKNOWN.error(field="payload.warehouse_id"))
        return ledger.warehouse_place(said.to)

    return _send(session, actor, clock, ops, EntryKind.RETURN, read_return, end)


@dataclass(frozen=True, slots=True)
class Got:
    """The payload of stock.confirm: {quantity, note?, at}; the op's record is the movement."""

    quantity: int
    note: str
    at: datetime
    digest: bytes


def read_confirm(op: Op) -> Got:
    """Read stock.confirm."""
    return Got(
        quantity=_whole(op.payload, "quantity", 0),
        note=read_optional_text(op.payload, "note", NOTE_MAX) or "",
        at=read_time(op.payload, "at"),
        digest=digest(op.payload),
    )


def confirm(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """stock.confirm: how much of an issue or a transfer has reached the rep.

    Defers dependency_missing (the giver's phone was offline, too); rejects op_malformed,
    quantity_invalid, movement_unknown (on its way to somebody else), movement_closed (confirmed
    with another quantity). The same quantity is the same truth, whoever has confirmed it before.
    """
    ids = [op.record_id for op in ops]
    query = select(StockMovement).where(StockMovement.id.in_(ids)).with_for_update()
    there = {row.id: row for row in session.scalars(query)}
    # What was called off is sent again by its confirmation, from where it came.
    called_off = [row for row in there.values() if row.state == movements.State.CANCELLED]
    ledger.hold(session, [row.from_place for row in called_off])
    place = ledger.rep_place(actor.user_id)
    outcomes: list[Outcome] = []
    for op, got in zip(ops, read_each(ops, read_confirm), strict=True):
        if isinstance(got, Problem):
            outcomes.append(Rejected(got))
            continue
        movement = there.get(op.record_id)
        if movement is None:
            outcomes.append(Deferred(problems.DEPENDENCY_MISSING.error(field="record_id")))
        elif movement.to_place != place:
            outcomes.append(Rejected(own.MOVEMENT_UNKNOWN.error(field="record_id")))
        elif movement.confirmed is not None and movement.confirmed != got.quantity:
            outcomes.append(Rejected(own.MOVEMENT_CLOSED.error(field="record_id")))
        else:
            if movement.confirmed is None:
                at = op.evidence.correct(got.at)
                more = {"at": at, "note": got.note, "digest": got.digest}
                movements.confirm(session, actor, clock, movement, got.quantity, **more)
            outcomes.append(Applied(movement_record(row_of(movement))))
    return outcomes


def count(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """stock.count: how much of a material the rep has found in the bag.

    Rejects op_malformed, quantity_invalid, material_unknown, batch_unknown, record_exists.
    """
    said = read_each(ops, read_count)
    known = _known(session, said)
    place = ledger.rep_place(actor.user_id)

    def add(op: Op, one: Said) -> Row | Outcome:
        refusal = known.refusal(one)
        if refusal is not None:
            return refusal
        made = StockAdjustment(
            id=op.record_id,
            kind=AdjustmentKind.COUNT.value,
            state=AdjustmentState.PENDING.value,
            place=place,
            material_id=one.material_id,
            batch_id=one.batch_id,
            counted=one.quantity,
            seen=one.seen,
            quantity=0,
            reason="",
            note=one.note,
            author_id=actor.user_id,
            at=op.evidence.correct(one.at),
            decision_note="",
            payload_digest=one.digest,
        )
        return row_of(adjustments.enter(session, actor, clock, made))

    there = _rows(session, StockAdjustment, [op.record_id for op in ops])
    outcomes, _ = answer_each(actor, ops, said, there, add, adjustment_record)
    return outcomes


OPS: dict[str, Handler] = {
    "stock.transfer": transfer,
    "stock.return": send_back,
    "stock.confirm": confirm,
    "stock.count": count,
}
