"""Reading photos: counts for the visits, the change feed, lists and single photos in scope."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, bindparam, exists, func, select, true, tuple_
from sqlalchemy.orm import Session

from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.clock import TimeEvidence, day_bounds
from server.kernel.ops import Reader
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.kernel.prepared import Prepared
from server.photos.models import FindingKind, Photo, PhotoFinding, PhotoState, Upload
from server.photos.records import Row, photo_record, photo_with_urls

_PHOTO: Table = Photo.__table__  # type: ignore[assignment]  # declared wider than it is
_FINDING: Table = PhotoFinding.__table__  # type: ignore[assignment]  # likewise


@dataclass(slots=True)
class VisitPhotos:
    """A visit's photos: all, those whose bytes have arrived, the earliest that can be shown."""

    total: int = 0
    arrived: int = 0
    shown: str | None = None
    shown_at: str = ""

    @property
    def counts(self) -> tuple[int, int]:
        """(all photos, those whose bytes have arrived)."""
        return self.total, self.arrived


# The ids alone choose the rows: asked for state or order as well, a database without statistics
# walks through all photos instead.
_OF_VISITS = Lookup(
    _PHOTO.c.visit_id,
    (_PHOTO.c.visit_id, _PHOTO.c.id, _PHOTO.c.state, _PHOTO.c.taken_at),
    told=True,
)
_BY_ID = Lookup(_PHOTO.c.id, told=True)
# Plain texts: an enum's own comparison takes three times as long.
_AWAITING, _COMPLETE = PhotoState.AWAITING_BYTES.value, PhotoState.COMPLETE.value


def of_visits(session: Session, visit_ids: Collection[str]) -> dict[str, VisitPhotos]:
    """The photos of visits by visit id; visits without are left out."""
    found: dict[str, VisitPhotos] = {}
    for visit_id, photo_id, state, taken_at in _OF_VISITS.rows(session, visit_ids):
        visit = found.get(visit_id)
        if visit is None:
            visit = found[visit_id] = VisitPhotos()
        visit.total += 1
        visit.arrived += state != _AWAITING
        if state == _COMPLETE:
            mine = (taken_at, photo_id)
            if visit.shown is None or mine < (visit.shown_at, visit.shown):
                visit.shown_at, visit.shown = mine
    return found


def counts(session: Session, visit_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """(all photos, those whose bytes have arrived) by visit id; visits without are left out."""
    found = of_visits(session, set(visit_ids))
    return {visit_id: photos.counts for visit_id, photos in found.items()}


def all_arrived(
    visit_id: ColumnElement[str],
    said: ColumnElement[int],
    device_id: ColumnElement[str],
    close_seq: ColumnElement[Any],
) -> ColumnElement[bool]:
    """The condition that a visit has at least as many photos as said, and all their bytes.

    Those that the phone device_id added after its record close_seq, the closing, were not among
    the ones it spoke of. close_seq NULL: all count.
    """
    afterwards = and_(
        close_seq.is_not(None), _PHOTO.c.device_id == device_id, _PHOTO.c.device_seq > close_seq
    )
    mine = and_(_PHOTO.c.visit_id == visit_id, ~afterwards)
    number = select(func.count()).select_from(_PHOTO).where(mine).scalar_subquery()
    waiting = exists().where(mine, _PHOTO.c.state == PhotoState.AWAITING_BYTES.value)
    return and_(number >= func.coalesce(said, 0), ~waiting)


def sent_by(user_id: ColumnElement[str], sha256: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a person has sent the bytes of a hash in full."""
    return exists().where(Upload.user_id == user_id, Upload.sha256 == sha256)


def photos_of_visit(session: Session, visit_id: str) -> list[dict[str, Any]]:
    """All photos of a visit with their urls, in the order they were taken.

    Whether the caller may see the visit is the caller's to check.
    """
    query = select(_PHOTO).where(_PHOTO.c.visit_id == visit_id)
    rows = session.execute(query.order_by(_PHOTO.c.taken_at, _PHOTO.c.id)).mappings()
    return [photo_with_urls(row) for row in rows]


def read_photos(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the person's own photos."""
    mine = (row for row in _BY_ID(session, ids) if row["author_id"] == actor.user_id)
    return {row["id"]: photo_record(row) for row in mine}


READERS: dict[str, Reader] = {"photo": read_photos}


@dataclass(frozen=True, slots=True)
class PhotoFilters:
    """What a selection of photos is narrowed to; days are the organisation's, both inclusive."""

    visit: str | None = None
    office_check_in: str | None = None
    store: str | None = None
    rep: str | None = None
    kind: str | None = None
    first: date | None = None
    last: date | None = None


def photo_scope(actor: Actor) -> ColumnElement[bool]:
    """The photos that the actor may see: a rep's own, a supervisor's regions', all."""
    if actor.is_rep:
        return _PHOTO.c.author_id == actor.user_id
    return true() if actor.is_office else _PHOTO.c.region_id.in_(actor.region_ids)


def list_photos(
    session: Session,
    actor: Actor,
    wanted: PhotoFilters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of photos, newest first: {items, next, total}.

    Raises the problem validation_failed for a forged cursor.
    """
    conditions = [photo_scope(actor)]
    for column, value in (
        (_PHOTO.c.visit_id, wanted.visit),
        (_PHOTO.c.office_check_in_id, wanted.office_check_in),
        (_PHOTO.c.store_id, wanted.store),
        (_PHOTO.c.author_id, wanted.rep),
        (_PHOTO.c.kind, wanted.kind),
    ):
        if value:
            conditions.append(column == value)
    if wanted.first:
        conditions.append(_PHOTO.c.taken_at >= day_bounds(wanted.first, wanted.first)[0])
    if wanted.last:
        conditions.append(_PHOTO.c.taken_at < day_bounds(wanted.last, wanted.last)[1])
    total = session.scalar(select(func.count()).select_from(_PHOTO).where(*conditions)) or 0
    query = (
        select(_PHOTO)
        .where(*conditions)
        .order_by(_PHOTO.c.taken_at.desc(), _PHOTO.c.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(tuple_(_PHOTO.c.taken_at, _PHOTO.c.id) < after_cursor(cursor))
    rows: list[Row] = list(session.execute(query).mappings())
    page = rows[:limit]
    more = len(rows) > limit
    after = encode_cursor(page[-1]["taken_at"].isoformat(), page[-1]["id"]) if more else None
    return {"items": [photo_with_urls(row) for row in page], "next": after, "total": total}


def after_cursor(cursor: str) -> tuple[datetime, str]:
    """(taken_at, id) of the last photo of the page before. Raises validation_failed."""
    at, photo_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(at).astimezone(UTC), str(photo_id)
    except (TypeError, ValueError, OverflowError) as error:
        raise problems.VALIDATION_FAILED.error(field="cursor") from error


def find_photo(session: Session, actor: Actor, photo_id: str) -> Row:
    """One photo in the actor's scope. Raises the problem not_found, also where it is not theirs."""
    query = select(_PHOTO).where(_PHOTO.c.id == photo_id, photo_scope(actor))
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        raise problems.NOT_FOUND.error(field="id")
    return row


def uploaded(session: Session, user_id: str, hashes: Iterable[str]) -> dict[str, int]:
    """Size by hash of what this person has sent in full."""
    rows = session.connection().execute(_UPLOADED, {"user": user_id, "hashes": list(set(hashes))})
    return {row[0]: row[1] for row in rows}


def has_uploaded(session: Session, user_id: str, sha256: str) -> int | None:
    """Size of a file that this person has sent in full; None for any other."""
    rows = _HAS_UPLOADED(session, user=user_id, sha256=sha256)
    return rows[0][0] if rows else None


_UPLOADED = select(Upload.sha256, Upload.bytes).where(
    Upload.user_id == bindparam("user"), Upload.sha256.in_(bindparam("hashes", expanding=True))
)
_HAS_UPLOADED = Prepared(
    select(Upload.bytes).where(
        Upload.user_id == bindparam("user"), Upload.sha256 == bindparam("sha256")
    )
)


# Without an offset the camera's clock may be in any zone.
_ZONE_DOUBT_S: Final = 14 * 3_600.0
_ADDED: Final = ("device_at", "clock_offset_ms", "monotonic_ms", "contact_at", "received_at")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found about a photo of a visit.

    The same photo is elsewhere too (other_*, distance_bits of 64, likeness -1 to 1;
    other_visit_id is None for a photo of an office check-in), or it is old (exif_difference_s).
    doubt_s: by how many seconds exif_difference_s may be wrong, as the file names no time zone.
    device_id, device_seq and added_at say when the photo was added, and on which phone.
    """

    kind: FindingKind
    photo_id: str
    device_id: str
    device_seq: int
    added_at: datetime
    other_photo_id: str | None = None
    other_visit_id: str | None = None
    distance_bits: int | None = None
    likeness: float | None = None
    exif_difference_s: int | None = None
    doubt_s: float = 0.0

    @property
    def old_s(self) -> float | None:
        """For how many seconds it was surely taken before it was added; None for another kind."""
        if self.exif_difference_s is None:
            return None
        return self.exif_difference_s - self.doubt_s


def findings_of(session: Session, visit_ids: Iterable[str]) -> dict[str, list[Finding]]:
    """What was found about the photos of visits, by visit id; visits without are left out.

    Whether the caller may see the visits is the caller's to check.
    """
    ids = set(visit_ids)
    if not ids:
        return {}
    other = _PHOTO.alias()
    query = (
        select(
            *(_PHOTO.c[name] for name in ("visit_id", "device_id", "device_seq", "exif", *_ADDED)),
            other.c.visit_id.label("other_visit_id"),
            _FINDING,
        )
        .join(_PHOTO, _PHOTO.c.id == _FINDING.c.photo_id)
        .outerjoin(other, other.c.id == _FINDING.c.other_photo_id)
        .where(_PHOTO.c.visit_id.in_(ids))
        .order_by(_PHOTO.c.taken_at, _PHOTO.c.id, _FINDING.c.distance_bits, _FINDING.c.id)
    )
    found: dict[str, list[Finding]] = {}
    for row in session.execute(query).mappings():
        found.setdefault(row["visit_id"], []).append(
            Finding(
                kind=FindingKind(row["kind"]),
                photo_id=row["photo_id"],
                device_id=row["device_id"],
                device_seq=row["device_seq"],
                added_at=added_at(row),
                other_photo_id=row["other_photo_id"],
                other_visit_id=row["other_visit_id"],
                distance_bits=row["distance_bits"],
                likeness=row["likeness"],
                exif_difference_s=row["exif_difference_s"],
                doubt_s=zone_doubt_s(row["exif"]) if row["exif_difference_s"] is not None else 0.0,
            )
        )
    return found


def zone_doubt_s(exif: Mapping[str, Any] | None) -> float:
    """By how many seconds the time of an EXIF block may be wrong for want of an offset."""
    return 0.0 if exif and exif["utc"] is not None else _ZONE_DOUBT_S


def added_at(row: Row) -> datetime:
    """When a photo was added on the phone, by its clock corrected; never after the receipt.

    Not taken_at: for a file chosen on the phone that is what the file says of itself.
    """
    return TimeEvidence(
        device_at=row["device_at"],
        clock_offset_ms=row["clock_offset_ms"],
        monotonic_ms=row["monotonic_ms"],
        device_seq=row["device_seq"],
        received_at=row["received_at"],
        contact_at=row["contact_at"],
    ).estimated()
