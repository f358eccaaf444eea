"""Commands of one loop tick leave for Redis together, in one write, and their answers are read in one go.

A turn then pays for its own command only, not for a round trip of its own per session in flight. Commands that
went unanswered are not repeated here: what may be repeated is the caller's knowledge.
"""

import asyncio
from collections import deque
from typing import Any

from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError, ResponseError

from gateway.errors import Unavailable

BATCH_MAX = 256

Command = tuple[Any, ...]


class Coalescer:
    """`await call("GET", key)`. Raises Unavailable when Redis cannot be reached, RedisError for its refusals."""

    def __init__(self, pool: BlockingConnectionPool, *, in_flight_max: int) -> None:
        self._pool = pool
        self._waiting: deque[tuple[Command, asyncio.Future[Any]]] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._in_flight_max = in_flight_max
        self._is_scheduled = False

    async def call(self, *command: Any) -> Any:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((command, answer))
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon(self._flush)
        return await answer

    def _flush(self) -> None:
        self._is_scheduled = False
        while self._waiting and len(self._in_flight) < self._in_flight_max:
            batch = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            task = asyncio.create_task(self._send(batch))
            self._in_flight.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._flush()

    async def _send(self, batch: list[tuple[Command, asyncio.Future[Any]]]) -> None:
        try:
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # the package's own gap
        except (RedisError, OSError, TimeoutError) as error:
            return _fail(batch, error)
        try:
            await connection.send_packed_command(connection.pack_commands([command for command, _ in batch]))
            for _, answer in batch:
                await self._read(connection, answer)
        except (RedisError, OSError, TimeoutError) as error:
            await connection.disconnect(nowait=True)
            _fail(batch, error)
        finally:
            await self._pool.release(connection)

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


def _fail(batch: list[tuple[Command, asyncio.Future[Any]]], error: BaseException) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(Unavailable(f"redis: {type(error).__name__}"))
