"""visit.complete: told once, when a visit is over and all that belongs to it is here.

visit.received says that a check-in is stored, often days before its last photo. Whatever acts on a
whole visit waits for visit.complete: checked out, as many photos as the phone announced, all their
bytes verified, every signature too.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.orm import Session

from server.kernel import jobs, journal
from server.kernel.clock import Clock
from server.kernel.db import db, read_only
from server.kernel.http import clock as app_clock
from server.materials.queries import all_signed
from server.photos.queries import all_arrived, counts
from server.visits.models import State, Visit

SWEEP: Final = "visits.complete"
_AT_ONCE: Final = 500
_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is


def tell_complete(
    session: Session, clock: Clock, visit_ids: Collection[str] | None = None
) -> list[str]:
    """Write visit.complete for the visits (of these, where named) that have become whole.

    Returns their ids, at most 500. A visit is told of once, however often this is asked.
    """
    whole = _whole()
    if visit_ids is not None:
        whole.append(_VISIT.c.id.in_(list(visit_ids)))
    found = session.scalars(select(_VISIT.c.id).where(*whole).limit(_AT_ONCE)).all()
    if not found:
        return []
    told = list(
        session.scalars(
            update(_VISIT)
            .where(_VISIT.c.id.in_(found), *whole)
            .values(complete_at=clock.now())
            .returning(_VISIT.c.id)
        )
    )
    photos = counts(session, told)
    event = journal.Event.VISIT_COMPLETE
    rows: list[journal.Row] = [
        (event, "visit", visit_id, {"photos": photos.get(visit_id, (0, 0))[0]})
        for visit_id in sorted(told)
    ]
    journal.record_many(session, clock, None, rows)
    return told


def _whole() -> list[ColumnElement[bool]]:
    return [
        _VISIT.c.state == State.COMPLETED.value,
        _VISIT.c.complete_at.is_(None),
        all_arrived(_VISIT.c.id, _VISIT.c.photos_said, _VISIT.c.device_id, _VISIT.c.close_seq),
        all_signed(_VISIT.c.id),
    ]


@jobs.periodic(SWEEP, seconds=20)
def sweep() -> None:
    """Tell of all that has become whole. No upload waits for this."""
    session = db.session()
    while True:
        with read_only():
            # Mostly there is none, and nobody's write shall wait for learning that.
            due = session.scalars(select(_VISIT.c.id).where(*_whole()).limit(_AT_ONCE)).all()
            session.rollback()
        if not due:
            break
        tell_complete(session, app_clock(), due)
        session.commit()
    session.close()
