"""The database behind everything durable: one engine for reads, one for units of work.

SQLite: WAL with synchronous FULL, `BEGIN IMMEDIATE` for every unit of work (a deferred one loses updates), and one
writer at a time within the process, so that nobody waits on a busy file. PostgreSQL: as many writers as the pool.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import Unavailable


class Store:
    """Opens connections lazily; `close` gives them back. Raises Unavailable when the database cannot serve."""

    def __init__(self, url: str, *, pool: int = 10, busy_seconds: float = 2.0) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._writers = asyncio.Semaphore(1 if self.is_sqlite else pool)
        if self.is_sqlite:
            self._reader = _sqlite(url, pool, busy_seconds, begin="BEGIN")
            self._writer = _sqlite(url, 1, busy_seconds, begin="BEGIN IMMEDIATE")
        else:
            self._writer = create_async_engine(url, pool_size=pool, max_overflow=0, pool_timeout=busy_seconds)
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A unit of work: committed when the block ends, undone when it raises."""
        async with self._writers:
            try:
                async with self._writer.begin() as connection:
                    yield connection
            except (OperationalError, InterfaceError, PoolTimeout, OSError) as error:
                raise Unavailable(f"database: {type(error).__name__}") from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads."""
        try:
            async with self._reader.connect() as connection:
                yield connection
        except (OperationalError, InterfaceError, PoolTimeout, OSError) as error:
            raise Unavailable(f"database: {type(error).__name__}") from error

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def is_duplicate(error: DBAPIError) -> bool:
    """Whether a statement failed because a unique value is taken already (and not for another constraint)."""
    text = str(error.orig).lower()
    return "unique" in text


def _sqlite(url: str, pool: int, busy_seconds: float, *, begin: str) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool, max_overflow=0, pool_timeout=busy_seconds)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=wal",
            "synchronous=full",
            f"busy_timeout={int(busy_seconds * 1000)}",
            "foreign_keys=on",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
