"""What this feature holds about a person: check-ins, requests, reminders and where they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, select

from server.kernel.held import Section, tell_of
from server.office.models import (
    OfficeCheckIn,
    OfficeDuty,
    OfficeExemption,
    OfficeFeed,
    OfficeMakeUp,
    OfficeNotice,
    PushSubscription,
)


def _of(table: Table, column: ColumnElement[str]) -> Callable[[str], Select[Any]]:
    return lambda user_id: select(table).where(column == user_id)


def _section(model: Any, name: str, at: str, columns: tuple[str, ...]) -> Section:
    """The rows of a table that has a person_id and an id."""
    table: Table = model.__table__
    c = table.c
    return tell_of(Section(name, _of(table, c.person_id), c[at], c.id, columns))


_CHECK_IN: Table = OfficeCheckIn.__table__  # type: ignore[assignment]  # declared wider than it is
_DUTY: Table = OfficeDuty.__table__  # type: ignore[assignment]  # likewise
_FEED: Table = OfficeFeed.__table__  # type: ignore[assignment]  # likewise

SECTIONS: Final = (
    tell_of(
        Section(
            "office_check_ins",
            _of(_CHECK_IN, _CHECK_IN.c.author_id),
            _CHECK_IN.c.at,
            _CHECK_IN.c.id,
            ("at", "week", "lat", "lon", "accuracy_m", "verdict", "accepted"),
        )
    ),
    _section(
        OfficeExemption,
        "office_exemptions",
        "asked_at",
        ("asked_at", "kind", "first_day", "last_day", "reason", "state", "note"),
    ),
    _section(
        OfficeMakeUp, "office_make_ups", "asked_at", ("asked_at", "week", "reason", "state", "note")
    ),
    _section(OfficeNotice, "office_notices", "at", ("at", "week")),
    _section(PushSubscription, "push_subscriptions", "created_at", ("created_at", "endpoint")),
    tell_of(
        Section(
            "office_feeds",
            _of(_FEED, _FEED.c.person_id),
            _FEED.c.created_at,
            _FEED.c.person_id,
            ("created_at",),
        )
    ),
    tell_of(
        # A row without a time of its own: who made it is in the journal.
        Section(
            "office_duties",
            lambda user_id: select(_DUTY).where(_DUTY.c.person_id == user_id),
            _DUTY.c.since,
            _DUTY.c.person_id,
            ("since", "office_id"),
        )
    ),
)
