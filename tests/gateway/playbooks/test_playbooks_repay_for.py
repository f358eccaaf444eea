"""Paying for another person's loan: theirs is the loan and what is too much, the payer learns nothing of it."""

import pytest

from gateway.books import accounts as chart
from gateway.store import customers
from tests.gateway.rails_flow.office import AMINA, BARAKA, PATIENCE, Office

HAD = 5_000_00
DAY_MS = 86_400_000


async def given(office: Office, way: str, cents: int) -> str:
    """Baraka pays for Amina."""
    return await office.put(f"repay.for_{way}", {"person": AMINA, "amount_cents": cents}, BARAKA, "PY")


class TestGiving:
    @pytest.mark.parametrize(("way", "receipt"), [("wallet", "repay.gave_wallet"), ("stk", "repay.gave")])
    async def test_the_oldest_loan_gets_it_and_both_are_told(self, office: Office, way: str, receipt: str) -> None:
        """The borrower what is owed, the payer what was paid."""
        old = await office.lent(500_00)
        office.clock.turn(DAY_MS)
        young = await office.lent(500_00)

        payment = await given(office, way, 200_00)
        await office.settled()

        assert (await office.operation(payment)).state == "done"
        assert (await office.owed(old), await office.owed(young)) == (340_00, 540_00)
        assert (await office.templates())[-1] == "repay.by_other"
        assert await office.templates(BARAKA) == [receipt]
        assert await office.balance(chart.wallet(BARAKA)) == HAD - (200_00 if way == "wallet" else 0)
        await office.prove()

    @pytest.mark.parametrize("way", ["wallet", "stk"])
    async def test_too_much_goes_to_the_borrowers_wallet(self, office: Office, way: str) -> None:
        """It was given to them."""
        loan = await office.lent(500_00)

        await given(office, way, 700_00)
        await office.settled()

        assert await office.loan_state(loan) == "closed"
        assert await office.balance(chart.wallet(AMINA)) == HAD + 160_00
        assert (await office.templates())[-1] == "repay.by_other_extra"
        await office.prove()

    @pytest.mark.parametrize("way", ["wallet", "stk"])
    async def test_without_a_loan_by_then_it_is_theirs_and_the_payer_sees_no_difference(
        self, office: Office, way: str
    ) -> None:
        """Whether there is a debt is not shown by paying it."""
        with_loan = await office.lent(500_00)
        await given(office, way, 100_00)
        await office.settled()
        before = [text.split(" ", 1)[1] for text in await office.texts(BARAKA)]
        await office.from_wallet(with_loan, 440_00)
        await office.settled()

        await given(office, way, 100_00)
        await office.settled()

        assert (await office.templates())[-1] == "repay.by_other_wallet"
        after = (await office.texts(BARAKA))[-1].split(" ", 1)[1]
        assert after.split(",")[0] == before[-1].split(",")[0]
        await office.prove()

    @pytest.mark.parametrize("way", ["wallet", "stk"])
    async def test_the_payer_is_told_neither_loan_nor_debt(self, office: Office, way: str) -> None:
        """First name and initial, and what they paid."""
        loan = await office.lent(500_00)

        await given(office, way, 700_00)
        await office.settled()

        told = await office.texts(BARAKA)
        assert told
        assert not any(word in text for text in told for word in (loan, "540", "160", "Wanjiru", "WANJIRU"))


class TestNotGiving:
    async def test_a_wallet_that_has_too_little_gives_nothing(self, office: Office) -> None:
        """All of it or none."""
        loan = await office.lent()

        payment = await given(office, "wallet", HAD + 1_00)
        await office.settled()

        assert (await office.operation(payment)).state == "rejected"
        assert await office.owed(loan) == 2_160_00
        assert await office.balance(chart.wallet(BARAKA)) == HAD
        assert await office.templates(BARAKA) == ["repay.gave_short"]
        assert await office.templates() == ["borrow.paid"]

    async def test_a_prompt_that_is_cancelled_pays_nothing(self, office: Office) -> None:
        """Only the payer is told."""
        loan = await office.lent()
        office.rail.code = "1032"

        await given(office, "stk", 200_00)
        await office.settled()

        assert await office.owed(loan) == 2_160_00
        assert await office.templates(BARAKA) == ["repay.gave_unpaid"]
        assert await office.templates() == ["borrow.paid"]

    async def test_a_rail_that_is_silent_is_said_once(self, office: Office) -> None:
        """Then it is paid after all."""
        loan = await office.lent()
        office.rail.answer, office.rail.tells, office.rail.knows, office.rail.lists = "lost", 0, False, False
        await given(office, "stk", 200_00)
        until = office.clock() + 2 * PATIENCE.slow_ms
        while office.clock() < until:
            await office.drained()
            office.clock.turn(10_000)
        office.rail.knows = office.rail.lists = True

        await office.settled()

        assert await office.owed(loan) == 1_960_00
        assert await office.templates(BARAKA) == ["repay.gave_uncertain", "repay.gave"]


class TestWhoHasLeft:
    @pytest.mark.parametrize(("way", "told"), [("wallet", "repay.gave_unpaid"), ("stk", "wallet.deposited")])
    async def test_what_is_paid_for_them_stays_the_payers(self, office: Office, way: str, told: str) -> None:
        """They closed their account while the prompt was on the phone."""
        await given(office, way, 200_00)
        async with office.store.begin() as connection:
            await customers.changed(connection, AMINA, state="closed", msisdn="closed-1")
        gone = await office.balance(chart.wallet(AMINA))

        await office.settled()

        assert await office.balance(chart.wallet(AMINA)) == gone
        assert await office.balance(chart.wallet(BARAKA)) == HAD + (200_00 if way == "stk" else 0)
        assert await office.templates(BARAKA) == [told]
        await office.prove()
