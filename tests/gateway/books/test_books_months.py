"""Month ends that are kept change no balance of any moment; on both engines."""

from datetime import UTC, date, datetime
from random import Random

import pytest

from gateway.books import months
from gateway.books.moments import end_of
from gateway.clock import iso, milliseconds
from tests.gateway.books.till import Till, transfer

TODAY = date(2026, 8, 5)
DAY_MS = 86_400_000
JANUARY = milliseconds(datetime(2026, 1, 10, tzinfo=UTC))
PEOPLE = ("amina", "baraka", "chebet")


@pytest.fixture
async def half_a_year(till: Till) -> Till:
    """Business on most days from January to August, and none at all in April."""
    chance = Random(3)
    for person in PEOPLE:
        await till.deposit(person, 100_000, at=JANUARY)
    for number in range(60):
        at = JANUARY + number * 3 * DAY_MS + chance.randint(1, 3_600_000)
        if datetime.fromtimestamp(at / 1000, UTC).month != 4:
            giver, taker = chance.sample(PEOPLE, 2)
            await till.post(transfer(f"op-{number}", giver, taker, chance.randint(1, 900)), at)
    return till


async def kept(till: Till, today: date = TODAY) -> list[str]:
    """All that there is to keep; the month ends in the order in which they were kept."""
    ends: list[int] = []
    while True:
        async with till.store.begin() as connection:
            found = await months.keep_next(connection, today)
        if found is None:
            return [iso(at)[:10] for at in dict.fromkeys(ends)]
        ends.append(found.at)


async def read(till: Till) -> list[object]:
    """Balances and trial balances of moments all over, and at the very edges of months."""
    chance = Random(4)
    edges = [end_of(date(2026, month, day)) for month, day in ((1, 31), (4, 30), (7, 31))]
    moments = [JANUARY - 1, *(each + off for each in edges for off in (-1, 0, 1))]
    moments += [JANUARY + chance.randrange(210 * DAY_MS) for _ in range(12)]
    async with till.store.read() as connection:
        balances = [await till.books.balance_at(connection, "wallet:amina", at) for at in moments]
        return [*balances, *[await till.books.trial_balance(connection, at) for at in moments]]


class TestMonths:
    async def test_what_is_kept_changes_no_answer(self, half_a_year: Till) -> None:
        """Whole months, back to the first posting, the newest first; then there is nothing left to keep."""
        before = await read(half_a_year)

        ends = await kept(half_a_year)

        assert [end[:7] for end in ends] == [f"2026-0{month}" for month in range(7, 0, -1)]
        assert await read(half_a_year) == before
        assert await kept(half_a_year) == []
        assert await half_a_year.findings() == []

    async def test_later_postings_are_of_later_months(self, half_a_year: Till) -> None:
        """The next month is kept when it is over, and not on the day that follows."""
        await kept(half_a_year)
        await half_a_year.post(transfer("later", "amina", "baraka", 5), end_of(date(2026, 8, 20)))

        assert await kept(half_a_year, date(2026, 9, 1)) == []
        assert await kept(half_a_year, date(2026, 9, 2)) == ["2026-08-31"]
        assert await half_a_year.findings() == []

    async def test_only_what_moved_is_kept(self, half_a_year: Till) -> None:
        """Nothing in April; the collection account in January only."""
        await kept(half_a_year)

        april = f"month_balances WHERE at = {end_of(date(2026, 4, 30))}"
        assert await half_a_year.count(april) == 0
        assert await half_a_year.count("month_balances") == await half_a_year.count(
            "(SELECT DISTINCT account_id, at FROM month_balances) AS each_once"
        )

    async def test_many_accounts_are_kept_some_at_a_time(
        self, half_a_year: Till, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever the portion."""
        before = await read(half_a_year)
        monkeypatch.setattr(months, "ACCOUNTS_AT_ONCE", 1)

        await kept(half_a_year)

        assert await read(half_a_year) == before
        assert await half_a_year.findings() == []

    async def test_one_that_was_changed_is_found(self, half_a_year: Till) -> None:
        """By its account, the month and by how much."""
        await kept(half_a_year)
        await half_a_year.sql(
            "UPDATE month_balances SET posted_cents = posted_cents + 7 WHERE account_id ="
            " (SELECT id FROM accounts WHERE key = 'wallet:amina') AND at = (SELECT max(at) FROM month_balances)"
        )

        (finding,) = await half_a_year.findings()

        assert (finding.kind, finding.subject) == ("misremembered", "wallet:amina")
        assert "7 cents" in finding.detail

    async def test_empty_books_have_none(self, till: Till) -> None:
        """There is no first posting."""
        assert await kept(till) == []
