"""Balances now and then, the trial balance, and statements page by page, on both engines."""

import pytest

from gateway.books import accounts as chart
from gateway.books.balances import Balance
from gateway.books.entry import Entry, Line
from gateway.books.errors import UnknownAccount
from gateway.books.statement import Movement
from tests.gateway.books.till import Till, payout, transfer


@pytest.fixture
async def day(till: Till) -> Till:
    """Five movements at the moments 10 to 50, and a hold at 60."""
    await till.deposit("amina", 5_000, at=10)
    await till.deposit("baraka", 2_000, at=20)
    await till.post(transfer("first", "amina", "baraka", 1_000), at=30)
    await till.post(transfer("second", "baraka", "amina", 300), at=40)
    fee = (Line(chart.wallet("amina"), 50), Line(chart.INCOME_FEES, -50))
    await till.post(Entry("fee", "post", "fee", fee), at=50)
    await till.hold(payout("payout", "amina", 1_500), at=60)
    return till


class TestBalance:
    async def test_says_what_is_posted_held_and_available(self, day: Till) -> None:
        """In the account's own direction."""
        async with day.store.read() as connection:
            wallet = await day.books.balance(connection, chart.wallet("amina"))
            fees = await day.books.balance(connection, chart.INCOME_FEES)
            float_ = await day.books.balance(connection, chart.PAYOUT)

        assert (wallet.posted_cents, wallet.held_cents, wallet.available_cents) == (4_250, 1_500, 2_750)
        assert fees == Balance(50, 0)
        assert float_ == Balance(0, 1_500)

    async def test_an_account_that_nobody_used_is_empty(self, day: Till) -> None:
        """Not an error: it will be opened when it is needed."""
        async with day.store.read() as connection:
            found = await day.books.balances(connection, [chart.wallet("amina"), chart.savings("amina")])

        assert found == {chart.wallet("amina"): Balance(4_250, 1_500), chart.savings("amina"): Balance(0, 0)}

    async def test_one_outside_the_chart_is_refused(self, day: Till) -> None:
        """By every question."""
        async with day.store.read() as connection:
            with pytest.raises(UnknownAccount):
                await day.books.balance(connection, "purse:amina")
            with pytest.raises(UnknownAccount):
                await day.books.balance_at(connection, "purse:amina", 1)
            with pytest.raises(UnknownAccount):
                await day.books.statement(connection, "purse:amina")

    @pytest.mark.parametrize(
        ("at", "cents"), [(9, 0), (10, 5_000), (29, 5_000), (30, 4_000), (40, 4_300), (10**13, 4_250)]
    )
    async def test_at_any_moment(self, day: Till, at: int, cents: int) -> None:
        """What is posted at the moment itself counts; holds never do."""
        async with day.store.read() as connection:
            assert await day.books.balance_at(connection, chart.wallet("amina"), at) == cents
            assert await day.books.balance_at(connection, chart.savings("amina"), at) == 0


class TestTrialBalance:
    async def test_debits_equal_credits(self, day: Till) -> None:
        """By control account: all wallets are one row."""
        async with day.store.read() as connection:
            rows = {row.control: row for row in await day.books.trial_balance(connection)}

        assert rows["wallet"].credit_cents == 6_950
        assert rows["wallet"].debit_cents == 0
        assert rows[chart.COLLECTION].debit_cents == 7_000
        assert rows[chart.INCOME_FEES].credit_cents == 50
        assert sum(row.debit_cents - row.credit_cents for row in rows.values()) == 0

    async def test_at_any_moment(self, day: Till) -> None:
        """Before the fee there was no income."""
        async with day.store.read() as connection:
            rows = {row.control: row for row in await day.books.trial_balance(connection, 49)}

        assert rows["wallet"].credit_cents == rows[chart.COLLECTION].debit_cents == 7_000
        assert rows[chart.INCOME_FEES].credit_cents == 0


class TestStatement:
    async def test_is_newest_first_with_the_balance_after_each(self, day: Till) -> None:
        """Holds are no movements."""
        async with day.store.read() as connection:
            page = await day.books.statement(connection, chart.wallet("amina"))

        assert [(line.at, line.memo, line.amount_cents, line.balance_cents) for line in page.movements] == [
            (50, "fee", -50, 4_250),
            (40, "transfer", 300, 4_300),
            (30, "transfer", -1_000, 4_000),
            (10, "deposit", 5_000, 5_000),
        ]
        assert page.next is None

    @pytest.mark.parametrize("limit", [1, 2, 3, 4])
    async def test_pages_join_without_gap_or_overlap(self, day: Till, limit: int) -> None:
        """However many lines a page has, and whatever arrives in between."""
        movements: list[Movement] = []
        cursor = None
        for number in range(4):
            async with day.store.read() as connection:
                page = await day.books.statement(connection, chart.wallet("amina"), before=cursor, limit=limit)
            movements += page.movements
            cursor = page.next
            await day.post(transfer(f"later-{number}", "baraka", "amina", 1), at=100 + number)
            if cursor is None:
                break

        assert [line.at for line in movements] == [50, 40, 30, 10]
        assert [line.balance_cents for line in movements] == [4_250, 4_300, 4_000, 5_000]

    async def test_of_an_account_that_nobody_used_is_empty(self, day: Till) -> None:
        """One page, and no next."""
        async with day.store.read() as connection:
            page = await day.books.statement(connection, chart.savings("amina"))

        assert page.movements == ()
        assert page.next is None

    async def test_a_hot_account_has_one_history_over_its_shards(self, day: Till) -> None:
        """Deposits of different operations fall into different shards."""
        async with day.store.read() as connection:
            page = await day.books.statement(connection, chart.COLLECTION)

        assert [(line.amount_cents, line.balance_cents) for line in page.movements] == [
            (2_000, 7_000),
            (5_000, 5_000),
        ]
