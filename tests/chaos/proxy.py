"""A bad network between a phone and the server: a TCP proxy on 127.0.0.1 that breaks connections.

It knows nothing of HTTP but this: the first bytes from the server after bytes from the client begin
an answer. There, and where a request begins, a seeded die is cast. What the server did by then it
has done; the client is left to find out.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn, Self

PIECE = 16 * 1024
# The longest that a connection is held up; a test waits for none of them longer.
STALL_MAX_S = 1.5
DELAY_MAX_S = 0.3


@dataclass(frozen=True)
class Weather:
    """How likely each fault is, for each request or answer; 0 to 1."""

    refuse: float = 0.0  # the connection is reset before the request goes on
    cut_request: float = 0.0  # some bytes of the request go on, then the connection is reset
    delay: float = 0.0  # the answer comes late
    drop: float = 0.0  # the answer is thrown away, the connection is reset
    cut: float = 0.0  # some bytes of the answer come through, then the connection is reset
    stall: float = 0.0  # some bytes of the answer come through, then nothing, then a reset


FAIR = Weather()
FOUL = Weather(refuse=0.04, cut_request=0.05, delay=0.15, drop=0.07, cut=0.06, stall=0.04)


class FaultProxy:
    """Listens on a port of its own and passes on to another. Use as a context manager."""

    def __init__(self, port: int, target: int, seed: int | str) -> None:
        self.port = port
        self.counts: Counter[str] = Counter()
        self._target = target
        self._seed = seed
        self._weather = FAIR
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"http://127.0.0.1:{self.port}"

    def change(self, weather: Weather) -> None:
        """What happens from the next request or answer on."""
        self._weather = weather

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        listening.result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up on everybody."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        dice = random.Random(f"{self._seed}:{self.counts['connections']}")
        task = self._loop.create_task(self._carry(reader, writer, dice))
        self._links.add(task)
        task.add_done_callback(self._links.discard)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dice: random.Random
    ) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            # The server is down: so is its port.
            _reset(writer)
            return
        link = _Link(self, dice)
        ways = [
            asyncio.ensure_future(link.request(reader, back)),
            asyncio.ensure_future(link.answer(there, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            outcomes = await asyncio.gather(*ways, return_exceptions=True)
            broken = any(isinstance(one, ConnectionError) for one in outcomes)
            for end in (writer, back):
                _reset(end) if broken else end.close()

    def draws(self, dice: random.Random, *faults: str) -> str:
        """The fault that befalls this request or answer, or nothing."""
        cast = dice.random()
        for fault in faults:
            cast -= getattr(self._weather, fault)
            if cast < 0:
                return fault
        return ""


class _Link:
    """The two directions of one connection; each may raise ConnectionError to end both."""

    def __init__(self, proxy: FaultProxy, dice: random.Random) -> None:
        self._proxy = proxy
        self._dice = dice
        self._client_spoke_last = False

    async def request(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        left = -1
        while piece := await source.read(PIECE):
            if not self._client_spoke_last:
                self._client_spoke_last = True
                fault = self._proxy.draws(self._dice, "refuse", "cut_request")
                if fault == "refuse":
                    self._break(fault)
                # Most requests are one piece; an upload is many.
                most = self._dice.choice((len(piece), 4 * PIECE))
                left = self._dice.randrange(most) if fault else -1
            if 0 <= left <= len(piece):
                await _pass_on(sink, piece[:left])
                self._break("cut_request")
            await _pass_on(sink, piece)
            left -= len(piece) if left >= 0 else 0

    async def answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        left, fault = -1, ""
        while piece := await source.read(PIECE):
            if self._client_spoke_last:
                self._client_spoke_last = False
                fault = self._proxy.draws(self._dice, "drop", "cut", "stall", "delay")
                if fault == "drop":
                    self._break(fault)
                if fault == "delay":
                    self._proxy.counts[fault] += 1
                    await asyncio.sleep(self._dice.uniform(0, DELAY_MAX_S))
                left = self._dice.randrange(2 * len(piece)) if fault in {"cut", "stall"} else -1
            if 0 <= left <= len(piece):
                await _pass_on(sink, piece[:left])
                if fault == "stall":
                    await asyncio.sleep(self._dice.uniform(0, STALL_MAX_S))
                self._break(fault)
            await _pass_on(sink, piece)
            left -= len(piece) if left >= 0 else 0

    def _break(self, fault: str) -> NoReturn:
        self._proxy.counts[fault] += 1
        raise ConnectionResetError(fault)


async def _pass_on(sink: asyncio.StreamWriter, piece: bytes) -> None:
    sink.write(piece)
    await sink.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection as a network does: at once, and without a farewell."""
    held: socket.socket | None = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if held is not None:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
