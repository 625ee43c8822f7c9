"""Whether photos have arrived, for features that ask for proof."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from server.photos.models import Kind, Photo, PhotoState
from server.stores.queries import chunks

KINDS: Final = tuple(kind.value for kind in Kind)
_ARRIVED = (PhotoState.STORED.value, PhotoState.COMPLETE.value)


def _proves() -> ColumnElement[bool]:
    # A photo erased when its time was over was seen while it was there.
    return or_(Photo.state.in_(_ARRIVED), Photo.was_complete.is_(True))


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
    for part in chunks(store_ids):
        rows = session.execute(
            select(Photo.store_id, Photo.kind)
            .where(
                Photo.store_id.in_(part),
                Photo.taken_at >= start,
                Photo.taken_at < end,
                Photo.visit_id.is_not(None),
                Photo.kind.in_(set(kinds)),
                _proves(),
            )
            .distinct()
        )
        for store_id, kind in rows:
            found.setdefault(str(store_id), set()).add(kind)
    return found
