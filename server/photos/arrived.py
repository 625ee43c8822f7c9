"""Whether photos have arrived, for features that ask for proof."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, column, exists, or_, select, values
from sqlalchemy.orm import Session

from server.kernel.db import Utc
from server.photos.models import Kind, Photo, PhotoState
from server.stores.queries import chunks

KINDS: Final = tuple(kind.value for kind in Kind)
_PERIODS: Final = 1_000
_ARRIVED = (PhotoState.STORED.value, PhotoState.COMPLETE.value)


def _proves() -> ColumnElement[bool]:
    # A photo erased when its time was over was seen while it was there.
    return or_(Photo.state.in_(_ARRIVED), Photo.was_complete.is_(True))


class Standing(StrEnum):
    """What is known of a photo that the record of a visit names."""

    HERE = "here"
    # Its record or its bytes may still be on the phone.
    AWAITED = "awaited"
    # It is of another visit: it shows nothing of this one.
    ELSEWHERE = "elsewhere"
    UNREADABLE = "unreadable"


def standing_of(
    session: Session, named: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Standing]:
    """How photos stand, by (photo id, id of the visit whose record names it)."""
    pairs = set(named)
    known = {
        photo_id: (visit_id, state)
        for part in chunks(photo_id for photo_id, _ in pairs)
        for photo_id, visit_id, state in session.execute(
            select(Photo.id, Photo.visit_id, Photo.state).where(Photo.id.in_(part))
        )
    }
    return {pair: _standing(pair[1], known.get(pair[0])) for pair in pairs}


def _standing(visit_id: str, photo: tuple[str | None, str] | None) -> Standing:
    if photo is None:
        return Standing.AWAITED
    of_visit, state = photo
    if of_visit != visit_id:
        return Standing.ELSEWHERE
    if state == PhotoState.AWAITING_BYTES:
        return Standing.AWAITED
    return Standing.UNREADABLE if state == PhotoState.UNREADABLE else Standing.HERE


def has_arrived(visit_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a visit has a photo whose bytes have come and can (or could) be read."""
    return exists().where(Photo.visit_id == visit_id, _proves())


def kinds_at(
    session: Session,
    store_ids: Iterable[str],
    kinds: Collection[str],
    start: datetime,
    end: datetime,
) -> dict[str, set[str]]:
    """Which of the kinds have an arrived photo of a visit in a period, by store id."""
    found: dict[str, set[str]] = {}
    if not kinds:
        return found
    query = select(Photo.store_id, Photo.kind).where(
        Photo.taken_at >= start, Photo.taken_at < end, Photo.kind.in_(set(kinds))
    )
    for store_id, kind in _of_stores(session, query, store_ids):
        found.setdefault(store_id, set()).add(kind)
    return found


def kinds_of_many(
    session: Session,
    store_ids: Iterable[str],
    wanted: Iterable[tuple[str, str, datetime, datetime]],
) -> dict[str, dict[str, set[str]]]:
    """kinds_at of many periods at once: {key: {store id: kinds}}.

    wanted are (key, kind, start, end), as many of a key as it has kinds.
    """
    found: dict[str, dict[str, set[str]]] = {}
    asked = sorted(set(wanted))
    stores = list(store_ids)
    for at in range(0, len(asked), _PERIODS):
        periods = values(
            column("key", String),
            column("kind", String),
            column("start", Utc),
            column("end", Utc),
            name="wanted_kinds",
        ).data(asked[at : at + _PERIODS])
        w = periods.cte("wanted").c
        query = select(Photo.store_id, Photo.kind, w.key).where(
            Photo.kind == w.kind, Photo.taken_at >= w.start, Photo.taken_at < w.end
        )
        for store_id, kind, key in _of_stores(session, query, stores):
            found.setdefault(key, {}).setdefault(store_id, set()).add(kind)
    return found


def _of_stores(session: Session, query: Select[Any], store_ids: Iterable[str]) -> Iterator[Any]:
    """The different rows of a query for photos of visits to these stores that have arrived."""
    for part in chunks(store_ids):
        here = (Photo.store_id.in_(part), Photo.visit_id.is_not(None), _proves())
        yield from session.execute(query.where(*here).distinct())
