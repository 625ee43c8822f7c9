"""What the photos feature has found, as the rules about a visit's photos take it.

A photo added after the closing goes with an answer to a doubt: the app lets nobody add another
kind. That it is old is no reproach, it may be the very proof that the rep was there; nor is that
the visit itself has the same picture. One that stands in another visit is: a borrowed picture
proves nothing, and who judges the answer must hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from server.kernel.bulk import Lookup
from server.photos import queries as photos
from server.visits.flags import FindingKind, PhotoFinding
from server.visits.models import Visit

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_CLOSINGS = Lookup(
    _VISIT.c.id, [_VISIT.c[name] for name in ("id", "device_id", "close_seq", "checked_out_at")]
)


def known_findings(session: Session, visit_ids: Iterable[str]) -> dict[str, list[PhotoFinding]]:
    """All that counts of what is known of these visits' photos, by visit id; empty where nothing.

    What is found of photos that go with an answer counts only where it speaks against the answer.
    """
    ids = list(visit_ids)
    found: dict[str, list[PhotoFinding]] = {visit_id: [] for visit_id in ids}
    for visit_id, (counting, _) in _parted(session, ids).items():
        found[visit_id] = [_finding(one) for one in counting]
    return found


def relieved(session: Session, visit_ids: Iterable[str]) -> dict[str, list[PhotoFinding]]:
    """What still counts, of those among these visits where something found does not count."""
    return {
        visit_id: [_finding(one) for one in counting]
        for visit_id, (counting, others) in _parted(session, visit_ids).items()
        if others
    }


_Findings = list[photos.Finding]


def _parted(session: Session, visit_ids: Iterable[str]) -> dict[str, tuple[_Findings, _Findings]]:
    known = photos.findings_of(session, visit_ids)
    closings = {row["id"]: row for row in _CLOSINGS(session, known)} if known else {}
    found: dict[str, tuple[_Findings, _Findings]] = {}
    for visit_id, some in known.items():
        closing = closings[visit_id]
        counting, others = found[visit_id] = ([], [])
        for one in some:
            no_reproach = _no_reproach(one, visit_id) and _afterwards(one, closing)
            (others if no_reproach else counting).append(one)
    return found


def _no_reproach(one: photos.Finding, visit_id: str) -> bool:
    return one.exif_difference_s is not None or one.other_visit_id == visit_id


def _afterwards(one: photos.Finding, closing: Mapping[Any, Any]) -> bool:
    """True for a photo added after the closing: in the phone's own order, else by its time."""
    if one.device_id == closing["device_id"] and closing["close_seq"] is not None:
        return bool(one.device_seq > closing["close_seq"])
    return closing["checked_out_at"] is not None and one.added_at > closing["checked_out_at"]


def _finding(one: photos.Finding) -> PhotoFinding:
    if one.exif_difference_s is not None:
        gap_s = float(one.exif_difference_s)
        return PhotoFinding(FindingKind.OLD, one.photo_id, exif_gap_s=gap_s, doubt_s=one.doubt_s)
    # The same picture in other bytes may have no bit of its print different, and is not the same.
    bits = 0 if one.kind == "reused_exact" else max(1, one.distance_bits or 0)
    return PhotoFinding(
        FindingKind.REUSED, one.photo_id, one.other_visit_id, one.other_photo_id, bits
    )
