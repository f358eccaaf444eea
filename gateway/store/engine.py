"""The database behind everything durable: one engine for reads, one for units of work.

SQLite: WAL with synchronous FULL, `BEGIN IMMEDIATE` for every unit of work (a deferred one loses updates),
and one writer at a time within the process, so that nobody waits on a busy file. PostgreSQL: as many writers
as the pool.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    ScalarResult,
    StaticPool,
    Table,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.errors import Unavailable, Uncertain

CONNECT_SECONDS = 5.0
LOCAL_WAIT_MS = 50
FIRST_TRIES = 20

Answer = TypeVar("Answer")

OUTAGES_POSTGRESQL = ("08", "40", "53", "55P", "57", "58")
"""How SQLSTATEs begin that say "not now": connections, deadlocks, resources, locks, shutdowns, the system."""

OUTAGES_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)

DUPLICATES_SQLITE = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})


class Store:
    """Opens connections lazily; `close` ends them. Raises Unavailable when the database cannot serve."""

    def __init__(self, url: str, *, pool: int = 10, busy_seconds: float = 2.0) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._refused_at: float | None = None
        self._is_closed = False
        self._writers = asyncio.Semaphore(1 if self.is_sqlite else pool)
        if self.is_sqlite:
            self._local = LocalReads(url, busy_seconds)
            self._writer = _sqlite_writer(url, busy_seconds)
        else:
            self._writer = create_async_engine(
                url,
                pool_size=pool,
                max_overflow=0,
                pool_timeout=busy_seconds,
                connect_args={"timeout": CONNECT_SECONDS},
                hide_parameters=True,
            )
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A unit of work: committed when the block ends, undone when it raises.

        Raises Uncertain when the connection broke while committing: it may be done, so look before repeating.
        """
        self._demand_open()
        is_committing = False
        try:
            async with self._writers, self._writer.begin() as connection:
                yield connection
                is_committing = True
        except (DBAPIError, PoolTimeout, OSError) as error:
            if is_committing and _is_broken(error):
                raise Uncertain(f"database, while committing: {_name(error)}") from error
            if _is_outage(error):
                self._refused_at = time.monotonic()
            _raise_outage(error)
            raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads. On SQLite it answers on the spot: see `LocalReads`."""
        self._demand_open()
        try:
            if self.is_sqlite:
                yield cast("AsyncConnection", self._local)
                return
            async with self._reader.connect() as connection:
                yield connection
        except (DBAPIError, PoolTimeout, OSError) as error:
            _raise_outage(error)
            raise

    def refused_seconds_ago(self) -> float | None:
        """How long ago a unit of work could not be served (locked, full, gone); None: never. Reading may work on."""
        return None if self._refused_at is None else time.monotonic() - self._refused_at

    async def close(self) -> None:
        """For good: a connection that was opened after it would be closed by nobody."""
        self._is_closed = True
        await self._writer.dispose()
        if self.is_sqlite:
            self._local.close()

    def _demand_open(self) -> None:
        if self._is_closed:
            raise Unavailable("database: closed")


class LocalReads:
    """What readers use of a connection, answered on the spot by one connection that stays open.

    A read of a local file by index takes some tens of microseconds and never waits for the writer (WAL); handing it
    to a thread and back costs ten times that. Each statement sees the latest commit, as on PostgreSQL. The connection
    never checkpoints, and waits for nobody longer than a moment.
    """

    def __init__(self, url: str, busy_seconds: float) -> None:
        self._engine = create_engine(url.replace("+aiosqlite", "", 1), poolclass=StaticPool, hide_parameters=True)
        waits_ms = min(LOCAL_WAIT_MS, int(busy_seconds * 1000))
        _prepared(self._engine, [f"busy_timeout={waits_ms}", "wal_autocheckpoint=0", "query_only=on"])
        self._connection: Connection | None = None
        self.dialect = self._engine.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        return self._answered(lambda connection: connection.execute(statement, parameters))

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        return self._answered(lambda connection: connection.scalar(statement, parameters))

    async def scalars(self, statement: Executable, parameters: Any = None) -> ScalarResult[Any]:
        return self._answered(lambda connection: connection.scalars(statement, parameters))

    async def run_sync(self, work: Callable[[Connection], Answer]) -> Answer:
        return self._answered(work)

    def close(self) -> None:
        self._drop()
        self._engine.dispose()

    def _answered(self, work: Callable[[Connection], Answer]) -> Answer:
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            return work(self._connection)
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        """After an error the next read starts afresh."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def insert_into(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT of the engine's own dialect, for what standard SQL cannot say: `on_conflict_do_nothing`."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def is_duplicate(error: DBAPIError) -> bool:
    """Whether a statement failed because a unique value is taken already (and not for another constraint)."""
    if (state := _sqlstate(error)) is not None:
        return state == "23505"
    return getattr(error.orig, "sqlite_errorcode", None) in DUPLICATES_SQLITE


def _raise_outage(error: DBAPIError | PoolTimeout | OSError) -> None:
    """Unavailable when the database could not serve; a mistake in a statement or in its values is ours."""
    if _is_outage(error):
        raise Unavailable(f"database: {_name(error)}") from error


def _is_outage(error: DBAPIError | PoolTimeout | OSError) -> bool:
    return not isinstance(error, DBAPIError) or error.connection_invalidated or _says_outage(error)


def _says_outage(error: DBAPIError) -> bool:
    if (state := _sqlstate(error)) is not None:
        return state.startswith(OUTAGES_POSTGRESQL)
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in OUTAGES_SQLITE


def _is_broken(error: BaseException) -> bool:
    """Whether the answer is missing, rather than being no."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (_sqlstate(error) or "").startswith("08")
    return isinstance(error, OSError)


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _name(error: BaseException) -> str:
    """What an operator may see: never the statement's values."""
    original = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


class _Ending(sqlite3.Connection):
    """Ends its transaction when it is closed.

    Whoever is cut off in the middle of a unit of work leaves cursors behind. SQLite keeps a connection that was closed
    under its cursors, and the lock of its transaction, until the last of them is collected (sqlite3_close_v2).
    """

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()


def _sqlite_writer(url: str, busy_seconds: float) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=busy_seconds, connect_args={"factory": _Ending},
        hide_parameters=True,
    )  # fmt: skip
    waits_ms = int(busy_seconds * 1000)
    pragmas = [f"busy_timeout={waits_ms}", "journal_mode=wal", "synchronous=full", "foreign_keys=on"]
    _prepared(engine.sync_engine, pragmas)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _set(cursor: Any, pragma: str) -> None:
    """Of several that are the first to open a file SQLite lets one turn it to WAL, and sends the others away at once,
    whatever their patience: they find it done."""
    for is_last in (*(False,) * FIRST_TRIES, True):
        try:
            cursor.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if is_last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        else:
            return


def _prepared(engine: Engine, pragmas: list[str]) -> None:
    """Every new connection gets its settings, and begins no transaction by itself."""

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            _set(cursor, pragma)
        cursor.close()
