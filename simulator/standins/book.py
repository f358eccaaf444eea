"""The outside world's own book: one SQLite file that survives `kill -9`.

Every change is one transaction, on disk before anybody hears of it. Statements are small and run where they
are called; the file belongs to one process at a time.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOCK_WAIT_SECONDS = 1.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS people (
    phone TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    balance_cents INTEGER NOT NULL CHECK (balance_cents >= 0),
    is_registered INTEGER NOT NULL DEFAULT 1,
    is_opted_out INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS shortcodes (
    shortcode TEXT PRIMARY KEY,
    utility_cents INTEGER NOT NULL CHECK (utility_cents >= 0),
    c2b_version TEXT,
    response_type TEXT,
    confirmation_url TEXT,
    validation_url TEXT,
    pull_phone TEXT
);
CREATE TABLE IF NOT EXISTS movements (
    id INTEGER PRIMARY KEY,
    receipt TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('stk', 'c2b', 'b2c', 'reversal')),
    phone TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    reference TEXT NOT NULL,
    shortcode TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS movements_of_phone ON movements (phone, at);
CREATE INDEX IF NOT EXISTS movements_of_shortcode ON movements (shortcode, at);
CREATE UNIQUE INDEX IF NOT EXISTS one_payout_per_originator ON movements (reference) WHERE kind = 'b2c';
CREATE UNIQUE INDEX IF NOT EXISTS one_reversal_per_receipt ON movements (reference) WHERE kind = 'reversal';
CREATE TABLE IF NOT EXISTS prompts (
    id TEXT PRIMARY KEY,
    checkout_id TEXT NOT NULL UNIQUE,
    merchant_id TEXT NOT NULL,
    phone TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    reference TEXT NOT NULL,
    shortcode TEXT NOT NULL,
    transaction_type TEXT NOT NULL,
    callback_url TEXT NOT NULL,
    faults TEXT NOT NULL,
    state TEXT NOT NULL,
    result_code TEXT,
    receipt TEXT,
    is_ignored INTEGER NOT NULL DEFAULT 0,
    at REAL NOT NULL,
    expires_at REAL NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_prompt_per_phone ON prompts (phone) WHERE state = 'open';
CREATE INDEX IF NOT EXISTS prompts_of_phone ON prompts (phone, at);
CREATE TABLE IF NOT EXISTS payouts (
    originator_id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL UNIQUE,
    phone TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    shortcode TEXT NOT NULL,
    result_code TEXT NOT NULL,
    receipt TEXT,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS payouts_of_receipt ON payouts (receipt);
CREATE TABLE IF NOT EXISTS business_payments (
    receipt TEXT PRIMARY KEY,
    command TEXT NOT NULL,
    shortcode TEXT NOT NULL,
    receiver TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    reference TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS standing_orders (
    phone TEXT NOT NULL,
    name TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    reference TEXT NOT NULL,
    frequency TEXT NOT NULL,
    PRIMARY KEY (phone, name)
);
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY,
    phone TEXT NOT NULL,
    text TEXT NOT NULL,
    sender TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_of_phone ON messages (phone, at);
CREATE TABLE IF NOT EXISTS links (
    id TEXT PRIMARY KEY,
    phone TEXT NOT NULL,
    short_code TEXT NOT NULL,
    at REAL NOT NULL,
    is_used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS letters (
    id INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    content BLOB NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS tokens (
    app TEXT PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'lost')),
    outcome TEXT
);
CREATE INDEX IF NOT EXISTS callbacks_to_send ON callbacks (state, due_at);
CREATE INDEX IF NOT EXISTS callbacks_about ON callbacks (about, state);
"""


class BookInUseError(Exception):
    """Another process has this book open."""


class Rows:
    """Statements on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.row_factory = sqlite3.Row

    def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def one(self, statement: str, *values: object) -> sqlite3.Row | None:
        """The first row, if there is any."""
        row: sqlite3.Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def all(self, statement: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()

    def value(self, statement: str, *values: object) -> Any:
        """The first column of the first row; None when there is no row."""
        row = self.one(statement, *values)
        return None if row is None else row[0]

    def close(self) -> None:
        self._connection.close()


class Book(Rows):
    """Creates the file when it is missing. Raises BookInUseError when another process has it open."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(sqlite3.connect(path, timeout=LOCK_WAIT_SECONDS, isolation_level=None))
        try:
            self._prepare()
        except sqlite3.OperationalError as error:
            self._connection.close()
            if "locked" in str(error):
                raise BookInUseError(f"{path} is in use by another process") from error
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing. Never await inside: everybody shares this connection."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _prepare(self) -> None:
        # Exclusive locking is what keeps a second process out, and it ends with the process, however it ends.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode = WAL")
        # Enough to outlive this process however it ends; only a power cut could take its last moments.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)
