"""Our own ledger, read from the gateway's SQLite file: read-only, with the standard library alone.

What is read here is the schema as anybody who has the file sees it; a renamed column fails loudly.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from simulator.campaign.facts import Balance, Customer, Journal, Loan, Operation

FILE = "nyota.db"


class Kept(NamedTuple):
    """Everything the database says."""

    customers: tuple[Customer, ...]
    operations: tuple[Operation, ...]
    requests: Mapping[str, str]
    journals: tuple[Journal, ...]
    loans: tuple[Loan, ...]
    balances: tuple[Balance, ...]


def read(data: Path) -> Kept:
    """All of it, as of one moment. The gateway may run or not."""
    with closing(_opened(data)) as database:
        return Kept(
            customers=tuple(Customer(row["id"], row["msisdn"]) for row in _rows(database, "customers")),
            operations=tuple(_operation(row) for row in _rows(database, "operations")),
            requests={row["id"]: row["operation_id"] for row in _rows(database, "rail_requests")},
            journals=_journals(database),
            loans=tuple(_loan(row) for row in _rows(database, "loans")),
            balances=_balances(database),
        )


def unsettled(data: Path) -> int:
    """How many operations are still being worked on; those that wait for a person are not."""
    query = "SELECT COUNT(*) FROM operations WHERE is_open AND step <> 'decision' AND state NOT IN ('parked', 'dead')"
    with closing(_opened(data)) as database:
        return int(database.execute(query).fetchone()[0])


def _opened(data: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{(data / FILE).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    database.row_factory = sqlite3.Row
    database.execute("BEGIN")
    return database


def _rows(database: sqlite3.Connection, table: str) -> list[sqlite3.Row]:
    return database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - table names are written above


def _operation(row: sqlite3.Row) -> Operation:
    intent: dict[str, Any] = json.loads(row["intent"])
    return Operation(
        id=row["id"],
        reference=row["reference"],
        kind=row["kind"],
        customer_id=row["customer_id"],
        state=row["state"],
        step=row["step"],
        is_open=bool(row["is_open"]),
        reason=row["reason"] or "",
        intent=intent,
    )


def _loan(row: sqlite3.Row) -> Loan:
    total_cents = int(json.loads(row["quote"])["total_cents"])
    return Loan(row["id"], row["reference"], row["customer_id"], row["state"], total_cents)


def _journals(database: sqlite3.Connection) -> tuple[Journal, ...]:
    lines: dict[str, list[tuple[str, int]]] = defaultdict(list)
    query = "SELECT journal_id, key, amount_cents FROM postings JOIN accounts ON accounts.id = account_id"
    for row in database.execute(query):
        lines[row["journal_id"]].append((row["key"], row["amount_cents"]))
    return tuple(
        Journal(row["id"], row["operation_id"], row["step"], row["phase"], tuple(lines[row["id"]]))
        for row in _rows(database, "journals")
    )


def _balances(database: sqlite3.Connection) -> tuple[Balance, ...]:
    query = (
        "SELECT key, SUM(posted_cents) AS posted, SUM(held_cents) AS held"
        " FROM balances JOIN accounts ON accounts.id = account_id GROUP BY key"
    )
    return tuple(Balance(row["key"], row["posted"], row["held"]) for row in database.execute(query))
