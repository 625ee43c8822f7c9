"""Sync health: what each phone of a region last told of itself, those that need a look first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.orm import Session

from server.accounts.queries import people
from server.config import Settings
from server.kernel import problems
from server.kernel.auth import Actor, Role
from server.kernel.bulk import Lookup
from server.kernel.clock import Clock, wire_time
from server.kernel.paging import LIMIT_DEFAULT, decode_cursor, encode_cursor
from server.kernel.problems import LANGUAGES, Words
from server.sync.models import Device
from server.sync.negotiation import is_too_old

# Work that has waited longer than this should have been sent on the evening of its day.
UNSENT_OLD: Final = timedelta(hours=24)
# A phone that has not been heard of for so long: over a weekend it may well be silent.
SILENT: Final = timedelta(days=3)

_DEVICE: Table = Device.__table__  # type: ignore[assignment]  # declared wider than it is
_OF_PEOPLE = Lookup(_DEVICE.c.user_id)
_HOLE: Final = re.compile(r"\{\w+\}")
_HOLE_AFTER_COLON: Final = re.compile(r"\s*[:：]\s*\{\w+\}")
_LAST: Final = "9"

Row = dict[str, Any]
Key = tuple[int, str, str, str, str]


@dataclass(frozen=True, slots=True)
class HealthFilters:
    """What a list of devices is narrowed to."""

    region_id: str | None = None
    q: str | None = None
    problem: str | None = None


def sync_health(
    session: Session,
    actor: Actor,
    clock: Clock,
    settings: Settings,
    wanted: HealthFilters,
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
) -> dict[str, Any]:
    """A page of devices: {items, next, total, totals}.

    Those with parked ops come first, then those with the oldest unsent work, then those longest
    silent; a rep who has no device yet has a row without one. totals count every row of the region
    and words asked for, whatever the problem asked for. Raises not_found for a region out of scope,
    validation_failed for a forged cursor.
    """
    after = _after(cursor) if cursor else None
    q = (wanted.q or "").strip() or None
    found = people(session, actor, region_id=wanted.region_id, q=q)
    rows = sorted(_rows(session, clock, settings, found), key=_key)
    totals = Counter(problem for row in rows for problem in row["problems"])
    shown = [row for row in rows if wanted.problem is None or wanted.problem in row["problems"]]
    rest = shown if after is None else [row for row in shown if _key(row) > after]
    page = rest[:limit]
    more = len(rest) > limit
    for row in page:
        row["parked"] = [one | _words(one) for one in row["parked"]]
    return {
        "items": page,
        "next": encode_cursor(*_key(page[-1])) if more else None,
        "total": len(shown),
        "totals": {
            "devices": sum(row["device_id"] is not None for row in rows),
            **{name: totals[name] for name in ("parked", "unsent_old", "silent")},
        },
    }


def _rows(
    session: Session, clock: Clock, settings: Settings, found: Iterable[Row]
) -> Iterator[Row]:
    now, by_id = clock.now(), {person["id"]: person for person in found}
    devices: dict[str, list[Row]] = {}
    for device in _OF_PEOPLE(session, by_id):
        devices.setdefault(device["user_id"], []).append(device)
    for person in by_id.values():
        own = devices.get(person["id"], [])
        newest = max((one["last_contact_at"] for one in own), default=None)
        for device in own:
            row = _row(person, device, now, settings)
            holds_work = row["unsent"] > 0 or bool(row["parked"])
            # A phone that was replaced, or whose owner has left, matters only for what is in it.
            replaced = "silent" in row["problems"] and device["last_contact_at"] != newest
            if holds_work or (person["active"] and not replaced):
                yield row
        if not own and person["active"] and person["role"] == Role.REP:
            yield _row(person, _NO_DEVICE, now, settings)


_NO_DEVICE: Final[Mapping[str, Any]] = {
    "id": None,
    "app_version": None,
    "schema": None,
    "last_contact_at": None,
    "reported_at": None,
    "unsent": 0,
    "oldest_unsent_at": None,
    "parked": [],
    "storage": None,
    "standalone": None,
}


def _row(person: Row, device: Mapping[str, Any], now: datetime, settings: Settings) -> Row:
    contact, schema = device["last_contact_at"], device["schema"]
    oldest = device["oldest_unsent_at"] if device["unsent"] else None
    shows = {
        "parked": bool(device["parked"]),
        "unsent_old": oldest is not None and oldest < now - UNSENT_OLD,
        "silent": contact is None or contact < now - SILENT,
    }
    return {
        "person": {key: person[key] for key in ("id", "name", "region_id", "region_name")},
        "device_id": device["id"],
        "app_version": device["app_version"],
        "schema": schema,
        "too_old": schema is not None and is_too_old(settings, schema),
        "last_contact_at": wire_time(contact),
        "reported_at": wire_time(device["reported_at"]),
        "unsent": device["unsent"],
        "oldest_unsent_at": wire_time(oldest),
        "parked": device["parked"],
        "storage": device["storage"],
        "standalone": device["standalone"],
        "problems": [name for name, is_so in shows.items() if is_so],
    }


def _key(row: Row) -> Key:
    """The place in the list, which stays the same however late the next page is asked for."""
    return (
        0 if row["parked"] else 1,
        row["oldest_unsent_at"] or _LAST,
        row["last_contact_at"] or "",
        row["person"]["id"],
        row["device_id"] or "",
    )


def _after(cursor: str) -> Key:
    key = decode_cursor(cursor, 5)
    rank, *texts = key
    if isinstance(rank, bool) or rank not in (0, 1) or not all(isinstance(t, str) for t in texts):
        raise problems.VALIDATION_FAILED.error(field="cursor")
    return (int(rank), texts[0], texts[1], texts[2], texts[3])


def _words(parked: Row) -> dict[str, Any]:
    """Why the op is parked and what its author can do, in words; null for a code from elsewhere."""
    kind = problems.catalogue().get(parked["code"])
    if kind is None:
        return {"words": None, "remedy": None}
    params = {"kind": parked["kind"]}
    return {"words": _say(kind.title, params), "remedy": _say(kind.remedy, params)}


def _say(words: Words, params: dict[str, Any]) -> dict[str, str]:
    """A sentence in both languages, without the values that the phone did not report."""
    said = {language: words.say(language, params) for language in LANGUAGES}
    return {
        language: _HOLE.sub("…", _HOLE_AFTER_COLON.sub("", text)) for language, text in said.items()
    }
