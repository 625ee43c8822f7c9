"""Which days' visits have changed since they were last added up for the map.

Rows are only ever added, and taken away once they are dealt with: pushes that commit at the same
time never wait for each other here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.orm import Session

from server.kernel.clock import org_day
from server.visits.models import VisitDayChange

_CHANGE: Table = VisitDayChange.__table__  # type: ignore[assignment]  # declared wider than it is


def note_days(session: Session, times: Iterable[datetime]) -> None:
    """Visits checked in at these times are new, or count in another way than before."""
    days = {org_day(at) for at in times}
    if days:
        session.execute(insert(_CHANGE), [{"day": day} for day in sorted(days)])


def changed_days(session: Session) -> list[date]:
    """The days that are not added up as they are now, ascending."""
    return list(session.scalars(select(_CHANGE.c.day).distinct().order_by(_CHANGE.c.day)))


def changes_of(session: Session, day: date) -> list[int]:
    """The changes of a day that this transaction can see."""
    return list(session.scalars(select(_CHANGE.c.id).where(_CHANGE.c.day == day)))


def settle(session: Session, change_ids: Collection[int]) -> None:
    """These changes are in the sums now; later ones of the same day stay."""
    ids = list(change_ids)
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        session.execute(delete(_CHANGE).where(_CHANGE.c.id.in_(part)))
