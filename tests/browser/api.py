"""The server as another program sees it: a bearer session and JSON."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from tests.browser.seed import PASSWORD
from tests.browser.site import Site


class Api:
    """One person's session."""

    def __init__(self, site: Site, username: str, password: str = PASSWORD) -> None:
        self.url = site.url
        self.token = ""
        answer = self.post("/session", {"username": username, "password": password})
        self.token = answer["token"]
        self.user_id: str = answer["user"]["id"]

    def bytes(self, path: str) -> bytes:
        return self._send("GET", path)

    def get(self, path: str) -> Any:
        return json.loads(self.bytes(path))

    def post(self, path: str, body: Any) -> Any:
        kind = {"Content-Type": "application/json"}
        return json.loads(self._send("POST", path, json.dumps(body).encode(), kind))

    def patch(self, path: str, body: Any, rev: int) -> Any:
        headers = {"Content-Type": "application/json", "If-Match": f'"{rev}"'}
        return json.loads(self._send("PATCH", path, json.dumps(body).encode(), headers))

    def upload(self, sha256: str, data: bytes) -> None:
        """Send the bytes of a photo or signature, all at once."""
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": "0",
            "Upload-Length": str(len(data)),
        }
        self._send("PATCH", f"/uploads/{sha256}", data, headers)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        sent = dict(headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}", data=body, headers=sent, method=method
        )
        try:
            with urllib.request.urlopen(request) as answer:
                data: bytes = answer.read()
                return data
        except urllib.error.HTTPError as error:
            words = error.read().decode("utf-8", "replace")
            raise AssertionError(f"{method} {path}: {error.code} {words}") from error
