"""Operators retry, cancel and resolve: what stood still goes on, and no money is paid twice or lost."""

import random

import pytest
from sqlalchemy import insert

from flows.loans import quoted as as_values
from gateway.approvals import decisions
from gateway.books import accounts as chart
from gateway.clock import local_date
from gateway.explain.reading import story_of
from gateway.facts.loans import quoted
from gateway.playbooks.ordered import KIND as ORDERED
from gateway.playbooks.ordered import Ordered
from gateway.rails.contract import Result
from gateway.reconciling.tables import statement_lines
from tests.gateway.desk.hands import HOUR_MS, Hands
from tests.gateway.rails_flow.office import AMINA

PART = 500_00
NEVER_HEARD = "UAELSEWHERE1"


async def lost(hands: Hands) -> str:
    """A pay-out that left us and was never heard of again, until it was parked."""
    office = hands.office
    office.rail.answer, office.rail.tells, office.rail.knows = "lost", 0, False
    loan = await office.borrow()
    await office.settled()
    assert (await office.operation(loan)).state == "parked"
    return loan


async def waiting_for_a_yes(hands: Hands) -> str:
    """A loan that an officer has to decide about."""
    office = hands.office
    product = next(each for each in office.shop.portfolio.products.values() if each.approval == "officer")
    cents, on = product.min_cents, local_date(office.clock())
    quote = as_values(quoted(product, cents, on))
    loan = await office.put("loan.disburse", {"product": product.key, "quote": quote}, prefix="LN")
    await office.drained()
    row = await office.operation(loan)
    assert (row.state, row.step) == ("queued", "decision")
    return loan


async def unanswered(hands: Hands) -> str:
    """A prompt that was sent and that nobody could say anything of."""
    _, payment = await hands.in_doubt(PART)
    assert (await hands.office.operation(payment)).state == "uncertain"
    return payment


class TestRetrying:
    async def test_what_is_parked_asks_again_and_goes_on(self, hands: Hands) -> None:
        """The rail knows by now; nothing is sent a second time."""
        loan = await lost(hands)
        hands.office.rail.knows = True

        assert await hands.retry(loan) == "retried"
        await hands.office.settled()

        assert (await hands.office.operation(loan)).state == "done"
        assert len(hands.office.rail.book) == 1
        await hands.office.prove()

    async def test_a_dead_message_is_tried_again(self, hands: Hands) -> None:
        """With all its tries before it."""
        office = hands.office
        office.sms.answer = "lost"
        text = await office.put(
            "sms.send", {"template": "pin.changed", "to": AMINA, "values": {}, "language": "en"}, prefix="SM"
        )
        await office.settled()
        assert (await office.operation(text)).state == "dead"
        office.sms.answer = "ok"

        assert await hands.retry(text) == "retried"
        await office.settled()

        assert (await office.operation(text)).state == "done"

    async def test_what_is_over_or_goes_on_by_itself_is_left_alone(self, hands: Hands) -> None:
        """A new wish is a new operation."""
        loan = await hands.office.lent()
        waiting = await hands.office.prompt(loan, PART)

        assert await hands.retry(loan) == "over"
        assert await hands.retry(waiting) == "goes-on"


class TestCancelling:
    async def test_what_has_not_left_us_is_given_back_and_told(self, hands: Hands) -> None:
        """The money that was set aside is free again; the loan is no more."""
        office = hands.office
        office.rail.answer = "away"
        loan = await office.borrow()
        await office.drained()
        assert (await office.operation(loan)).step == "disburse"

        assert await hands.cancel(loan) == "cancelled"
        office.rail.answer = "ok"
        await office.settled()

        assert (await office.operation(loan)).state == "rejected"
        assert await office.loan_state(loan) == "cancelled"
        assert office.rail.book == []
        assert await office.balance(chart.TRANSIT) == 0
        assert (await office.templates())[-1] == "borrow.stopped"
        await office.prove()

    async def test_what_was_not_begun_just_ends_and_its_customer_knows(self, hands: Hands) -> None:
        """And what it excluded may be asked for again."""
        office = hands.office
        loan = await office.lent()
        payment = await office.prompt(loan, PART)

        assert await hands.cancel(payment) == "cancelled"
        await office.settled()

        row = await office.operation(payment)
        assert (row.state, row.is_open, row.exclusive) == ("cancelled", False, None)
        assert "desk.cancelled" in await office.templates()
        assert f"{payment}: your request was cancelled by" in (await office.texts())[-1]
        assert "collect" not in office.rail.calls

    async def test_of_what_staff_had_asked_for_its_customer_never_heard(self, hands: Hands) -> None:
        """A second person had not agreed yet, and nobody tells them of a request that was none of theirs."""
        office = hands.office
        ordered = Ordered(office.shop.outbox, answer_ms=24 * HOUR_MS)
        office.shop.playbooks[ORDERED] = ordered.playbook()
        intent = {"account": "wallet", "amount_cents": 100_00, "fee_cents": 0, "by": "jane", "why": "came in person"}
        named = await office.put(ORDERED, intent, AMINA, "WO")
        async with office.store.begin() as connection:
            await ordered.ask(connection, await office.operation(named), hands.deed("jane"))
        await office.drained()

        assert await hands.cancel(named) == "cancelled"

        assert (await office.operation(named)).state == "cancelled"
        assert await office.templates() == []

    async def test_what_waits_for_a_yes_gets_a_no(self, hands: Hands) -> None:
        """The question is withdrawn, and the customer hears what they hear of a no."""
        office = hands.office
        loan = await waiting_for_a_yes(hands)

        assert await hands.cancel(loan) == "cancelled"
        await office.settled()

        assert (await office.operation(loan)).state == "rejected"
        assert "borrow.declined_other" in await office.templates()
        async with office.store.read() as connection:
            rows = await decisions.of_operation(connection, (await office.operation(loan)).id)
        assert [row.state for row in rows] == ["withdrawn"]

    async def test_a_worker_that_wakes_up_late_sends_nothing_of_it(self, hands: Hands) -> None:
        """It was claimed before, its lease ran out, and it had not sent yet."""
        office = hands.office
        loan = await office.lent()
        payment = await office.prompt(loan, PART)
        office.clock.turn(3_000)
        office.rail.answer = "away"
        await office.drained()
        office.clock.turn(300_000)
        [work] = [each for each in await office.shop.worker.claim(9) if each.reference == payment]
        office.rail.answer = "ok"

        assert await hands.cancel(payment) == "busy"
        office.clock.turn(HOUR_MS)
        assert await hands.cancel(payment) == "cancelled"
        await office.shop.worker.work(work)
        await office.settled()

        assert (await office.operation(payment)).state == "rejected"
        assert (await office.templates())[-1] == "repay.stopped"
        assert office.rail.cents("stk") == 0
        await office.prove()

    async def test_what_was_sent_cannot_be_cancelled(self, hands: Hands) -> None:
        """Nor what was paid."""
        loan = await lost(hands)

        assert await hands.cancel(loan) == "in-doubt"
        assert await hands.resolve(loan, "paid", hands.office.rail.book[0].receipt) == "resolved"
        await hands.office.settled()
        assert await hands.cancel(loan) == "over"


class TestResolving:
    async def test_two_people_and_a_receipt_book_it_as_the_callback_would(self, each_hands: Hands) -> None:
        """On both engines. Nothing changes before the second one agrees."""
        office = each_hands.office
        loan = await lost(each_hands)
        receipt = office.rail.book[0].receipt

        named = await each_hands.propose(loan, "paid", receipt)
        before = (await office.operation(loan)).state
        for alone in (" JANE ", "Amina Wanjiru", AMINA):  # who said it, and whose money it is
            assert await each_hands.confirm(named, by=alone) == "oneself"
        assert await each_hands.confirm(named) == "resolved"
        await office.settled()

        assert before == "parked"
        assert (await office.operation(loan)).state == "done"
        assert await office.loan_state(loan) == "active"
        assert (await office.request(loan)).settled_by == "person"
        assert await each_hands.confirm(named) == "answered"
        await office.prove()

    async def test_not_paid_goes_the_way_of_a_refusal(self, hands: Hands) -> None:
        """What was set aside is free, the customer is told; who and why is on record."""
        loan = await lost(hands)
        hands.office.rail.book.clear()

        assert await hands.resolve(loan, "unpaid") == "resolved"
        await hands.office.settled()

        assert (await hands.office.operation(loan)).state == "rejected"
        assert await hands.office.balance(chart.TRANSIT) == 0
        assert [(row.by, row.detail["act"]) for row in await hands.record()] == [("jane", "unpaid"), ("omar", "unpaid")]
        await hands.office.prove()

    async def test_money_that_comes_after_a_wrong_word_is_booked_with_an_alarm(self, hands: Hands) -> None:
        """Two people were wrong: the rail had paid, and says so in the end."""
        loan = await lost(hands)
        office = hands.office
        request = await office.request(loan)
        await hands.resolve(loan, "unpaid")
        await office.settled()
        paid = office.rail.asked[0].result

        await office.receive(office.rail.callback("b2c/result", request.token, paid))
        await office.settled()

        assert (await office.operation(loan)).state == "done"
        assert await office.loan_state(loan) == "active"
        assert await office.cases() == ["paid after refusal"]
        await office.prove()

    async def test_a_payment_of_ours_is_credited_once_whoever_says_so(self, hands: Hands) -> None:
        """People, and then the rail's own callback."""
        payment = await unanswered(hands)
        office = hands.office
        request, moved = await office.request(payment), office.rail.book[-1]

        assert await hands.resolve(payment, "paid", moved.receipt) == "resolved"
        await office.settled()
        verdict = await office.receive(office.rail.callback("stk", request.token, office.rail.asked[-1].result))
        await office.settled()

        assert verdict == "repeated"
        assert [row.receipt for row in await office.payments()] == [moved.receipt]
        await office.prove()

    async def test_evidence_must_fit(self, hands: Hands) -> None:
        """A receipt for what was paid, none for what was not, and never one of another payment."""
        first = await hands.office.lent(500_00)
        of_first = (await hands.office.request(first)).receipt
        office = hands.office
        office.rail.answer, office.rail.tells, office.rail.knows = "lost", 0, False
        loan = await office.borrow(500_00, customer="+254711000002")
        await office.settled()

        assert await hands.propose(loan, "paid") == "receipt"
        assert await hands.propose(loan, "unpaid", NEVER_HEARD) == "receipt"
        assert await hands.propose(loan, "paid", of_first) == "receipt-taken"

    async def test_the_rails_own_statement_is_believed_before_people_are(self, hands: Hands) -> None:
        """A receipt that stands for another amount there proves nothing; with the same amount it does."""
        loan = await lost(hands)
        cents = (await hands.office.request(loan)).amount_cents
        async with hands.office.store.begin() as connection:
            for receipt, listed in (("UAOTHER0001", cents + 100), ("UASAME00001", cents)):
                await connection.execute(
                    insert(statement_lines).values(
                        shortcode="600998", receipt=receipt, kind="paid_out", cents=-listed, account="", reason="",
                        verdict="unknown", file_id="file", row=1, at=hands.office.clock(),
                    )
                )  # fmt: skip

        assert await hands.propose(loan, "paid", "UAOTHER0001") == "amount"
        assert (await hands.propose(loan, "paid", "UASAME00001")).startswith("OA")

    async def test_not_while_the_rail_may_still_answer(self, hands: Hands) -> None:
        """An hour has to go by, unless it is parked."""
        office = hands.office
        office.rail.answer, office.rail.tells, office.rail.knows = "lost", 0, False
        loan = await office.borrow()
        await office.drained()

        early = await hands.propose(loan, "unpaid")
        office.clock.turn(HOUR_MS)

        assert early == "too-early"
        assert (await hands.propose(loan, "unpaid")).startswith("OA")
        assert await hands.propose(loan, "paid", NEVER_HEARD) == "proposed"

    async def test_anybody_may_say_no_and_nobody_waits_for_ever(self, hands: Hands) -> None:
        """A proposal that is declined or a day old counts no more."""
        loan = await lost(hands)

        first = await hands.propose(loan, "unpaid")
        assert await hands.decline(first, by="jane") == "declined"
        second = await hands.propose(loan, "unpaid")
        hands.office.clock.turn(25 * HOUR_MS)

        assert await hands.confirm(first) == "answered"
        assert await hands.confirm(second) == "answered"
        assert await hands.confirm("OANOBODY") == "unknown"
        assert (await hands.propose(loan, "unpaid")).startswith("OA")

    async def test_the_rail_may_answer_before_the_second_person(self, hands: Hands) -> None:
        """Its word counts, and theirs comes too late."""
        loan = await lost(hands)
        office = hands.office
        named = await hands.propose(loan, "unpaid")
        request = await office.request(loan)
        await office.receive(office.rail.callback("b2c/result", request.token, office.rail.asked[0].result))

        assert await hands.confirm(named) == "never-unsaid"
        await office.settled()
        assert (await office.operation(loan)).state == "done"

    async def test_the_story_names_who_did_it(self, hands: Hands) -> None:
        """Beside what the rail said."""
        loan = await lost(hands)
        await hands.resolve(loan, "paid", hands.office.rail.book[0].receipt)
        await hands.office.settled()

        async with hands.office.store.read() as connection:
            story = await story_of(connection, loan)

        assert story is not None
        people = [event.detail for event in story.events if event.what == "person"]
        assert [(each["by"], each["verdict"]) for each in people] == [("jane", None), ("omar", "applied")]
        assert "on the word of a person" in story.belief


class TestAnyOrder:
    @pytest.mark.parametrize("seed", range(12))
    async def test_acts_callbacks_and_crashes_in_any_order_pay_once_and_lose_nothing(
        self, hands: Hands, seed: int
    ) -> None:
        """What people say of money is what their evidence shows; the rest is chance. In the end the books are right."""
        chance, office = random.Random(seed), hands.office
        office.rail.answer = chance.choice(["lost", "away", "ok"])
        office.rail.tells, office.rail.knows = 0, False
        office.rail.code = chance.choice(["", "", "2001"])
        loan = await office.borrow()
        for _ in range(25):
            await _something(hands, loan, chance)
        office.rail.answer, office.rail.knows = "ok", True
        await _rails_word(hands, loan)
        await office.settled()
        if (await office.operation(loan)).state == "parked":
            await hands.retry(loan)
            await office.settled()

        assert sum(moved.kind == "b2c" for moved in office.rail.book) <= 1
        assert (await office.operation(loan)).state in {"done", "rejected", "cancelled"}
        assert await office.balance(chart.TRANSIT) == 0
        await office.prove()


async def _something(hands: Hands, loan: str, chance: random.Random) -> None:
    office = hands.office
    match chance.randrange(9):
        case 0:
            await hands.retry(loan)
        case 1:
            await hands.cancel(loan)
        case 2:
            paid = [moved.receipt for moved in office.rail.book if moved.kind == "b2c"]
            await hands.resolve(loan, "paid" if paid else "unpaid", paid[0] if paid else None)
        case 3:
            await hands.resolve(loan, "unpaid")
        case 4:
            await _rails_word(hands, loan)
        case 5:  # killed with it in hand: the lease brings it back
            await office.shop.worker.claim(4)
        case 6:
            office.clock.turn(chance.choice([1_000, 60_000, HOUR_MS, 24 * HOUR_MS]))
        case 7:
            office.rail.answer = chance.choice(["lost", "away", "ok"])
        case _:
            await office.drained()


async def _rails_word(hands: Hands, loan: str) -> None:
    """What became of it, if the rail ever took it on."""
    office = hands.office
    for asked in office.rail.asked[:1]:
        request = await office.request(loan)
        result: Result = asked.result
        await office.receive(office.rail.callback("b2c/result", request.token, result))
