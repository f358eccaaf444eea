"""Units of work on both engines: whole or undone, and honest about why they could not be."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.errors import Unavailable, Uncertain
from gateway.store.engine import Store, is_duplicate
from tests.servers import wait_until

MAKE = "CREATE TABLE purses (id INTEGER PRIMARY KEY, cents BIGINT NOT NULL, owner INTEGER REFERENCES purses (id))"
END_AT_COMMIT = (
    "CREATE FUNCTION end_server() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER ending AFTER INSERT ON purses DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION end_server()",
)
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """With two purses of 100."""
    store = Store(database_url, pool=4)
    await run(store, MAKE, "INSERT INTO purses (id, cents) VALUES (1, 100), (2, 100)")
    yield store
    await store.close()


async def run(store: Store, *statements: str) -> None:
    async with store.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def purse(store: Store, number: int = 1) -> int:
    async with store.read() as connection:
        found = await connection.execute(text("SELECT cents FROM purses WHERE id = :id"), {"id": number})
        return int(found.scalar_one())


class TestUnitOfWork:
    async def test_is_kept_when_the_block_ends(self, store: Store) -> None:
        """And seen by the next reader."""
        await run(store, "UPDATE purses SET cents = 70 WHERE id = 1")

        assert await purse(store) == 70

    async def test_is_undone_when_the_block_raises(self, store: Store) -> None:
        """All of it, and the error is the block's own."""
        with pytest.raises(ZeroDivisionError):
            async with store.begin() as connection:
                await connection.execute(text("UPDATE purses SET cents = 70"))
                _ = 1 // 0

        assert await purse(store) == 100

    async def test_is_undone_when_it_is_cancelled(self, store: Store) -> None:
        """A turn that runs out of time leaves nothing half done, and the writer is free again."""
        written = asyncio.Event()

        async def write_and_wait() -> None:
            async with store.begin() as connection:
                await connection.execute(text("UPDATE purses SET cents = 70"))
                written.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(write_and_wait())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await run(store, "UPDATE purses SET cents = cents + 1 WHERE id = 1")
        assert await purse(store) == 101

    async def test_so_it_is_when_it_is_cut_off_in_a_statement(self, store: Store) -> None:
        """A cursor that somebody still holds keeps no lock: the next writer waits for nobody to let go of it."""
        written, held = asyncio.Event(), list[Any]()

        async def write_and_count() -> None:
            async with store.begin() as connection:
                await connection.execute(text("UPDATE purses SET cents = 70"))
                rows = await connection.stream(text("SELECT id FROM purses"))
                held.append((rows, await rows.fetchone()))
                written.set()
                await connection.execute(text("SELECT count(*) FROM purses"))

        task = asyncio.create_task(write_and_count())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await run(store, "UPDATE purses SET cents = cents + 1 WHERE id = 1")
        assert await purse(store) == 101

    @only_sqlite
    async def test_what_was_read_is_still_so_when_it_writes(self, store: Store) -> None:
        """Read, compute, write, from many tasks: no update is lost on the single writer."""

        async def spend() -> None:
            async with store.begin() as connection:
                found = await connection.execute(text("SELECT cents FROM purses WHERE id = 1"))
                left = found.scalar_one() - 1
                await connection.execute(text("UPDATE purses SET cents = :left WHERE id = 1"), {"left": left})

        await asyncio.gather(*(spend() for _ in range(30)))

        assert await purse(store) == 70

    async def test_more_of_them_than_connections_wait_their_turn(self, store: Store) -> None:
        """None is refused for arriving together."""
        add = "UPDATE purses SET cents = cents + 1 WHERE id = 1"

        await asyncio.gather(*(run(store, add) for _ in range(20)))

        assert await purse(store) == 120


class TestReading:
    async def test_sees_nothing_uncommitted(self, store: Store) -> None:
        """And is not held up by who writes."""
        async with store.begin() as connection:
            await connection.execute(text("UPDATE purses SET cents = 0"))
            assert await purse(store) == 100

    @only_sqlite
    async def test_cannot_write(self, store: Store) -> None:
        """There is one writer, and this is not it."""
        with pytest.raises(Unavailable, match="READONLY"):
            async with store.read() as connection:
                await connection.execute(text("UPDATE purses SET cents = 0"))


class TestOutages:
    @pytest.mark.parametrize("scheme", ["sqlite+aiosqlite:///{}/nyota.db", "postgresql+asyncpg://x@/x?host={}"])
    async def test_a_database_that_is_not_there_is_unavailable(self, scheme: str, tmp_path: Path) -> None:
        """For readers and writers alike."""
        threads = threading.active_count()
        store = Store(scheme.format(tmp_path / "missing"))

        with pytest.raises(Unavailable):
            await run(store, "SELECT 1")
        with pytest.raises(Unavailable):
            await purse(store)
        await store.close()
        await wait_until(lambda: threading.active_count() <= threads)

    async def test_one_that_was_closed_serves_nobody(self, database_url: str) -> None:
        """It opens no connection that nobody would close."""
        store = Store(database_url)
        await store.close()

        with pytest.raises(Unavailable, match="closed"):
            await run(store, "SELECT 1")
        with pytest.raises(Unavailable, match="closed"):
            await purse(store)

    @only_sqlite
    async def test_a_file_that_another_process_holds_is_unavailable(self, store: Store, database_url: str) -> None:
        """After the patience that was configured."""
        other = Store(database_url, busy_seconds=0.05)

        async with store.begin():
            with pytest.raises(Unavailable, match="BUSY"):
                await run(other, "SELECT 1")
        await other.close()

    @only_postgres
    async def test_of_two_that_wait_for_each_other_one_is_told_to_come_again(self, store: Store) -> None:
        """A deadlock is nobody's mistake: nothing happened, and the other one goes on."""
        locked = asyncio.Barrier(2)

        async def lock_both(first: int, second: int) -> None:
            async with store.begin() as connection:
                await connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
                add = text("UPDATE purses SET cents = cents + 1 WHERE id = :id")
                await connection.execute(add, {"id": first})
                await locked.wait()
                await connection.execute(add, {"id": second})

        results = await asyncio.gather(lock_both(1, 2), lock_both(2, 1), return_exceptions=True)

        assert [type(result) for result in results if result] == [Unavailable]
        assert await purse(store, 1) == await purse(store, 2) == 101

    @only_postgres
    async def test_a_connection_lost_at_work_is_unavailable(self, store: Store) -> None:
        """Nothing was committed, and the next unit of work finds a new connection."""
        with pytest.raises(Unavailable):
            await run(store, "UPDATE purses SET cents = 0", "SELECT pg_terminate_backend(pg_backend_pid())")

        assert await purse(store) == 100

    @only_postgres
    async def test_a_connection_lost_while_committing_is_uncertain(self, store: Store) -> None:
        """The server may have committed and lost only its answer: look before repeating."""
        await run(store, *END_AT_COMMIT)

        with pytest.raises(Uncertain):
            await run(store, "INSERT INTO purses (id, cents) VALUES (3, 0)")

    async def test_a_mistake_of_ours_is_not_called_an_outage(self, store: Store) -> None:
        """Repeating it would not help."""
        with pytest.raises(DBAPIError):
            await run(store, "SELECT * FROM nowhere")
        with pytest.raises(IntegrityError):
            await run(store, "INSERT INTO purses (id, cents) VALUES (1, 0)")

    async def test_says_what_failed_and_nothing_that_was_stored(self, store: Store, database_url: str) -> None:
        """A reason may be shown to operators; values may not."""
        threads = threading.active_count()
        other = Store(database_url.replace("nyota.db", "missing/nyota.db").replace("host=/", "host=/missing/"))

        with pytest.raises(Unavailable) as outage:
            async with other.begin() as connection:
                await connection.execute(text("SELECT :secret"), {"secret": "4826"})

        assert str(outage.value).startswith("database: ")
        assert "4826" not in str(outage.value)
        await other.close()
        await wait_until(lambda: threading.active_count() <= threads)


class TestDuplicates:
    @pytest.mark.parametrize(
        ("statement", "expected"),
        [
            ("INSERT INTO purses (id, cents) VALUES (1, 0)", True),
            ("INSERT INTO purses (id) VALUES (3)", False),
            ("UPDATE purses SET owner = 9", False),
        ],
        ids=["taken", "empty", "dangling"],
    )
    async def test_only_a_taken_value_is_one(self, store: Store, statement: str, expected: bool) -> None:
        """Other constraints are other mistakes."""
        with pytest.raises(IntegrityError) as refused:
            await run(store, statement)

        assert is_duplicate(refused.value) is expected
