"""Reading stores. A rep sees the stores assigned now, a supervisor the subtree, the office all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    cast,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session

from server.accounts.queries import (
    people_by_ids,
    region_names,
    region_subtree,
    scope_regions,
)
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.ops import Reader
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.stores.models import Store, StoreAssignment

# Well below SQLite's limit of variables in one statement.
_CHUNK = 5_000
RECORD_FIELDS = (
    "id",
    "code",
    "name",
    "address",
    "city",
    "chain",
    "region_id",
    "lat",
    "lon",
    "pin_quality_m",
    "pin_source",
    "radius_m",
    "initials",
    "contact",
    "phone",
    "active",
    "rev",
)
_RECORD_COLUMNS = tuple(getattr(Store, name) for name in RECORD_FIELDS)


@dataclass(frozen=True, slots=True)
class StoreRef:
    """What a visit needs of its store. radius_m None means the organisation's default."""

    id: str
    region_id: str
    lat: float
    lon: float
    pin_quality_m: float
    radius_m: float | None
    name: str
    code: str
    address: str


_REF = select(
    Store.id,
    Store.region_id,
    Store.lat,
    Store.lon,
    Store.pin_quality_m,
    Store.radius_m,
    Store.name,
    Store.code,
    Store.address,
)
_STORE: Table = Store.__table__  # type: ignore[assignment]  # declared wider than it is
_ASSIGNMENT: Table = StoreAssignment.__table__  # type: ignore[assignment]  # likewise
_REFS_BY_ID = Lookup(_STORE.c.id, [_STORE.c[one.name] for one in fields(StoreRef)])
_RECORDS_BY_ID = Lookup(_STORE.c.id, [_STORE.c[name] for name in RECORD_FIELDS])
_ASSIGNMENTS = Lookup(
    _ASSIGNMENT.c.store_id,
    (_ASSIGNMENT.c.store_id, _ASSIGNMENT.c.user_id, _ASSIGNMENT.c.until),
)


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """The ids, each once, in pieces that fit into one statement."""
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), _CHUNK):
        yield unique[start : start + _CHUNK]


def _assigned_now(user_id: str) -> Select[Any]:
    return select(StoreAssignment.store_id).where(
        StoreAssignment.user_id == user_id, StoreAssignment.until.is_(None)
    )


def _visible(actor: Actor) -> ColumnElement[bool]:
    if actor.is_office:
        return true()
    if actor.is_rep:
        return Store.id.in_(_assigned_now(actor.user_id))
    return Store.region_id.in_(actor.region_ids)


def _refs(session: Session, ids: Iterable[str], *where: ColumnElement[bool]) -> dict[str, StoreRef]:
    return {
        row.id: StoreRef(*row)
        for part in chunks(ids)
        for row in session.execute(_REF.where(Store.id.in_(part), *where))
    }


def store_refs(session: Session, ids: Iterable[str]) -> dict[str, StoreRef]:
    """The stores by id, whatever the scope; unknown ids are left out."""
    return {row[0]: StoreRef(*row) for row in _REFS_BY_ID.rows(session, set(ids))}


def stores_for_ops(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, StoreRef]:
    """The stores that the actor may report a visit to; others are left out.

    For a rep these are the stores assigned now or ever before: a record made offline may arrive
    after the store has gone to somebody else.
    """
    if actor.is_rep:
        wanted = set(ids)
        mine = {row[0] for row in _ASSIGNMENTS.rows(session, wanted) if row[1] == actor.user_id}
        return store_refs(session, mine)
    return _refs(session, ids, _visible(actor))


def store_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Name by store id, whatever the scope."""
    return {
        row.id: row.name
        for part in chunks(ids)
        for row in session.execute(select(Store.id, Store.name).where(Store.id.in_(part)))
    }


def store_ids_matching(q: str) -> Select[Any]:
    """A subquery of the ids of stores found by name, address, code or pinyin initials."""
    return select(Store.id).where(_matches(q))


def read_stores(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: what is missing has left the actor's scope."""
    found = {row["id"]: row for row in _RECORDS_BY_ID(session, ids)}
    if actor.is_office:
        return found
    if actor.is_rep:
        mine = {
            store_id
            for store_id, user_id, until in _ASSIGNMENTS.rows(session, found)
            if user_id == actor.user_id and until is None
        }
        return {store_id: row for store_id, row in found.items() if store_id in mine}
    return {key: row for key, row in found.items() if row["region_id"] in actor.region_ids}


READERS: dict[str, Reader] = {"store": read_stores}


def current_reps(session: Session, store_ids: Iterable[str]) -> dict[str, set[str]]:
    """User ids by store id of those who are assigned now."""
    found: dict[str, set[str]] = {}
    for part in chunks(store_ids):
        rows = session.execute(
            select(StoreAssignment.store_id, StoreAssignment.user_id).where(
                StoreAssignment.store_id.in_(part), StoreAssignment.until.is_(None)
            )
        )
        for store_id, user_id in rows:
            found.setdefault(store_id, set()).add(user_id)
    return found


def _matches(q: str) -> ColumnElement[bool]:
    text = q.strip()
    found = [
        column.icontains(text, autoescape=True)
        for column in (Store.name, Store.address, Store.code)
    ]
    letters = "".join(char for char in text.lower() if char.isalnum())
    if letters:
        found.append(Store.initials.contains(letters, autoescape=True))
    return or_(*found)


def list_stores(
    session: Session,
    actor: Actor,
    *,
    q: str | None = None,
    region_id: str | None = None,
    rep_id: str | None = None,
    active: bool | None = None,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of stores by name: {items, next, total}.

    Raises not_found for a region outside the actor's scope, validation_failed for a forged cursor.
    """
    where = [_visible(actor)]
    if region_id is not None:
        # A rep's stores may lie in other regions than the rep; they see no store more by asking.
        regions = (
            region_subtree(session, region_id)
            if actor.is_rep
            else scope_regions(session, actor, region_id)
        )
        where.append(Store.region_id.in_(regions))
    if rep_id is not None:
        where.append(Store.id.in_(_assigned_now(rep_id)))
    if active is not None:
        where.append(Store.active == active)
    if q and q.strip():
        where.append(_matches(q))
    total = session.scalar(select(func.count()).select_from(Store).where(*where)) or 0
    page = select(*_RECORD_COLUMNS).where(*where).order_by(Store.name, Store.id).limit(limit + 1)
    if cursor is not None:
        name, last_id = decode_cursor(cursor, 2)
        if not isinstance(name, str) or not isinstance(last_id, str):
            raise problems.VALIDATION_FAILED.error(field="cursor")
        page = page.where(tuple_(Store.name, Store.id) > (name, last_id))
    rows = [dict(row._mapping) for row in session.execute(page)]  # noqa: SLF001 -- see above
    more = len(rows) > limit
    items = _with_names(session, rows[:limit])
    after = encode_cursor(items[-1]["name"], items[-1]["id"]) if more else None
    return {"items": items, "next": after, "total": total}


def store_page(session: Session, actor: Actor, store_id: str) -> dict[str, Any]:
    """One store with region and reps named. Raises not_found outside the actor's scope."""
    found = read_stores(session, actor, [store_id])
    if store_id not in found:
        raise problems.NOT_FOUND.error(field="store_id")
    return _with_names(session, [found[store_id]])[0]


def _with_names(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = region_names(session)
    reps = current_reps(session, (row["id"] for row in rows))
    people = people_by_ids(session, {user for users in reps.values() for user in users})
    return [
        {
            **row,
            "region_name": names.get(row["region_id"], ""),
            "rep_ids": sorted(reps.get(row["id"], ())),
            "reps": _named(reps.get(row["id"], ()), people),
        }
        for row in rows
    ]


def _named(
    user_ids: Collection[str], people: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, str]]:
    named = [{"id": user, "name": str(people[user]["name"])} for user in user_ids]
    return sorted(named, key=lambda person: (person["name"], person["id"]))


def find_store(session: Session, actor: Actor, store_id: str, *, lock: bool = False) -> Store:
    """The store to be changed. Raises not_found outside the actor's scope."""
    query = select(Store).where(Store.id == store_id, _visible(actor))
    # key_share: visits of the store are still stored meanwhile.
    store = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if store is None:
        raise problems.NOT_FOUND.error(field="store_id")
    return store


def region_centres(
    session: Session, actor: Actor, within_m: float
) -> list[tuple[str, float, float, int]]:
    """(region id, mean lat, mean lon, stores) of the active stores seen, by region.

    Pins that may be off by more than within_m are left out: a handful of guesses in another city
    would drag the mean there.
    """
    rows = session.execute(
        select(Store.region_id, func.avg(Store.lat), func.avg(Store.lon), func.count())
        .where(_visible(actor), Store.active, Store.pin_quality_m <= within_m)
        .group_by(Store.region_id)
    )
    return [(row[0], float(row[1]), float(row[2]), int(row[3])) for row in rows]


def stores_by_cell(
    session: Session, actor: Actor, box: tuple[float, float, float, float], step: float
) -> list[tuple[str, float, float, int]]:
    """(name, lat, lon, stores in the cell) of one store for each cell of step degrees.

    box is west, south, east, north. The grid is fixed to the globe, so names stay put while the
    map is moved.
    """
    west, south, east, north = box
    cells = session.execute(
        select(func.min(Store.id), func.count())
        .where(
            _visible(actor),
            Store.active,
            Store.lat.between(south, north),
            Store.lon.between(west, east),
        )
        .group_by(cast(Store.lat / step, Integer), cast(Store.lon / step, Integer))
    )
    counts = {row[0]: int(row[1]) for row in cells}
    found = store_refs(session, counts)
    return [(ref.name, ref.lat, ref.lon, counts[ref.id]) for ref in found.values()]
