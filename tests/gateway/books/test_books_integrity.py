"""The proof of the books finds what somebody who got past the guards has done, on both engines."""

import pytest
from sqlalchemy import text

from gateway.books.tables import guards_of
from tests.gateway.books.till import Till, payout, transfer

PLACES = {
    ":wallet": "(SELECT id FROM accounts WHERE key = 'wallet:amina')",
    ":transfer": "(SELECT id FROM journals WHERE operation_id = 'op')",
    ":resolving": "(SELECT id FROM journals WHERE operation_id = 'done' AND step = 'post')",
}
"""What the statements below call the rows that they spoil."""


@pytest.fixture
async def unguarded(till: Till) -> Till:
    """A busy day's books, sound, with every guard of the database taken away."""
    await till.deposit("amina", 5_000)
    await till.post(transfer("op", "amina", "baraka", 1_000))
    await till.hold(payout("open", "amina", 500))
    await till.hold(payout("done", "amina", 700))
    await till.post_held("done")
    await till.hold(payout("given back", "amina", 900))
    await till.void_held("given back")
    assert await till.findings() == []
    await take_guards_away(till)
    return till


async def take_guards_away(till: Till) -> None:
    """Triggers and foreign keys, as whoever owns the database can."""
    if not till.store.is_sqlite:
        for table in ("postings", "journals", "accounts", "balances", "staff_actions", "seals"):
            await till.sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        return
    async with till.store.begin() as connection:
        triggers = await connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for name in triggers.all():
            await connection.exec_driver_sql(f"DROP TRIGGER {name}")


async def spoil(till: Till, statement: str) -> None:
    await till.sql(filled(statement))


def filled(statement: str) -> str:
    for name, row in PLACES.items():
        statement = statement.replace(name, row)
    return statement


async def kinds(till: Till) -> set[str]:
    """What is found, apart from the guards that these tests took away."""
    return {finding.kind for finding in await till.findings()} - {"unguarded"}


class TestCheck:
    async def test_missing_guards_are_named(self, unguarded: Till) -> None:
        """Nothing is wrong yet, but nothing would stop it."""
        findings = await unguarded.findings()

        assert {finding.subject for finding in findings} == set(
            guards_of("sqlite" if unguarded.store.is_sqlite else "postgresql")
        )
        assert await kinds(unguarded) == set()

    @pytest.mark.parametrize(
        ("statement", "expected"),
        [
            ("UPDATE postings SET amount_cents = 1001 WHERE journal_id = :transfer AND amount_cents > 0",
             {"unbalanced", "drifted", "malformed"}),
            ("UPDATE postings SET amount_cents = amount_cents * 2 WHERE journal_id = :transfer",
             {"drifted", "altered"}),
            ("DELETE FROM postings WHERE journal_id = :transfer", {"short", "drifted"}),
            ("UPDATE postings SET currency = 'USD' WHERE journal_id = :transfer", {"foreign"}),
            ("UPDATE postings SET at = at + 1 WHERE journal_id = :transfer", {"foreign"}),
            ("UPDATE journals SET at = at + 1 WHERE id = :transfer", {"foreign", "altered"}),
            ("UPDATE journals SET memo = 'a gift' WHERE id = :transfer", {"altered"}),
            ("UPDATE journals SET step = 'other' WHERE id = :transfer", {"misplaced"}),
            ("UPDATE balances SET posted_cents = posted_cents + 1 WHERE account_id = :wallet",
             {"drifted", "tilted"}),
            ("UPDATE balances SET held_cents = held_cents + 1 WHERE account_id = :wallet", {"drifted"}),
            ("UPDATE balances SET posted_cents = -1 WHERE account_id = :wallet",
             {"drifted", "tilted", "overdrawn"}),
            ("UPDATE postings SET amount_cents = amount_cents * 2 WHERE journal_id = :resolving",
             {"drifted", "altered", "resolved otherwise"}),
            ("UPDATE journals SET pending_id = :transfer WHERE id = :resolving",
             {"drifted", "altered", "resolved otherwise"}),
        ],
    )  # fmt: skip
    async def test_every_change_is_found(self, unguarded: Till, statement: str, expected: set[str]) -> None:
        """Each by the promises that it breaks, and by no other."""
        await spoil(unguarded, statement)

        assert await kinds(unguarded) == expected

    async def test_a_finding_says_which_and_how(self, unguarded: Till) -> None:
        """In a sentence that an accountant can use."""
        await spoil(unguarded, "UPDATE balances SET posted_cents = posted_cents + 25 WHERE account_id = :wallet")

        (drifted,) = [finding for finding in await unguarded.findings() if finding.kind == "drifted"]

        assert drifted.subject == "wallet:amina"
        assert "shard 0" in drifted.detail
        assert "-25 cents" in drifted.detail


class TestCheckOfWhatKeysForbid:
    """What foreign keys and unique values forbid is looked for as well: a restored copy may have lost them."""

    async def test_postings_without_a_journal_are_found(self, unguarded: Till) -> None:
        """They weigh on the balance and explain nothing."""
        await without_foreign_keys(
            unguarded,
            "INSERT INTO postings (journal_id, account_id, shard, amount_cents, currency, phase, at)"
            " VALUES ('nowhere', :wallet, 0, 5, 'KES', 'posted', 1)",
        )

        assert await kinds(unguarded) == {"unbalanced", "dangling", "drifted"}

    async def test_postings_without_an_account_are_found(self, unguarded: Till) -> None:
        """Their shard is gone."""
        await without_foreign_keys(unguarded, "DELETE FROM balances WHERE account_id = :wallet")

        assert await kinds(unguarded) == {"homeless", "unsharded", "drifted", "tilted"}

    async def test_a_hold_that_ends_twice_is_found(self, unguarded: Till) -> None:
        """The same shilling would be given back twice."""
        await without_unique_holds(unguarded)
        await spoil(
            unguarded,
            "UPDATE journals SET pending_id = (SELECT pending_id FROM journals WHERE id = :resolving)"
            " WHERE phase = 'voided'",
        )

        assert {"resolved twice", "resolved otherwise", "altered"} <= await kinds(unguarded)


async def without_foreign_keys(till: Till, statement: str) -> None:
    statement = filled(statement)
    async with till.store.begin() as connection:
        if not till.store.is_sqlite:
            await connection.exec_driver_sql(statement)
            return
        await connection.exec_driver_sql("COMMIT")  # the pragma is ignored within a transaction
        await connection.exec_driver_sql("PRAGMA foreign_keys = off")
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        await connection.exec_driver_sql(statement)


async def without_unique_holds(till: Till) -> None:
    if not till.store.is_sqlite:
        await till.sql("ALTER TABLE journals DROP CONSTRAINT uq_journals_pending_id")
        return
    async with till.store.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE copy AS SELECT * FROM journals")
        await connection.exec_driver_sql("COMMIT")
        await connection.exec_driver_sql("PRAGMA foreign_keys = off")
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
        await connection.exec_driver_sql("DROP TABLE journals")
        await connection.exec_driver_sql("ALTER TABLE copy RENAME TO journals")
