"""The core's own book: one SQLite file that survives `kill -9`.

What is written at the same moment goes to the disk together, and nobody is answered before it is there. Readers
see only what is on disk. The file belongs to whoever holds the outside world's book in the same directory.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.standins.book import Rows

SCHEMA = """
CREATE TABLE IF NOT EXISTS clients (
    id INTEGER PRIMARY KEY,
    external_id TEXT UNIQUE,
    mobile_no TEXT UNIQUE,
    firstname TEXT NOT NULL,
    lastname TEXT NOT NULL,
    display_name TEXT NOT NULL,
    email TEXT,
    born_on TEXT,
    status INTEGER NOT NULL,
    submitted_on TEXT NOT NULL,
    activated_on TEXT
);
CREATE TABLE IF NOT EXISTS identifiers (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    type_id INTEGER NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (type_id, document)
);
CREATE INDEX IF NOT EXISTS identifiers_of_client ON identifiers (client_id);
CREATE TABLE IF NOT EXISTS payment_types (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    is_cash INTEGER NOT NULL,
    position INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS loans (
    id INTEGER PRIMARY KEY,
    external_id TEXT UNIQUE,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    product_id INTEGER NOT NULL,
    terms TEXT NOT NULL,
    status INTEGER NOT NULL,
    principal_cents INTEGER NOT NULL,
    approved_cents INTEGER,
    overpaid_cents INTEGER NOT NULL DEFAULT 0,
    submitted_on TEXT NOT NULL,
    expected_on TEXT NOT NULL,
    approved_on TEXT,
    disbursed_on TEXT,
    ended_on TEXT
);
CREATE INDEX IF NOT EXISTS loans_of_client ON loans (client_id);
CREATE INDEX IF NOT EXISTS loans_in_status ON loans (status, id);
CREATE TABLE IF NOT EXISTS instalments (
    loan_id INTEGER NOT NULL REFERENCES loans (id),
    number INTEGER NOT NULL,
    from_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    principal INTEGER NOT NULL,
    interest INTEGER NOT NULL,
    fee INTEGER NOT NULL DEFAULT 0,
    penalty INTEGER NOT NULL DEFAULT 0,
    principal_paid INTEGER NOT NULL DEFAULT 0,
    interest_paid INTEGER NOT NULL DEFAULT 0,
    fee_paid INTEGER NOT NULL DEFAULT 0,
    penalty_paid INTEGER NOT NULL DEFAULT 0,
    principal_off INTEGER NOT NULL DEFAULT 0,
    interest_off INTEGER NOT NULL DEFAULT 0,
    fee_off INTEGER NOT NULL DEFAULT 0,
    penalty_off INTEGER NOT NULL DEFAULT 0,
    advance_cents INTEGER NOT NULL DEFAULT 0,
    late_cents INTEGER NOT NULL DEFAULT 0,
    met_on TEXT,
    PRIMARY KEY (loan_id, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS instalments_unmet ON instalments (loan_id, number) WHERE met_on IS NULL;
CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    loan_id INTEGER NOT NULL REFERENCES loans (id),
    type INTEGER NOT NULL,
    happened_on TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    principal INTEGER NOT NULL DEFAULT 0,
    interest INTEGER NOT NULL DEFAULT 0,
    fee INTEGER NOT NULL DEFAULT 0,
    penalty INTEGER NOT NULL DEFAULT 0,
    overpaid INTEGER NOT NULL DEFAULT 0,
    balance_cents INTEGER NOT NULL DEFAULT 0,
    external_id TEXT UNIQUE,
    reversal_external_id TEXT,
    details TEXT NOT NULL,
    receipt TEXT,
    is_reversed INTEGER NOT NULL DEFAULT 0,
    replaced_by INTEGER,
    idempotency_key TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS transactions_of_loan ON transactions (loan_id, is_reversed, happened_on, id);
CREATE TABLE IF NOT EXISTS loan_charges (
    id INTEGER PRIMARY KEY,
    loan_id INTEGER NOT NULL REFERENCES loans (id),
    charge_id INTEGER NOT NULL,
    amount_cents INTEGER NOT NULL,
    due_on TEXT,
    external_id TEXT UNIQUE,
    instalment INTEGER NOT NULL,
    is_waived INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS loan_charges_of_loan ON loan_charges (loan_id);
CREATE TABLE IF NOT EXISTS reschedules (
    id INTEGER PRIMARY KEY,
    loan_id INTEGER NOT NULL REFERENCES loans (id),
    status INTEGER NOT NULL,
    from_on TEXT NOT NULL,
    submitted_on TEXT NOT NULL,
    wanted TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS savings (
    id INTEGER PRIMARY KEY,
    external_id TEXT UNIQUE,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    product_id INTEGER NOT NULL,
    status INTEGER NOT NULL,
    submitted_on TEXT NOT NULL,
    approved_on TEXT,
    activated_on TEXT,
    ended_on TEXT,
    balance_cents INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS savings_of_client ON savings (client_id);
CREATE TABLE IF NOT EXISTS savings_transactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    savings_id INTEGER NOT NULL REFERENCES savings (id),
    type INTEGER NOT NULL,
    happened_on TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    details TEXT NOT NULL,
    receipt TEXT,
    is_reversed INTEGER NOT NULL DEFAULT 0,
    idempotency_key TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS savings_transactions_of ON savings_transactions (savings_id, happened_on, id);
CREATE TABLE IF NOT EXISTS commands (
    id INTEGER PRIMARY KEY,
    action TEXT NOT NULL,
    entity TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'waiting')),
    status INTEGER,
    answer TEXT,
    request TEXT,
    at REAL NOT NULL,
    UNIQUE (action, entity, key)
);
CREATE INDEX IF NOT EXISTS commands_waiting ON commands (id) WHERE state IN ('running', 'waiting');
CREATE TABLE IF NOT EXISTS hooks (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    url TEXT NOT NULL,
    content_type TEXT NOT NULL,
    events TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS poison (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, value)
) WITHOUT ROWID;
"""


class Store:
    """`rows` is for whoever changes something, inside `change`; `seen` is what everybody else sees."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA synchronous = FULL")
        writer.execute("PRAGMA foreign_keys = ON")
        writer.executescript(SCHEMA)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("PRAGMA query_only = ON")
        self.rows = Rows(writer)
        self.seen = Rows(reader)
        self._group: asyncio.Future[None] | None = None
        self._held = 0

    @contextmanager
    def change(self) -> Iterator[Rows]:
        """All of it or nothing. It is on disk once `settled` returns. Never await inside."""
        if self._group is None:
            self.rows.execute("BEGIN IMMEDIATE")
            self._group = asyncio.get_running_loop().create_future()
            self._plan_commit()
        self.rows.execute("SAVEPOINT change")
        try:
            yield self.rows
        except BaseException:
            self.rows.execute("ROLLBACK TO change")
            raise
        finally:
            self.rows.execute("RELEASE change")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing is committed, and so nothing seen, until this ends. It may last."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._plan_commit()

    async def settled(self) -> None:
        """Wait until everything that was changed so far is on disk."""
        if self._group is not None:
            await asyncio.shield(self._group)

    def close(self) -> None:
        self._commit()
        self.seen.close()
        self.rows.close()

    def _plan_commit(self) -> None:
        # In the next round of the loop, so that whatever comes in in this one shares the wait for the disk.
        if not self._held and self._group is not None:
            asyncio.get_running_loop().call_soon(self._commit)

    def _commit(self) -> None:
        if self._held or self._group is None:
            return
        group, self._group = self._group, None
        try:
            self.rows.execute("COMMIT")
        except sqlite3.Error as error:
            group.set_exception(error)
            return
        group.set_result(None)
