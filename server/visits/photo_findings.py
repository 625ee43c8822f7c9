"""What the photos feature has found, as the rules about a visit's photos take it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from server.photos import queries as photos
from server.visits.flags import FindingKind, PhotoFinding


def known_findings(session: Session, visit_ids: Iterable[str]) -> dict[str, list[PhotoFinding]]:
    """All that is known of the photos of these visits, by visit id; visits without are empty."""
    ids = list(visit_ids)
    found: dict[str, list[PhotoFinding]] = {visit_id: [] for visit_id in ids}
    for visit_id, some in photos.findings_of(session, ids).items():
        found[visit_id] = [_finding(one) for one in some]
    return found


def _finding(one: photos.Finding) -> PhotoFinding:
    if one.exif_difference_s is not None:
        gap_s = float(one.exif_difference_s)
        return PhotoFinding(FindingKind.OLD, one.photo_id, exif_gap_s=gap_s)
    # The same picture in other bytes may have no bit of its print different, and is not the same.
    bits = 0 if one.kind == "reused_exact" else max(1, one.distance_bits or 0)
    return PhotoFinding(
        FindingKind.REUSED, one.photo_id, one.other_visit_id, one.other_photo_id, bits
    )
