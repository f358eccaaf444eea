"""Our own ledger, read from the gateway's database: read-only, and without any of the gateway's code.

What is read here is the schema as anybody who has the database sees it; a renamed column fails loudly.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import NullPool, Row, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from simulator.campaign.facts import FOR_ITS_HOUR_MS, RECURRING, Balance, Customer, Journal, Loan, Operation

FILE = "nyota.db"

_UNSETTLED = text(
    "SELECT COUNT(*) FROM operations WHERE is_open AND state NOT IN ('parked', 'dead')"
    " AND COALESCE(reason, '') <> 'waiting for an answer' AND kind NOT IN :recurring"
    " AND NOT (state = 'queued' AND due_at - updated_at > :least AND due_at - updated_at <= :most)"
).bindparams(
    bindparam("recurring", RECURRING, expanding=True),
    bindparam("least", FOR_ITS_HOUR_MS[0]),
    bindparam("most", FOR_ITS_HOUR_MS[1]),
)
_LINES = "SELECT journal_id, key, amount_cents FROM postings JOIN accounts ON accounts.id = account_id"
_BALANCES = """
    SELECT key, SUM(posted_cents) AS posted, SUM(held_cents) AS held
    FROM balances JOIN accounts ON accounts.id = account_id GROUP BY key
"""


class Kept(NamedTuple):
    """Everything the database says."""

    customers: tuple[Customer, ...]
    operations: tuple[Operation, ...]
    requests: Mapping[str, str]
    journals: tuple[Journal, ...]
    loans: tuple[Loan, ...]
    balances: tuple[Balance, ...]


def url_of(data: Path) -> str:
    """The URL of the SQLite file of a data directory, opened for reading only. Raises FileNotFoundError."""
    return f"sqlite+aiosqlite:///{(data / FILE).resolve(strict=True).as_uri()}?mode=ro&uri=true"


async def read(url: str) -> Kept:
    """All of it, as of one moment. The gateway may run or not."""
    async with _opened(url) as database:
        return Kept(
            customers=tuple(Customer(row.id, row.msisdn) for row in await _rows(database, "customers")),
            operations=tuple(_operation(row) for row in await _rows(database, "operations")),
            requests={row.id: row.operation_id for row in await _rows(database, "rail_requests")},
            journals=await _journals(database),
            loans=tuple(_loan(row) for row in await _rows(database, "loans")),
            balances=await _balances(database),
        )


async def unsettled(url: str) -> int:
    """How many operations are still being worked on; those that wait for a person are not."""
    async with _opened(url) as database:
        return int((await database.execute(_UNSETTLED)).scalar_one())


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[AsyncConnection]:
    options = {} if url.startswith("sqlite") else {"isolation_level": "REPEATABLE READ"}
    engine = create_async_engine(url, poolclass=NullPool, **options)
    try:
        async with engine.connect() as database:
            if url.startswith("sqlite"):
                await database.exec_driver_sql("BEGIN")
            yield database
    finally:
        await engine.dispose()


async def _rows(database: AsyncConnection, table: str) -> Sequence[Row[Any]]:
    return (await database.execute(text(f"SELECT * FROM {table}"))).all()  # noqa: S608 - names are written above


def _operation(row: Row[Any]) -> Operation:
    return Operation(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        customer_id=row.customer_id,
        state=row.state,
        step=row.step,
        is_open=bool(row.is_open),
        reason=row.reason or "",
        intent=_parsed(row.intent),
        put_off_ms=row.due_at - row.updated_at,
    )


def _loan(row: Row[Any]) -> Loan:
    return Loan(row.id, row.reference, row.customer_id, row.state, int(_parsed(row.quote)["total_cents"]))


def _parsed(value: Any) -> Any:
    """JSON as the driver gives it: text, or read already."""
    return json.loads(value) if isinstance(value, str | bytes) else value


async def _journals(database: AsyncConnection) -> tuple[Journal, ...]:
    lines: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in await database.execute(text(_LINES)):
        lines[row.journal_id].append((row.key, row.amount_cents))
    return tuple(
        Journal(row.id, row.operation_id, row.step, row.phase, tuple(lines[row.id]))
        for row in await _rows(database, "journals")
    )


async def _balances(database: AsyncConnection) -> tuple[Balance, ...]:
    rows = await database.execute(text(_BALANCES))
    return tuple(Balance(row.key, int(row.posted), int(row.held)) for row in rows)
