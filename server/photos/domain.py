"""From verified bytes to a photo that can be shown. Decoding happens outside any transaction."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final

from sqlalchemy import Table, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from server.campaigns.choosing import tell_of_stores
from server.config import settings
from server.kernel import changes, jobs, journal
from server.kernel.blobs import blob_store, content_key, thumb_key
from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock
from server.kernel.prepared import Prepared
from server.kernel.problems import Kind
from server.kernel.turns import take_turn
from server.photos import evidence, images, problems
from server.photos.images import ImageRefusedError
from server.photos.models import Photo, PhotoState, Upload
from server.photos.queries import has_uploaded

log = logging.getLogger(__name__)

PROCESS: Final = "photos.process"
# A worker that has held a photo for so long is gone.
CLAIM_LASTS: Final = timedelta(minutes=5)
MAX_ATTEMPTS: Final = 5

_PHOTO: Table = Photo.__table__  # type: ignore[assignment]  # declared wider than it is


_UPLOAD: Table = Upload.__table__  # type: ignore[assignment]  # likewise
_NOTE_UPLOAD = BulkInsert(_UPLOAD, keys=("user_id", "sha256"))
_LINK = Prepared(
    update(_PHOTO)
    .where(
        _PHOTO.c.author_id == bindparam("author"),
        _PHOTO.c.sha256 == bindparam("hash"),
        _PHOTO.c.state == PhotoState.AWAITING_BYTES.value,
    )
    .values(state=PhotoState.STORED.value, bytes=bindparam("length"), uploaded_at=bindparam("now"))
    .returning(_PHOTO.c.id, _PHOTO.c.visit_id, _PHOTO.c.office_check_in_id, _PHOTO.c.store_id)
)


def bytes_arrived(
    session: Session, clock: Clock, user_id: str, sha256: str, length: int
) -> list[str]:
    """Note that a person's bytes are verified and stored, and link their photos to them.

    Returns the ids of the photos that were waiting. Doing it again changes nothing.
    """
    # A photo.add of theirs that is not committed yet would not be found, and would not find us.
    take_turn(session, user_id)
    now = clock.now()
    sent = {"user_id": user_id, "sha256": sha256, "bytes": length, "completed_at": now}
    _NOTE_UPLOAD(session, [sent])
    rows = _LINK(session, author=user_id, hash=sha256, length=length, now=now)
    scope = changes.user_scope(user_id)
    photo_ids = [row[0] for row in rows]
    changes.touch(session, scope, "photo", photo_ids)
    changes.touch(session, scope, "visit", {visit_id for _, visit_id, *_ in rows if visit_id})
    tell_of_stores(session, {store_id for *_, store_id in rows if store_id}, [user_id])
    entries: list[journal.Row] = [
        (
            journal.Event.PHOTO_ARRIVED,
            "visit" if visit_id else "office_check_in",
            visit_id or office_check_in_id,
            {"photo_id": photo_id, "bytes": length},
        )
        for photo_id, visit_id, office_check_in_id, _ in rows
    ]
    journal.record_many(session, clock, None, entries)
    for photo_id in photo_ids:
        jobs.enqueue(session, PROCESS, photo_id)
    return photo_ids


def open_verified(session: Session, user_id: str, sha256: str) -> BinaryIO | None:
    """The bytes that this very person has sent under this hash, or None.

    They are as hostile as any: whoever serves them says nosniff and does not trust their type.
    """
    if has_uploaded(session, user_id, sha256) is None:
        return None
    return blob_store().open(content_key(sha256))


def process(session: Session, clock: Clock, photo_id: str) -> bool:
    """Decode a stored photo, make its small pictures, and say what came of it.

    Commits twice: the claim, so that nobody else takes the photo, and the outcome. Between them
    no transaction is open. Returns False if there was nothing to do.
    """
    sha256 = claim(session, clock, photo_id)
    session.commit()
    # Gives back the connection, and with it the write lock, for the time of the decoding.
    session.close()
    if sha256 is None:
        return False
    store = blob_store()
    with store.open(content_key(sha256)) as file:
        data = file.read()
    try:
        prepared = images.prepare(data, settings().max_pixels)
    except ImageRefusedError as refused:
        log.info("photo %s cannot be shown: %s", photo_id, refused.kind.code)
        set_unreadable(session, clock, photo_id, refused.kind)
    else:
        store.put_bytes(thumb_key(sha256, "screen"), prepared.screen)
        store.put_bytes(thumb_key(sha256, "thumb"), prepared.thumb)
        set_complete(session, clock, photo_id, prepared)
    session.commit()
    return True


def claim(session: Session, clock: Clock, photo_id: str) -> str | None:
    """Take a stored photo to work on; its hash, or None if it is done or somebody else has it.

    A photo that has been tried MAX_ATTEMPTS times without an outcome becomes unreadable.
    """
    now = clock.now()
    row = session.execute(
        update(_PHOTO)
        .where(_PHOTO.c.id == photo_id, _free(now))
        .values(claimed_at=now, attempts=_PHOTO.c.attempts + 1)
        .returning(_PHOTO.c.sha256, _PHOTO.c.attempts)
    ).one_or_none()
    if row is None:
        return None
    if row.attempts > MAX_ATTEMPTS:
        log.error("photo %s: no outcome after %d tries", photo_id, MAX_ATTEMPTS)
        set_unreadable(session, clock, photo_id, problems.PHOTO_UNREADABLE)
        return None
    return str(row.sha256)


def _free(now: datetime) -> Any:
    return and_(
        _PHOTO.c.state == PhotoState.STORED.value,
        or_(_PHOTO.c.claimed_at.is_(None), _PHOTO.c.claimed_at < now - CLAIM_LASTS),
    )


def set_complete(session: Session, clock: Clock, photo_id: str, prepared: images.Prepared) -> None:
    """The photo can be shown; what the phone said of it gives way to what it is.

    It is compared with all others at once.
    """
    settled = _settle(
        session,
        photo_id,
        state=PhotoState.COMPLETE.value,
        mime=prepared.mime,
        width=prepared.width,
        height=prepared.height,
        orientation=prepared.orientation,
    )
    if settled is not None:
        evidence.compare(session, clock, photo_id, prepared)


def compare_late(session: Session, clock: Clock, photo_id: str) -> bool:
    """Compare a photo that was complete before photos were compared. Commits.

    Returns False where its bytes are gone or do not decode any more; then it counts as compared.
    """
    sha256 = session.scalar(select(_PHOTO.c.sha256).where(_PHOTO.c.id == photo_id))
    # As in process(): nobody waits for the decoding.
    session.rollback()
    session.close()
    try:
        with blob_store().open(content_key(str(sha256))) as file:
            data = file.read()
        prepared = images.prepare(data, settings().max_pixels)
    except (ImageRefusedError, FileNotFoundError):
        log.warning("photo %s cannot be compared", photo_id)
        evidence.leave_out(session, photo_id)
        session.commit()
        return False
    evidence.compare(session, clock, photo_id, prepared)
    session.commit()
    return True


def set_unreadable(session: Session, clock: Clock, photo_id: str, kind: Kind) -> None:
    """The photo's bytes stay, but can never be shown; its author is told why."""
    row = _settle(session, photo_id, state=PhotoState.UNREADABLE.value, problem=kind.code)
    if row is not None:
        journal.record(
            session,
            clock,
            None,
            journal.Event.PHOTO_UNREADABLE,
            "visit" if row.visit_id else "office_check_in",
            row.visit_id or row.office_check_in_id,
            photo_id=photo_id,
            problem=kind.code,
        )


def _settle(session: Session, photo_id: str, **values: Any) -> Any:
    row = session.execute(
        update(_PHOTO)
        .where(_PHOTO.c.id == photo_id, _PHOTO.c.state == PhotoState.STORED.value)
        .values(**values)
        .returning(_PHOTO.c.author_id, _PHOTO.c.visit_id, _PHOTO.c.office_check_in_id)
    ).one_or_none()
    if row is not None:
        scope = changes.user_scope(row.author_id)
        changes.touch(session, scope, "photo", [photo_id])
        changes.touch(session, scope, "visit", [row.visit_id] if row.visit_id else [])
    return row


def unprocessed(session: Session, clock: Clock, limit: int = 500) -> list[str]:
    """Ids of stored photos that nobody works on, those with the fewest tries first."""
    query = (
        select(_PHOTO.c.id)
        .where(_free(clock.now()))
        .order_by(_PHOTO.c.attempts, _PHOTO.c.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def link_late(session: Session, clock: Clock) -> int:
    """Link photos that still wait though their bytes are here. Returns how many.

    On PostgreSQL a record and its bytes may be committed at the same moment, each unseen by the
    other.
    """
    sent = exists().where(Upload.user_id == _PHOTO.c.author_id, Upload.sha256 == _PHOTO.c.sha256)
    rows = session.execute(
        select(_PHOTO.c.author_id, _PHOTO.c.sha256)
        .where(_PHOTO.c.state == PhotoState.AWAITING_BYTES.value, sent)
        .distinct()
    ).all()
    linked = 0
    for user_id, sha256 in rows:
        length = has_uploaded(session, user_id, sha256) or 0
        linked += len(bytes_arrived(session, clock, user_id, sha256, length))
    return linked
