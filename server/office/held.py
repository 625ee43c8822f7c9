"""What this feature holds about a person: their office check-ins."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, select

from server.kernel.held import Section, tell_of
from server.office.models import OfficeCheckIn

_CHECK_IN: Table = OfficeCheckIn.__table__  # type: ignore[assignment]  # declared wider than it is

SECTIONS: Final = (
    tell_of(
        Section(
            "office_check_ins",
            lambda user_id: select(_CHECK_IN).where(_CHECK_IN.c.author_id == user_id),
            _CHECK_IN.c.at,
            _CHECK_IN.c.id,
            ("at", "week", "lat", "lon", "accuracy_m", "verdict", "accepted"),
        )
    ),
)
