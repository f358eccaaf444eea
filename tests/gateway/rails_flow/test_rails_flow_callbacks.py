"""What the rail tells by itself: early, late, twice, out of order, forged. One truth, one message, no money lost."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.books import accounts as chart
from gateway.errors import NotACallback
from gateway.operations import queue
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Result
from gateway.store.tables import callbacks, operations
from tests.gateway.rails_flow.office import BARAKA, Office, office_on, until_blocked

OWED, PART = 2_160_00, 500_00
CANCELLED = Result("refused", "1032", "cancelled", "cancelled")


async def path(office: Office, named: str) -> str:
    return (await office.request(named)).token


class TestOnePrompt:
    async def test_before_our_call_has_its_answer(self, each_office: Office) -> None:
        """The result waits in the request; the worker finds it when it stores the answer."""
        office = each_office
        loan = await office.lent()
        office.rail.early, office.rail.hook = True, office.told

        await office.prompt(loan, PART)
        office.clock.turn(3_000)
        await office.drained()

        assert await office.owed(loan) == OWED - PART
        assert await office.templates() == ["borrow.paid", "repay.paid"]
        await office.prove()

    async def test_many_at_once_are_applied_once(self, each_office: Office) -> None:
        """Identical, in the same moment, while the worker looks too."""
        office = each_office
        loan, payment = await office.prompted()
        callback = office.rail.outbox.pop()

        await asyncio.gather(*(office.shop.callbacks.receive(callback) for _ in range(5)), office.drained())
        await office.settled()

        async with office.store.read() as connection:
            query = select(callbacks.c.verdict).where(callbacks.c.purpose == "stk")
            verdicts = sorted(row.verdict for row in await connection.execute(query))
        assert verdicts == ["applied", *["repeated"] * 4]
        assert await office.owed(loan) == OWED - PART
        assert len(await office.payments()) == 1
        assert await office.templates() == ["borrow.paid", "repay.paid"]
        assert (await office.operation(payment)).state == "done"
        await office.prove()

    async def test_days_after_everything_was_settled(self, office: Office) -> None:
        """A repeat of old news wakes nobody and changes nothing."""
        loan, _ = await office.prompted()
        callback = office.rail.outbox[0]
        await office.settled()
        office.clock.turn(5 * 86_400_000)

        assert await office.receive(callback) == "repeated"
        await office.settled()

        assert await office.owed(loan) == OWED - PART
        assert await office.templates() == ["borrow.paid", "repay.paid"]

    @pytest.mark.parametrize("changed", [{"amount_cents": PART + 100}, {"amount_cents": 1}, {"msisdn": BARAKA}])
    async def test_another_amount_or_phone_moves_nothing_and_the_rail_is_asked(
        self, office: Office, changed: dict[str, Any]
    ) -> None:
        """What is booked is what the rail's own list says."""
        loan, payment = await office.prompted()
        told = office.rail.asked[-1].result
        office.rail.outbox.clear()

        verdict = await office.receive(
            office.rail.callback("stk", await path(office, payment), replace(told, **changed))
        )
        state = (await office.request(payment)).state
        await office.settled()

        assert (verdict, state) == ("mismatch", "pending")
        assert (await office.request(payment)).settled_by == "pull"
        assert await office.owed(loan) == OWED - PART
        await office.prove()

    async def test_refused_and_then_paid_is_booked_and_raises_an_alarm(self, each_office: Office) -> None:
        """The customer was told that it failed; the money came all the same, and counts."""
        office = each_office
        loan, payment = await office.prompted()
        paid = office.rail.outbox.pop()
        await office.receive(office.rail.callback("stk", await path(office, payment), CANCELLED))
        await office.settled()
        told_first = await office.templates()

        assert await office.receive(paid) == "late"
        await office.settled()

        assert told_first == ["borrow.paid", "repay.cancelled"]
        assert await office.templates() == ["borrow.paid", "repay.cancelled", "repay.paid"]
        assert await office.cases() == ["paid after refusal"]
        assert (await office.operation(payment)).state == "done"
        assert await office.owed(loan) == OWED - PART
        await office.prove()

    async def test_refused_and_then_paid_before_anybody_was_told(self, office: Office) -> None:
        """Only the truth is said."""
        loan, payment = await office.prompted()
        paid = office.rail.outbox.pop()
        await office.receive(office.rail.callback("stk", await path(office, payment), CANCELLED))

        assert await office.receive(paid) == "late"
        await office.settled()

        assert await office.templates() == ["borrow.paid", "repay.paid"]
        assert await office.owed(loan) == OWED - PART
        await office.prove()

    async def test_paid_while_the_refusal_is_being_told(self, each_office: Office) -> None:
        """The worker that holds it loses its claim: what it was about to say is not said."""
        office = each_office
        loan, payment = await office.prompted()
        paid = office.rail.outbox.pop()
        await office.receive(office.rail.callback("stk", await path(office, payment), CANCELLED))
        at_prompt = (await office.shop.worker.claim(1))[0]
        telling = await office.shop.worker._step(at_prompt)
        assert telling is not None
        assert telling.step == "tell"

        assert await office.receive(paid) == "late"
        await office.shop.worker.work(telling)
        await office.settled()

        assert await office.templates() == ["borrow.paid", "repay.paid"]
        assert await office.owed(loan) == OWED - PART
        await office.prove()

    async def test_paid_and_then_refused_changes_nothing_and_opens_a_case(self, office: Office) -> None:
        """Money that moved is never unsaid; a person looks, once."""
        loan, payment = await office.prompted()
        await office.settled()
        refusal = office.rail.callback("stk", await path(office, payment), CANCELLED)

        verdicts = [await office.receive(refusal), await office.receive(refusal)]
        await office.settled()

        assert verdicts == ["contradiction"] * 2
        assert await office.cases() == ["refused after payment"]
        assert await office.owed(loan) == OWED - PART
        assert await office.templates() == ["borrow.paid", "repay.paid"]
        await office.prove()

    async def test_a_second_receipt_for_one_prompt_is_a_case(self, office: Office) -> None:
        """It says that the customer paid twice."""
        loan, payment = await office.prompted()
        await office.settled()
        second = replace(office.rail.asked[-1].result, receipt="UA9")

        verdict = await office.receive(office.rail.callback("stk", await path(office, payment), second))

        assert (verdict, await office.cases()) == ("contradiction", ["paid again"])
        assert await office.owed(loan) == OWED - PART

    async def test_a_result_that_says_nothing_makes_us_ask_at_once(self, office: Office) -> None:
        """The time-out of a queue, a code nobody knows."""
        loan, payment = await office.prompted()
        office.rail.outbox.clear()
        unsure = Result("uncertain", "1037", "timeout", "nobody answered")

        verdict = await office.receive(office.rail.callback("stk", await path(office, payment), unsure))
        await office.drained()

        assert verdict == "nothing"
        assert (await office.request(payment)).settled_by == "pull"
        assert await office.owed(loan) == OWED - PART


class TestForged:
    async def test_a_path_that_is_nobodys(self, office: Office) -> None:
        """Kept as evidence, and that is all."""
        loan, payment = await office.prompted()
        paid = replace(office.rail.asked[-1].result, our_id=(await office.request(payment)).id)
        office.rail.outbox.clear()

        assert await office.receive(office.rail.callback("stk", "f" * 32, paid)) == "forged"
        assert (await office.request(payment)).state == "pending"
        assert await office.owed(loan) == OWED

    async def test_a_body_that_is_no_callback_is_refused(self, office: Office) -> None:
        """Not JSON, no object, not what the rail writes."""
        for body in ("", "nothing", "[1, 2]", '"text"', '{"some": "thing"}'):
            with pytest.raises(NotACallback):
                await office.shop.callbacks.receive(Callback("stk", "", body, "127.0.0.1", office.clock()))

    async def test_a_result_that_names_another_pay_out_than_its_path(self, office: Office) -> None:
        """Path and body must speak of the same one."""
        office.rail.tells = 0
        first, second = await office.borrow(500_00), await office.borrow(600_00, BARAKA)
        await office.drained()
        about_second = next(asked for asked in office.rail.asked if asked.request.msisdn == BARAKA).result

        verdict = await office.receive(office.rail.callback("b2c/result", await path(office, first), about_second))

        assert verdict == "forged"
        assert (await office.request(first)).state == (await office.request(second)).state == "pending"


class TestPayOuts:
    async def test_refused_and_then_paid_books_the_loan(self, office: Office) -> None:
        """Whoever has the money owes it, although the loan was cancelled."""
        office.rail.tells = 0
        loan = await office.borrow()
        await office.drained()
        refused = Result("refused", "1", "refused", "float", our_id=(await office.request(loan)).id)
        await office.receive(office.rail.callback("b2c/result", await path(office, loan), refused))
        await office.settled()
        state = await office.loan_state(loan)

        verdict = await office.receive(
            office.rail.callback("status/result", await path(office, loan), office.rail.asked[-1].result)
        )
        await office.settled()

        assert (state, verdict) == ("cancelled", "late")
        assert await office.loan_state(loan) == "active"
        assert await office.templates() == ["borrow.refused", "borrow.paid"]
        assert await office.cases() == ["paid after refusal"]
        assert await office.owed(loan) == OWED
        assert await office.balance(chart.TRANSIT) == 0
        await office.prove()

    async def test_a_time_out_says_nothing(self, office: Office) -> None:
        """It was waiting too long in a queue: the result can still come, and is what counts."""
        loan = await office.borrow()
        await office.drained()
        timeout = Result("uncertain", "", "uncertain", "queue", our_id=(await office.request(loan)).id)

        verdict = await office.receive(office.rail.callback("b2c/timeout", await path(office, loan), timeout))
        held = await office.loan_state(loan)
        await office.settled()

        assert (verdict, held) == ("nothing", "approved")
        assert await office.loan_state(loan) == "active"
        assert office.rail.cents("b2c") == 1_980_00
        assert await office.templates() == ["borrow.paid"]
        await office.prove()

    async def test_a_result_without_a_path_of_its_own_is_matched_by_our_id(self, office: Office) -> None:
        """As registered once for all."""
        loan = await office.borrow()
        await office.drained()
        callback = replace(office.rail.outbox.pop(), token="")

        assert await office.receive(callback) == "applied"
        await office.settled()

        assert await office.loan_state(loan) == "active"


class TestWorkerAndCallbackTogether:
    """On PostgreSQL both write at once: the callback must not look past a worker that has not committed yet."""

    async def test_news_that_come_while_a_worker_lets_it_wait_are_not_slept_through(self, fresh_postgres: str) -> None:
        """The operation is due at once, not at the end of the wait that the worker has just stored."""
        async with office_on(fresh_postgres) as office:
            _, payment = await office.prompted()
            row = await office.operation(payment)
            office.clock.now = row.due_at
            callback = office.rail.outbox.pop()

            async with office.store.begin() as connection:
                waits = {"state": "waiting", "due_at": office.clock() + 600_000}
                await connection.execute(update(operations).where(operations.c.id == row.id).values(**waits))
                receiving = asyncio.create_task(office.shop.callbacks.receive(callback))
                await until_blocked(office.store)
            await receiving

            assert (await office.operation(payment)).due_at == office.clock()

    async def test_news_that_come_while_a_worker_gives_up_bring_it_back(self, fresh_postgres: str) -> None:
        """It is not left to a person when the rail has just said what became of it."""
        async with office_on(fresh_postgres) as office:
            _, payment = await office.prompted()
            row = await office.operation(payment)
            callback = office.rail.outbox.pop()

            async with office.store.begin() as connection:
                await connection.execute(update(operations).where(operations.c.id == row.id).values(state="parked"))
                receiving = asyncio.create_task(office.shop.callbacks.receive(callback))
                await until_blocked(office.store)
            await receiving
            await office.settled()

            assert (await office.operation(payment)).state == "done"


async def test_waking_leaves_what_is_due_and_what_has_ended(office: Office) -> None:
    """A nudge makes nothing later, and brings nothing back."""
    loan = await office.lent()
    ended, waiting = await office.operation(loan), await office.operation(await office.prompt(loan, PART))

    async with office.store.begin() as connection:
        for row in (ended, waiting):
            await queue.wake(connection, row.id, office.clock() + 1)

    assert (await office.operation(loan)).due_at == ended.due_at
    assert (await office.operation(waiting.reference)).due_at == office.clock() + 1
