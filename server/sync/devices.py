"""What each phone last said about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.orm import Session

from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock
from server.sync.envelope import Device as DeviceReport
from server.sync.models import Device

_DEVICE: Table = Device.__table__  # type: ignore[assignment]  # declared wider than it is
_KEYS: Final = ("id", "user_id")
_WITH_EACH_PUSH: Final = ("app_version", "schema", "last_contact_at", "unsent", "oldest_unsent_at")
_REPORTED: Final = ("parked", "storage", "standalone", "reported_at")
_NOTE_CONTACT = BulkInsert(_DEVICE, leave_out=_REPORTED, keys=_KEYS, replaces=_WITH_EACH_PUSH)
_NOTE_REPORT = BulkInsert(_DEVICE, keys=_KEYS, replaces=(*_WITH_EACH_PUSH, *_REPORTED))


class CarriedDevice(DeviceReport):
    """A phone whose work came as a file: it was not in contact itself, and nothing is noted."""

    __slots__ = ()


def note_contact(session: Session, actor: Actor, clock: Clock, report: DeviceReport) -> None:
    """Remember that this phone was in contact, and how much it still has to send."""
    if isinstance(report, CarriedDevice):
        return
    _NOTE_CONTACT(
        session,
        [
            {
                "id": report.id,
                "user_id": actor.user_id,
                "app_version": report.app_version,
                "schema": report.schema,
                "last_contact_at": clock.now(),
                "unsent": report.unsent,
                "oldest_unsent_at": report.oldest_unsent_at,
            }
        ],
    )


def note_report(session: Session, actor: Actor, clock: Clock, report: Mapping[str, Any]) -> None:
    """Remember all that a phone tells of itself, as schemas.DeviceReportIn reads it.

    It replaces what the phone told before: a phone with nothing parked says so.
    """
    now = clock.now()
    row = {name: report[name] for name in ("id", "app_version", "schema", "unsent", *_REPORTED[:3])}
    _NOTE_REPORT(
        session,
        [
            row
            | {
                "user_id": actor.user_id,
                "oldest_unsent_at": report["oldest_unsent_at"],
                "last_contact_at": now,
                "reported_at": now,
            }
        ],
    )
