"""The doors of campaigns: who may come in, and what must be found there."""

from __future__ import annotations

from typing import Final

from tests.server.contract.door import CONSOLE, OFFICE, Door, add, change, read

_BODY = {"code": "NEW", "name": "新", "first_day": "2026-11-01", "last_day": "2026-11-30"}

CAMPAIGN_DOORS: Final[dict[str, Door]] = {
    "GET /api/v1/campaigns": read("/api/v1/campaigns", roles=CONSOLE, campaign=CONSOLE),
    "POST /api/v1/campaigns": add("/api/v1/campaigns", _BODY),
    "POST /api/v1/campaigns/export": Door(
        CONSOLE, ("/api/v1/campaigns/export",), json={"format": "csv"}
    ),
    "GET /api/v1/campaigns/chains": read("/api/v1/campaigns/chains", roles=OFFICE),
    "GET /api/v1/campaigns/seen": read(
        "/api/v1/campaigns/seen?visit={visit}", roles=CONSOLE, seen=CONSOLE, seen_note=CONSOLE
    ),
    "GET /api/v1/campaigns/<campaign_id>": read("/api/v1/campaigns/{campaign}", roles=CONSOLE),
    "PATCH /api/v1/campaigns/<campaign_id>": change("/api/v1/campaigns/{campaign}", {"note": "x"}),
    "POST /api/v1/campaigns/<campaign_id>/state": Door(
        OFFICE, ("/api/v1/campaigns/{campaign}/state",), json={"state": "running"}
    ),
    "POST /api/v1/campaigns/<campaign_id>/stores": Door(
        OFFICE, ("/api/v1/campaigns/{campaign}/stores",), json={"how": "add", "chain": "none"}
    ),
    "POST /api/v1/campaigns/<campaign_id>/stores/import": Door(
        OFFICE,
        ("/api/v1/campaigns/{campaign}/stores/import",),
        data=b"code\nnowhere\n",
        headers={"Content-Type": "text/csv"},
    ),
    # First a campaign of everybody's stores, of which each supervisor sees a part.
    "GET /api/v1/campaigns/<campaign_id>/board": read(
        "/api/v1/campaigns/{everywhere}/board",
        "/api/v1/campaigns/{campaign}/board",
        roles=CONSOLE,
        store_name=CONSOLE,
    ),
    "GET /api/v1/campaigns/<campaign_id>/numbers": read(
        "/api/v1/campaigns/{everywhere}/numbers",
        "/api/v1/campaigns/{campaign}/numbers",
        roles=CONSOLE,
    ),
    "GET /api/v1/campaigns/<campaign_id>/summaries": read(
        "/api/v1/campaigns/{everywhere}/summaries",
        "/api/v1/campaigns/{campaign}/summaries",
        roles=CONSOLE,
    ),
    "POST /api/v1/campaigns/<campaign_id>/summaries": Door(
        CONSOLE,
        ("/api/v1/campaigns/{campaign}/summaries",),
        201,
        json={"text": "x", "after": 0},
    ),
    "POST /api/v1/campaigns/<campaign_id>/export": Door(
        CONSOLE,
        ("/api/v1/campaigns/{everywhere}/export", "/api/v1/campaigns/{campaign}/export"),
        shows={"store_code": CONSOLE},
        json={"table": "board", "format": "csv"},
    ),
}
