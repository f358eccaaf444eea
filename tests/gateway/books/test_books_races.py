"""Many at once, on both engines: nothing is lost, doubled or overdrawn."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books import journal
from gateway.books.entry import Entry, Line
from gateway.books.errors import HoldResolved, KeyReused, Overdraft
from gateway.store.engine import Store
from tests.gateway.books.till import Till, payout, transfer

PEOPLE = ("amina", "baraka", "chebet")
LOOK_SECONDS = 0.01
"""How long a reader lets the others write before it looks again."""


async def outcomes(*attempts: Awaitable[Any]) -> list[Any]:
    """Each one's answer or error; all have started before any has ended."""
    return await asyncio.gather(*attempts, return_exceptions=True)


def kinds(results: list[Any]) -> Counter[type]:
    return Counter(type(result) for result in results)


class TestTransfers:
    async def test_many_between_few_wallets_keep_the_sum(self, till: Till) -> None:
        """In every direction at once: no deadlock, no lost update, no wallet below zero."""
        for person in PEOPLE:
            await till.deposit(person, 1_000)
        chance = random.Random(7)
        entries = []
        for number in range(60):
            giver, taker = chance.sample(PEOPLE, 2)
            entries.append(transfer(f"op-{number}", giver, taker, chance.randint(1, 900)))

        results = await outcomes(*map(till.post, entries))

        wallets = [await till.wallet(person) for person in PEOPLE]
        assert sum(posted for posted, _ in wallets) == 3_000
        assert all(posted >= 0 and held == 0 for posted, held in wallets)
        assert set(kinds(results)) == {str, Overdraft}
        assert await till.findings() == []

    async def test_a_wallet_for_three_pays_three(self, till: Till) -> None:
        """Of ten who want it at once the rest are refused."""
        await till.deposit("amina", 300)

        results = await outcomes(*(till.post(transfer(f"op-{n}", "amina", "baraka", 100)) for n in range(10)))

        assert kinds(results) == {str: 3, Overdraft: 7}
        assert await till.wallet("amina") == (0, 0)
        assert await till.wallet("baraka") == (300, 0)

    async def test_accounts_opened_by_many_at_once_are_opened_once(self, till: Till) -> None:
        """First payments to one new customer all arrive."""
        entries = [
            Entry(f"op-{n}", "post", "", (Line(chart.COLLECTION, 100), Line(chart.wallet("new"), -100)))
            for n in range(10)
        ]

        results = await outcomes(*map(till.post, entries))

        assert kinds(results) == {str: 10}
        assert await till.wallet("new") == (1_000, 0)
        assert await till.findings() == []


class TestRepeats:
    async def test_one_entry_written_by_many_at_once_moves_once(self, till: Till) -> None:
        """All are answered the same journal."""
        await till.deposit("amina", 1_000)

        results = await outcomes(*(till.post(transfer("op", "amina", "baraka", 400), at=n) for n in range(8)))

        assert len(set(results)) == 1
        assert await till.wallet("amina") == (600, 0)
        assert await till.findings() == []

    async def test_one_key_for_many_things_at_once_is_one_of_them(self, till: Till) -> None:
        """Over accounts that have nothing in common, so that no lock but the key's own decides."""
        people = [f"person-{n}" for n in range(8)]
        for person in people:
            await till.deposit(person, 1_000)

        results = await outcomes(*(till.post(transfer("op", person, f"friend-of-{person}", 400)) for person in people))

        assert kinds(results) == {str: 1, KeyReused: 7}
        assert sorted([await till.wallet(person) for person in people]) == [(600, 0)] + 7 * [(1_000, 0)]
        assert await till.findings() == []

    async def test_a_key_that_is_taken_after_the_look_is_reused(
        self, fresh_postgres: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another has committed it, over other accounts, before our first posting: an error of ours, no fault."""
        till = Till(Store(fresh_postgres, busy_seconds=30))
        for person in PEOPLE:
            await till.deposit(person, 1_000)
        apply = journal._apply

        async def overtaken(connection: AsyncConnection, *its: Any) -> None:
            monkeypatch.setattr(journal, "_apply", apply)
            await till.post(transfer("op", "baraka", "friend-of-baraka", 400))
            await apply(connection, *its)

        monkeypatch.setattr(journal, "_apply", overtaken)

        with pytest.raises(KeyReused):
            await till.post(transfer("op", "amina", "chebet", 400))

        assert await till.wallet("amina") == (1_000, 0)
        assert await till.findings() == []
        await till.store.close()


class TestHolds:
    async def test_posting_races_voiding_and_one_wins(self, till: Till) -> None:
        """Everybody of the winning side is answered, everybody of the other is told."""
        for operation in range(6):
            person = f"person-{operation}"
            await till.deposit(person, 1_000)
            await till.hold(payout(str(operation), person, 700))

            results = await outcomes(
                *(end(str(operation)) for _ in range(3) for end in (till.post_held, till.void_held))
            )

            assert kinds(results) == {str: 3, HoldResolved: 3}
            assert len({result for result in results if isinstance(result, str)}) == 1
            assert await till.wallet(person) in {(300, 0), (1_000, 0)}
        assert await till.findings() == []

    async def test_a_shilling_is_promised_once(self, till: Till) -> None:
        """Holds and postings compete for the same available balance."""
        await till.deposit("amina", 500)

        results = await outcomes(
            *(till.hold(payout(f"hold-{n}", "amina", 200)) for n in range(5)),
            *(till.post(transfer(f"post-{n}", "amina", "baraka", 200)) for n in range(5)),
        )

        posted, held = await till.wallet("amina")
        assert kinds(results) == {str: 2, Overdraft: 8}
        assert posted - held == 100
        assert await till.findings() == []


class TestReaders:
    """Whoever reads while others write sees whole journals only."""

    async def test_the_trial_balance_is_zero_at_every_moment_that_a_reader_sees(self, till: Till) -> None:
        """Now, and as of any moment that has passed, while many post, hold, release and reverse."""
        for person in PEOPLE:
            await till.deposit(person, 100_000)
        chance = random.Random(11)
        writing = asyncio.create_task(_business(till, chance))
        seen: list[tuple[int, int]] = []

        while not writing.done():
            async with till.store.read() as connection:
                for at in (None, chance.randint(1, 60)):
                    rows = await till.books.trial_balance(connection, at)
                    seen.append((sum(row.debit_cents for row in rows), sum(row.credit_cents for row in rows)))
            await asyncio.wait({writing}, timeout=LOOK_SECONDS)
        await writing

        assert [each for each in seen if each[0] != each[1]] == []
        assert len(seen) > 20
        assert await till.findings() == []


async def _business(till: Till, chance: random.Random) -> None:
    """Four at a time, of every kind of journal."""
    gate = asyncio.Semaphore(4)

    async def one(number: int) -> None:
        giver, taker = chance.sample(PEOPLE, 2)
        entry, held = transfer(f"op-{number}", giver, taker, chance.randint(1, 90)), payout(f"out-{number}", giver, 7)
        async with gate:
            await till.post(entry, at=number)
            if number % 3 == 0:
                await till.hold(held, at=number)
                await (till.void_held if number % 2 else till.post_held)(f"out-{number}", at=number + 1)
            if number % 5 == 0:
                await till.post(entry.reversed("back", "reversed"), at=number + 1)

    await asyncio.gather(*(one(number) for number in range(1, 61)))
