"""What the database itself refuses, on both engines, to whoever writes SQL past the books."""

from contextlib import suppress

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.gateway.books.till import Till, payout, transfer

POSTING = (
    "INSERT INTO postings (journal_id, account_id, shard, amount_cents, currency, phase, at)"
    " SELECT '{journal}', account_id, shard, {cents}, '{currency}', '{phase}', {at} FROM balances"
    " JOIN accounts ON id = account_id WHERE key = '{key}'"
)
JOURNAL = (
    "INSERT INTO journals (id, operation_id, step, phase, pending_id, content_hash, memo, at)"
    " VALUES ('{journal}', '{journal}', 'post', '{phase}', {pending}, '', '', 1)"
)


def posting(key: str, cents: int, journal: str = "j", **other: str) -> str:
    """Of a wallet; `other` says what of currency, phase and moment is not as usual."""
    words = {"currency": "KES", "phase": "posted", "at": "1"} | other
    return POSTING.format(key=f"wallet:{key}", cents=cents, journal=journal, **words)


def journal(name: str = "j", phase: str = "posted", pending: str = "NULL") -> str:
    return JOURNAL.format(journal=name, phase=phase, pending=pending)


@pytest.fixture
async def open_till(till: Till) -> Till:
    """With two wallets and a hold, and what they came from."""
    await till.deposit("amina", 5_000)
    await till.post(transfer("op", "amina", "baraka", 1_000))
    await till.hold(payout("payout", "amina", 1_000))
    return till


class TestJournals:
    async def test_a_balanced_one_is_taken(self, open_till: Till) -> None:
        """So that the refusals below are for what they say."""
        await open_till.sql(posting("amina", 100), posting("baraka", -100), journal())

        assert await open_till.count("journals WHERE id = 'j'") == 1

    @pytest.mark.parametrize(
        "statements",
        [
            (journal(),),
            (posting("amina", 100), journal()),
            (posting("amina", 100), posting("baraka", -99), journal()),
            (posting("amina", 100), posting("baraka", -100, currency="USD"), journal()),
            (posting("amina", 100), posting("baraka", -100, phase="pending"), journal()),
            (posting("amina", 100), posting("baraka", -100, at="2"), journal()),
            (posting("amina", 100), posting("baraka", -100), journal(phase="voided")),
            (posting("amina", 100), posting("baraka", -100), journal(pending="'nothing'")),
            (posting("amina", 0), posting("baraka", 0), journal()),
            (posting("amina", 100), posting("baraka", -100)),
        ],
        ids=[
            "no postings",
            "one posting",
            "not zero",
            "not zero per currency",
            "another phase",
            "another moment",
            "voids nothing",
            "resolves nothing",
            "zeros",
            "no journal",
        ],
    )
    async def test_what_is_no_journal_does_not_commit(self, open_till: Till, statements: tuple[str, ...]) -> None:
        """Refused at once or at the commit; nothing of it stays."""
        before = await open_till.count("postings")

        with pytest.raises(IntegrityError):
            await open_till.sql(*statements)

        assert await open_till.count("postings") == before
        assert await open_till.findings() == []

    async def test_nothing_joins_one_that_is_complete(self, open_till: Till) -> None:
        """Not even what sums to zero by itself."""
        await open_till.sql(posting("amina", 100), posting("baraka", -100), journal())

        with pytest.raises(IntegrityError, match="complete"):
            await open_till.sql(posting("amina", 100), posting("baraka", -100))

    async def test_what_is_no_hold_is_not_resolved(self, open_till: Till) -> None:
        """A posted journal cannot be voided."""
        await open_till.sql(posting("amina", 100), posting("baraka", -100), journal())

        with pytest.raises(IntegrityError, match="not pending"):
            await open_till.sql(
                posting("amina", 100, "k", phase="voided"),
                posting("baraka", -100, "k", phase="voided"),
                journal("k", "voided", "'j'"),
            )


class TestHistory:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE postings SET amount_cents = amount_cents * 2",
            "DELETE FROM postings",
            "UPDATE journals SET memo = 'nothing to see'",
            "DELETE FROM journals",
            "UPDATE accounts SET may_overdraw = true",
            "DELETE FROM accounts",
        ],
    )
    async def test_nothing_is_edited_or_deleted(self, open_till: Till, statement: str) -> None:
        """Corrections are new journals."""
        with pytest.raises(IntegrityError, match="not"):
            await open_till.sql(statement)

        assert await open_till.findings() == []

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT OR REPLACE INTO postings SELECT"
            " id, journal_id, account_id, shard, amount_cents * 2, currency, phase, at FROM postings",
            "INSERT OR REPLACE INTO journals SELECT"
            " id, operation_id, step, phase, pending_id, content_hash, 'another', at, mark FROM journals",
            "INSERT OR REPLACE INTO accounts SELECT"
            " id, key, control, kind, -sign, currency, true, shards FROM accounts",
        ],
        ids=["postings", "journals", "accounts"],
    )
    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    async def test_nothing_is_replaced(self, open_till: Till, statement: str) -> None:
        """SQLite's INSERT OR REPLACE deletes without asking the triggers on deletion."""
        with suppress(IntegrityError):
            await open_till.sql(statement)

        assert await open_till.findings() == []

    @pytest.mark.parametrize("table", ["postings", "journals", "accounts"])
    @pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
    async def test_nothing_is_truncated(self, open_till: Till, table: str) -> None:
        """PostgreSQL's TRUNCATE does not ask the triggers on deletion either."""
        with pytest.raises(DBAPIError, match="not changed"):
            await open_till.sql(f"TRUNCATE {table} CASCADE")


class TestBalances:
    async def test_one_that_may_not_be_overdrawn_is_not(self, open_till: Till) -> None:
        """By whatever statement, and neither by holding nor by giving."""
        for change in ("posted_cents = posted_cents - 9000", "held_cents = held_cents + 9000"):
            with pytest.raises(IntegrityError, match="not covered"):
                await open_till.sql("UPDATE balances SET :change WHERE shard = 0".replace(":change", change))

    async def test_less_than_nothing_is_not_held(self, open_till: Till) -> None:
        """That would make money available that is not there."""
        with pytest.raises(IntegrityError):
            await open_till.sql("UPDATE balances SET held_cents = -1")
