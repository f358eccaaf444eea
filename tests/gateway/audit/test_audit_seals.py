"""What is sealed stays as it was, or is found by name; on both engines."""

import asyncio
from pathlib import Path

import pytest

from gateway.audit import chain, sealer
from gateway.audit.heads import Accepted
from gateway.audit.keys import Keys
from gateway.books.ledger import Books
from gateway.store.engine import Store
from tests.gateway.audit.vault import KEY, Vault
from tests.gateway.books.till import transfer


@pytest.fixture
async def sealed(vault: Vault) -> Vault:
    """A little business, all of it sealed, after a first seal over nothing."""
    await vault.seal()
    await vault.deposit("amina", 5_000)
    await vault.post(transfer("op-1", "amina", "baraka", 1_000))
    await vault.post(transfer("op-2", "baraka", "amina", 400))
    assert (await vault.seal()).stopped == ""
    assert await vault.proof() == []
    return vault


class TestSealing:
    async def test_everything_new_is_sealed_once(self, sealed: Vault) -> None:
        """Six postings of three journals, and their accounts; then nothing is left."""
        async with sealed.store.read() as connection:
            through = await chain.through(connection, "postings")

        assert through == 6
        assert (await sealed.seal()).rows == 0

    async def test_long_streams_are_sealed_range_by_range(self, vault: Vault) -> None:
        """Never more rows under one seal than was said, and no row is left out between two."""
        vault.sealer = sealer.Sealer(vault.store, vault.keys, lambda: 1, vault.heads_file, rows_at_once=4)
        for at in range(1, 8):
            await vault.deposit("amina", 100, at)

        await vault.seal()

        async with vault.store.read() as connection:
            made = [seal for seal in await chain.after(connection, 0, 100) if seal.stream == "postings"]
        assert [seal.count for seal in made] == [4, 4, 4, 2]
        assert await vault.proof() == []

    async def test_two_who_seal_at_once_make_one_chain(self, vault: Vault) -> None:
        """One finds the number taken and leaves it to the other."""
        for at in range(1, 12):
            await vault.deposit("amina", 100, at)
        other = sealer.Sealer(vault.store, vault.keys, lambda: 1, vault.heads_file, rows_at_once=3)

        await asyncio.gather(vault.seal(), other.seal(), vault.seal())
        await vault.seal()

        assert await vault.proof() == []
        assert (await vault.seal()).rows == 0

    async def test_what_was_written_before_there_was_a_key_is_sealed_as_it_is(self, vault: Vault) -> None:
        """The first seal excuses it; nothing after it is excused."""
        signed, vault.books = vault.books, Books()
        await vault.deposit("amina", 5_000)
        vault.books = signed

        assert (await vault.seal()).stopped == ""
        assert await vault.proof() == []

    async def test_what_nobody_of_ours_has_written_is_not_sealed(self, sealed: Vault) -> None:
        """Complete, balanced and hashed as it should be; only the key is missing."""
        sealed.books = Books()
        forged = await sealed.deposit("mallory", 90_000, at=9)

        stopped = (await sealed.seal()).stopped

        assert forged in stopped
        assert [(finding.kind, finding.subject) for finding in await sealed.proof()] == [("forged", forged)]
        assert await sealed.findings() == [], "nothing else would have found it"

    async def test_a_mark_from_elsewhere_is_no_mark(self, sealed: Vault) -> None:
        """It is of one content."""
        sealed.books = Books()
        forged = await sealed.deposit("mallory", 90_000, at=9)
        await sealed.meddle("UPDATE journals SET mark = (SELECT max(mark) FROM journals) WHERE mark IS NULL")

        assert await sealed.first_bad() == forged


class TestProof:
    @pytest.mark.parametrize(
        ("statement", "first"),
        [
            ("UPDATE postings SET amount_cents = amount_cents + 1 WHERE id = 3", "postings 3"),
            ("UPDATE postings SET at = at + 1 WHERE id = 5", "postings 5"),
            ("UPDATE journals SET memo = 'a gift' WHERE operation_id = 'op-1'", "postings 3"),
            ("UPDATE journals SET mark = NULL WHERE operation_id = 'op-2'", "postings 5"),
            ("DELETE FROM postings WHERE id = 4", "postings 4"),
            ("DELETE FROM postings WHERE id > 4", "postings 5"),
            ("DELETE FROM journals WHERE operation_id = 'op-1'", "postings 3"),
            ("UPDATE accounts SET key = 'wallet:mallory' WHERE key = 'wallet:baraka'", "accounts 3"),
            ("INSERT INTO postings (id, journal_id, account_id, shard, amount_cents, currency, phase, at)"
             " SELECT -7, journal_id, account_id, shard, amount_cents, currency, phase, at FROM postings WHERE id = 1",
             "postings -7"),
            ("UPDATE seals SET note = 'x' WHERE number = 2", "seals 2"),
            ("UPDATE seals SET mark = 'x' WHERE number = 2", "seals 2"),
            ("DELETE FROM seals WHERE number = 2", "seals 2"),
            ("DELETE FROM seals WHERE number > 1", "seals 2"),
            ("DELETE FROM seals", "seals 1"),
        ],
    )  # fmt: skip
    async def test_the_first_bad_row_is_named(self, sealed: Vault, statement: str, first: str) -> None:
        """Whatever was done to it."""
        await sealed.meddle(statement)

        assert await sealed.first_bad() == first

    async def test_a_tail_that_was_cut_with_its_seals_is_found_by_what_was_told_outside(self, sealed: Vault) -> None:
        """Inside, everything fits together: only the file outside knows better."""
        await sealed.post(transfer("op-3", "amina", "baraka", 1))
        await sealed.seal()
        await sealed.meddle(
            "DELETE FROM seals WHERE number = (SELECT max(number) FROM seals)",
            "DELETE FROM postings WHERE id > 6",
            "DELETE FROM journals WHERE operation_id = 'op-3'",
            "UPDATE balances SET posted_cents = posted_cents + 1"
            " WHERE account_id = (SELECT id FROM accounts WHERE key = 'wallet:amina')",
            "UPDATE balances SET posted_cents = posted_cents - 1"
            " WHERE account_id = (SELECT id FROM accounts WHERE key = 'wallet:baraka')",
        )

        assert await sealed.findings() == []
        assert {"seals 4", "postings 7"} <= {finding.subject for finding in await sealed.proof()}
        assert "not there" in (await sealed.seal()).stopped, "the chain does not go on over it"

    async def test_a_chain_that_was_written_anew_is_found_even_under_our_key(self, sealed: Vault) -> None:
        """Whoever has stolen the key has not told the file."""
        await sealed.meddle("DELETE FROM seals", "UPDATE journals SET memo = 'a gift' WHERE operation_id = 'op-1'")
        thief = sealer.Sealer(sealed.store, sealed.keys, lambda: 5, None, rows_at_once=50)
        await thief.seal()

        assert {finding.kind for finding in await sealed.proof()} == {"rewritten"}

    async def test_seals_under_another_key_are_not_ours(self, sealed: Vault) -> None:
        """Every one of them, beginning with the first."""
        found = await sealed.proof(keys=Keys("somebody else's key, just as long"))

        assert (found[0].kind, found[0].subject) == ("altered", "seals 1")

    async def test_old_keys_go_on_proving(self, sealed: Vault, database_url: str) -> None:
        """After a change of key the chain goes on under the new one."""
        keys = Keys("a new key that is kept outside as well", [KEY])
        renewed = Vault(sealed.store, sealed.heads_file, keys=keys)
        await renewed.post(transfer("op-3", "amina", "baraka", 1))

        assert (await renewed.seal()).rows == 2
        assert await renewed.proof() == []

    async def test_what_was_sealed_before_a_moment_can_be_left_out(self, sealed: Vault) -> None:
        """A proof of the last days need not read the years."""
        sealed.now = 2_000
        await sealed.post(transfer("op-3", "amina", "baraka", 1))
        await sealed.seal()
        await sealed.meddle("UPDATE journals SET memo = 'a gift' WHERE operation_id = 'op-1'")

        assert await sealed.first_bad() == "postings 3"
        assert await sealed.proof(since=1_500) == []

    async def test_many_findings_end(self, sealed: Vault) -> None:
        """A table that was emptied is not a page for each row."""
        for at in range(10, 80):
            await sealed.deposit("amina", 1, at)
        await sealed.seal()
        await sealed.meddle("DELETE FROM postings")

        found = await sealed.proof()

        assert len(found) == 101
        assert (found[0].subject, found[-1].kind) == ("postings 1", "and more")


class TestHeads:
    async def test_after_a_restore_somebody_lets_the_chain_go_on(self, sealed: Vault) -> None:
        """What was told of seals that are gone does not count any more; who said so stays."""
        await sealed.post(transfer("op-3", "amina", "baraka", 1))
        await sealed.seal()
        await sealed.meddle(
            "DELETE FROM seals WHERE number = (SELECT max(number) FROM seals)",
            "DELETE FROM postings WHERE id > 6",
            "DELETE FROM journals WHERE operation_id = 'op-3'",
        )
        who = Accepted(0, "wanjiru", "restored to 09:50", 3_000)

        await sealer.accept(sealed.store, sealed.keys, sealed.heads_file, who)
        await sealed.post(transfer("op-4", "amina", "baraka", 2))

        assert (await sealed.seal()).stopped == ""
        assert await sealed.proof() == []
        assert sealed.heads_file is not None
        assert '"by": "wanjiru"' in sealed.heads_file.read_text()
        assert await sealed.count("staff_actions WHERE action = 'books.accepted'") == 1

    async def test_accepting_does_not_excuse_what_was_sealed(self, sealed: Vault) -> None:
        """It is about what is missing outside, not about rows that were changed."""
        await sealed.meddle("UPDATE journals SET memo = 'a gift' WHERE operation_id = 'op-1'")

        await sealer.accept(sealed.store, sealed.keys, sealed.heads_file, Accepted(0, "mallory", "all is well", 3_000))

        assert await sealed.first_bad() == "postings 3"

    async def test_a_line_that_was_half_written_is_left_out(self, sealed: Vault) -> None:
        """The machine lost its power; the next line begins anew."""
        assert sealed.heads_file is not None
        with sealed.heads_file.open("a") as file:
            file.write('{"seal": 9')
        await sealed.deposit("amina", 1, at=9)

        assert (await sealed.seal()).stopped == ""
        assert await sealed.proof() == []
        assert sealed.heads_file.read_text().count("\n") == 4

    async def test_without_a_file_seals_are_proved_all_the_same(self, database_url: str) -> None:
        """Only what was cut with its seals cannot be known then."""
        vault = Vault(store := Store(database_url), None)
        await vault.deposit("amina", 5)
        await vault.seal()
        await vault.meddle("UPDATE postings SET amount_cents = amount_cents * 2")

        assert await vault.first_bad() == "postings 1"
        await store.close()


class TestHorizon:
    async def test_rows_that_are_seen_late_are_sealed_later(self, fresh_postgres: str, tmp_path: Path) -> None:
        """On PostgreSQL a unit of work may have lower ids and commit after others: nothing is sealed around it."""
        vault = Vault(store := Store(fresh_postgres), tmp_path / "heads.jsonl")
        await vault.seal()
        await vault.deposit("amina", 5_000)
        async with vault.store.begin() as slow:
            await vault.books.post(slow, transfer("op-slow", "amina", "baraka", 10), 2)
            await vault.deposit("chebet", 700)
            while_open = await vault.seal()
            still_open = await vault.seal()
        after = await vault.seal()

        async with vault.store.read() as connection:
            assert await chain.through(connection, "postings") == 6
        assert (while_open.rows, still_open.rows) == (0, 0)
        assert after.rows >= 6
        assert await vault.proof() == []
        await store.close()
