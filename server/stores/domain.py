"""Changing stores: the only write path, for the routes, the import, the CLI and the demo."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from server.accounts import problems as accounts_problems
from server.accounts.queries import people_by_ids, region_names
from server.kernel import changes, journal
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.geo import is_position
from server.kernel.ids import new_id
from server.kernel.unique import save_coded
from server.stores import problems
from server.stores.models import PinSource, Store, StoreAssignment, StorePin
from server.stores.queries import chunks, current_reps

# Called with (session, actor, clock, store id) after what a verdict rests on has changed.
PinHook = Callable[[Session, Actor, Clock, str], object]
on_pin_changed: list[PinHook] = []
# Called with (session, pairs of store id and user id) after reps gained or lost stores.
AssignHook = Callable[[Session, Collection[tuple[str, str]]], object]
on_assigned: list[AssignHook] = []

# A verdict rests on these (domain rule 2).
VERDICT_FIELDS = frozenset({"lat", "lon", "pin_quality_m", "radius_m"})
# And these are the pin itself, of which the history is kept.
PIN_FIELDS = frozenset({"lat", "lon", "pin_quality_m", "pin_source"})
_INITIALS_MAX = 120


def initials_of(name: str) -> str:
    """Pinyin initials, lower case; other letters and digits stay: 7天超市 gives 7tcs."""
    # Its dictionaries take a good part of a second to load, which no server start should wait for.
    from pypinyin import Style, lazy_pinyin

    parts = lazy_pinyin(name, style=Style.FIRST_LETTER)
    return "".join(char for char in "".join(parts).lower() if char.isalnum())[:_INITIALS_MAX]


def create_store(session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]) -> Store:
    """Add a store.

    values: code, name, region_id, lat, lon (WGS-84 degrees), and as wanted id, address, city,
    chain, pin_source, pin_quality_m, radius_m (metres), contact, phone, active, rep_ids.
    Raises store_code_taken, pin_invalid, region_unknown, rep_unknown.
    """
    values = dict(values)
    rep_ids = values.pop("rep_ids", ())
    region_there(session, values["region_id"])
    _position_valid(values["lat"], values["lon"])
    at = clock.now()
    defaults = {"pin_source": PinSource.OFFICE.value, "pin_quality_m": 0.0, "radius_m": None}
    store = Store(
        **(defaults | values),
        **({} if "id" in values else {"id": new_id()}),
        initials=initials_of(values["name"]),
        rev=1,
        created_at=at,
        updated_at=at,
    )
    save_coded(session, store, problems.STORE_CODE_TAKEN)
    data = {"code": store.code, "name": store.name}
    journal.record(session, clock, actor, journal.Event.STORE_CREATED, "store", store.id, **data)
    if rep_ids:
        set_assignments(session, actor, clock, store.id, rep_ids)
    return store


def change_store(
    session: Session, actor: Actor, clock: Clock, store: Store, values: Mapping[str, Any]
) -> Store:
    """Change what is named in values (see create_store); rep_ids replaces those assigned.

    A pin moved without a word about its origin becomes the office's, exact. The caller has held
    the revision against If-Match. Raises store_code_taken, pin_invalid, region_unknown,
    rep_unknown.
    """
    values = dict(values)
    rep_ids = values.pop("rep_ids", None)
    if "region_id" in values:
        region_there(session, values["region_id"])
    _position_valid(values.get("lat", store.lat), values.get("lon", store.lon))
    moved = any(
        values.get(key, getattr(store, key)) != getattr(store, key) for key in ("lat", "lon")
    )
    if moved:
        values.setdefault("pin_source", PinSource.OFFICE.value)
        values.setdefault("pin_quality_m", 0.0)
    changed = {key: value for key, value in values.items() if getattr(store, key) != value}
    if changed:
        _apply(session, actor, clock, store, changed)
    if rep_ids is not None:
        set_assignments(session, actor, clock, store.id, rep_ids)
    return store


def _apply(
    session: Session, actor: Actor, clock: Clock, store: Store, changed: Mapping[str, Any]
) -> None:
    before = {key: getattr(store, key) for key in changed}
    if PIN_FIELDS & changed.keys():
        keep_pins(session, actor, clock, [pin_of(store)])
    for key, value in changed.items():
        setattr(store, key, value)
    if "name" in changed:
        store.initials = initials_of(store.name)
    store.rev += 1
    store.updated_at = clock.now()
    save_coded(session, store, problems.STORE_CODE_TAKEN)
    tell_phones(session, [store.id])
    journal.record(
        session,
        clock,
        actor,
        journal.Event.STORE_CHANGED,
        "store",
        store.id,
        before=before,
        after=dict(changed),
    )
    if VERDICT_FIELDS & changed.keys():
        pin_changed(session, actor, clock, [store.id])


def pin_of(store: Store) -> dict[str, Any]:
    """A store's pin as the columns that keep_pins takes."""
    return {"id": store.id} | {name: getattr(store, name) for name in sorted(PIN_FIELDS)}


def keep_pins(
    session: Session, actor: Actor | None, clock: Clock, pins: Sequence[Mapping[str, Any]]
) -> None:
    """Keep pins that are about to be replaced: {id (of the store), lat, lon, pin_quality_m, …}."""
    if not pins:
        return
    now, actor_id = clock.now(), actor.user_id if actor else None
    session.execute(
        insert(StorePin),
        [
            {
                "id": new_id(),
                "store_id": pin["id"],
                "lat": pin["lat"],
                "lon": pin["lon"],
                "quality_m": pin["pin_quality_m"],
                "source": pin["pin_source"],
                "until": now,
                "actor_id": actor_id,
            }
            for pin in pins
        ],
    )


def pin_changed(session: Session, actor: Actor, clock: Clock, store_ids: Collection[str]) -> None:
    """Let those who judge by these pins judge again."""
    for store_id in store_ids:
        for hook in on_pin_changed:
            hook(session, actor, clock, store_id)


def tell_phones(session: Session, store_ids: Collection[str]) -> None:
    """Let the phones of the reps assigned now fetch these stores again."""
    by_user: dict[str, list[str]] = {}
    for store_id, users in current_reps(session, store_ids).items():
        for user_id in users:
            by_user.setdefault(user_id, []).append(store_id)
    for user_id, ids in by_user.items():
        changes.touch(session, changes.user_scope(user_id), "store", ids)


def set_assignments(
    session: Session, actor: Actor, clock: Clock, store_id: str, rep_ids: Collection[str]
) -> None:
    """Make these reps, and no others, the ones who visit the store. Raises rep_unknown."""
    assign_many(session, actor, clock, {store_id: set(rep_ids)})


def assign_many(
    session: Session, actor: Actor, clock: Clock, wanted: Mapping[str, Collection[str]]
) -> set[str]:
    """Set the reps of many stores: {store id: rep ids}. Returns the stores where that changed.

    Who loses a store is told so and keeps the right to send what they recorded there before.
    Raises rep_unknown.
    """
    known = people_by_ids(session, {user for users in wanted.values() for user in users})
    for users in wanted.values():
        for user_id in users:
            if user_id not in known or known[user_id]["role"] != Role.REP:
                raise problems.REP_UNKNOWN.error(field="rep_ids", rep_id=user_id)
    now = current_reps(session, wanted)
    gained, lost, entries = [], [], []
    for store_id, users in wanted.items():
        before = now.get(store_id, set())
        added, removed = sorted(set(users) - before), sorted(before - set(users))
        gained += [(store_id, user_id) for user_id in added]
        lost += [(store_id, user_id) for user_id in removed]
        if added or removed:
            data = {"added": added, "removed": removed}
            entries.append((journal.Event.STORE_ASSIGNED, "store", store_id, data))
    _end_assignments(session, clock, lost)
    at = clock.now()
    if gained:
        session.execute(
            insert(StoreAssignment),
            [
                {"id": new_id(), "store_id": store, "user_id": user, "since": at, "until": None}
                for store, user in gained
            ],
        )
    for pairs, deleted in ((lost, True), (gained, False)):
        for store_id, user_id in pairs:
            scope = changes.user_scope(user_id)
            changes.touch(session, scope, "store", [store_id], deleted=deleted)
    for hook in on_assigned:
        hook(session, gained + lost)
    journal.record_many(session, clock, actor, entries)
    return {entry[2] for entry in entries}


def _end_assignments(session: Session, clock: Clock, lost: Collection[tuple[str, str]]) -> None:
    pairs = set(lost)
    for part in chunks(store_id for store_id, _ in lost):
        current = session.execute(
            select(StoreAssignment.id, StoreAssignment.store_id, StoreAssignment.user_id).where(
                StoreAssignment.store_id.in_(part), StoreAssignment.until.is_(None)
            )
        )
        ended = [row.id for row in current if (row.store_id, row.user_id) in pairs]
        for ids in chunks(ended):
            session.execute(
                update(StoreAssignment)
                .where(StoreAssignment.id.in_(ids))
                .values(until=clock.now())
                .execution_options(synchronize_session=False)
            )


def region_there(session: Session, region_id: str) -> None:
    """Raise region_unknown if there is no such region."""
    if region_id not in region_names(session):
        raise accounts_problems.REGION_UNKNOWN.error(field="region_id")


def _position_valid(lat: object, lon: object) -> None:
    if not is_position(lat, lon):
        raise problems.PIN_INVALID.error(field="lat")
