"""The bad network is as bad as it says, and no worse."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.site import free_port
from tests.chaos.proxy import FAIR, FaultProxy, Weather

ANSWER = bytes(range(256)) * 2_000


@dataclass
class Far:
    """A server that remembers how many bytes each request brought whole."""

    port: int
    heard: list[int] = field(default_factory=list)


@pytest.fixture
def far() -> Iterator[Far]:
    remembered = Far(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return
            remembered.heard.append(length)
            self.send_response(200)
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (inherited name)
            pass

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    remembered.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield remembered
    server.shutdown()
    server.server_close()
    thread.join()


def ask(proxy: FaultProxy, length: int = 1_000) -> bytes | None:
    """What came back of one request over a connection of its own; None for nothing at all."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    try:
        connection.request("POST", "/", b"x" * length)
        return connection.getresponse().read()
    except http.client.IncompleteRead as error:
        return error.partial
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def run(
    far: Far, weather: Weather, times: int = 8, seed: int = 1
) -> tuple[list[bytes | None], FaultProxy]:
    with FaultProxy(free_port(), far.port, seed) as proxy:
        proxy.change(weather)
        return [ask(proxy) for _ in range(times)], proxy


def test_in_fair_weather_everything_passes(far: Far) -> None:
    with FaultProxy(free_port(), far.port, 1) as proxy:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
        for length in (0, 1_000, 3_000_000):
            connection.request("POST", "/", b"x" * length)
            assert connection.getresponse().read() == ANSWER
        connection.close()
    assert far.heard == [0, 1_000, 3_000_000]
    assert dict(proxy.counts) == {"connections": 1}


def test_refused_requests_never_reach_the_server(far: Far) -> None:
    answers, proxy = run(far, Weather(refuse=1))
    assert answers == [None] * 8
    assert far.heard == []
    assert proxy.counts["refuse"] == 8


def test_a_cut_request_is_heard_in_part(far: Far) -> None:
    with FaultProxy(free_port(), far.port, 1) as proxy:
        proxy.change(Weather(cut_request=1))
        assert [ask(proxy, 500_000) for _ in range(8)] == [None] * 8
    assert far.heard == []
    assert proxy.counts["cut_request"] == 8


def test_a_dropped_answer_was_given(far: Far) -> None:
    answers, proxy = run(far, Weather(drop=1))
    assert answers == [None] * 8
    assert far.heard == [1_000] * 8
    assert proxy.counts["drop"] == 8


@pytest.mark.parametrize("fault", ["cut", "stall"])
def test_a_cut_answer_is_a_part_of_it(far: Far, fault: str) -> None:
    answers, proxy = run(far, Weather(**{fault: 1.0}))
    assert far.heard == [1_000] * 8
    assert proxy.counts[fault] == 8
    for answer in answers:
        assert answer is None or (ANSWER.startswith(answer) and len(answer) < len(ANSWER))


def test_a_late_answer_is_whole(far: Far) -> None:
    answers, proxy = run(far, Weather(delay=1))
    assert answers == [ANSWER] * 8
    assert proxy.counts["delay"] == 8


def test_the_same_seed_brings_the_same_weather(far: Far) -> None:
    weather = Weather(refuse=0.3, drop=0.3)
    runs = [[answer is None for answer in run(far, weather, 20, seed)[0]] for seed in (5, 5, 6)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_a_server_that_is_down_is_a_refused_connection() -> None:
    with FaultProxy(free_port(), free_port(), 1) as proxy:
        proxy.change(FAIR)
        assert ask(proxy) is None
