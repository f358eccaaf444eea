"""Marked books with a sealer and a proof over them, and a hand that gets past every guard."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit.keys import Keys
from gateway.audit.proof import Trust, proved
from gateway.audit.sealer import Sealed, Sealer, sign_of
from gateway.books.integrity import Finding
from gateway.books.ledger import Books
from gateway.store.engine import Store
from tests.gateway.books.till import Till

KEY = "a key that is kept outside of the database"


class Vault(Till):
    """A till whose journals are marked and sealed."""

    def __init__(
        self, store: Store, heads_file: Path | None, *, rows_at_once: int = 50, keys: Keys | None = None
    ) -> None:
        super().__init__(store)
        self.keys = keys or Keys(KEY)
        self.now = 1_000
        self.heads_file = heads_file
        self.books = Books(sign_of(self.keys))
        self.sealer = Sealer(store, self.keys, lambda: self.now, heads_file, rows_at_once=rows_at_once)

    async def seal(self) -> Sealed:
        """Until nothing is left to seal."""
        total = await self.sealer.seal()
        while total.has_more:
            total = await self.sealer.seal()
        return total

    async def proof(self, *, since: int = 0, keys: Keys | None = None) -> list[Finding]:
        async with self.store.read() as connection:
            return await proved(connection, Trust(keys or self.keys, self.heads_file), since)

    async def first_bad(self) -> str:
        """The name of the first bad row."""
        return (await self.proof())[0].subject

    async def meddle(self, *statements: str) -> None:
        """As whoever owns the database: past every trigger and every foreign key. The guards are there again after."""
        if not self.store.is_sqlite:
            async with self.store.begin() as connection, past_guards(connection):
                for statement in statements:
                    await connection.exec_driver_sql(statement)
            return
        with closing(sqlite3.connect(self.store.url.partition("///")[2])) as file, file:
            triggers = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                file.execute(f"DROP TRIGGER {name}")
            for statement in (*statements, *(statement for _, statement in triggers)):
                file.execute(statement)


@asynccontextmanager
async def past_guards(connection: AsyncConnection) -> AsyncIterator[None]:
    """Nothing is refused inside; on SQLite what no foreign key allows cannot be committed, only looked at."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield
        await connection.exec_driver_sql("SET LOCAL session_replication_role = origin")
        return
    rows = await connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    triggers: Sequence[Any] = rows.all()
    await connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for name, _ in triggers:
        await connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, statement in triggers:
        await connection.exec_driver_sql(statement)
