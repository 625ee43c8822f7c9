"""Counts and corrections of the books: asked for by one person, decided by another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.materials import counts, ledger, problems
from server.materials.counts import AdjustmentKind, AdjustmentState
from server.materials.models import StockAdjustment
from server.materials.stock import places
from server.materials.stock.movements import locked_material, reps_at


class Reason(StrEnum):
    """Why the books are to be corrected."""

    DAMAGED = "damaged"
    LOST = "lost"
    EXPIRED = "expired"
    FOUND = "found"
    MISTAKE = "mistake"
    OTHER = "other"


def ask(session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]) -> StockAdjustment:
    """Ask for a correction of a place in the actor's scope, or enter a count of it.

    {material_id, rep_id | warehouse_id, batch_id?, id?, note?} with {kind: adjust, quantity
    (signed), reason} or {kind: count, counted}. Raises material_unknown, batch_unknown,
    rep_unknown, warehouse_unknown, quantity_invalid, record_exists, batch_needed.
    """
    material_id = values["material_id"]
    places.hold_named(session, values)
    locked_material(session, material_id)
    if values.get("rep_id"):
        place = places.rep_there(session, actor, values["rep_id"])
    else:
        place = places.warehouse_there(session, actor, values.get("warehouse_id"))
    kind = AdjustmentKind(values["kind"])
    wanted = values.get("counted" if kind is AdjustmentKind.COUNT else "quantity")
    if wanted is None or (kind is AdjustmentKind.COUNT and wanted < 0):
        field = "counted" if kind is AdjustmentKind.COUNT else "quantity"
        raise common.QUANTITY_INVALID.error(field=field, value=wanted)
    if kind is AdjustmentKind.ADJUST and wanted == 0:
        raise common.QUANTITY_INVALID.error(field="quantity", value=0)
    made = StockAdjustment(
        id=values.get("id") or new_id(),
        kind=kind.value,
        state=AdjustmentState.PENDING.value,
        place=place,
        material_id=material_id,
        batch_id=places.batch_there(session, material_id, values.get("batch_id")),
        counted=wanted if kind is AdjustmentKind.COUNT else None,
        quantity=wanted if kind is AdjustmentKind.ADJUST else 0,
        reason=values.get("reason") or "",
        note=values.get("note", ""),
        author_id=actor.user_id,
        at=clock.now(),
    )
    there = session.get(StockAdjustment, made.id)
    if there is not None:
        if _says(there) != _says(made):
            raise common.RECORD_EXISTS.error(field="id")
        return there
    if kind is AdjustmentKind.ADJUST:
        _batch_said(session, made)
    return enter(session, actor, clock, made)


def _batch_said(session: Session, made: StockAdjustment) -> None:
    """Raise batch_needed where units of no batch are to be taken, and only batches hold so many."""
    if made.batch_id is not None or made.quantity > 0:
        return
    held = ledger.batch_balances(session, [made.place], [made.material_id])
    available = max(0, held.pop((made.place, made.material_id, ""), 0))
    if available + made.quantity < 0 and any(amount > 0 for amount in held.values()):
        raise problems.BATCH_NEEDED.error(field="batch_id", available=available)


def enter(session: Session, actor: Actor, clock: Clock, made: StockAdjustment) -> StockAdjustment:
    """Write a wish down; a count is held against the books of its moment.

    The caller holds the place (ledger.hold).
    """
    if made.kind == AdjustmentKind.COUNT:
        counts.compare(made, counts.expected(session, made))
    session.add(made)
    session.flush()
    event = (
        journal.Event.STOCK_COUNTED
        if made.kind == AdjustmentKind.COUNT
        else journal.Event.ADJUSTMENT_ASKED
    )
    _told(session, actor, clock, made, event, expected=made.expected, counted=made.counted)
    return made


def decide(
    session: Session,
    actor: Actor,
    clock: Clock,
    adjustment: StockAdjustment,
    *,
    approve: bool,
    note: str = "",
) -> StockAdjustment:
    """Approve (the correction is booked) or reject what somebody else asked for.

    The adjustment comes from find_adjustment, which holds its place.

    Saying the same again changes nothing. Raises own_adjustment, adjustment_decided.
    """
    if adjustment.author_id == actor.user_id:
        raise problems.OWN_ADJUSTMENT.error()
    state = AdjustmentState.APPROVED if approve else AdjustmentState.REJECTED
    if adjustment.state == state and adjustment.decided_by == actor.user_id:
        return adjustment
    if adjustment.state != AdjustmentState.PENDING:
        raise problems.ADJUSTMENT_DECIDED.error()
    adjustment.state = state.value
    adjustment.decided_by, adjustment.decided_at = actor.user_id, clock.now()
    adjustment.decision_note = note
    session.flush()
    if approve and adjustment.kind == AdjustmentKind.COUNT:
        spot = (adjustment.place, adjustment.material_id)
        ledger.recount(session, spot, adjustment.at, actor.user_id, clock=clock)
    elif approve:
        batch_id = adjustment.batch_id
        entry = counts.correction(adjustment, adjustment.quantity, actor.user_id, batch_id)
        ledger.append(session, [entry], clock=clock)
    event = journal.Event.ADJUSTMENT_APPROVED if approve else journal.Event.ADJUSTMENT_REJECTED
    _told(session, actor, clock, adjustment, event, note=note)
    return adjustment


def find_adjustment(session: Session, actor: Actor, adjustment_id: str) -> StockAdjustment:
    """A count or correction of a place in the actor's scope, locked with the place.

    Raises not_found.
    """
    query = select(StockAdjustment.place).where(StockAdjustment.id == adjustment_id)
    place = session.scalar(query)
    if place is None or not places.sees_place(session, actor, place):
        raise common.NOT_FOUND.error(field="adjustment_id")
    # The place comes first, as in a push: its late entries change the counts that are there.
    ledger.hold(session, [place])
    return session.get_one(StockAdjustment, adjustment_id, with_for_update=True)


def _says(one: StockAdjustment) -> tuple[object, ...]:
    asked = one.counted if one.kind == AdjustmentKind.COUNT else one.quantity
    return (one.kind, one.place, one.material_id, one.batch_id, asked, one.author_id)


def _told(
    session: Session,
    actor: Actor,
    clock: Clock,
    one: StockAdjustment,
    event: journal.Event,
    **data: Any,
) -> None:
    for user_id in reps_at([one.place]):
        scope = changes.user_scope(user_id)
        changes.touch(session, scope, "stock_count", [one.id])
        changes.touch(session, scope, "stock", [one.material_id])
    data |= {"material_id": one.material_id, "place": one.place, "quantity": one.quantity}
    journal.record(session, clock, actor, event, "stock_adjustment", one.id, **data)
