"""An account read line by line from real books."""

from datetime import date

import pytest

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.papers import movements
from gateway.papers.days import Days
from gateway.papers.movements import Movements
from gateway.papers.statement import Line as Moved
from tests.gateway.books.till import Till, payout, transfer

JULY, AUGUST = Days(date(2026, 7, 1), date(2026, 7, 31)), Days(date(2026, 8, 1), date(2026, 8, 31))


async def read(till: Till, days: Days = AUGUST) -> list[Moved]:
    reader = Movements(till.store)
    opening = await reader.opening_cents("wallet", "amina", days)
    return [line async for line in reader.lines("wallet", "amina", days, opening)]


class TestLines:
    async def test_days_begin_and_end_at_midnight_in_nairobi(self, till: Till) -> None:
        """What was before is the opening balance; what is after is not there."""
        for at in (JULY.ends - 1, AUGUST.begins, AUGUST.ends - 1, AUGUST.ends):
            await till.deposit("amina", 100, at)

        assert [(line.at, line.balance_cents) for line in await read(till)] == [
            (AUGUST.begins, 200), (AUGUST.ends - 1, 300),
        ]  # fmt: skip
        assert [line.balance_cents for line in await read(till, JULY)] == [100]

    async def test_what_is_held_comes_last_and_moves_nothing(self, till: Till) -> None:
        """Until it is posted; a hold that was released leaves no trace."""
        at = AUGUST.begins
        await till.deposit("amina", 1_000, at)
        for operation in ("open", "gone", "paid"):
            await till.hold(payout(operation, "amina", 100), at + 1)
        await till.void_held("gone", at + 2)
        await till.post_held("paid", at + 3)

        assert [(line.cents, line.balance_cents, line.status) for line in await read(till)] == [
            (1_000, 1_000, "posted"), (-100, 900, "posted"), (-100, 900, "held"),
        ]  # fmt: skip

    @pytest.mark.parametrize("chunk", [2, 3, 4, 5, 100])
    async def test_chunks_are_the_whole(self, till: Till, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
        """However many lines are read at once, also where one moment has many and a journal has several."""
        monkeypatch.setattr(movements, "CHUNK", chunk)
        at, wallet = AUGUST.begins, chart.wallet("amina")
        await till.deposit("amina", 10_000, at)
        for number in range(6):
            await till.post(transfer(f"send{number}", "amina", "baraka", 100), at + number // 3)
            fee = (Line(wallet, 200), Line(wallet, 15), Line(chart.PAYOUT, -200), Line(chart.INCOME_FEES, -15))
            await till.post(Entry(f"fee{number}", "post", "both", fee), at + number // 3)
        lines = await read(till)

        assert [line.cents for line in lines] == [10_000, *[-100, -200, -15] * 6]
        assert lines[-1].balance_cents == 10_000 - 6 * 315 == (await till.wallet("amina"))[0]

    async def test_an_account_that_nobody_has_used_is_empty(self, till: Till) -> None:
        """Not a mistake."""
        assert await read(till) == []

    async def test_lines_are_read_when_they_are_wanted(self, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
        """Some at a time, never all: what is posted while the first are looked at is among the last."""
        monkeypatch.setattr(movements, "CHUNK", 5)
        for number in range(12):
            await till.deposit("amina", 100, AUGUST.begins + number)
        lines = Movements(till.store).lines("wallet", "amina", AUGUST, 0)
        first = await anext(lines)
        await till.deposit("amina", 7, AUGUST.ends - 1)

        assert [first.cents, *[line.cents async for line in lines]] == [*[100] * 12, 7]
