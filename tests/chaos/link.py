"""One kept connection to a server that may be gone at any moment."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable
from typing import Any

PATIENCE_S = 30


class UnansweredError(Exception):
    """The request may have been done or not: nobody said."""


class Link:
    """A rep's connection: a bearer session over plain HTTP, opened again when it breaks."""

    def __init__(self, port: int, on_answer: Callable[[str], None] | None = None) -> None:
        self.port = port
        # Called with the method as soon as an answer is here, before anything else is done.
        self.on_answer = on_answer
        self.token = ""
        self._connection: http.client.HTTPConnection | None = None

    def log_in(self, username: str, password: str) -> str:
        """Log in; the person's id."""
        said = {"username": username, "password": password, "client": "bearer"}
        status, _, body = self.call("POST", "/session", json.dumps(said).encode())
        assert status == 200, body
        answer = json.loads(body)
        self.token = answer["token"]
        found: str = answer["user"]["id"]
        return found

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer. Raises UnansweredError.

        A server that says it failed (5xx) has a defect: nothing that we do to it excuses one.
        """
        sent = {"Content-Type": "application/json"} | (headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=PATIENCE_S
            )
        try:
            self._connection.request(method, f"/api/v1{path}", body, sent)
            answer = self._connection.getresponse()
            data = answer.read()
            if self.on_answer is not None:
                self.on_answer(method)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise UnansweredError(f"{method} {path}: {error!r}") from error
        assert answer.status < 500, f"{method} {path}: {answer.status} {data!r}"
        return answer.status, dict(answer.getheaders()), data

    def get(self, path: str) -> Any:
        """The JSON of a read."""
        status, _, data = self.call("GET", path)
        assert status == 200, f"{path}: {status} {data!r}"
        return json.loads(data)

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            if self._connection is not None:
                self._connection.close()
        self._connection = None
