"""Every route of the app, and who finds what behind it: the table that the scope walk goes through.

To add a route, add its line to DOORS (or to PUBLIC, if anybody may call it without a log-in). The
key is method and rule as Flask writes them; HEAD of a GET is walked by itself.
"""

from __future__ import annotations

from typing import Final

from tests.server.contract.door import (
    _BOX,
    _BROWSER,
    _ENTRY,
    _LEAVE,
    _MATERIAL,
    _NO_BYTES,
    _NO_SAMPLE,
    _OUTDATED,
    _PERSON,
    _PLACE,
    _PUSH,
    _REPORT,
    _YES,
    ALL,
    CONSOLE,
    OFFICE,
    REP,
    SECTIONS,
    Door,
    add,
    change,
    read,
)
from tests.server.contract.doors_campaigns import CAMPAIGN_DOORS
from tests.server.contract.doors_tasks import TASK_DOORS

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
    "GET /api/v1/organisation/retention": read("/api/v1/organisation/retention"),
    "PATCH /api/v1/organisation/retention": change(
        "/api/v1/organisation/retention", {"views": 365}
    ),
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
    "GET /api/v1/materials/<material_id>/batches": read("/api/v1/materials/{material}/batches"),
    "GET /api/v1/materials/<material_id>/photo": Door(
        ALL, ("/api/v1/materials/{material}/photo",), 409
    ),
    # stock
    "GET /api/v1/stock": read("/api/v1/stock", person=ALL),
    "GET /api/v1/stock/trial": read("/api/v1/stock/trial", roles=OFFICE),
    "POST /api/v1/stock/export": Door(
        CONSOLE,
        ("/api/v1/stock/export",),
        shows={"recipient": CONSOLE, "signature_sha256": CONSOLE},
        json={"table": "ledger", "format": "csv"},
    ),
    "POST /api/v1/stock/import": Door(
        OFFICE,
        ("/api/v1/stock/import?dry_run=true",),
        data=b"code,quantity,warehouse\nBAG,1,MAIN\n",
        headers={"Content-Type": "text/csv"},
    ),
    "GET /api/v1/ledger/entries": read("/api/v1/ledger/entries", movement=ALL, recipient=ALL),
    "POST /api/v1/ledger/entries": add(
        "/api/v1/ledger/entries", {"kind": "receive", "material_id": "{material}", "quantity": 1}
    ),
    "GET /api/v1/ledger/movements": read("/api/v1/ledger/movements", movement=ALL),
    "POST /api/v1/ledger/movements": add(
        "/api/v1/ledger/movements",
        {"material_id": "{material}", "quantity": 1, "rep_id": "{person}"},
    ),
    # The rep has confirmed it: what differs can only be settled.
    "POST /api/v1/ledger/movements/<movement_id>/confirm": Door(
        OFFICE, ("/api/v1/ledger/movements/{movement}/confirm",), 409, json={"quantity": 1}
    ),
    "POST /api/v1/ledger/movements/<movement_id>/cancel": Door(
        OFFICE, ("/api/v1/ledger/movements/{movement}/cancel",), 409
    ),
    "POST /api/v1/ledger/movements/<movement_id>/settle": Door(
        OFFICE, ("/api/v1/ledger/movements/{movement}/settle",), json={"how": "back"}
    ),
    # After the issue: what is taken back here was issued from there.
    "POST /api/v1/ledger/entries/<entry_id>/reverse": Door(
        OFFICE, ("/api/v1/ledger/entries/{entry}/reverse",), 201, json={"note": "x"}
    ),
    "GET /api/v1/ledger/adjustments": read(
        "/api/v1/ledger/adjustments", roles=CONSOLE, count=CONSOLE, person=CONSOLE
    ),
    # Without a place it is about the whole company's warehouse, which no supervisor has.
    "POST /api/v1/ledger/adjustments": Door(
        CONSOLE,
        ("/api/v1/ledger/adjustments",),
        201,
        json={"kind": "count", "material_id": "{material}", "counted": 1},
        otherwise={"supervisor": 422},
    ),
    "POST /api/v1/ledger/adjustments/<adjustment_id>/decision": Door(
        CONSOLE, ("/api/v1/ledger/adjustments/{count}/decision",), json={"approve": False}
    ),
    "GET /api/v1/warehouses": read("/api/v1/warehouses"),
    "POST /api/v1/warehouses": add("/api/v1/warehouses", {"code": "NEW", "name": "新"}),
    "GET /api/v1/warehouses/<warehouse_id>": read("/api/v1/warehouses/{warehouse}", roles=OFFICE),
    "PATCH /api/v1/warehouses/<warehouse_id>": change(
        "/api/v1/warehouses/{warehouse}", {"name": "新"}
    ),
    "GET /api/v1/handouts/<handout_id>/signature": read("/api/v1/handouts/{handout}/signature"),
    **CAMPAIGN_DOORS,
    **TASK_DOORS,
    # office
    "GET /api/v1/offices": read("/api/v1/offices"),
    "POST /api/v1/offices": add("/api/v1/offices", _PLACE | {"region_id": "{region}"}),
    "GET /api/v1/offices/<office_id>": read("/api/v1/offices/{office}"),
    "PATCH /api/v1/offices/<office_id>": change("/api/v1/offices/{office}", {"name": "新"}),
    "GET /api/v1/office/weeks/<week>": read(
        "/api/v1/office/weeks/2026-W48", roles=CONSOLE, person=CONSOLE
    ),
    "GET /api/v1/office/weeks/<week>/people/<user_id>": read(
        "/api/v1/office/weeks/2026-W48/people/{person}", roles=CONSOLE, office_check_in=CONSOLE
    ),
    "POST /api/v1/office/weeks/<week>/export": Door(
        CONSOLE, ("/api/v1/office/weeks/2026-W48/export",)
    ),
    "POST /api/v1/office/weeks/<week>/reminders": Door(
        CONSOLE, ("/api/v1/office/weeks/2026-W48/reminders",), json={"who": "open"}
    ),
    "GET /api/v1/office/requests": read(
        "/api/v1/office/requests", roles=CONSOLE, make_up=CONSOLE, exemption=CONSOLE, person=CONSOLE
    ),
    "POST /api/v1/office/exemptions": Door(
        CONSOLE, ("/api/v1/office/exemptions",), 404, json=_LEAVE
    ),
    "POST /api/v1/office/exemptions/<exemption_id>/decision": Door(
        CONSOLE, ("/api/v1/office/exemptions/{exemption}/decision",), json=_YES
    ),
    "POST /api/v1/office/make-ups/<make_up_id>/decision": Door(
        CONSOLE, ("/api/v1/office/make-ups/{make_up}/decision",), json=_YES
    ),
    "POST /api/v1/office/check-ins/<check_in_id>/decision": Door(
        CONSOLE, ("/api/v1/office/check-ins/{office_check_in}/decision",), json=_YES
    ),
    "GET /api/v1/office/rule": read("/api/v1/office/rule"),
    "PATCH /api/v1/office/rule": change(
        "/api/v1/office/rule", {"need": 1, "days": [1, 2, 3, 4, 5], "grace_hours": 12}
    ),
    "GET /api/v1/office/rule/history": read("/api/v1/office/rule/history", roles=OFFICE),
    "GET /api/v1/office/calendars": read("/api/v1/office/calendars"),
    "POST /api/v1/office/calendars": Door(
        OFFICE,
        ("/api/v1/office/calendars?dry_run=true",),
        json={
            "year": 2027,
            "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}],
        },
    ),
    "GET /api/v1/office/duties/<user_id>": read(
        "/api/v1/office/duties/{person}", roles=OFFICE, person=OFFICE
    ),
    "PATCH /api/v1/office/duties/<user_id>": change(
        "/api/v1/office/duties/{person}", {"since": "2026-09-01"}
    ),
    # reminders: push addresses and calendars are one's own
    "GET /api/v1/office/push": read("/api/v1/office/push"),
    "POST /api/v1/office/push/subscriptions": Door(
        ALL, ("/api/v1/office/push/subscriptions",), 201, json=_BROWSER
    ),
    "DELETE /api/v1/office/push/subscriptions/<subscription_id>": Door(
        ALL, ("/api/v1/office/push/subscriptions/00000000-0000-7000-8000-000000000000",), 404
    ),
    "GET /api/v1/office/feed": read("/api/v1/office/feed", roles=REP),
    "POST /api/v1/office/feed": Door(REP, ("/api/v1/office/feed",), 201),
    "DELETE /api/v1/office/feed": Door(REP, ("/api/v1/office/feed",), 204),
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
    "GET /api/v1/reviews": read(
        "/api/v1/reviews", roles=CONSOLE, visit=CONSOLE, store_name=CONSOLE, person=CONSOLE
    ),
    "GET /api/v1/reviews/<visit_id>": read(
        "/api/v1/reviews/{visit}", roles=CONSOLE, note_text=CONSOLE, store_address=CONSOLE
    ),
    "POST /api/v1/reviews/<visit_id>/looks": Door(CONSOLE, ("/api/v1/reviews/{visit}/looks",), 204),
    "POST /api/v1/reviews/<visit_id>/decisions": Door(
        CONSOLE, ("/api/v1/reviews/{visit}/decisions",), 409, json=_OUTDATED
    ),
    "GET /api/v1/reviews/bulk": read("/api/v1/reviews/bulk", roles=CONSOLE),
    # Only what nobody has answered for: here everybody has.
    "GET /api/v1/reviews/bulk/preview": read("/api/v1/reviews/bulk/preview", roles=CONSOLE),
    "POST /api/v1/reviews/bulk": Door(
        CONSOLE, ("/api/v1/reviews/bulk",), 422, json={"id": _ENTRY, "digest": "x"}
    ),
    "POST /api/v1/reviews/bulk/<bulk_id>/undo": Door(
        CONSOLE, ("/api/v1/reviews/bulk/{bulk}/undo",)
    ),
    "GET /api/v1/reaudit/cases": read("/api/v1/reaudit/cases", roles=CONSOLE),
    "GET /api/v1/reaudit/cases/<case_id>": read(
        "/api/v1/reaudit/cases/{case}", roles=CONSOLE, visit=CONSOLE, note_text=CONSOLE
    ),
    "POST /api/v1/reaudit/cases/<case_id>": Door(
        CONSOLE, ("/api/v1/reaudit/cases/{case}",), 409, json={"state": "accepted"}
    ),
    "GET /api/v1/reaudit/samples": read("/api/v1/reaudit/samples", roles=OFFICE),
    "POST /api/v1/reaudit/samples": Door(
        OFFICE, ("/api/v1/reaudit/samples",), 422, json=_NO_SAMPLE
    ),
    "GET /api/v1/reaudit/agreement": read("/api/v1/reaudit/agreement", roles=CONSOLE),
    "GET /api/v1/replies": read("/api/v1/replies?visit={visit}", reply=ALL, reply_text=ALL),
    "GET /api/v1/me/data": read("/api/v1/me/data"),
    "GET /api/v1/me/data/<section>": read(
        *(f"/api/v1/me/data/{name}" for name in SECTIONS),
    ),
    "POST /api/v1/me/data/export": Door(ALL, ("/api/v1/me/data/export",)),
    "GET /api/v1/journal/export": read(
        "/api/v1/journal/export?from=2026-11-23&to=2026-11-23",
        "/api/v1/journal/export?from=2026-11-23&to=2026-11-23&format=jsonl",
        roles=OFFICE,
        visit=OFFICE,
        person=OFFICE,
    ),
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
        reply_text=REP,
        seen_note=REP,
        photo=REP,
        handout=REP,
        office_check_in=REP,
        exemption=REP,
        make_up=REP,
        person=REP,
        movement=REP,
        count=REP,
        campaign=REP,
        task=REP,
        task_title=REP,
        task_note=REP,
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
    # Opened by what is in its path alone; this one is nobody's.
    "GET /api/v1/office/calendar/<token>.ics": "/api/v1/office/calendar/nobodys.ics",
}
# Those of them at which a stranger finds nothing.
PRIVATE: Final = frozenset({"GET /api/v1/office/calendar/<token>.ics"})

# Filters that name a record: asked for with every rep's. The others choose among what is seen.
SCOPED_FILTERS: Final[dict[str, str]] = {
    "rep": "person",
    "store": "store",
    "visit": "visit",
    "photo": "photo",
    "office_check_in": "office_check_in",
    "campaign": "campaign",
    "q": "store_name",
}
REGION_FILTER: Final = "region"
HARMLESS_FILTERS: Final = frozenset(
    {"due", "format", "how", "overdue"}
    | {"active", "crs", "dry_run", "from", "kind", "region_id", "role", "state", "to", "verdict"}
    # Everybody may know of every material and every warehouse.
    | {"at", "flag", "material", "warehouse", "warehouse_id"}
    | {"ahead", "bbox", "cursor", "limit", "named", "problem", "schema", "zoom"}
    | {"lat", "lon", "pin_quality_m", "radius_m"}
)
