"""Erasing positions of visits, and who looked at them, once their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from server.kernel import changes
from server.kernel.clock import Clock, org_day
from server.visits.models import Visit
from server.visits.views import VisitView

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_VIEW: Table = VisitView.__table__  # type: ignore[assignment]  # likewise
_AT_ONCE: Final = 500
_FIX: Final = ("lat", "lon", "accuracy_m", "fix_age_s", "fix_source")
_GONE: Final = {f"{prefix}_{name}": None for prefix in ("in", "out") for name in _FIX}
# Phones let go of what the server has had for two months; those that may not have are told.
ON_PHONES: Final = timedelta(days=90)


def _with_position(before: datetime) -> ColumnElement[bool]:
    # By the receipt: a phone's clock set a year back must not erase evidence. No check-in is later
    # than its receipt, so the index by check-in finds them.
    return and_(
        _VISIT.c.checked_in_at < before,
        _VISIT.c.received_at < before,
        or_(_VISIT.c.in_lat.is_not(None), _VISIT.c.out_lat.is_not(None)),
    )


def count_positions(session: Session, before: datetime) -> int:
    """Visits received before that time that still have a position."""
    query = select(func.count()).select_from(_VISIT).where(_with_position(before))
    return session.scalar(query) or 0


def erase_positions(session: Session, clock: Clock, before: datetime) -> int:
    """Erase the positions of visits received before that time; commits batch by batch.

    Verdict, distance, words and flags stay, and so does every count; the map's sums are left as
    they were added up. Returns how many visits lost a position. A second run finds none.
    """
    erased = 0
    while True:
        query = (
            select(_VISIT.c.id, _VISIT.c.author_id, _VISIT.c.received_at)
            .where(_with_position(before))
            .order_by(_VISIT.c.checked_in_at)
            .limit(_AT_ONCE)
        )
        rows = session.execute(query).all()
        if not rows:
            session.rollback()
            return erased
        now = clock.now()
        session.execute(
            update(_VISIT)
            .where(_VISIT.c.id.in_([row.id for row in rows]))
            .values(_GONE | {"morton": None, "erased_at": now, "rev": _VISIT.c.rev + 1})
        )
        for row in rows:
            if row.received_at > now - ON_PHONES:
                changes.touch(session, changes.user_scope(row.author_id), "visit", [row.id])
        session.commit()
        erased += len(rows)


def count_views(session: Session, before: datetime) -> int:
    """Days of looking that lie before the day of that time."""
    query = select(func.count()).select_from(_VIEW).where(_VIEW.c.day < org_day(before))
    return session.scalar(query) or 0


def erase_views(session: Session, before: datetime) -> int:
    """Forget, batch by batch, who looked at visits before the day of that time.

    Returns how many days of looking.
    """
    key = (_VIEW.c.visit_id, _VIEW.c.viewer_id, _VIEW.c.day)
    erased = 0
    while True:
        some = select(*key).where(_VIEW.c.day < org_day(before)).limit(_AT_ONCE)
        rows = [tuple(row) for row in session.execute(some)]
        if not rows:
            session.rollback()
            return erased
        session.execute(delete(_VIEW).where(tuple_(*key).in_(rows)))
        session.commit()
        erased += len(rows)
