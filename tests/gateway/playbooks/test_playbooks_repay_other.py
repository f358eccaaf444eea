"""Repaying from somebody else's phone: asked politely, seldom, and without telling them what is owed."""

import pytest

from gateway.books import accounts as chart
from gateway.rails.contract import Words
from tests.gateway.rails_flow.office import AMINA, BARAKA, PATIENCE, Office

STRANGER = "+254722000007"
PART = 500_00
NOTICE_MS = 10_000
DAY_MS = 86_400_000


async def asked(office: Office, loan: str, payer: str = BARAKA, **more: object) -> str:
    return await office.put("repay.other", {"loan": loan, "amount_cents": PART, "payer": payer, **more}, prefix="PY")


class TestAsking:
    async def test_the_message_goes_first_and_the_prompt_a_moment_later(self, office: Office) -> None:
        """Nobody meets an unannounced prompt."""
        loan = await office.lent()
        await asked(office, loan)
        await office.drained()
        assert await office.templates(BARAKA) == ["repay.asked"]
        assert "collect" not in office.rail.calls

        office.clock.turn(NOTICE_MS)
        await office.drained()

        [prompt] = [each.request for each in office.rail.asked if each.rail_id and each.request.msisdn == BARAKA]
        assert prompt.amount_cents == PART

    async def test_the_payer_learns_who_asks_and_how_much_and_nothing_of_the_loan(self, office: Office) -> None:
        """In none of the messages."""
        loan = await office.lent()
        await asked(office, loan, STRANGER)

        await office.settled()

        told = await office.texts(STRANGER)
        assert ["AMINA W." in text and "Ksh 500" in text for text in told] == [True, True]
        assert not any(word in text for text in told for word in (loan, "owe", "1,660", "2,160", "Wanjiru"))

    async def test_the_loan_gets_it_and_both_have_a_receipt(self, office: Office) -> None:
        """Each their own."""
        loan = await office.lent()
        payment = await asked(office, loan)

        await office.settled()

        assert (await office.operation(payment)).state == "done"
        assert await office.owed(loan) == 1_660_00
        assert (await office.templates())[-1] == "repay.paid"
        assert await office.templates(BARAKA) == ["repay.asked", "repay.thanks"]
        await office.prove()

    async def test_too_much_is_the_borrowers(self, office: Office) -> None:
        """As with any repayment."""
        loan = await office.lent(500_00)
        await office.put("repay.other", {"loan": loan, "amount_cents": 600_00, "payer": BARAKA}, prefix="PY")

        await office.settled()

        assert await office.balance(chart.wallet(AMINA)) == 5_060_00
        assert await office.balance(chart.wallet(BARAKA)) == 5_000_00


class TestNotPaying:
    @pytest.mark.parametrize(("code", "words"), [("1032", "cancelled"), ("1037", "timeout"), ("1", "low")])
    async def test_letting_it_pass_is_told_to_the_borrower_only(self, office: Office, code: str, words: Words) -> None:
        """Without the other's reason: their balance is theirs."""
        loan = await office.lent()
        office.rail.code, office.rail.words = code, words
        await asked(office, loan)

        await office.settled()

        assert [name for name in await office.templates() if name.startswith("repay.other")][-1] == "repay.other_unpaid"
        assert await office.templates(BARAKA) == ["repay.asked"]
        assert await office.owed(loan) == 2_160_00

    async def test_the_fourth_of_a_day_is_not_asked(self, office: Office) -> None:
        """Three others a day, whatever became of them."""
        loan = await office.lent()
        office.rail.code = "1032"
        for _ in range(4):
            await asked(office, loan)
            await office.settled()

        assert await office.templates(BARAKA) == ["repay.asked"] * 3
        assert (await office.templates())[-1] == "repay.other_limit"

    async def test_the_next_day_is_another_day(self, office: Office) -> None:
        """By the clock of Nairobi."""
        loan = await office.lent()
        office.rail.code = "1032"
        for _ in range(3):
            await asked(office, loan)
            await office.settled()
        office.clock.turn(DAY_MS)

        await asked(office, loan)
        await office.settled()

        assert await office.templates(BARAKA) == ["repay.asked"] * 4

    async def test_a_rail_that_is_away_is_said_to_the_borrower_once(self, office: Office) -> None:
        """And the other phone is asked when it is back."""
        loan = await office.lent()
        office.rail.answer = "away"
        await asked(office, loan)
        until = office.clock() + 10 * PATIENCE.slow_ms
        while office.clock() < until:
            await office.drained()
            office.clock.turn(10_000)
        office.rail.answer = "ok"

        await office.settled()

        assert await office.templates() == ["borrow.paid", "repay.other_unsent", "repay.paid"]


class TestOwnPrompts:
    async def test_more_in_the_intent_than_a_prompt_needs_is_harmless(self, office: Office) -> None:
        """Who asked for it, for instance."""
        loan = await office.lent()
        intent = {"loan": loan, "amount_cents": PART, "asked_by": BARAKA, "reason": "counter"}
        payment = await office.put("repay.stk", intent, prefix="PP")

        await office.settled()

        assert (await office.operation(payment)).state == "done"
        assert await office.owed(loan) == 1_660_00
        assert await office.templates(BARAKA) == []
