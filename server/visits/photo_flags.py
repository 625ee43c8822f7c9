"""The flags that a visit's photos lead to: photo_reused and photo_old, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from server.kernel import changes, journal
from server.kernel.clock import Clock
from server.photos.queries import Finding
from server.visits.models import Visit
from server.visits.words import duration

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is

PHOTO_FLAGS: Final = ("photo_reused", "photo_old")
_DAY_S: Final = 86_400


def photo_flags(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The flags of a visit, [{code, words, numbers}], each once however many photos led to it.

    The author reads them too, so they say nothing of whose the other photo is.
    """
    flags = []
    reused = {one.photo_id: one for one in findings if one.other_photo_id is not None}
    if reused:
        numbers = {"photos": len(reused)}
        flags.append({"code": "photo_reused", "words": _reused(len(reused)), "numbers": numbers})
    old = [one for one in findings if one.exif_difference_s is not None]
    if old:
        longest = max(one.exif_difference_s or 0 for one in old)
        numbers = {"photos": len(old), "difference_s": longest}
        flags.append({"code": "photo_old", "words": _old(len(old), longest), "numbers": numbers})
    return flags


def _reused(photos: int) -> dict[str, str]:
    are = "photo is" if photos == 1 else "photos are"
    return {
        "zh-CN": f"{photos} 张照片与以前的照片相同或几乎相同",
        "en": f"{photos} {are} the same, or almost the same, as an earlier one",
    }


def _old(photos: int, longest_s: int) -> dict[str, str]:
    files = "photo file was" if photos == 1 else "photo files were"
    upto = "" if photos == 1 else "up to "
    most = "" if photos == 1 else "最多"
    return {
        "zh-CN": f"{photos} 张相册照片在添加前{most} {_span(longest_s, english=False)}拍摄",
        "en": f"{photos} {files} taken {upto}{_span(longest_s, english=True)} before being added",
    }


def _span(seconds: int, *, english: bool) -> str:
    if seconds < 2 * _DAY_S:
        return duration(seconds, english=english)
    days = seconds // _DAY_S
    return f"{days} days" if english else f"{days} 天"


def replace_photo_flags(
    session: Session,
    clock: Clock,
    findings: Mapping[str, Sequence[Finding]],
    visit_ids: Collection[str],
) -> int:
    """Give these visits the flags that their findings lead to, instead of those they had.

    Its other flags stay. What changes gets a new rev, is journalled, and told to the author's
    phone; what does not change is left alone. Returns how many changed.
    """
    query = select(_VISIT.c.id, _VISIT.c.author_id, _VISIT.c.flags).where(
        _VISIT.c.id.in_(visit_ids)
    )
    # In one order, so that two comparisons cannot wait for each other.
    rows = session.execute(query.order_by(_VISIT.c.id).with_for_update()).all()
    changed = 0
    for row in rows:
        flags = photo_flags(findings.get(row.id, ()))
        before = [flag for flag in row.flags if flag["code"] in PHOTO_FLAGS]
        if flags == before:
            continue
        others = [flag for flag in row.flags if flag["code"] not in PHOTO_FLAGS]
        session.execute(
            update(_VISIT)
            .where(_VISIT.c.id == row.id)
            .values(flags=others + flags, rev=_VISIT.c.rev + 1)
        )
        codes = [flag["code"] for flag in flags]
        journal.record(
            session, clock, None, journal.Event.VISIT_PHOTOS_JUDGED, "visit", row.id, flags=codes
        )
        changes.touch(session, changes.user_scope(row.author_id), "visit", [row.id])
        changed += 1
    return changed
