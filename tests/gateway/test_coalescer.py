"""Commands that leave for Redis together: each its own answer, and no connection that nobody owns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from redis.asyncio import ConnectionPool
from redis.exceptions import ResponseError

from gateway.coalescer import Coalescer
from gateway.errors import Unavailable
from tests.servers import listening


@asynccontextmanager
async def speaking_to(url: str, *, timeout_seconds: float = 5.0) -> AsyncIterator[Coalescer]:
    pool = ConnectionPool.from_url(url)
    coalescer = Coalescer(pool, in_flight_max=2, timeout_seconds=timeout_seconds)
    yield coalescer
    await coalescer.close()
    await pool.aclose()


class Remembering(ConnectionPool):
    """Knows every connection that was made."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.made = list[Any]()

    def make_connection(self) -> Any:
        connection = cast("Any", super()).make_connection()
        self.made.append(connection)
        return connection


class Silent:
    """A server that lets everybody in and answers no question."""

    def __init__(self) -> None:
        self.asked, self.left = asyncio.Event(), asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(4096):
            writer.write(b"+OK\r\n" * said.count(b"SETINFO"))
            if b"GET" in said:
                self.asked.set()
        self.left.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        async with listening(self.serve) as port:
            yield f"redis://127.0.0.1:{port}?protocol=2"


class TestTogether:
    async def test_each_gets_its_own_answer(self, fresh_redis: str) -> None:
        """A refusal of one is no other's."""
        async with speaking_to(fresh_redis) as redis:
            found = await asyncio.gather(
                redis.call("SET", "a", "1"), redis.call("LPUSH", "a", "x"), redis.call("GET", "a"),
                return_exceptions=True,
            )  # fmt: skip

        assert (found[0], found[2]) == (b"OK", b"1")
        assert isinstance(found[1], ResponseError)


class TestEnds:
    async def test_a_server_that_says_nothing_is_left(self) -> None:
        """Whoever asked is told, and the connection is closed."""
        silent = Silent()
        async with silent.open() as url, speaking_to(url, timeout_seconds=0.05) as redis:
            with pytest.raises(Unavailable):
                await redis.call("GET", "a")
            async with asyncio.timeout(5):
                await silent.left.wait()

    async def test_closed_in_the_middle_it_leaves_no_connection_open(self) -> None:
        """Not even one that waits for its answer; who asked, who waited and who comes later are told."""
        silent = Silent()
        async with silent.open() as url:
            pool = Remembering.from_url(url)
            redis = Coalescer(pool, in_flight_max=1, timeout_seconds=60)
            asking = asyncio.create_task(redis.call("GET", "a"))
            await silent.asked.wait()
            waiting = asyncio.create_task(redis.call("GET", "b"))
            await asyncio.sleep(0)
            await redis.close()
            refused = await asyncio.gather(asking, waiting, redis.call("GET", "c"), return_exceptions=True)

            assert [str(refusal) for refusal in refused] == ["redis: closed"] * 3
            assert [connection.is_connected for connection in pool.made] == [False]
