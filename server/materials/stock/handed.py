"""What stands beside the ledger entry of a handout: to whom, in which visit, and its proofs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.campaigns.choosing import names_of
from server.materials.models import Handout
from server.photos.arrived import standing_of

# Of an entry that is no handout.
NOTHING: Final[dict[str, Any]] = {
    "visit_id": None,
    "recipient": None,
    "flags": [],
    "signature_url": None,
    "photo_id": None,
    "photo_state": None,
    "campaign": None,
}


def handed_items(session: Session, handout_ids: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    """{visit_id, recipient, flags, signature_url, photo_id, photo_state, campaign} by handout id.

    signature_url is None where none was given. photo_state says how the photo stands that the rep
    named: it proves something only if it is here and of that visit.
    """
    rows = session.scalars(select(Handout).where(Handout.id.in_(set(handout_ids)))).all()
    named = ((one.photo_id, one.visit_id) for one in rows if one.photo_id)
    standing = standing_of(session, named)
    campaigns = names_of(session, {one.campaign_id for one in rows if one.campaign_id})
    return {
        one.id: {
            "visit_id": one.visit_id,
            "recipient": one.recipient,
            "flags": one.flags,
            "signature_url": f"/api/v1/handouts/{one.id}/signature"
            if one.signature_sha256
            else None,
            "photo_id": one.photo_id,
            "photo_state": standing.get((one.photo_id or "", one.visit_id)),
            "campaign": campaigns.get(one.campaign_id or ""),
        }
        for one in rows
    }
