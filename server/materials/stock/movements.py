"""Issues, transfers and returns: under way until the one who gets them has confirmed.

Between sending and confirming the units are in transit to their taker. What was found to be less
(or more) than was sent stays there as the difference, in sight, until the office settles it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.materials import ledger, problems
from server.materials.ledger import ADJUST, Entry, EntryKind
from server.materials.models import Material, StockMovement
from server.materials.stock import places

MAX_QUANTITY: Final = 1_000_000


class State(StrEnum):
    """How far a movement is. short: confirmed with a difference that nobody has settled yet."""

    IN_TRANSIT = "in_transit"
    SHORT = "short"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class Settling(StrEnum):
    """What became of a difference: it never left (or came from) the sender, or it is lost."""

    BACK = "back"
    LOST = "lost"


def issue(session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]) -> StockMovement:
    """Send from a warehouse to a rep: {material_id, quantity, rep_id, warehouse_id?, batch_id?,
    note?, id?}.

    The same id sent again answers with the movement that is there. Raises material_unknown,
    batch_unknown, rep_unknown, warehouse_unknown, quantity_invalid, stock_short and record_exists.
    """
    material_id, quantity = values["material_id"], values["quantity"]
    places.hold_named(session, values)
    locked_material(session, material_id)
    if quantity <= 0:
        raise common.QUANTITY_INVALID.error(field="quantity", value=quantity)
    from_place = places.warehouse_there(session, actor, values.get("warehouse_id"))
    batch_id = places.batch_there(session, material_id, values.get("batch_id"))
    movement = StockMovement(
        id=values.get("id") or new_id(),
        kind=EntryKind.ISSUE.value,
        state=State.IN_TRANSIT.value,
        material_id=material_id,
        batch_id=batch_id,
        from_place=from_place,
        to_place=places.rep_there(session, actor, values.get("rep_id")),
        quantity=quantity,
        author_id=actor.user_id,
        at=clock.now(),
        note=values.get("note", ""),
    )
    there = session.get(StockMovement, movement.id)
    if there is not None:
        if _says(there) != _says(movement):
            raise common.RECORD_EXISTS.error(field="id")
        return there
    enough(session, from_place, material_id, batch_id, quantity)
    send(session, actor, clock, [movement])
    return movement


def send(session: Session, actor: Actor, clock: Clock, movements: Sequence[StockMovement]) -> None:
    """Write movements and put what they move in transit. Nothing is checked here any more."""
    if not movements:
        return
    session.add_all(movements)
    session.flush()
    ledger.append(
        session,
        [
            _entry(one, one.from_place, ledger.transit_place(one.to_place), one.quantity, actor)
            for one in movements
        ],
        clock=clock,
    )
    for one in movements:
        _told(session, actor, clock, one, journal.Event.STOCK_SENT, quantity=one.quantity)


def confirm(
    session: Session,
    actor: Actor,
    clock: Clock,
    movement: StockMovement,
    quantity: int,
    **more: Any,
) -> StockMovement:
    """Note how much has arrived: {at?, note?, digest?} beside it.

    What differs from what was sent stays in transit. Raises movement_closed (confirmed already,
    with another quantity or by somebody else), quantity_invalid.
    """
    if not 0 <= quantity <= MAX_QUANTITY:
        raise common.QUANTITY_INVALID.error(field="quantity", value=quantity)
    if movement.confirmed is not None:
        if movement.confirmed == quantity and movement.confirmed_by == actor.user_id:
            return movement
        raise problems.MOVEMENT_CLOSED.error(field="movement_id")
    if movement.state == State.CANCELLED:
        # It was called off while it changed hands: what has happened counts, so it is sent again.
        _send_again(session, actor, clock, movement)
    movement.confirmed = quantity
    movement.confirmed_by = actor.user_id
    movement.confirmed_at = more.get("at") or clock.now()
    movement.confirm_note = more.get("note") or ""
    movement.confirm_digest = more.get("digest")
    same = quantity == movement.quantity
    movement.state = (State.CONFIRMED if same else State.SHORT).value
    session.flush()
    if quantity:
        way = (ledger.transit_place(movement.to_place), movement.to_place)
        entry = _entry(movement, *way, quantity, actor, at=movement.confirmed_at)
        ledger.append(session, [entry], clock=clock)
    event = journal.Event.STOCK_CONFIRMED
    _told(session, actor, clock, movement, event, sent=movement.quantity, confirmed=quantity)
    return movement


def settle(
    session: Session, actor: Actor, clock: Clock, movement: StockMovement, how: Settling, note: str
) -> StockMovement:
    """Clear a difference out of transit. Doing it again changes nothing.

    Raises movement_closed where there is none.
    """
    if movement.state == State.CONFIRMED and movement.settled_how == how:
        return movement
    if movement.state != State.SHORT or movement.confirmed is None:
        raise problems.MOVEMENT_CLOSED.error(field="movement_id")
    missing = movement.quantity - movement.confirmed
    other = movement.from_place if how is Settling.BACK else ADJUST
    transit = ledger.transit_place(movement.to_place)
    way = (transit, other) if missing > 0 else (other, transit)
    kind = EntryKind(movement.kind) if how is Settling.BACK else EntryKind.ADJUST
    # At the moment of confirming: there and then the units were not (or were too many).
    entry = _entry(movement, *way, abs(missing), actor, at=movement.confirmed_at, kind=kind)
    movement.state = State.CONFIRMED.value
    movement.settled_how, movement.settled_by = how.value, actor.user_id
    movement.settled_at = clock.now()
    session.flush()
    ledger.append(session, [entry], clock=clock)
    event = journal.Event.STOCK_SETTLED
    _told(session, actor, clock, movement, event, how=how.value, missing=missing, note=note)
    return movement


def cancel(session: Session, actor: Actor, clock: Clock, movement: StockMovement) -> StockMovement:
    """Call off what nobody has confirmed yet: it goes back. Raises movement_closed."""
    if movement.state == State.CANCELLED:
        return movement
    if movement.state != State.IN_TRANSIT:
        raise problems.MOVEMENT_CLOSED.error(field="movement_id")
    movement.state = State.CANCELLED.value
    movement.settled_by, movement.settled_at = actor.user_id, clock.now()
    session.flush()
    way = (ledger.transit_place(movement.to_place), movement.from_place)
    ledger.append(
        session,
        [_entry(movement, *way, movement.quantity, actor, at=clock.now())],
        clock=clock,
    )
    _told(session, actor, clock, movement, journal.Event.STOCK_CALLED_OFF)
    return movement


def _send_again(session: Session, actor: Actor, clock: Clock, movement: StockMovement) -> None:
    way = (movement.from_place, ledger.transit_place(movement.to_place))
    entry = _entry(movement, *way, movement.quantity, actor, at=movement.settled_at)
    movement.settled_by = movement.settled_at = None
    ledger.append(session, [entry], clock=clock)


def find_movement(
    session: Session, actor: Actor, movement_id: str, *, lock: bool = False
) -> StockMovement:
    """A movement of which the actor sees either end, locked with its ends. Raises not_found."""
    found = session.get(StockMovement, movement_id)
    if found is None or not _sees(session, actor, found):
        raise common.NOT_FOUND.error(field="movement_id")
    if lock:
        # Its ends come first, as in a push: settling is dated back, and meets counts made since.
        ledger.hold(session, (found.from_place, found.to_place))
        session.refresh(found, with_for_update=True)
    return found


def _sees(session: Session, actor: Actor, movement: StockMovement) -> bool:
    ends = (movement.from_place, movement.to_place)
    return any(places.sees_place(session, actor, place) for place in ends)


def locked_material(session: Session, material_id: str) -> Material:
    """A material, locked so that two people cannot both issue the last one.

    A push that books the material is not kept waiting: it only refers to the row. Raises
    material_unknown.
    """
    query = select(Material).where(Material.id == material_id).with_for_update(key_share=True)
    material = session.scalar(query)
    if material is None:
        raise common.MATERIAL_UNKNOWN.error(field="material_id")
    return material


def enough(
    session: Session, place: str, material_id: str, batch_id: str | None, quantity: int
) -> None:
    """Raise stock_short if the books would go below zero there."""
    found = ledger.batch_balances(session, [place], [material_id])
    available = sum(found.values())
    if batch_id is not None:
        available = min(available, found.get((place, material_id, batch_id), 0))
    if available < quantity:
        raise problems.STOCK_SHORT.error(field="quantity", available=available, quantity=quantity)


def _entry(
    movement: StockMovement,
    from_place: str,
    to_place: str,
    quantity: int,
    actor: Actor,
    **more: Any,
) -> Entry:
    return Entry(
        kind=more.get("kind") or EntryKind(movement.kind),
        material_id=movement.material_id,
        from_place=from_place,
        to_place=to_place,
        quantity=quantity,
        at=more.get("at") or movement.at,
        author_id=actor.user_id,
        note=movement.note,
        batch_id=movement.batch_id,
        movement_id=movement.id,
    )


def _says(one: StockMovement) -> tuple[object, ...]:
    return (one.kind, one.material_id, one.batch_id, one.from_place, one.to_place, one.quantity)


def _told(
    session: Session,
    actor: Actor,
    clock: Clock,
    movement: StockMovement,
    event: journal.Event,
    **data: Any,
) -> None:
    for user_id in reps_at((movement.from_place, movement.to_place)):
        scope = changes.user_scope(user_id)
        changes.touch(session, scope, "stock_movement", [movement.id])
        changes.touch(session, scope, "stock", [movement.material_id])
    data |= {"material_id": movement.material_id, "kind": movement.kind}
    data |= {"from_place": movement.from_place, "to_place": movement.to_place}
    journal.record(session, clock, actor, event, "stock_movement", movement.id, **data)


def reps_at(ends: Iterable[str]) -> list[str]:
    """The user ids of the reps among places."""
    return [place.partition(":")[2] for place in ends if ledger.sort_of(place) == "rep"]
