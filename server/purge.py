"""The purge: erases what has been kept for as long as the organisation wants, and no count.

What happened stays known (visits, verdicts, flags, photos by number and hash, the ledger, the
journal); what goes is where exactly somebody stood, the pictures, who looked, and what was
answered. Each step commits batch by batch, so it can be stopped and run again at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.accounts.retention import Retention
from server.audit.answers import erase as answers
from server.kernel import journal
from server.kernel.blobs import blob_store
from server.kernel.clock import Clock
from server.materials.queries import signatures_among
from server.office import erase as office
from server.photos import erase as photos
from server.sync import erase as sync
from server.tasks import erase as tasks
from server.visits import erase as visits


@dataclass(slots=True)
class Purged:
    """How many of each were erased, or would be."""

    visit_positions: int = 0
    office_positions: int = 0
    photos: int = 0
    views: int = 0
    replies: int = 0
    task_notes: int = 0

    def lines(self) -> Iterator[str]:
        """A line for each kind."""
        for name, count in asdict(self).items():
            yield f"{name.replace('_', ' ')}: {count}"


def look(session: Session, clock: Clock, days: Retention) -> Purged:
    """What a purge would erase now; writes nothing."""
    found = Purged()
    if before := _before(clock, days.positions):
        found.visit_positions = visits.count_positions(session, before)
        found.office_positions = office.count_positions(session, before)
    if before := _before(clock, days.photos):
        found.photos = photos.count_photos(session, before)
    if before := _before(clock, days.views):
        found.views = visits.count_views(session, before)
    if before := _before(clock, days.replies):
        found.replies = answers.count_replies(session, before)
        found.task_notes = tasks.count_notes(session, before)
    return found


def purge(session: Session, clock: Clock, days: Retention) -> Purged:
    """Erase what is older than these days (0: keep it), and journal it if there was anything."""
    gone = Purged()
    if before := _before(clock, days.positions):
        gone.visit_positions = visits.erase_positions(session, clock, before)
        gone.office_positions = office.erase_positions(session, clock, before)
        sync.erase_receipts(session, sync.WITH_POSITIONS, before)
    if before := _before(clock, days.photos):
        gone.photos = photos.erase_photos(session, clock, blob_store(), before, signatures_among)
    if before := _before(clock, days.views):
        gone.views = visits.erase_views(session, before)
    if before := _before(clock, days.replies):
        gone.replies = answers.erase_replies(session, clock, before)
        gone.task_notes = tasks.erase_notes(session, clock, before)
        sync.erase_receipts(session, sync.WITH_REPLIES, before)
    counts = asdict(gone)
    if any(counts.values()):
        event = journal.Event.DATA_PURGED
        said = {"days": asdict(days), "erased": counts}
        journal.record(session, clock, None, event, "organisation", "data", **said)
        session.commit()
    return gone


def _before(clock: Clock, days: int) -> datetime | None:
    return clock.now() - timedelta(days=days) if days else None
