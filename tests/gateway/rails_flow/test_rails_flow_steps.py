"""The two steps that speak to a rail: they send once, and ask until somebody knows."""

import pytest

from gateway.books import accounts as chart
from gateway.operations.playbook import Work
from gateway.rails.contract import Words
from tests.gateway.rails_flow.office import AMINA, BARAKA, PATIENCE, Office, Shop
from tests.gateway.rails_flow.pretend_rail import Answer

PART = 500_00
HOUR_MS = 3_600_000


class TestPrompts:
    async def test_an_answer_that_never_came_is_settled_by_the_callback_on_its_own_path(self, office: Office) -> None:
        """There is no id of the rail's to match by, and no second prompt."""
        loan = await office.lent()
        office.rail.answer = "lost"

        payment = await office.prompt(loan, PART)
        await office.settled()

        request = await office.request(payment)
        assert (request.rail_id, request.state, request.settled_by) == (None, "completed", "callback")
        assert office.rail.calls.count("collect") == 1
        assert await office.templates() == ["borrow.paid", "repay.paid"]
        await office.prove()

    async def test_an_answer_and_a_callback_that_never_came_are_settled_by_the_rails_own_list(
        self, office: Office
    ) -> None:
        """The list names our reference and the receipt."""
        loan = await office.lent()
        office.rail.answer, office.rail.tells = "lost", 0

        payment = await office.prompt(loan, PART)
        await office.settled()

        request = await office.request(payment)
        assert (request.settled_by, request.receipt) == ("pull", office.rail.book[-1].receipt)
        assert office.rail.calls.count("collect") == 1
        assert office.rail.calls.count("query") == 0
        assert await office.templates() == ["borrow.paid", "repay.paid"]
        await office.prove()

    async def test_a_payment_that_only_the_query_knows_is_booked_and_its_receipt_filled_in_later(
        self, office: Office
    ) -> None:
        """The confirmation that comes then brings the receipt and books nothing."""
        loan = await office.lent()
        office.rail.tells, office.rail.lists = 0, False
        payment = await office.prompt(loan, PART)
        await office.settled()
        before = await office.payments()

        verdict = await office.receive(office.rail.confirmation(office.rail.book[-1]))
        await office.settled()

        assert (await office.request(payment)).settled_by == "query"
        assert [row.receipt for row in before] == [None]
        assert verdict == "repeated"
        assert [row.receipt for row in await office.payments()] == [office.rail.book[-1].receipt]
        assert await office.owed(loan) == 2_160_00 - PART
        await office.prove()

    async def test_a_receipt_that_comes_between_the_query_and_the_booking_is_in_the_message(
        self, office: Office
    ) -> None:
        """The booking looks once more before it says that there is none."""
        loan = await office.lent()
        office.rail.tells, office.rail.lists = 0, False
        await office.prompt(loan, PART)
        booking = await up_to(office, "post")

        await office.receive(office.rail.confirmation(office.rail.book[-1]))
        await office.shop.worker.work(booking)
        await office.settled()

        receipt = office.rail.book[-1].receipt
        assert [row.receipt for row in await office.payments()] == [receipt]
        assert f"ref {receipt}" in (await office.texts())[-1]

    async def test_nobody_answers_nobody_pays_nothing_is_listed(self, office: Office) -> None:
        """Once the prompt cannot be answered any more it is over, in words that leave a late success room."""
        loan = await office.lent()
        office.rail.code, office.rail.words, office.rail.tells = "1037", "timeout", 1

        payment = await office.prompt(loan, PART)
        started = office.clock()
        await office.settled()

        assert (await office.request(payment)).state == "expired"
        assert await office.templates() == ["borrow.paid", "repay.uncertain", "repay.timeout"]
        assert office.clock() - started >= PATIENCE.prompt_expires_ms
        assert await office.owed(loan) == 2_160_00
        await office.prove()

    async def test_while_the_list_cannot_be_read_nothing_is_called_unpaid(self, office: Office) -> None:
        """It is asked on and on, further and further apart, until a person must decide."""
        loan = await office.lent()
        office.rail.answer, office.rail.tells, office.rail.lists = "lost", 0, False

        payment = await office.prompt(loan, PART)
        await office.settled()

        row = await office.operation(payment)
        assert (row.state, row.reason) == ("parked", "nobody could say what became of it")
        assert (await office.request(payment)).state == "pending"
        assert 360 < office.rail.calls.count("list") < 400
        assert await office.templates() == ["borrow.paid", "repay.uncertain"]

    async def test_a_callback_brings_a_parked_payment_back(self, each_office: Office) -> None:
        """Somebody was to decide; the rail has decided."""
        office = each_office
        loan = await office.lent()
        office.rail.answer, office.rail.tells, office.rail.lists = "lost", 0, False
        payment = await office.prompt(loan, PART)
        await office.settled()
        asked, token = office.rail.asked[-1], (await office.request(payment)).token

        await office.receive(office.rail.callback("stk", token, asked.result))
        await office.settled()

        assert (await office.operation(payment)).state == "done"
        assert await office.owed(loan) == 2_160_00 - PART
        await office.prove()

    @pytest.mark.parametrize(("answer", "template"), [("refused", "repay.refused"), ("locked", "repay.busy")])
    async def test_a_refusal_at_the_door_is_told_at_once(self, office: Office, answer: Answer, template: str) -> None:
        """Nothing was shown on the phone, so nothing is asked."""
        loan = await office.lent()
        office.rail.answer = answer

        await office.prompt(loan, PART)
        await office.settled()

        assert await office.templates() == ["borrow.paid", template]
        assert office.rail.calls[-1] == "collect"

    async def test_a_rail_that_is_away_is_waited_for_and_the_prompt_goes_out_once(self, office: Office) -> None:
        """For days: nothing happened, so it may be sent again; the customer is told once why nothing comes."""
        loan = await office.lent()
        office.rail.answer = "away"
        payment = await office.prompt(loan, PART)
        until = office.clock() + 50 * HOUR_MS
        while office.clock() < until:
            await office.drained()
            office.clock.turn(HOUR_MS)

        office.rail.answer = "ok"
        await office.settled()

        assert (await office.operation(payment)).state == "done"
        assert [moved.kind for moved in office.rail.book] == ["b2c", "stk"]
        assert await office.templates() == ["borrow.paid", "repay.unsent", "repay.paid"]
        await office.prove()

    async def test_a_short_outage_is_not_worth_a_message(self, office: Office) -> None:
        """Before `slow_seconds` are over the prompt may still come in time."""
        loan = await office.lent()
        office.rail.answer = "away"
        payment = await office.prompt(loan, PART)
        await office.drained()
        office.clock.turn(PATIENCE.slow_ms - 10_000)
        await office.drained()

        office.rail.answer = "ok"
        await office.settled()

        assert (await office.operation(payment)).state == "done"
        assert await office.templates() == ["borrow.paid", "repay.paid"]

    async def test_somebody_elses_payment_with_our_reference_settles_nothing(self, office: Office) -> None:
        """Anybody can type it at the paybill: with another amount it is not the payment that we asked for."""
        loan = await office.lent()
        office.rail.answer, office.rail.tells, office.rail.code = "lost", 0, "1037"
        payment = await office.prompt(loan, PART)
        await office.drained()

        office.rail.pay_paybill(BARAKA, 10_00, payment)
        await office.settled()

        assert (await office.request(payment)).state == "expired"
        assert await office.owed(loan) == 2_160_00


class TestPayOuts:
    @pytest.mark.parametrize("tells", [0, 1, 2])
    @pytest.mark.parametrize("answer", ["ok", "lost"])
    async def test_money_leaves_once_whatever_is_answered_and_told(
        self, office: Office, answer: Answer, tells: int
    ) -> None:
        """An answer that is missing is asked for with our own id, which the rail refuses to pay twice."""
        office.rail.answer, office.rail.tells = answer, tells

        loan = await office.borrow()
        await office.settled()

        assert await office.loan_state(loan) == "active"
        assert [moved.cents for moved in office.rail.book] == [1_980_00]
        assert (await office.templates())[-1] == "borrow.paid"
        assert await office.balance(chart.TRANSIT) == 0
        await office.prove()

    async def test_a_pay_out_that_was_never_sent_goes_out_when_it_is_asked_about(self, each_office: Office) -> None:
        """Killed between writing down that it sends and sending: the probe with our id is the pay-out."""
        office = each_office
        loan = await office.borrow()
        paying = await up_to(office, "disburse")
        office.rail.hook, office.rail.early = _raise_killed, True
        with pytest.raises(_Killed):
            await office.shop.worker.work(paying)
        office.rail.book.clear()
        office.rail.asked.clear()
        office.rail.outbox.clear()
        office.rail.hook, office.rail.early = None, False

        office.shop = Shop(office.store, office.rail, office.sms, office.clock)
        await office.settled()

        assert (await office.operation(loan)).state == "done"
        assert [moved.cents for moved in office.rail.book] == [1_980_00]
        await office.prove()

    async def test_slow_is_said_once_and_the_end_when_it_is_known(self, office: Office) -> None:
        """However often it is asked in between."""
        office.rail.tells, office.rail.knows = 0, False
        loan = await office.borrow()
        until = office.clock() + 2 * HOUR_MS
        while office.clock() < until:
            await office.drained()
            office.clock.turn(60_000)
        said = await office.templates()

        office.rail.knows = True
        await office.settled()

        assert said == ["borrow.slow"]
        assert await office.templates() == ["borrow.slow", "borrow.paid"]
        assert (await office.operation(loan)).state == "done"
        await office.prove()

    @pytest.mark.parametrize(
        ("code", "words", "template"),
        [("2040", "unpaid", "borrow.unpaid"), ("8", "unpaid", "borrow.unpaid"), ("1", "refused", "borrow.refused")],
    )
    async def test_a_refused_pay_out_is_released_cancelled_and_told(
        self, office: Office, code: str, words: Words, template: str
    ) -> None:
        """Nothing is owed, nothing stays reserved."""
        office.rail.code, office.rail.words = code, words

        loan = await office.borrow()
        await office.settled()

        assert await office.loan_state(loan) == "cancelled"
        assert await office.templates() == [template]
        async with office.store.read() as connection:
            transit = await office.shop.books.balance(connection, chart.TRANSIT)
        assert (transit.posted_cents, transit.held_cents) == (0, 0)
        assert (await office.operation(loan)).state == "rejected"
        await office.prove()

    async def test_a_question_that_is_refused_is_for_a_person(self, office: Office) -> None:
        """The first call may have paid; a refusal of the second proves nothing about it."""
        office.rail.answer, office.rail.tells = "lost", 0
        loan = await office.borrow()
        await office.drained()
        office.rail.asked.clear()
        office.rail.answer = "refused"

        await office.settled()

        assert (await office.operation(loan)).state == "parked"
        assert await office.templates(AMINA) == []
        assert await office.loan_state(loan) == "approved"


async def up_to(office: Office, step: str) -> Work:
    """Work the one operation that is due until it stands at `step`, which is not taken yet."""
    following: Work | None = None
    while following is None or following.step != step:
        if following is None:
            office.clock.turn(HOUR_MS // 60)
            following = next(iter(await office.shop.worker.claim(1)), None)
        else:
            following = await office.shop.worker._step(following)
    return following


class _Killed(BaseException):
    """The process is gone."""


async def _raise_killed() -> None:
    raise _Killed
