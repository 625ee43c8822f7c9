"""Requests that are refused as a whole, in either language."""

from __future__ import annotations

from typing import Final

from tests.contract.company import STORES
from tests.contract.phone import Json, request


def story(language: str) -> list[tuple[str, Json]]:
    """The problems that a phone may meet outside of a batch, in one language."""
    said = {"Accept-Language": language}
    json_head = said | {"Content-Type": "application/json"}
    wrong = {"username": "rep", "password": "wrong", "client": "cookie"}
    return [
        ("wrong_credentials", request("POST", "/session", None, headers=said, json=wrong)),
        ("unauthenticated", request("POST", "/sync/push", None, headers=said, json={"ops": []})),
        ("malformed_json", request("POST", "/sync/push", headers=json_head, text="{")),
        (
            "not_json",
            request("POST", "/sync/push", headers=said | {"Content-Type": "text/plain"}, text="x"),
        ),
        ("validation_failed", request("POST", "/session", None, headers=said, json={})),
        (
            "a cursor of somebody else",
            request("GET", "/sync/pull", headers=said, query={"cursor": "WzEsImEiLDEsMV0"}),
        ),
        ("not_found", request("GET", f"/stores/{STORES['theirs']}", headers=said)),
        ("forbidden", request("GET", "/office/weeks/2026-W48", headers=said)),
        ("csrf_refused", request("POST", "/session", None, headers=said | _FOREIGN, json=wrong)),
        (
            "precondition_required",
            request("PATCH", f"/stores/{STORES['lake']}", "office", headers=said, json={}),
        ),
        (
            "stale",
            request(
                "PATCH",
                f"/stores/{STORES['lake']}",
                "office",
                headers=said | {"If-Match": '"7"'},
                json={},
            ),
        ),
        ("method_not_allowed", request("PUT", "/session", headers=said, json={})),
    ]


_FOREIGN: Final = {"Origin": "https://somewhere-else.example"}
