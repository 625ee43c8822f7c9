"""Erasing the bytes of photos once their time is over. Record, hash and findings stay."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from server.kernel import changes
from server.kernel.blobs import BlobStore, content_key, thumb_key
from server.kernel.clock import Clock
from server.photos.models import Photo, PhotoState, Upload
from server.photos.problems import PHOTO_ERASED

_PHOTO: Table = Photo.__table__  # type: ignore[assignment]  # declared wider than it is
_UPLOAD: Table = Upload.__table__  # type: ignore[assignment]  # likewise
_AT_ONCE: Final = 200
_ON_PHONES: Final = timedelta(days=90)
_DECODED: Final = (PhotoState.COMPLETE.value, PhotoState.UNREADABLE.value)
_KEPT = or_(_PHOTO.c.problem.is_(None), _PHOTO.c.problem != PHOTO_ERASED.code)

# Which of these hashes are bytes of something else than a photo, and have to stay.
Needed = Callable[[Session, Collection[str]], set[str]]


def _with_bytes(before: datetime) -> ColumnElement[bool]:
    return and_(_PHOTO.c.received_at < before, _PHOTO.c.state.in_(_DECODED), _KEPT)


def count_photos(session: Session, before: datetime) -> int:
    """Photos received before that time whose bytes are still there."""
    query = select(func.count()).select_from(_PHOTO).where(_with_bytes(before))
    return session.scalar(query) or 0


def erase_photos(
    session: Session, clock: Clock, store: BlobStore, before: datetime, needed: Needed
) -> int:
    """Erase pictures and EXIF of photos received before that time; commits batch by batch.

    A photo reads as unreadable by photo_erased afterwards, and still counts where it was complete.
    Bytes that a younger photo, a younger upload or something else shares stay for those. Returns
    how many photos.

    The bytes go before the commit, under the lock that keeps uploads from being noted: killed in
    between, the next run begins with the same photos.
    """
    erased = 0
    while True:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("LOCK TABLE upload IN SHARE ROW EXCLUSIVE MODE"))
        query = select(_PHOTO.c.id, _PHOTO.c.author_id, _PHOTO.c.sha256, _PHOTO.c.received_at)
        query = query.where(_with_bytes(before)).order_by(_PHOTO.c.received_at).limit(_AT_ONCE)
        rows = session.execute(query).all()
        if not rows:
            session.rollback()
            return erased
        now = clock.now()
        session.execute(
            update(_PHOTO)
            .where(_PHOTO.c.id.in_([row.id for row in rows]))
            .values(
                state=PhotoState.UNREADABLE.value,
                problem=PHOTO_ERASED.code,
                exif=None,
                was_complete=_PHOTO.c.state == PhotoState.COMPLETE.value,
            )
        )
        free = _unshared(session, {row.sha256 for row in rows}, before, needed)
        session.execute(delete(_UPLOAD).where(_UPLOAD.c.sha256.in_(free)))
        for sha256 in sorted(free):
            store.delete(content_key(sha256))
            for size in ("thumb", "screen"):
                store.delete(thumb_key(sha256, size))
        for row in rows:
            if row.received_at > now - _ON_PHONES:
                changes.touch(session, changes.user_scope(row.author_id), "photo", [row.id])
        session.commit()
        erased += len(rows)


def _unshared(
    session: Session, hashes: Collection[str], before: datetime, needed: Needed
) -> set[str]:
    """Those of the hashes whose bytes nothing else needs."""
    living = session.scalars(
        select(_PHOTO.c.sha256).where(_PHOTO.c.sha256.in_(hashes), _KEPT).distinct()
    )
    # Bytes sent again lately may belong to a record that is still on its way.
    sent = session.scalars(
        select(_UPLOAD.c.sha256).where(
            _UPLOAD.c.sha256.in_(hashes), _UPLOAD.c.completed_at >= before
        )
    )
    return set(hashes) - set(living) - set(sent) - needed(session, hashes)
