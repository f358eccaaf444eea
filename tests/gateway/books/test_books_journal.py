"""Writing journals, on both engines: money moves once, reserves, is given back, and is never overdrawn."""

import pytest
from sqlalchemy import select

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import HoldResolved, KeyReused, Overdraft
from gateway.books.tables import journals
from gateway.errors import BrokenInvariant
from tests.gateway.books.till import Till, payout, transfer


class TestPosting:
    async def test_moves_money(self, till: Till) -> None:
        """What one wallet gives the other has."""
        await till.deposit("amina", 5_000)

        await till.post(transfer("op", "amina", "baraka", 2_000))

        assert await till.wallet("amina") == (3_000, 0)
        assert await till.wallet("baraka") == (2_000, 0)
        assert await till.findings() == []

    async def test_the_same_entry_again_changes_nothing(self, till: Till) -> None:
        """And answers the same journal, whenever it is repeated."""
        await till.deposit("amina", 5_000)
        first = await till.post(transfer("op", "amina", "baraka", 2_000), at=7)

        again = await till.post(transfer("op", "amina", "baraka", 2_000), at=8)

        assert again == first
        assert await till.wallet("amina") == (3_000, 0)
        assert await till.count("journals") == 2

    @pytest.mark.parametrize(
        "other",
        [transfer("op", "amina", "baraka", 1_999), transfer("op", "amina", "chebet", 2_000)],
        ids=["amount", "account"],
    )
    async def test_the_same_key_with_other_content_is_refused(self, till: Till, other: Entry) -> None:
        """One intention cannot mean two things."""
        await till.deposit("amina", 5_000)
        await till.post(transfer("op", "amina", "baraka", 2_000))

        with pytest.raises(KeyReused):
            await till.post(other)

        assert await till.wallet("amina") == (3_000, 0)
        assert await till.findings() == []

    async def test_a_hold_is_not_a_repeat_of_a_posting(self, till: Till) -> None:
        """The phase is content too."""
        await till.deposit("amina", 5_000)
        await till.post(transfer("op", "amina", "baraka", 2_000))

        with pytest.raises(KeyReused):
            await till.hold(transfer("op", "amina", "baraka", 2_000))

    async def test_an_overdraft_is_refused_and_named(self, till: Till) -> None:
        """One cent too much is too much; all there is, is not."""
        await till.deposit("amina", 5_000)

        with pytest.raises(Overdraft) as refused:
            await till.post(transfer("op", "amina", "baraka", 5_001))
        await till.post(transfer("op", "amina", "baraka", 5_000))

        assert refused.value.account_key == chart.wallet("amina")
        assert await till.wallet("amina") == (0, 0)

    async def test_after_an_overdraft_the_unit_of_work_goes_on(self, till: Till) -> None:
        """Nothing of the refused entry stays, and what is written after it commits."""
        await till.deposit("amina", 5_000)

        async with till.store.begin() as connection:
            with pytest.raises(Overdraft):
                await till.books.post(connection, transfer("much", "amina", "baraka", 9_000), 1)
            await till.books.post(connection, transfer("little", "amina", "baraka", 1_000), 1)

        assert await till.wallet("amina") == (4_000, 0)
        assert await till.wallet("baraka") == (1_000, 0)
        assert await till.findings() == []

    async def test_is_undone_with_its_unit_of_work(self, till: Till) -> None:
        """Accounts opened on the way are gone too, and can be opened again."""
        with pytest.raises(ZeroDivisionError):
            async with till.store.begin() as connection:
                lines = (Line(chart.COLLECTION, 100), Line(chart.wallet("amina"), -100))
                await till.books.post(connection, Entry("op", "post", "", lines), 1)
                _ = 1 // 0

        assert await till.count("accounts") == 0
        await till.deposit("amina", 100)
        assert await till.wallet("amina") == (100, 0)

    async def test_two_lines_of_one_account_count_together(self, till: Till) -> None:
        """A wallet that takes and gives in one entry needs only the difference."""
        lines = (Line(chart.COLLECTION, 500), Line(chart.wallet("a"), -500))
        fee = (Line(chart.wallet("a"), 30), Line(chart.INCOME_FEES, -30))

        await till.post(Entry("op", "post", "", lines + fee))

        assert await till.wallet("a") == (470, 0)
        assert await till.findings() == []

    async def test_the_house_may_be_below_zero(self, till: Till) -> None:
        """Its shards say nothing one by one."""
        lines = (Line(chart.wallet("a"), -500), Line(chart.PAYOUT, 500))
        await till.post(Entry("in", "post", "", lines))
        for number in range(5):
            await till.post(payout(f"out-{number}", "a", 100, "post"))

        async with till.store.read() as connection:
            found = await till.books.balance(connection, chart.PAYOUT)

        assert found.posted_cents == 0
        assert await till.findings() == []


class TestHolds:
    async def test_a_hold_reserves_and_moves_nothing(self, till: Till) -> None:
        """The money is still there, and not available."""
        await till.deposit("amina", 5_000)

        await till.hold(payout("op", "amina", 3_000))

        assert await till.wallet("amina") == (5_000, 3_000)
        with pytest.raises(Overdraft):
            await till.post(transfer("other", "amina", "baraka", 2_001))

    async def test_more_than_is_available_cannot_be_held(self, till: Till) -> None:
        """Two holds do not promise the same shilling."""
        await till.deposit("amina", 5_000)
        await till.hold(payout("first", "amina", 3_000))

        with pytest.raises(Overdraft):
            await till.hold(payout("second", "amina", 3_000))

        assert await till.wallet("amina") == (5_000, 3_000)

    async def test_posting_it_moves_what_was_held(self, till: Till) -> None:
        """All of it, once, even when nothing else is available."""
        await till.deposit("amina", 3_000)
        await till.hold(payout("op", "amina", 3_000))

        first = await till.post_held("op", at=2)
        again = await till.post_held("op", at=3)

        assert again == first
        assert await till.wallet("amina") == (0, 0)
        assert await till.findings() == []

    async def test_voiding_it_gives_back_what_was_held(self, till: Till) -> None:
        """As if it had not been, but for the trace."""
        await till.deposit("amina", 3_000)
        await till.hold(payout("op", "amina", 3_000))

        first = await till.void_held("op", at=2)
        again = await till.void_held("op", at=3)

        assert again == first
        assert await till.wallet("amina") == (3_000, 0)
        assert await till.findings() == []
        async with till.store.read() as connection:
            phases = await connection.scalars(select(journals.c.phase).where(journals.c.operation_id == "op"))
            assert sorted(phases) == ["pending", "voided"]

    async def test_a_hold_ends_once(self, till: Till) -> None:
        """What was posted is not voided, nor the other way round, nor twice by different steps."""
        await till.deposit("amina", 6_000)
        for operation in ("posted", "voided"):
            await till.hold(payout(operation, "amina", 3_000))
        await till.post_held("posted")
        await till.void_held("voided")

        with pytest.raises(HoldResolved) as was_posted:
            await till.void_held("posted")
        with pytest.raises(HoldResolved) as was_voided:
            await till.post_held("voided")
        with pytest.raises(HoldResolved):
            await till.post_held("posted", step="post again")

        assert was_posted.value.phase == "posted"
        assert was_voided.value.phase == "voided"
        assert await till.wallet("amina") == (3_000, 0)
        assert await till.findings() == []

    async def test_what_was_never_held_cannot_end(self, till: Till) -> None:
        """Nor can a journal that moved at once."""
        await till.deposit("amina", 3_000)
        await till.post(transfer("op", "amina", "baraka", 100, step="hold"))

        with pytest.raises(BrokenInvariant, match="no such hold"):
            await till.post_held("nothing")
        with pytest.raises(BrokenInvariant, match="no such hold"):
            await till.void_held("op")


class TestOpening:
    async def test_an_account_opens_once(self, till: Till) -> None:
        """The second opening answers the first one's id."""
        async with till.store.begin() as connection:
            first = await till.books.open_account(connection, chart.wallet("amina"))
        async with till.store.begin() as connection:
            again = await till.books.open_account(connection, chart.wallet("amina"))

        assert again == first
        assert await till.count("accounts") == 1
        assert await till.count("balances") == 1

    async def test_a_hot_account_opens_with_all_its_shards(self, till: Till) -> None:
        """So that the first payments of the day do not wait for each other."""
        async with till.store.begin() as connection:
            await till.books.open_account(connection, chart.SUSPENSE)

        assert await till.count("balances") == chart.SHARDS
