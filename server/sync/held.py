"""What this feature holds about a person: the phones that they used, as these last told."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, select

from server.kernel.held import Section, tell_of
from server.sync.models import Device

_DEVICE: Table = Device.__table__  # type: ignore[assignment]  # declared wider than it is

SECTIONS: Final = (
    tell_of(
        Section(
            "devices",
            lambda user_id: select(_DEVICE).where(_DEVICE.c.user_id == user_id),
            _DEVICE.c.last_contact_at,
            _DEVICE.c.id,
            ("id", "app_version", "last_contact_at", "unsent"),
        )
    ),
)
