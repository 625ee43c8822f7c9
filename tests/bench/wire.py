"""A light client: ready-made bytes over raw keep-alive sockets, so that it costs next to nothing.

Requests are built before anything is timed. A time is taken from the first byte sent to the last
byte of the answer; what the answer says is looked at afterwards.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Self

import orjson

PATIENCE_S = 120
RUNS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, with the monotonic seconds at which its request began and it was all there."""

    status: int
    body: bytes
    began: float
    ended: float

    @property
    def ms(self) -> float:
        """How long it took, milliseconds."""
        return (self.ended - self.began) * 1000

    def json(self) -> Any:
        """The body, read."""
        return orjson.loads(self.body)


def make_request(
    method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """The bytes of a whole HTTP/1.1 request."""
    lines = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def json_request(path: str, document: Any, token: str) -> bytes:
    """The bytes of a POST by a logged-in phone."""
    headers = {"Content-Type": "application/json", **bearer(token)}
    return make_request("POST", path, orjson.dumps(document), headers)


def get_request(path: str, token: str) -> bytes:
    """The bytes of a GET by somebody logged in."""
    return make_request("GET", path, headers=bearer(token))


def bearer(token: str) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {token}"}


class Line:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> Answer:
        """Send a request and read its whole answer. Raises ConnectionError if it breaks off."""
        began = time.monotonic()
        self._socket.sendall(request)
        head, _, rest = self._read_head().partition(b"\r\n\r\n")
        length = _length(head)
        pieces = [rest]
        missing = length - len(rest)
        while missing > 0:
            piece = self._socket.recv(min(missing, 1 << 18))
            if not piece:
                raise ConnectionError("the server closed in the middle of an answer")
            pieces.append(piece)
            missing -= len(piece)
        ended = time.monotonic()
        return Answer(int(head[9:12]), b"".join(pieces), began, ended)

    def _read_head(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._socket.recv(1 << 16)
            if not piece:
                raise ConnectionError("the server closed instead of answering")
            data += piece
        return data


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ConnectionError(f"an answer of unknown length: {head!r}")


def ask_all(port: int, requests: Iterable[bytes]) -> list[Answer]:
    """One client: the requests one after the other over one connection."""
    with Line(port) as line:
        return [line.ask(request) for request in requests]


def ask_at_once(
    port: int, scripts: Sequence[Sequence[bytes]], processes: int = 2
) -> list[list[Answer]]:
    """Many clients at once, each with its own script and connection; they start together.

    They are spread over a few processes of their own, so that the clients' interpreter lock does
    not slow the answers down.
    """
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(len(scripts))
    shares = [range(first, len(scripts), processes) for first in range(processes)]
    workers: list[tuple[range, Any, Connection]] = []
    for share in shares:
        mine, theirs = context.Pipe(duplex=False)
        crowd = [scripts[index] for index in share]
        worker = context.Process(target=_crowd, args=(port, crowd, gate, theirs), daemon=True)
        worker.start()
        theirs.close()
        workers.append((share, worker, mine))
    answers: list[list[Answer]] = [[] for _ in scripts]
    for share, worker, mine in workers:
        for index, given in zip(share, mine.recv(), strict=True):
            answers[index] = given
        worker.join(PATIENCE_S)
    if not all(answers):
        raise ConnectionError("a client got no answers; what it met is printed above")
    return answers


def _crowd(port: int, scripts: Sequence[Sequence[bytes]], gate: Any, result: Connection) -> None:
    answers: list[list[Answer]] = [[] for _ in scripts]

    def run(index: int) -> None:
        try:
            with Line(port) as line:
                gate.wait(PATIENCE_S)
                answers[index] = [line.ask(request) for request in scripts[index]]
        except BaseException:
            gate.abort()
            raise

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(scripts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.send(answers)


def span_s(answers: Iterable[Answer]) -> float:
    """Seconds from the first request to the last answer."""
    all_of_them = list(answers)
    return max(one.ended for one in all_of_them) - min(one.began for one in all_of_them)


def check(answers: Iterable[Answer], status: int = 200) -> None:
    """Hold that all were answered as they should be. Raises AssertionError with the first other."""
    for answer in answers:
        if answer.status != status:
            raise AssertionError(f"{answer.status} instead of {status}: {answer.body[:500]!r}")


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)
