"""Photo work that runs by itself. The state is in the photo table; a lost job is found again."""

from __future__ import annotations

import logging

from server.kernel import jobs
from server.kernel.db import db
from server.kernel.http import clock
from server.photos import domain, evidence
from server.photos.receiving import partials_root
from server.photos.uploads import forget_old

log = logging.getLogger(__name__)

SWEEP = "photos.sweep"


@jobs.job(domain.PROCESS)
def process(photo_id: str) -> None:
    """Decode one photo and make its small pictures."""
    domain.process(db.session(), clock(), photo_id)


@jobs.periodic(SWEEP, seconds=60)
def sweep() -> None:
    """Pick up what was lost: links, photos to look into or to compare, old partial uploads."""
    session = db.session()
    linked = domain.link_late(session, clock())
    session.commit()
    # A photo that cannot be worked on must not keep those behind it waiting.
    for photo_id in domain.unprocessed(session, clock()):
        try:
            domain.process(session, clock(), photo_id)
        except Exception:
            session.rollback()
            log.exception("photo %s could not be processed", photo_id)
    for photo_id in evidence.not_compared(session):
        try:
            domain.compare_late(session, clock(), photo_id)
        except Exception:
            session.rollback()
            log.exception("photo %s could not be compared", photo_id)
    forgotten = forget_old(partials_root())
    session.close()
    if linked or forgotten:
        log.info("photos linked late: %d; old partial uploads removed: %d", linked, forgotten)
