"""Migrations on both engines: they arrive at the schema of this code, in one piece, however often they are run."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text
from sqlalchemy.exc import DBAPIError

import gateway
from gateway.books import tables as books
from gateway.store.engine import Store
from gateway.store.migrate import migrate, newest_version, schema_version
from gateway.store.tables import metadata

ROOT = Path(gateway.__file__).parent
for found in sorted(ROOT.rglob("tables.py")):  # whoever keeps tables of its own declares them on the one metadata
    import_module(".".join(("gateway", *found.relative_to(ROOT).with_suffix("").parts)))


@pytest.fixture
async def store(empty_database_url: str) -> AsyncIterator[Store]:
    store = Store(empty_database_url)
    yield store
    await store.close()


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return list(compare_metadata(context, metadata))


def checks(connection: Connection) -> dict[str, set[str | None]]:
    """Alembic does not compare CHECK constraints."""
    inspector = inspect(connection)
    return {table: {check["name"] for check in inspector.get_check_constraints(table)} for table in metadata.tables}


def table_names(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


class TestMigrating:
    async def test_arrives_at_the_schema_of_this_code(self, store: Store, empty_database_url: str) -> None:
        """Tables, columns, types, defaults, keys and indexes: nothing more and nothing less."""
        await migrate(empty_database_url)

        async with store.read() as connection:
            assert await connection.run_sync(differences) == []
            assert await connection.run_sync(checks) == {
                name: {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
                for name, table in metadata.tables.items()
            }

    async def test_makes_the_guards_of_the_books(self, store: Store, empty_database_url: str) -> None:
        """By the names that the proof of the books looks for."""
        await migrate(empty_database_url)

        names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if not store.is_sqlite:
            names = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        async with store.read() as connection:
            assert set(await connection.scalars(text(names))) >= set(books.guards_of(connection.dialect.name))

    async def test_again_changes_nothing(self, store: Store, empty_database_url: str) -> None:
        """Data stays, and the version is answered both times."""
        first = await migrate(empty_database_url)
        async with store.begin() as connection:
            await connection.execute(
                metadata.tables["pin_drafts"].insert(), {"session_id": "s", "pin_hash": "", "at": 1}
            )

        again = await migrate(empty_database_url)

        assert again == first == newest_version()
        async with store.read() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM pin_drafts")) == 1

    async def test_by_several_at_once_happens_once(self, store: Store, empty_database_url: str) -> None:
        """Every gateway and worker may try at its start."""
        versions = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))

        assert set(versions) == {newest_version()}
        assert await schema_version(store) == newest_version()

    async def test_that_fails_leaves_nothing(self, store: Store, empty_database_url: str) -> None:
        """A name is taken by somebody else's table; what was made before it is undone."""
        async with store.begin() as connection:
            await connection.execute(text("CREATE TABLE postings (id INTEGER)"))

        with pytest.raises(DBAPIError, match="postings"):
            await migrate(empty_database_url)

        async with store.read() as connection:
            assert await connection.run_sync(table_names) == ["postings"]
        assert await schema_version(store) is None


class TestVersion:
    async def test_of_an_empty_database_is_none(self, store: Store) -> None:
        """Nobody has migrated it yet."""
        assert await schema_version(store) is None

    async def test_of_a_migrated_one_is_the_newest(self, store: Store, empty_database_url: str) -> None:
        """The one that this code needs."""
        await migrate(empty_database_url)

        assert await schema_version(store) == newest_version()
