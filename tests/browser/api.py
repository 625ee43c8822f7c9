"""The server as another program sees it: a bearer session and JSON."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from tests.browser.seed import PASSWORD
from tests.browser.site import Site


class Api:
    """One person's session."""

    def __init__(self, site: Site, username: str) -> None:
        self.url = site.url
        body = json.dumps({"username": username, "password": PASSWORD}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.url}/api/v1/session", data=body, headers=headers, method="POST"
        )
        with urllib.request.urlopen(request) as answer:
            self.token = json.load(answer)["token"]

    def bytes(self, path: str) -> bytes:
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request) as answer:
            data: bytes = answer.read()
            return data

    def get(self, path: str) -> Any:
        return json.loads(self.bytes(path))
