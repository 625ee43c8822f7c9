"""What each phone last said about itself."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.sync.envelope import Device as DeviceReport
from server.sync.models import Device


def note_contact(session: Session, actor: Actor, clock: Clock, report: DeviceReport) -> None:
    """Remember that this phone was in contact, and how much it still has to send."""
    row = session.get(Device, (report.id, actor.user_id))
    if row is None:
        row = Device(id=report.id, user_id=actor.user_id)
        session.add(row)
    row.app_version = report.app_version
    row.schema = report.schema
    row.unsent = report.unsent
    row.oldest_unsent_at = report.oldest_unsent_at
    row.last_contact_at = clock.now()
