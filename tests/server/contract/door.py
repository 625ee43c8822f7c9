"""What a door is, and what is said at doors that want a body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

OFFICE: Final = frozenset({"office"})
CONSOLE: Final = frozenset({"supervisor", "office"})
ALL: Final = frozenset({"rep", "supervisor", "office"})
REP: Final = frozenset({"rep"})


@dataclass(frozen=True, slots=True)
class Door:
    """How to knock at a route, and what must be found.

    roles: who may come in at all; others get 403. paths: with {words} of a side's records (see
    day.py) each is tried with every rep's, and with an id that nobody has. status: for who finds
    the record. shows: kinds of words that an answer must name, by the roles that find them there.
    """

    roles: frozenset[str]
    paths: tuple[str, ...]
    status: int = 200
    shows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    json: Any = None
    data: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    # Answers everybody about their own bytes alone, so nothing is ever "not found" there.
    personal: bool = False
    # Roles that are answered with another status than the others who may come in.
    otherwise: Mapping[str, int] = field(default_factory=dict)


def read(*paths: str, roles: frozenset[str] = ALL, **shows: frozenset[str]) -> Door:
    """A route that reads."""
    return Door(roles, paths, shows=shows)


def change(path: str, body: Any, roles: frozenset[str] = OFFICE, status: int = 200) -> Door:
    """A route that changes a record; * stands for whatever revision it has."""
    return Door(roles, (path,), status, json=body, headers={"If-Match": "*"})


def add(path: str, body: Any) -> Door:
    """A route by which the office adds a record."""
    return Door(OFFICE, (path,), 201, json=body)


# {region} of a body is the id of the region park.
_PERSON = {"username": "new.one", "name": "新", "role": "rep", "password": "long enough"}
_MATERIAL = {"code": "NEW", "name": "新", "kind": "posm", "unit": "个"}
_PLACE = {"code": "NEW", "name": "新", "lat": 31.5, "lon": 120.5}
_PUSH = {"schema": 1, "device": {"id": "walk"}, "ops": []}
_BOX = "bbox=120,31,121,32"
_REPORT = {"id": "walk", "app_version": "1", "schema": 1, "unsent": 0}
_YES = {"approve": True, "note": ""}
# Of a person whom nobody has: that a rep of one's own can be freed is tested beside the domain.
_LEAVE = {
    "person_id": "00000000-0000-7000-8000-000000000000",
    "kind": "leave",
    "first_day": "2026-11-23",
    "last_day": "2026-11-27",
}
_BROWSER = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/walk",
    "keys": {"p256dh": "A" * 87, "auth": "A" * 22},
}
_ENTRY = "019ab000-00aa-7000-8000-000000000001"
# Of a state that no review has reached: found, and nothing is changed.
_OUTDATED = {"id": _ENTRY, "action": "accept", "rev": 99}
_NO_SAMPLE = {"share": 1, "seed": 1, "from": "2026-11-01", "to": "2026-11-30"}
# That each supervisor gives tasks to their own reps only is tested beside the domain.
_FOR_NOBODY = {"title": "新", "rep_ids": []}
_NO_BYTES = {"Upload-Offset": "0", "Upload-Length": "10"}

# Of what is held about the caller: what others left behind stands in none of them.
SECTIONS: Final = (
    *("account", "sessions", "devices", "stores", "visits", "judgements", "notes", "views"),
    *("photos", "photo_findings", "uploads", "handouts", "stock_entries", "office_check_ins"),
    *("replies", "journal", "tasks"),
)
