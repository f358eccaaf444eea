"""Drives a USSD server over kept-alive connections, with as little of its own work per hop as Python allows.

Many dialogues share a few connections, as at a carrier: whichever connection is free carries the next hop of the
dialogue that has waited longest, so no dialogue ever has two hops on their way.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from simulator.load.child import HOST
from simulator.load.dialogues import Dialogue

CONNECTIONS = 32
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"
DRAIN_SECONDS = 10.0


class DriverError(RuntimeError):
    """The server closed a connection or said something that is no answer."""


@dataclass(slots=True)
class Tally:
    """What one run has counted; `latencies` in seconds, in the order of the answers."""

    seconds: float = 0.0
    hops: int = 0
    finished: int = 0
    unexpected: int = 0
    example: str = ""
    latencies: list[float] = field(default_factory=list)

    @property
    def hops_per_second(self) -> float:
        return self.hops / self.seconds if self.seconds else 0.0

    @property
    def finished_per_second(self) -> float:
        return self.finished / self.seconds if self.seconds else 0.0

    def percentile_ms(self, percent: float) -> float:
        """The latency that this share of hops did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000 if ordered else 0.0


class Driver:
    """`expects` off: any screen will do, as from a server that always says the same."""

    def __init__(self, port: int, dialogues: Sequence[Dialogue], *, expects: bool = True) -> None:
        self._port = port
        self._waiting = deque(dialogues)
        self._expects = expects

    async def full_speed(self, seconds: float, *, warm_up_seconds: float = 0.2) -> Tally:
        """Every connection sends its next hop as soon as it has an answer."""
        run = _Run(self._waiting, expects=self._expects)
        await run.take(self._port, warm_up_seconds + seconds, warm_up_seconds, per_second=None)
        return run.tally

    async def paced(self, seconds: float, *, per_second: float, warm_up_seconds: float = 0.2) -> Tally:
        """Hops are due at a steady rate, whatever the server does. One that could not leave in time counts from
        when it was due."""
        run = _Run(self._waiting, expects=self._expects)
        await run.take(self._port, warm_up_seconds + seconds, warm_up_seconds, per_second=per_second)
        return run.tally


class _Run:
    """One measurement."""

    def __init__(self, waiting: deque[Dialogue], *, expects: bool) -> None:
        self.tally = Tally()
        self.waiting = waiting
        self.is_over = False
        self.on_their_way = 0
        self.counts_from = 0.0
        self._expects = expects
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._quiet = asyncio.Event()

    async def take(self, port: int, seconds: float, warm_up_seconds: float, *, per_second: float | None) -> None:
        loop = asyncio.get_running_loop()
        connections: list[_Connection] = []
        for _ in range(CONNECTIONS):
            _, connection = await loop.create_connection(lambda: _Connection(self), HOST, port)
            connections.append(connection)
        started = time.perf_counter()
        self.counts_from = started + warm_up_seconds
        for number, connection in enumerate(connections):
            if per_second is None:
                connection.send(started)
            else:
                connection.pace(CONNECTIONS / per_second, started + number / per_second)
        await asyncio.wait({self._failed}, timeout=seconds)
        self.is_over = True
        self.tally.seconds = time.perf_counter() - self.counts_from
        await self._drained(connections)

    async def _drained(self, connections: Sequence["_Connection"]) -> None:
        """Hops on their way are waited for: the next run finds every dialogue where this one left it."""
        if self.on_their_way:
            drained: asyncio.Future[Any] = asyncio.ensure_future(self._quiet.wait())
            either: set[asyncio.Future[Any]] = {self._failed, drained}
            await asyncio.wait(either, timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            drained.cancel()
        for connection in connections:
            connection.close()
        if self._failed.done():
            self._failed.result()

    def answered(self, dialogue: Dialogue, answer: bytes, due: float, now: float) -> None:
        """Count an answer, and let its dialogue wait for its next hop."""
        self.on_their_way -= 1
        if self.is_over and not self.on_their_way:
            self._quiet.set()
        self.waiting.append(dialogue)
        if not self.is_over and due >= self.counts_from:
            self.tally.hops += 1
            self.tally.finished += dialogue.is_over
            self.tally.latencies.append(now - due)
        if b"CON " not in answer or (self._expects and dialogue.expects not in answer):
            self.tally.unexpected += 1
            self.tally.example = self.tally.example or answer[-200:].decode("utf-8", "replace")

    def failed(self, reason: str) -> None:
        if not self._failed.done():
            self._failed.set_exception(DriverError(reason))


class _Connection(asyncio.Protocol):
    """One kept-alive connection with at most one hop on its way."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._transport: asyncio.WriteTransport | None = None
        self._dialogue: Dialogue | None = None
        self._due = 0.0
        self._interval = 0.0
        self._next_due = 0.0
        self._buffer = b""
        self._is_closing = False

    @property
    def is_busy(self) -> bool:
        return self._dialogue is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_closing:
            self._run.failed("the server closed a connection")

    def close(self) -> None:
        self._is_closing = True
        if self._transport is not None:
            self._transport.close()

    def send(self, due: float) -> None:
        """The next hop of whoever waited longest; its latency counts from `due`."""
        assert self._transport is not None
        self._dialogue = self._run.waiting.popleft()
        self._run.on_their_way += 1
        self._due = due
        self._transport.write(self._dialogue.following())

    def pace(self, interval: float, first_due: float) -> None:
        """Send every so many seconds from `first_due` on."""
        self._interval = interval
        self._next_due = first_due
        self._sleep()

    def _sleep(self) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(max(0.0, self._next_due - time.perf_counter()), self._wake)

    def _wake(self) -> None:
        """A timer rings a little late; that is ours and not the server's, so the hop counts from now."""
        if self._run.is_over or self.is_busy:
            return
        self._next_due += self._interval
        self.send(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head = self._buffer.find(END_OF_HEAD)
        if head < 0 or len(self._buffer) < head + 4 + self._length(head):
            return
        answer, self._buffer = self._buffer, b""
        now = time.perf_counter()
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is None or not answer.startswith(b"HTTP/1.1 200 "):
            self._run.failed(f"not an answer: {answer[:60]!r}")
            return
        self._run.answered(dialogue, answer, self._due, now)
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        if self._run.is_over:
            return
        if not self._interval:
            self.send(now)
        elif now >= self._next_due:
            due, self._next_due = self._next_due, self._next_due + self._interval
            self.send(due)
        else:
            self._sleep()

    def _length(self, head: int) -> int:
        at = self._buffer.lower().find(LENGTH, 0, head)
        end = self._buffer.find(b"\r\n", at)
        if at < 0:
            self._run.failed("an answer without a length")
            return 0
        return int(self._buffer[at + len(LENGTH) : end])
