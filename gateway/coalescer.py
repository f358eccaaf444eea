"""Commands of one loop tick leave for Redis together, in one write, and their answers are read in one go.

A turn then pays for its own command only, not for a round trip of its own per session in flight. Commands that
went unanswered on a connection that had gone stale are sent once more on a fresh one, so only commands that may be
repeated belong here.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, cast

from hiredis import pack_command
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from gateway.errors import Unavailable

BATCH_MAX = 256

Command = tuple[str | bytes | int, ...]
Asked = tuple[Command, asyncio.Future[Any]]


class Coalescer:
    """`await call("GET", key)`. Raises Unavailable when Redis cannot be reached, RedisError for its refusals."""

    def __init__(self, pool: ConnectionPool, *, in_flight_max: int, timeout_seconds: float) -> None:
        self._pool = pool
        self._timeout_seconds = timeout_seconds
        self._waiting: deque[Asked] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._in_flight_max = in_flight_max
        self._idle: list[AbstractConnection] = []
        self._is_scheduled = False
        self._is_closed = False

    async def call(self, *command: str | bytes | int) -> Any:
        if self._is_closed:
            raise Unavailable("redis: closed")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((command, answer))
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon(self._flush)
        return await answer

    def _flush(self) -> None:
        self._is_scheduled = False
        while self._waiting and not self._is_closed and len(self._in_flight) < self._in_flight_max:
            batch = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            task = asyncio.create_task(self._send(batch))
            self._in_flight.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._flush()

    async def _send(self, batch: list[Asked]) -> None:
        """One write for the whole batch, on a connection that nobody else uses meanwhile."""
        error: Exception | None = None
        for connection in self._candidates():
            try:
                await self._exchange(connection, [asked for asked in batch if not asked[1].done()])
            except (RedisError, OSError, TimeoutError) as broken:
                error = broken
                await connection.disconnect(nowait=True)
            except BaseException:  # stopped in the middle: what is on it is nobody's any more
                await connection.disconnect(nowait=True)
                _failed(batch, "closed")
                raise
            else:
                self._idle.append(connection)
                return
        _failed(batch, type(error).__name__)

    def _candidates(self) -> Iterator[AbstractConnection]:
        """A connection that was used before, which may be stale, and then a new one."""
        if self._idle:
            yield self._idle.pop()
        yield cast("Any", self._pool).make_connection()

    async def _exchange(self, connection: AbstractConnection, batch: list[Asked]) -> None:
        """All of it within one time limit, which costs less than one for each answer."""
        async with asyncio.timeout(self._timeout_seconds):
            if not connection.is_connected:
                await connection.connect()  # type: ignore[no-untyped-call]  # likewise
            await connection.send_packed_command(b"".join(pack_command(cast("Any", command)) for command, _ in batch))
            for _, answer in batch:
                await self._read(connection, answer)

    async def close(self) -> None:
        """What waits for its turn is told so, what is under way is cut off; nothing is asked after it."""
        self._is_closed = True
        _failed(self._waiting, "closed")
        for task in list(self._in_flight):
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        for connection in self._idle:
            await connection.disconnect()

    async def _read(self, connection: Any, answer: asyncio.Future[Any]) -> None:
        """One answer. A refusal of Redis belongs to its command; a broken connection to the whole batch."""
        try:
            value = await connection.read_response(disconnect_on_error=False)
        except ResponseError as refusal:
            if not answer.done():
                answer.set_exception(refusal)
        else:
            if not answer.done():
                answer.set_result(value)


def _failed(some: Iterable[Asked], why: str) -> None:
    for _, answer in some:
        if not answer.done():
            answer.set_exception(Unavailable(f"redis: {why}"))
