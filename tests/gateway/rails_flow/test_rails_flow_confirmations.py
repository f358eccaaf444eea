"""Payments that the paybill confirms: asked for, typed by hand, told wrongly, told twice. All money is in the books."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import update

from gateway.books import accounts as chart
from gateway.rails.contract import Received, Result
from gateway.store.tables import operations
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office
from tests.gateway.rails_flow.pretend_rail import SHORTCODE

OWED, PART = 2_160_00, 500_00
CANCELLED = Result("refused", "1032", "cancelled", "cancelled")


class TestConfirmations:
    @pytest.mark.parametrize("order", ["callback first", "confirmation first", "together"])
    async def test_the_confirmation_and_the_callback_of_one_prompt_credit_once(
        self, each_office: Office, order: str
    ) -> None:
        """Both carry the same receipt; whoever comes second changes nothing."""
        office = each_office
        loan, _ = await office.prompted()
        news = [office.rail.outbox.pop(), office.rail.confirmation(office.rail.book[-1])]
        if order == "confirmation first":
            news.reverse()

        if order == "together":
            await asyncio.gather(*(office.shop.callbacks.receive(callback) for callback in news), office.drained())
        else:
            for callback in news:
                await office.receive(callback)
                await office.drained()
        await office.settled()

        assert await office.owed(loan) == OWED - PART
        assert [row.receipt for row in await office.payments()] == [office.rail.book[-1].receipt]
        assert await office.templates() == ["borrow.paid", "repay.paid"]
        assert await office.operations("payment.received") == []
        await office.prove()

    @pytest.mark.parametrize("account", ["the loan", "  the loan in small letters ", "0711000001", "254711000001"])
    async def test_unasked_money_goes_to_the_loan_that_its_account_means(self, office: Office, account: str) -> None:
        """A loan's number, or the phone of somebody with a loan, as people type them."""
        loan = await office.lent()
        account = account.replace("the loan in small letters", loan.lower()).replace("the loan", loan)
        callback = office.rail.pay_paybill(BARAKA, PART, account)

        verdicts = [await office.receive(callback), await office.receive(callback)]
        await office.settled()

        assert verdicts == ["applied", "repeated"]
        assert await office.owed(loan) == OWED - PART
        assert await office.templates() == ["borrow.paid", "repay.paid"]
        await office.prove()

    async def test_unasked_money_of_somebody_without_a_loan_is_theirs(self, office: Office) -> None:
        """It is in their wallet."""
        before = await office.balance(chart.wallet(BARAKA))

        await office.receive(office.rail.pay_paybill(BARAKA, PART, "0711 000 002"))
        await office.settled()

        assert await office.balance(chart.wallet(BARAKA)) == before + PART
        await office.prove()

    @pytest.mark.parametrize("account", ["", "07110", "LN404", "rent", "0799999999", "ab" * 90])
    async def test_money_for_an_account_nobody_has_is_held(self, office: Office, account: str) -> None:
        """Safe, on suspense, for a person to give to whom it belongs."""
        await office.receive(office.rail.pay_paybill(BARAKA, PART, account))
        await office.settled()

        assert await office.balance(chart.SUSPENSE) == PART
        await office.prove()

    async def test_more_than_the_loan_owes_goes_to_the_wallet(self, office: Office) -> None:
        """And is said so."""
        loan = await office.lent()
        before = await office.balance(chart.wallet(AMINA))

        await office.receive(office.rail.pay_paybill(AMINA, OWED + 40_00, loan))
        await office.settled()

        assert await office.loan_state(loan) == "closed"
        assert await office.balance(chart.wallet(AMINA)) == before + 40_00
        assert await office.templates() == ["borrow.paid", "repay.extra"]
        await office.prove()

    async def test_another_amount_under_the_reference_of_a_prompt_is_not_lost(self, office: Office) -> None:
        """Somebody typed the reference at the paybill: it is other money, and it is in the books."""
        loan, payment = await office.prompted()
        paid_by_hand = office.rail.pay_paybill(AMINA, 70_00, payment)

        verdict = await office.receive(paid_by_hand)
        await office.settled()

        assert verdict == "mismatch"
        assert await office.owed(loan) == OWED - PART
        assert await office.balance(chart.SUSPENSE) == 70_00
        assert {row.receipt for row in await office.payments()} == {moved.receipt for moved in office.rail.book[1:]}
        await office.prove()

    async def test_its_own_payment_told_with_another_amount_waits_for_the_rails_list(self, each_office: Office) -> None:
        """However long nobody can be asked: by the time of the doubt alone it would be booked, and then once more."""
        office = each_office
        loan, payment = await office.prompted()
        office.rail.outbox.clear()
        office.rail.knows = office.rail.lists = False
        moved = office.rail.book[-1]

        verdict = await office.receive(office.rail.confirmation(replace(moved, cents=PART + 100)))
        for _ in range(40):
            office.clock.turn(60_000)
            await office.drained()
        waiting = [row.state for row in await office.operations("payment.received")]
        office.rail.knows = office.rail.lists = True
        await office.settled()

        assert (verdict, waiting) == ("mismatch", ["queued"])
        assert [row.state for row in await office.operations("payment.received")] == ["done"]
        assert [(row.receipt, row.amount_cents) for row in await office.payments()] == [(moved.receipt, PART)]
        assert await office.owed(loan) == OWED - PART
        assert (await office.operation(payment)).state == "done"
        await office.prove()

    @pytest.mark.parametrize("before", [True, False])
    async def test_its_own_payment_told_with_another_amount_while_its_receipt_is_not_known(
        self, office: Office, before: bool
    ) -> None:
        """We may not read the list: what may be the same money is held, and nobody is told of it twice."""
        loan, payment = await office.prompted()
        office.rail.outbox.clear()
        office.rail.may_list = False
        wrong = office.rail.confirmation(replace(office.rail.book[-1], cents=PART + 100))

        if before:
            await office.receive(wrong)
        await office.settled()
        if not before:
            await office.receive(wrong)
            await office.settled()

        assert (await office.request(payment)).receipt is None
        assert await office.owed(loan) == OWED - PART
        assert await office.balance(chart.SUSPENSE) == PART + 100
        assert await office.templates() == ["borrow.paid", "repay.paid"]

    async def test_what_names_a_prompt_that_is_left_to_people_is_held(self, office: Office) -> None:
        """It does not wait for them."""
        _, payment = await office.prompted()
        office.rail.outbox.clear()
        office.rail.may_list = False
        async with office.store.begin() as connection:
            named = operations.c.reference == payment
            await connection.execute(update(operations).where(named).values(state="parked"))

        await office.receive(office.rail.pay_paybill(AMINA, 70_00, payment))
        await office.settled()

        assert (await office.operation(payment)).state == "parked"
        assert await office.balance(chart.SUSPENSE) == 70_00

    async def test_the_same_amount_under_the_reference_twice_is_booked_twice(self, office: Office) -> None:
        """By hand and by the prompt: one is the payment we asked for, the other is the customer's to claim."""
        loan, payment = await office.prompted()
        by_prompt = office.rail.outbox.pop()
        prompt_moved = office.rail.book[-1]
        by_hand = office.rail.pay_paybill(AMINA, PART, payment)

        verdicts = [
            await office.receive(by_hand),
            await office.receive(by_prompt),
            await office.receive(office.rail.confirmation(prompt_moved)),
        ]
        await office.settled()

        assert verdicts == ["applied", "contradiction", "applied"]
        assert await office.cases() == ["paid again"]
        assert await office.owed(loan) == OWED - PART
        assert await office.balance(chart.SUSPENSE) == PART
        await office.prove()

    async def test_many_confirmations_of_one_receipt_at_once_are_one_booking(self, each_office: Office) -> None:
        """Its id is computed from the receipt."""
        office = each_office
        callback = office.rail.pay_paybill(BARAKA, PART, "0711000002")
        before = await office.balance(chart.wallet(BARAKA))

        await asyncio.gather(*(office.shop.callbacks.receive(callback) for _ in range(5)), office.drained())
        await office.settled()

        assert await office.balance(chart.wallet(BARAKA)) == before + PART
        assert len(await office.operations("payment.received")) == 1
        await office.prove()

    async def test_a_long_receipt_does_not_collide_with_its_neighbour(self, each_office: Office) -> None:
        """How long they are, nobody promises."""
        office = each_office
        for last in "AB":
            news = Received("U" * 30 + last, SHORTCODE, PART, "rent", BARAKA, office.clock())
            await office.receive(office.rail.callback("confirmation", "", news))
        await office.settled()

        assert await office.balance(chart.SUSPENSE) == 2 * PART
