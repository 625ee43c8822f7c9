"""A phone, an office and their clients on the real server, for the walk through bad input."""

from __future__ import annotations

import json
import re
import socket
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlencode

from tests.browser.seed import PASSWORD
from tests.browser.site import PATIENCE_S, Site
from tests.server.photos.test_live import call
from tests.server.sync.phone import Phone

LANGUAGES = ("zh-CN", "en")
HUGE = bytes(50 * 1024 * 1024)
_PIECE = 65_536


@dataclass(slots=True)
class Answer:
    """An answer, with the names that Flask's test client has."""

    status_code: int
    headers: dict[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    def get_data(self, *, as_text: bool) -> str:
        assert as_text
        return self.data.decode("utf-8", "replace")


@dataclass(slots=True)
class LiveClient:
    """Calls the real server as one person (or, before log_in, as nobody)."""

    site: Site
    username: str = ""
    token: str = ""

    def log_in(self, password: str = PASSWORD, language: str = "zh-CN") -> Answer:
        body = {"username": self.username, "password": password}
        self.token = ""
        answer = self.post("/api/v1/session", body, {"Accept-Language": language})
        if answer.status_code == 200:
            self.token = f"Bearer {answer.json['token']}"
        return answer

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        if self.token:
            headers["Authorization"] = self.token
        return Answer(*call(self.site, method, path.removeprefix("/api/v1"), body, **headers))

    def post(self, path: str, json: Any, headers: dict[str, str] | None = None) -> Answer:
        said = {"Content-Type": "application/json"} | (headers or {})
        return self.send("POST", path, _bytes(json), **said)

    def get(self, path: str, query_string: dict[str, Any] | None = None, **headers: str) -> Answer:
        query = f"?{urlencode(query_string)}" if query_string else ""
        return self.send("GET", path + query, **headers)

    def upload(self, data: bytes, sha256: str, offset: int = 0, **headers: str) -> Answer:
        """PATCH the bytes from offset on."""
        said = {"Upload-Offset": str(offset), "Upload-Length": str(len(data))}
        return self.send("PATCH", f"/uploads/{sha256}", data[offset:], **said, **headers)


def _bytes(body: Any) -> bytes:
    return json.dumps(body).encode()


@dataclass(slots=True)
class Rep(Phone):
    """A phone on the real server, with a person who can log in again."""

    client: LiveClient = field()  # type: ignore[assignment]  # it has what Phone uses

    @classmethod
    def open(cls, site: Site, username: str) -> Rep:
        client = LiveClient(site, username)
        assert client.log_in().status_code == 200
        return cls(client, site.company.people[username], f"phone-{username}")

    def told(self) -> dict[str, dict[str, Any] | None]:
        """What the feed tells since the last time, by id."""
        return {row["id"]: row["record"] for row in self.pull()}


def assert_clear(problems: dict[str, Any], code: str) -> None:
    """One problem in both languages: the same code, what happened and what to do, each in words."""
    zh, en = problems["zh-CN"], problems["en"]
    assert (zh["code"], en["code"]) == (code, code)
    assert zh["type"] == en["type"] == f"/problems/{code}"
    for part in ("title", "detail"):
        assert re.search(r"[\u4e00-\u9fff]", zh[part]), zh
        assert re.search(r"[A-Za-z]{3}", en[part]), en
        assert not re.search(r"[\u4e00-\u9fff]", en[part]), en
        # A name in braces would be a hole in the sentence.
        assert "{" not in zh[part] + en[part], zh


def assert_refused(answers: dict[str, Answer], status: int, code: str) -> None:
    """The same refusal in both languages."""
    for answer in answers.values():
        assert answer.status_code == status, answer.data[:400]
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert_clear({language: answer.json for language, answer in answers.items()}, code)


def pour(
    client: LiveClient,
    method: str,
    path: str,
    body: bytes,
    *,
    chunked: bool = False,
    **headers: str,
) -> Answer | None:
    """Send a large body, with its length announced or in chunks.

    The server answers before it has read the body, and may hang up on it; None where the link
    broke before the answer was here.
    """
    if client.token:
        headers["Authorization"] = client.token
    said = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    head = [f"{method} /api/v1{path} HTTP/1.1", f"Host: 127.0.0.1:{client.site.port}", said]
    head += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", client.site.port)) as link:
        link.settimeout(PATIENCE_S)
        with suppress(OSError):
            link.sendall("\r\n".join([*head, "", ""]).encode())
            for start in range(0, len(body), _PIECE):
                piece = body[start : start + _PIECE]
                link.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            link.sendall(b"0\r\n\r\n" if chunked else b"")
        answer = HTTPResponse(link, method=method)
        with suppress(OSError, HTTPException), closing(answer):
            answer.begin()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
    return None
