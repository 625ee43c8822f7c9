"""How long what is kept: a number of days for each kind, which the purge applies. 0 keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from server.accounts.models import OrganisationRule
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Retention:
    """Days from the receipt by the server on; nothing is erased before anybody says so.

    positions: of check-ins and check-outs; photos: their bytes; views: who looked at which visit;
    replies: the words that a rep answered, to flags and about done tasks.
    """

    positions: int = 0
    photos: int = 0
    views: int = 0
    replies: int = 0


NAMES: Final = tuple(item.name for item in fields(Retention))
# Less would erase what is still to be judged, and what a phone itself still keeps.
DAYS_MIN: Final = 30
DAYS_MAX: Final = 36_500
_PREFIX: Final = "keep_days_"
_STORED: Final = {_PREFIX + name: name for name in NAMES}
_RULE: Table = OrganisationRule.__table__  # type: ignore[assignment]  # declared wider than it is
_WRITE = BulkInsert(_RULE, keys=("name",), replaces=("value", "rev"))


def is_allowed(days: int) -> bool:
    """0 for keeping, or at least DAYS_MIN."""
    return days == 0 or days >= DAYS_MIN


def retention(session: Session) -> Retention:
    """The days that count now."""
    query = select(_RULE.c.name, _RULE.c.value).where(_RULE.c.name.in_(_STORED))
    found = {_STORED[row.name]: int(row.value) for row in session.connection().execute(query)}
    return replace(Retention(), **found)


def revision(session: Session) -> int:
    """Raised by each change; 0 where nothing was set."""
    return session.scalar(select(func.max(_RULE.c.rev)).where(_RULE.c.name.in_(_STORED))) or 0


def page(session: Session) -> dict[str, Any]:
    """What the office edits and everybody may read: {days, rev}."""
    return {"days": asdict(retention(session)), "rev": revision(session)}


def change(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, int]
) -> dict[str, Any]:
    """Set the named days and return the page. The caller has held the revision against If-Match.

    What is erased by the next purge is gone for good; this erases nothing by itself.
    """
    before = asdict(retention(session))
    changed = {name: int(value) for name, value in values.items() if before[name] != value}
    if changed:
        rev = revision(session) + 1
        rows = [
            {"name": _PREFIX + name, "value": float(days), "rev": rev}
            for name, days in changed.items()
        ]
        _WRITE(session, rows)
        journal.record(
            session,
            clock,
            actor,
            journal.Event.RETENTION_CHANGED,
            "organisation",
            "retention",
            before={name: before[name] for name in changed},
            after=changed,
        )
    return page(session)
