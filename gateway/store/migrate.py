"""Brings a database to the schema of this code, in one transaction on both engines: all of it or nothing.

Running it again changes nothing; of several that start at once one does the work and the others find it done.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.store.engine import Store

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE_SECONDS = 60.0
"""How long the others wait for the one that does the work."""
LOCK = 0x4E594F5441
"""Whoever migrates a PostgreSQL holds this advisory lock; SQLite has a single writer anyway."""


async def migrate(url: str) -> str:
    """The version that the database is at afterwards. Raises Unavailable when it cannot be reached."""
    store = Store(url, pool=1, busy_seconds=PATIENCE_SECONDS)
    try:
        async with store.begin() as connection:
            await connection.run_sync(upgrade)
            return await connection.run_sync(_version) or ""
    finally:
        await store.close()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """The same within a transaction of the caller's."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    configuration = _configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, revision)


async def schema_version(store: Store) -> str | None:
    """The version a database is at; None when nobody has migrated it yet."""
    async with store.read() as connection:
        return await connection.run_sync(_version)


def newest_version() -> str:
    """The version that this code needs."""
    return str(ScriptDirectory.from_config(_configuration()).get_current_head())


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return configuration


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
