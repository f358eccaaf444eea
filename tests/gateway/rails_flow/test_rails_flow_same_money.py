"""One payment that reaches us as two things: as its prompt's, and as money that nobody was asked for. It is booked
once, and nobody is needed for that."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from gateway.books import accounts as chart
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Result
from gateway.store.tables import customers
from gateway.suspense import held
from tests.gateway.rails_flow.office import AMINA, Office

OWED, PART = 2_160_00, 500_00
GONE = Result("refused", "1037", "timeout", "no answer")


async def prompted(office: Office) -> tuple[str, str, Callback]:
    """A loan, a prompt that was paid, and its callback; nothing was told yet."""
    loan = await office.lent()
    payment = await office.prompt(loan, PART)
    office.clock.turn(3_000)
    await office.drained()
    return loan, payment, office.rail.outbox.pop()


async def paid_after_another(office: Office) -> tuple[str, str, Callback]:
    """As `prompted`, after one of the same sum that nobody answered."""
    loan = await office.lent()
    office.rail.code, office.rail.words, office.rail.tells = "1037", "timeout", 0
    await office.prompt(loan, PART)
    await office.settled()
    office.rail.code, office.rail.tells = "", 1
    payment = await office.prompt(loan, PART)
    office.clock.turn(3_000)
    await office.drained()
    return loan, payment, office.rail.outbox.pop()


def told(office: Office, **wrong: Any) -> Callback:
    """The confirmation of the last movement, with this told wrongly."""
    return office.rail.confirmation(replace(office.rail.book[-1], **wrong))


async def is_booked_once(office: Office, loan: str, payment: str) -> bool:
    """For the prompt, at the rail's sum, under its receipt; and nothing is left in suspense."""
    moved = office.rail.book[-1]
    await office.prove()
    found = [(row.receipt, row.amount_cents) for row in await office.payments()]
    return (
        found == [(moved.receipt, PART)]
        and await office.balance(chart.SUSPENSE) == 0
        and await office.owed(loan) == OWED - PART
        and (await office.operation(payment)).state == "done"
    )


class TestToldWithAnotherSum:
    @pytest.mark.parametrize("before", [True, False])
    async def test_the_list_has_its_receipt_after_the_query_had_none(self, each_office: Office, before: bool) -> None:
        """The prompt is booked on the word of the query; then the list can be read again."""
        office = each_office
        loan, payment, _ = await prompted(office)
        office.rail.lists = False
        if before:
            await office.receive(told(office, cents=PART + 100))
        while (await office.operation(payment)).state != "done":
            office.clock.turn(60_000)
            await office.drained()
        if not before:
            await office.receive(told(office, cents=PART + 100))

        office.rail.lists = True
        await office.settled()

        assert await is_booked_once(office, loan, payment)
        assert (await office.request(payment)).receipt == office.rail.book[-1].receipt
        assert (await office.templates()).count("repay.paid") == 1

    async def test_a_list_that_may_not_be_read_leaves_it_to_people_at_once(self, office: Office) -> None:
        """What comes by callback later is the same all the same."""
        loan, payment, callback = await prompted(office)
        office.rail.may_list = False
        await office.receive(told(office, cents=PART + 100))
        await office.settled()
        waiting = await office.balance(chart.SUSPENSE)

        await office.receive(callback)
        await office.settled()

        assert waiting == PART + 100
        assert await is_booked_once(office, loan, payment)

    async def test_somebody_elses_is_booked_at_the_sum_of_the_list(self, office: Office) -> None:
        """They typed our reference, and the confirmation told a shilling too much."""
        loan, payment, callback = await prompted(office)
        office.rail.pay_paybill(AMINA, 70_00, payment)

        await office.receive(told(office, cents=71_00))
        await office.receive(callback)
        await office.settled()

        assert await office.balance(chart.SUSPENSE) == 70_00
        assert await office.owed(loan) == OWED - PART
        await office.prove()


class TestPaidAfterItWasGivenUp:
    @pytest.mark.parametrize("wrong", [{"cents": PART + 100}, {"account": "KODI"}])
    async def test_what_waits_in_suspense_is_booked_for_the_prompt(
        self, each_office: Office, wrong: dict[str, Any]
    ) -> None:
        """Its confirmation came while nobody thought of the prompt any more."""
        office = each_office
        loan, payment, callback = await prompted(office)
        await office.receive(replace(callback, body=office.rail.callback("stk", "", GONE).body))
        await office.settled()
        await office.receive(told(office, **wrong))
        await office.settled()
        waiting = await office.balance(chart.SUSPENSE)

        assert await office.receive(callback) == "late"
        await office.settled()

        assert waiting == wrong.get("cents", PART)
        assert await is_booked_once(office, loan, payment)
        assert "repay.paid" in await office.templates()

    async def test_both_at_once_are_one(self, each_office: Office) -> None:
        """The callback and the worker that books the confirmation meet."""
        office = each_office
        loan, payment, callback = await prompted(office)
        await office.receive(replace(callback, body=office.rail.callback("stk", "", GONE).body))
        await office.settled()
        await office.receive(told(office, account="KODI"))

        await asyncio.gather(office.receive(callback), office.drained())
        await office.settled()

        assert await is_booked_once(office, loan, payment)

    async def test_what_nobody_can_have_any_more_stays_where_it_is(self, office: Office) -> None:
        """Their loan and their account are over."""
        loan, payment, callback = await prompted(office)
        await office.receive(replace(callback, body=office.rail.callback("stk", "", GONE).body))
        await office.receive(told(office, account="KODI"))
        receipt = office.rail.book[-1].receipt
        await office.receive(office.rail.pay_paybill(AMINA, OWED, loan))
        await office.settled()
        async with office.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.id == AMINA).values(state="closed"))

        await office.receive(callback)
        await office.settled()

        assert (await office.operation(payment)).state == "done"
        assert await office.balance(chart.SUSPENSE) == PART
        async with office.store.read() as connection:
            waiting = await held.by_receipt(connection, receipt)
        assert waiting is not None
        assert (waiting.state, waiting.assignment_id) == ("held", None)
        await office.prove()

    async def test_what_was_credited_to_somebody_is_left_to_people(self, office: Office) -> None:
        """It is no more ours to take."""
        loan, payment, callback = await prompted(office)
        await office.receive(replace(callback, body=office.rail.callback("stk", "", GONE).body))
        await office.settled()
        await office.receive(told(office, account="0711000002"))
        await office.settled()

        await office.receive(callback)
        await office.settled()

        assert (await office.operation(payment)).state == "parked"
        assert await office.owed(loan) == OWED
        await office.prove()


class TestOneOfSeveral:
    @pytest.mark.parametrize("is_told", [True, False])
    async def test_the_prompt_that_was_paid_gets_it(self, each_office: Office, is_told: bool) -> None:
        """The first was not answered, the second was; the confirmation names no account, so it may be either. What
        says which is the callback, or, without one, the list."""
        office = each_office
        loan, payment, callback = await paid_after_another(office)

        verdict = await office.receive(told(office, account="", msisdn="2547 ***** 001"))
        await office.drained()
        if is_told:
            await office.receive(callback)
        await office.settled()

        assert verdict == "mismatch"
        assert await is_booked_once(office, loan, payment)

    async def test_its_case_closes_by_itself(self, office: Office) -> None:
        """Nobody has to find out what is certain."""
        loan, payment, callback = await paid_after_another(office)
        await office.receive(told(office, account="", msisdn="2547 ***** 001"))
        opened = await office.cases()

        await office.receive(callback)
        await office.settled()

        assert opened == ["unclear payment"]
        assert await office.open_cases() == []
        assert await is_booked_once(office, loan, payment)
