"""Every route of the app, and who finds what behind it: the table that the scope walk goes through.

To add a route, add its line to DOORS (or to PUBLIC, if anybody may call it without a log-in). The
key is method and rule as Flask writes them; HEAD of a GET is walked by itself.
"""

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
_NO_BYTES = {"Upload-Offset": "0", "Upload-Length": "10"}

DOORS: Final[dict[str, Door]] = {
    # accounts
    "DELETE /api/v1/session": Door(ALL, ("/api/v1/session",), 204),
    "GET /api/v1/me": read("/api/v1/me"),
    "PATCH /api/v1/me": change("/api/v1/me", {"locale": "en"}, ALL, 204),
    "GET /api/v1/people": read("/api/v1/people", person=ALL),
    "POST /api/v1/people": add("/api/v1/people", _PERSON | {"region_id": "{region}"}),
    "GET /api/v1/people/<user_id>": read("/api/v1/people/{person}", roles=OFFICE, person=OFFICE),
    "PATCH /api/v1/people/<user_id>": change("/api/v1/people/{person}", {"phone": "1"}),
    "GET /api/v1/regions": read("/api/v1/regions"),
    "POST /api/v1/regions": add(
        "/api/v1/regions", {"code": "new", "name": "新", "parent_id": "{region}"}
    ),
    "PATCH /api/v1/regions/<region_id>": change("/api/v1/regions/{park}", {"name": "新"}),
    "GET /api/v1/organisation/rules": read("/api/v1/organisation/rules", roles=CONSOLE),
    "PATCH /api/v1/organisation/rules": change("/api/v1/organisation/rules", {"radius_m": 250}),
    # stores
    "GET /api/v1/stores": read("/api/v1/stores", store=ALL, store_name=ALL),
    "POST /api/v1/stores": add("/api/v1/stores", _PLACE | {"region_id": "{region}"}),
    "GET /api/v1/stores/<store_id>": read("/api/v1/stores/{store}", store_name=ALL, person=ALL),
    "PATCH /api/v1/stores/<store_id>": change("/api/v1/stores/{store}", {"phone": "1"}),
    "GET /api/v1/stores/<store_id>/pins": read("/api/v1/stores/{store}/pins", roles=CONSOLE),
    "GET /api/v1/stores/pin-proposals": read(
        "/api/v1/stores/pin-proposals", roles=CONSOLE, proposal=CONSOLE, store_name=CONSOLE
    ),
    "GET /api/v1/stores/pin-proposals/<proposal_id>": read(
        "/api/v1/stores/pin-proposals/{proposal}", roles=CONSOLE, store_name=CONSOLE
    ),
    "PATCH /api/v1/stores/pin-proposals/<proposal_id>": change(
        "/api/v1/stores/pin-proposals/{proposal}", {"accept": False}
    ),
    "POST /api/v1/stores/import": Door(
        OFFICE,
        ("/api/v1/stores/import?crs=wgs84&dry_run=true",),
        data=b"code,name,lat,lon,region\nX1,X,31.3,120.6,park\n",
        headers={"Content-Type": "text/csv"},
    ),
    # visits
    "GET /api/v1/visits": read("/api/v1/visits", visit=ALL, store_name=ALL, photo=ALL),
    "GET /api/v1/visits/<visit_id>": read(
        "/api/v1/visits/{visit}",
        note_text=ALL,
        photo_sha256=ALL,
        recipient=ALL,
        store_address=ALL,
        person=ALL,
    ),
    "GET /api/v1/visits/pin-preview": read(
        "/api/v1/visits/pin-preview?store={store}&lat=31.3&lon=120.6", roles=CONSOLE
    ),
    # photos
    "HEAD /api/v1/uploads/<sha256>": Door(
        ALL, ("/api/v1/uploads/{photo_sha256}", "/api/v1/uploads/{signature_sha256}"), personal=True
    ),
    "PATCH /api/v1/uploads/<sha256>": Door(
        ALL, ("/api/v1/uploads/{photo_sha256}",), data=b"", headers=_NO_BYTES, personal=True
    ),
    "GET /api/v1/photos": read("/api/v1/photos", photo=ALL, photo_sha256=ALL),
    "GET /api/v1/photos/findings": read(
        "/api/v1/photos/findings?visit={visit}", roles=CONSOLE, photo=CONSOLE
    ),
    "GET /api/v1/photos/wall": read(
        "/api/v1/photos/wall", roles=CONSOLE, photo=CONSOLE, store_name=CONSOLE, person=CONSOLE
    ),
    "GET /api/v1/photos/<photo_id>/<size>": read(
        "/api/v1/photos/{photo}/thumb",
        "/api/v1/photos/{photo}/screen",
        "/api/v1/photos/{photo}/original",
    ),
    # materials
    "GET /api/v1/materials": read("/api/v1/materials"),
    "POST /api/v1/materials": add("/api/v1/materials", _MATERIAL),
    "GET /api/v1/materials/<material_id>": read("/api/v1/materials/{material}"),
    "PATCH /api/v1/materials/<material_id>": change("/api/v1/materials/{material}", {"name": "新"}),
    "GET /api/v1/stock": read("/api/v1/stock", person=ALL),
    "POST /api/v1/ledger/entries": add(
        "/api/v1/ledger/entries", {"kind": "receive", "material_id": "{material}", "quantity": 1}
    ),
    "GET /api/v1/handouts/<handout_id>/signature": read("/api/v1/handouts/{handout}/signature"),
    # office
    "GET /api/v1/offices": read("/api/v1/offices"),
    "POST /api/v1/offices": add("/api/v1/offices", _PLACE | {"region_id": "{region}"}),
    "GET /api/v1/offices/<office_id>": read("/api/v1/offices/{office}"),
    "PATCH /api/v1/offices/<office_id>": change("/api/v1/offices/{office}", {"name": "新"}),
    "GET /api/v1/office/weeks/<week>": read(
        "/api/v1/office/weeks/2026-W48", roles=CONSOLE, office_check_in=CONSOLE, person=CONSOLE
    ),
    # audit
    "GET /api/v1/map/clusters": read(
        f"/api/v1/map/clusters?{_BOX}&zoom=16&named=1",
        roles=CONSOLE,
        visit=CONSOLE,
        person=CONSOLE,
        store_name=CONSOLE,
    ),
    "GET /api/v1/map/days": read("/api/v1/map/days", roles=CONSOLE),
    "GET /api/v1/map/places": read(f"/api/v1/map/places?{_BOX}", roles=CONSOLE, store_name=CONSOLE),
    # sync
    "PUT /api/v1/sync/device": Door(ALL, ("/api/v1/sync/device",), json=_REPORT),
    "GET /api/v1/sync/health": read("/api/v1/sync/health", roles=CONSOLE, person=CONSOLE),
    # Not a zip: that the file of somebody in particular is entered is tested beside the import.
    "POST /api/v1/rescue": Door(
        OFFICE,
        ("/api/v1/rescue?dry_run=true",),
        422,
        data=b"not a zip",
        headers={"Content-Type": "application/zip"},
    ),
    "POST /api/v1/sync/push": Door(ALL, ("/api/v1/sync/push",), json=_PUSH),
    "GET /api/v1/sync/pull": read(
        "/api/v1/sync/pull",
        store=REP,
        visit=REP,
        note=REP,
        photo=REP,
        handout=REP,
        office_check_in=REP,
        person=REP,
    ),
}

# What anybody may call, with a path that must not be refused.
PUBLIC: Final[dict[str, str]] = {
    "POST /api/v1/session": "/api/v1/session",
    "GET /api/v1/openapi.json": "/api/v1/openapi.json",
    "GET /healthz": "/healthz",
    "GET /readyz": "/readyz",
    "GET /": "/",
    "GET /console/": "/console/",
    "GET /console/<path:path>": "/console/visits",
    "GET /docs": "/docs",
    "GET /problems/<code>": "/problems/not_found",
    "GET /<path:path>": "/visits/of-nobody",
}

# Filters that name a record: asked for with every rep's. The others choose among what is seen.
SCOPED_FILTERS: Final[dict[str, str]] = {
    "rep": "person",
    "store": "store",
    "visit": "visit",
    "photo": "photo",
    "q": "store_name",
}
REGION_FILTER: Final = "region"
HARMLESS_FILTERS: Final = frozenset(
    {
        "active",
        "crs",
        "dry_run",
        "flag",
        "from",
        "kind",
        "region_id",
        "role",
        "state",
        "to",
        "verdict",
    }
    | {"bbox", "cursor", "limit", "named", "problem", "schema", "zoom"}
    | {"lat", "lon", "pin_quality_m", "radius_m"}
)
