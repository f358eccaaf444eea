"""Our ledger is read from the file as it is, and nothing is written to it."""

import json
import sqlite3
from pathlib import Path

import pytest

from simulator.campaign import books
from simulator.campaign.facts import Balance, Customer, Journal, Loan

SCHEMA = """
CREATE TABLE customers (id TEXT, msisdn TEXT);
CREATE TABLE operations (id TEXT, reference TEXT, kind TEXT, customer_id TEXT, state TEXT, step TEXT, is_open BOOLEAN,
                         reason TEXT, intent JSON, due_at BIGINT, updated_at BIGINT);
CREATE TABLE rail_requests (id TEXT, operation_id TEXT);
CREATE TABLE accounts (id INTEGER, key TEXT);
CREATE TABLE balances (account_id INTEGER, shard INTEGER, posted_cents INTEGER, held_cents INTEGER);
CREATE TABLE journals (id TEXT, operation_id TEXT, step TEXT, phase TEXT);
CREATE TABLE postings (journal_id TEXT, account_id INTEGER, amount_cents INTEGER);
CREATE TABLE loans (id TEXT, reference TEXT, customer_id TEXT, state TEXT, quote JSON);
INSERT INTO customers VALUES ('c1', '+254712000000');
INSERT INTO rail_requests VALUES ('r1', 'o1');
INSERT INTO accounts VALUES (1, 'mpesa.payout'), (2, 'transit.payout');
INSERT INTO balances VALUES (1, 0, -5, 1), (1, 1, -7, 2), (2, 0, 12, 0);
INSERT INTO journals VALUES ('j1', 'o1', 'paid', 'posted');
INSERT INTO postings VALUES ('j1', 1, -12), ('j1', 2, 12);
"""
STATES = (("queued", True), ("uncertain", True), ("parked", True), ("dead", True), ("done", False), ("queued", True))
HOUR_MS = 3_600_000
PUT_OFF = 5
"""The number of the one that waits for an hour of the day."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    database = sqlite3.connect(tmp_path / books.FILE)
    database.executescript(SCHEMA)
    for number, (state, is_open) in enumerate(STATES):
        intent = json.dumps({"amount_cents": number})
        due_at = HOUR_MS if number == PUT_OFF else 0
        row = (f"o{number}", f"PY{number}", "repay.stk", "c1", state, "prompt", is_open, None, intent, due_at, 0)
        database.execute("INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    database.execute("INSERT INTO loans VALUES ('l1', 'LN7K2', 'c1', 'active', ?)", (json.dumps({"total_cents": 9}),))
    database.commit()
    database.close()
    return tmp_path


class TestRead:
    async def test_everything_is_read_in_our_own_words(self, data: Path) -> None:
        """Shards of a balance are one, lines carry the account's key, JSON is parsed."""
        kept = await books.read(books.url_of(data))

        assert kept.customers == (Customer("c1", "+254712000000"),)
        assert kept.requests == {"r1": "o1"}
        assert kept.journals == (
            Journal("j1", "o1", "paid", "posted", (("mpesa.payout", -12), ("transit.payout", 12))),
        )
        assert set(kept.balances) == {Balance("mpesa.payout", -12, 3), Balance("transit.payout", 12, 0)}
        assert kept.loans == (Loan("l1", "LN7K2", "c1", "active", 9),)
        assert [(one.state, one.is_open, one.intent["amount_cents"]) for one in kept.operations] == [
            (state, is_open, number) for number, (state, is_open) in enumerate(STATES)
        ]

    async def test_what_waits_for_a_person_does_not_count_as_under_way(self, data: Path) -> None:
        """Only what still moves by itself is waited for; what waits for an hour of the day is not either."""
        assert await books.unsettled(books.url_of(data)) == 2

    def test_a_missing_file_is_not_made(self, tmp_path: Path) -> None:
        """Reading never creates a database."""
        with pytest.raises(FileNotFoundError):
            books.url_of(tmp_path)

        assert not (tmp_path / books.FILE).exists()
