"""Erasing the positions of office check-ins once their time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, func, select, update
from sqlalchemy.orm import Session

from server.kernel import changes
from server.kernel.clock import Clock
from server.office.models import OfficeCheckIn

_CHECK_IN: Table = OfficeCheckIn.__table__  # type: ignore[assignment]  # declared wider than it is
_AT_ONCE: Final = 500
_GONE: Final = dict.fromkeys(("lat", "lon", "accuracy_m", "fix_age_s", "fix_source"))


def _with_position(before: datetime) -> ColumnElement[bool]:
    return and_(_CHECK_IN.c.received_at < before, _CHECK_IN.c.lat.is_not(None))


def count_positions(session: Session, before: datetime) -> int:
    """Office check-ins received before that time that still have a position."""
    query = select(func.count()).select_from(_CHECK_IN).where(_with_position(before))
    return session.scalar(query) or 0


def erase_positions(session: Session, clock: Clock, before: datetime) -> int:
    """Erase them, batch by batch; week, verdict and acceptance stay. Returns how many."""
    erased = 0
    while True:
        query = select(_CHECK_IN.c.id, _CHECK_IN.c.author_id).where(_with_position(before))
        rows = session.execute(query.limit(_AT_ONCE)).all()
        if not rows:
            session.rollback()
            return erased
        session.execute(
            update(_CHECK_IN)
            .where(_CHECK_IN.c.id.in_([row.id for row in rows]))
            .values(_GONE | {"erased_at": clock.now()})
        )
        # One a week and person: telling every phone costs nothing.
        for row in rows:
            scope = changes.user_scope(row.author_id)
            changes.touch(session, scope, "office_check_in", [row.id])
        session.commit()
        erased += len(rows)
