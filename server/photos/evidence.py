"""What a photo proves: it is compared with all others, and its EXIF time with when it was added.

The later of two equal photos has the finding, whichever of them came here first: a phone may have
been offline for weeks. Whoever took the earlier one has done nothing that needs explaining.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from server.accounts.organisation import RANGES
from server.kernel.clock import Clock, org_zone
from server.kernel.ids import new_id
from server.photos import likeness
from server.photos.images import Prepared
from server.photos.likeness import RULE_VERSION, Print
from server.photos.models import FindingKind, Photo, PhotoFinding, PhotoPrint, PhotoState
from server.photos.neighbours import near_prints, one_at_a_time
from server.photos.queries import added_at, zone_doubt_s
from server.photos.records import Row
from server.visits.domain import judge_photos
from server.visits.photo_findings import known_findings

_PHOTO: Table = Photo.__table__  # type: ignore[assignment]  # declared wider than it is
_PRINT: Table = PhotoPrint.__table__  # type: ignore[assignment]  # likewise
_FINDING: Table = PhotoFinding.__table__  # type: ignore[assignment]  # likewise

# Photos further apart are not held against each other.
LOOKED_BACK: Final = timedelta(days=366)
# Noted is whatever the office may come to call old; what it does call old is asked when judging.
_NOTED_FROM_S: Final = RANGES["photo_old_s"][0]
# Pairs kept of one photo: the nearest say it all, and one file sent daily would make thousands.
_MOST_PAIRS: Final = 5
_READ = tuple(
    _PHOTO.c[name]
    for name in (
        "id",
        "visit_id",
        "office_check_in_id",
        "author_id",
        "sha256",
        "source",
        "device_at",
        "clock_offset_ms",
        "monotonic_ms",
        "contact_at",
        "device_seq",
        "received_at",
    )
)


def compare(session: Session, clock: Clock, photo_id: str, prepared: Prepared) -> None:
    """Keep what a complete photo is recognised by, and note all findings that it leads to.

    Doing it again comes to the same. The flags of the visits concerned follow.
    """
    one_at_a_time(session)
    exif = prepared.exif.as_dict() if prepared.exif else None
    session.execute(
        update(_PHOTO).where(_PHOTO.c.id == photo_id).values(exif=exif, compared_by=RULE_VERSION)
    )
    photo = session.execute(select(*_READ).where(_PHOTO.c.id == photo_id)).mappings().one()
    _keep_print(session, photo_id, prepared.seen)
    concerned = _forget(session, photo_id)
    pairs = _same_bytes(session, photo)
    pairs |= _same_picture(session, photo, prepared.seen, pairs)
    rows = [_pair_row(photo, *pair) for pair in _nearest(photo, list(pairs.values()))]
    rows += _old_row(photo, prepared)
    if rows:
        now = clock.now()
        session.execute(
            insert(_FINDING),
            [row | {"id": new_id(), "rule_version": RULE_VERSION, "found_at": now} for row in rows],
        )
    concerned |= _visits_of(session, {row["photo_id"] for row in rows} | {photo_id})
    judge_photos(session, None, clock, known_findings(session, sorted(concerned)))


# The other photo, what they have in common, the bits that differ, and likeness.
_Pair = tuple[Row, FindingKind, int, float]


def _keep_print(session: Session, photo_id: str, seen: Print | None) -> None:
    session.execute(delete(_PRINT).where(_PRINT.c.photo_id == photo_id))
    if seen is None:
        return
    first, second, third = likeness.bands(seen.bits)
    session.execute(
        insert(_PRINT).values(
            photo_id=photo_id,
            hash=likeness.signed(seen.bits),
            band_a=first,
            band_b=second,
            band_c=third,
            sample=seen.sample,
        )
    )


def _forget(session: Session, photo_id: str) -> set[str]:
    """Drop the findings that name this photo. Returns the visits that had them."""
    names_it = or_(_FINDING.c.photo_id == photo_id, _FINDING.c.other_photo_id == photo_id)
    owners = set(session.scalars(select(_FINDING.c.photo_id).where(names_it)))
    if not owners:
        return set()
    session.execute(delete(_FINDING).where(names_it))
    return _visits_of(session, owners)


def _visits_of(session: Session, photo_ids: Collection[str]) -> set[str]:
    query = select(_PHOTO.c.visit_id).where(
        _PHOTO.c.id.in_(photo_ids), _PHOTO.c.visit_id.is_not(None)
    )
    return set(session.scalars(query))


def _same_bytes(session: Session, photo: Row) -> dict[str, _Pair]:
    """The very same file in another photo: in the same visit too, where it was counted twice."""
    query = select(*_READ).where(
        _PHOTO.c.sha256 == photo["sha256"],
        _PHOTO.c.id != photo["id"],
        _PHOTO.c.state == PhotoState.COMPLETE.value,
    )
    found = session.execute(query).mappings().all()
    return {
        row["id"]: (row, FindingKind.REUSED_EXACT, 0, 1.0)
        for row in found
        if _within_a_year(photo, row)
    }


def _same_picture(
    session: Session, photo: Row, seen: Print | None, known: Collection[str]
) -> dict[str, _Pair]:
    """What looks the same. Within one visit or check-in it does not count: shots in a row do."""
    if seen is None:
        return {}
    distances = near_prints(session, seen.bits)
    if not distances:
        return {}
    query = (
        select(_PRINT.c.id.label("number"), _PRINT.c.sample, *_READ)
        .join(_PHOTO, _PHOTO.c.id == _PRINT.c.photo_id)
        .where(_PRINT.c.id.in_(distances), _PHOTO.c.id != photo["id"])
    )
    pairs: dict[str, _Pair] = {}
    for row in session.execute(query).mappings():
        if row["id"] in known or _one_occasion(photo, row) or not _within_a_year(photo, row):
            continue
        alike = likeness.likeness(seen.sample, row["sample"])
        if alike >= likeness.NEAR_LIKENESS:
            near = FindingKind.REUSED_NEAR
            pairs[row["id"]] = (row, near, distances[row["number"]], round(alike, 3))
    return pairs


def _one_occasion(one: Row, other: Row) -> bool:
    names = ("visit_id", "office_check_in_id")
    return all(one[name] == other[name] for name in names)


def _within_a_year(one: Row, other: Row) -> bool:
    return abs(added_at(one) - added_at(other)) <= LOOKED_BACK


def _order(photo: Row) -> tuple[datetime, str]:
    return added_at(photo), photo["id"]


def _nearest(photo: Row, pairs: Sequence[_Pair]) -> list[_Pair]:
    """The pairs to keep: of the earlier ones the nearest, of the later ones the next in time."""
    earlier = [pair for pair in pairs if _order(pair[0]) < _order(photo)]
    later = [pair for pair in pairs if _order(pair[0]) > _order(photo)]
    earlier.sort(key=lambda pair: (pair[2], -pair[3], _order(pair[0])))
    later.sort(key=lambda pair: _order(pair[0]))
    return earlier[:_MOST_PAIRS] + later[:_MOST_PAIRS]


def _pair_row(
    photo: Row, other: Row, kind: FindingKind, distance: int, alike: float
) -> dict[str, Any]:
    first, second = sorted((photo, other), key=_order)
    return {
        "photo_id": second["id"],
        "other_photo_id": first["id"],
        "kind": kind.value,
        "distance_bits": distance,
        "likeness": alike,
        "exif_difference_s": None,
    }


def _old_row(photo: Row, prepared: Prepared) -> list[dict[str, Any]]:
    """A file chosen on the phone that was taken long before; the app's camera tells no time."""
    exif = prepared.exif
    taken = exif.at(org_zone()) if exif else None
    if exif is None or taken is None or photo["source"] != "file":
        return []
    before_s = (added_at(photo) - taken).total_seconds()
    if before_s - zone_doubt_s(exif.as_dict()) <= _NOTED_FROM_S:
        return []
    return [
        {
            "photo_id": photo["id"],
            "other_photo_id": None,
            "kind": FindingKind.OLD.value,
            "distance_bits": None,
            "likeness": None,
            "exif_difference_s": round(before_s),
        }
    ]


def not_compared(session: Session, limit: int = 200) -> list[str]:
    """Ids of photos that can be shown but were never compared: they came before this was done."""
    waiting = (_PHOTO.c.compared_by.is_(None), _PHOTO.c.state == PhotoState.COMPLETE.value)
    query = select(_PHOTO.c.id).where(*waiting).order_by(_PHOTO.c.id).limit(limit)
    return list(session.scalars(query))


def leave_out(session: Session, photo_id: str) -> None:
    """Count a photo as compared that cannot be."""
    query = update(_PHOTO).where(_PHOTO.c.id == photo_id)
    session.execute(query.values(compared_by=RULE_VERSION))
