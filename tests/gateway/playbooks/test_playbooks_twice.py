"""A payment that is in our books twice, or that a loan has wrongly: taken back by two people, and counted once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.desk import cases
from gateway.errors import Rejected
from gateway.playbooks.servicing import KIND as LOAN_ACT
from gateway.playbooks.servicing import Servicing
from gateway.playbooks.telling import Teller
from gateway.playbooks.twice import KIND as JOIN
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Received, Result
from tests.gateway.playbooks.deskwork import HAD, HOUR_MS, STRANGER, Desk
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on
from tests.gateway.rails_flow.pretend_rail import SHORTCODE


@pytest.fixture
async def desk(fresh_sqlite: str) -> AsyncIterator[Desk]:
    async with office_on(fresh_sqlite) as office:
        yield Desk(office)


class TestTakenBackFromALoan:
    """What was booked to a loan in error waits here, and two people say where it goes."""

    async def back(self, desk: Desk, loan: str, receipt: str, **more: bool) -> None:
        shop = desk.office.shop
        servicing = Servicing(
            shop.books, shop.portfolio, Teller(shop.outbox), shortcode=SHORTCODE, answer_ms=24 * HOUR_MS
        )
        shop.playbooks[LOAN_ACT] = servicing.playbook()
        async with desk.office.store.read() as connection:
            record = await shop.portfolio.by_reference(connection, loan)
        assert record is not None
        said = {"act": "reversals", "loan": record.id, "receipt": receipt, "by": "jane", "why": "not theirs", **more}
        await desk.office.put(LOAN_ACT, said, record.customer_id, "LA")
        await desk.office.settled()

    async def test_it_goes_back_to_whoever_paid(self, desk: Desk) -> None:
        """A stranger had typed the number of a loan that is not theirs."""
        loan = await desk.office.lent()
        receipt = await desk.paid(account=loan)

        await self.back(desk, loan, receipt)
        waiting = await desk.held(receipt)
        await desk.agreed(receipt, "refund")

        assert (waiting.state, waiting.amount_cents, waiting.phone) == ("held", 500_00, STRANGER)
        assert (await desk.held(receipt)).state == "refunded"
        assert await desk.office.owed(loan) == 2_160_00
        assert desk.office.rail.book[-1].msisdn == STRANGER
        await desk.proved()

    async def test_assigned_to_the_wrong_loan_it_waits_again(self, desk: Desk) -> None:
        """Two people were mistaken, two others put it right."""
        loan, receipt = await desk.office.lent(), await desk.paid()
        await desk.agreed(receipt, "loan", loan)

        await self.back(desk, loan, receipt)
        await desk.agreed(receipt, "wallet", BARAKA)

        assert await desk.office.owed(loan) == 2_160_00
        assert await desk.office.balance(chart.wallet(BARAKA)) == HAD + 500_00
        await desk.proved()

    async def test_what_the_rail_has_returned_is_with_us_no_more(self, desk: Desk) -> None:
        """Also where it came to the loan by way of suspense: nobody is left to give it to."""
        loan, receipt = await desk.office.lent(), await desk.paid()
        await desk.agreed(receipt, "loan", loan)

        await self.back(desk, loan, receipt, returned=True)

        assert await desk.office.balance(chart.SUSPENSE) == await desk.office.balance(chart.COLLECTION) == 0
        assert (await desk.held(receipt)).state == "assigned"
        assert await desk.office.owed(loan) == 2_160_00


class TestBookedTwice:
    """A prompt was booked on the word of the query, which knows no receipt; its confirmation named another account, and
    only then the rail said that the two are one."""

    async def twice(self, desk: Desk, account: str) -> tuple[str, Callback]:
        """The loan of the prompt, and the callback that says so."""
        office = desk.office
        loan = await office.lent()
        office.rail.tells, office.rail.lists = 0, False
        payment = await office.prompt(loan, 500_00)
        await office.settled()
        moved = office.rail.book[-1]
        news = Received(moved.receipt, SHORTCODE, moved.cents, account or loan, AMINA, moved.at)
        await office.receive(office.rail.callback("confirmation", "", news))
        await office.settled()
        request = await office.request(payment)
        return loan, office.rail.callback("stk", request.token, office.rail.asked[-1].result)

    async def told_twice(self, desk: Desk, account: str) -> tuple[str, str]:
        """The loan of the prompt, and the receipt that the rail has named by now."""
        loan, told = await self.twice(desk, account)
        await desk.office.receive(told)
        return loan, desk.office.rail.book[-1].receipt

    async def test_what_waits_untouched_is_taken_back_by_itself(self, desk: Desk) -> None:
        """Both sides are the rail's own word: nobody is asked."""
        loan, told = await self.twice(desk, "KODI")
        receipt = desk.office.rail.book[-1].receipt

        verdicts = [await desk.office.receive(told) for _ in range(2)]

        assert verdicts == ["repeated", "repeated"]
        assert await desk.office.cases() == []
        assert (await desk.held(receipt)).state == "assigned"
        assert await desk.office.owed(loan) == 1_660_00
        assert [row.receipt for row in await desk.office.payments()] == [receipt]
        await desk.proved()

    async def test_what_people_have_in_hand_is_theirs(self, desk: Desk) -> None:
        """A case says so, and two people put it right."""
        loan, told = await self.twice(desk, "KODI")
        receipt = desk.office.rail.book[-1].receipt
        await desk.propose(receipt, "wallet", BARAKA)
        await desk.office.receive(told)

        await desk.say(receipt, is_yes=False)
        await desk.agreed(receipt, "same")

        assert await desk.office.cases() == ["booked twice"]
        assert await desk.office.owed(loan) == 1_660_00
        assert [row.receipt for row in await desk.office.payments()] == [receipt]
        await desk.proved()

    async def test_what_a_loan_has_taken_of_it_is_taken_back_first(self, desk: Desk) -> None:
        """It was credited twice; once is right."""
        loan, told = await self.twice(desk, "")
        receipt = desk.office.rail.book[-1].receipt
        assert await desk.office.receive(told) == "repeated"
        assert await desk.office.owed(loan) == 1_160_00
        assert await desk.office.cases() == ["booked twice"]

        await TestTakenBackFromALoan().back(desk, loan, receipt)
        await desk.agreed(receipt, "same")

        assert await desk.office.owed(loan) == 1_660_00
        assert [row.receipt for row in await desk.office.payments()] == [receipt]
        await desk.proved()

    async def test_what_a_wallet_has_of_it_two_people_take_out(self, desk: Desk) -> None:
        """Whoever had it is told, the case needs no answer any more, and the prompt has its receipt."""
        loan, receipt = await self.told_twice(desk, "0711000002")
        had = await desk.office.balance(chart.wallet(BARAKA))

        named = await desk.propose(receipt, "same")
        before = await desk.office.balance(chart.wallet(BARAKA))
        await desk.say(receipt)

        assert (had, before) == (HAD + 500_00, HAD + 500_00)
        assert await desk.office.balance(chart.wallet(BARAKA)) == HAD
        assert [row.receipt for row in await desk.office.payments()] == [receipt]
        assert (await desk.office.operation(named)).state == "done"
        assert (await desk.office.templates(BARAKA))[-1] == "paybill.joined"
        assert await desk.office.owed(loan) == 1_660_00
        assert await open_cases(desk.office) == []
        await desk.proved()

    async def test_also_what_two_people_had_given_to_that_wallet(self, desk: Desk) -> None:
        """It came to the wallet by way of suspense."""
        _, told = await self.twice(desk, "KODI")
        receipt = desk.office.rail.book[-1].receipt
        await desk.agreed(receipt, "wallet", BARAKA)
        await desk.office.receive(told)

        await desk.agreed(receipt, "same")

        assert await desk.office.balance(chart.wallet(BARAKA)) == HAD
        assert [row.receipt for row in await desk.office.payments()] == [receipt]
        await desk.proved()

    async def test_what_is_spent_is_not_taken(self, desk: Desk) -> None:
        """It says so to the first of them, or to nobody any more once both have spoken: nothing has changed."""
        _, receipt = await self.told_twice(desk, "0711000002")
        named = await desk.propose(receipt, "same")
        await spend(desk.office, BARAKA, HAD + 1_00)

        await desk.say(receipt)
        with pytest.raises(Rejected) as refused:
            await desk.propose(receipt, "same")

        ended = await desk.office.operation(named)
        assert refused.value.code == "short"
        assert (ended.state, ended.reason) == ("rejected", "the wallet does not have it any more")
        assert await desk.office.balance(chart.wallet(BARAKA)) == 499_00
        assert len(await desk.office.payments()) == 2
        assert await open_cases(desk.office) == ["booked twice"]

    async def test_one_person_takes_nothing_out(self, desk: Desk) -> None:
        """Nor do two at a time; what is declined can be asked for again."""
        _, receipt = await self.told_twice(desk, "0711000002")
        await desk.propose(receipt, "same", by="jane")

        with pytest.raises(Rejected, match="a second person"):
            await desk.say(receipt, by="Jane")
        with pytest.raises(Rejected, match="under way"):
            await desk.propose(receipt, "same")
        await desk.say(receipt, is_yes=False)
        await desk.agreed(receipt, "same")

        assert [row.state for row in await desk.office.operations(JOIN)] == ["rejected", "done"]
        assert await desk.office.balance(chart.wallet(BARAKA)) == HAD
        await desk.proved()

    async def test_what_came_once_is_not_taken_out(self, desk: Desk) -> None:
        """Nothing says that it is booked as anything else; of a loan it is taken back first."""
        by_itself = await desk.paid(500_00, "0711000002")
        _, receipt = await self.told_twice(desk, "")

        for each, code in ((by_itself, "not-booked"), (receipt, "booked")):
            with pytest.raises(Rejected) as refused:
                await desk.propose(each, "same")
            assert refused.value.code == code

    async def test_a_prompt_that_stands_still_for_it_goes_on(self, desk: Desk) -> None:
        """Its confirmation came first and was booked to a wallet, so that the prompt found its receipt taken."""
        office = desk.office
        loan = await office.lent()
        office.rail.lists = False
        payment = await office.prompt(loan, 500_00)
        office.clock.turn(3_000)
        await office.drained()
        moved = office.rail.book[-1]
        news = Received(moved.receipt, SHORTCODE, moved.cents, "0711000002", AMINA, moved.at)
        await office.receive(office.rail.callback("confirmation", "", news))
        await office.settled()
        stood = await office.operation(payment)

        await desk.agreed(moved.receipt, "same")

        assert (stood.state, await office.owed(loan)) == ("parked", 1_660_00)
        assert (await office.operation(payment)).state == "done"
        assert await office.balance(chart.wallet(BARAKA)) == HAD
        assert [row.receipt for row in await office.payments()] == [moved.receipt]
        await desk.proved()


class TestHeldWhileItsPromptIsPaid:
    """A prompt was given up; its confirmation named another account, people took that in hand, and then the rail said
    which prompt it paid."""

    async def test_it_stands_still_until_they_agree_that_it_is_the_same(self, desk: Desk) -> None:
        """It is booked for the prompt then, once."""
        office = desk.office
        loan = await office.lent()
        office.rail.tells, office.rail.knows, office.rail.lists = 1, False, False
        payment = await office.prompt(loan, 500_00)
        office.clock.turn(4_000)
        await office.drained()
        told, moved = office.rail.outbox.pop(), office.rail.book[-1]
        request = await office.request(payment)
        gone = Result("refused", "1037", "timeout", "no answer", our_id=request.id)
        await office.receive(office.rail.callback("stk", request.token, gone))
        await office.receive(office.rail.confirmation(replace(moved, account="KODI")))
        await office.settled()
        await desk.propose(moved.receipt, "wallet", BARAKA)

        await office.receive(told)
        await office.drained()
        parked = (await office.operation(payment)).state
        await desk.say(moved.receipt, is_yes=False)
        await desk.agreed(moved.receipt, "same")

        assert parked == "parked"
        assert (await office.operation(payment)).state == "done"
        assert await office.owed(loan) == 1_660_00
        assert [row.receipt for row in await office.payments()] == [moved.receipt]
        await desk.proved()

    async def test_the_desk_and_the_rail_at_once(self, each_office: Office) -> None:
        """Whoever is first has it; the other one is told so, or stands still."""
        desk = Desk(each_office)
        loan = await each_office.lent()
        payment = await each_office.prompt(loan, 500_00)
        each_office.clock.turn(4_000)
        await each_office.drained()
        told, moved = each_office.rail.outbox.pop(), each_office.rail.book[-1]
        gone = Result("refused", "1037", "timeout", "no answer")
        await each_office.receive(replace(told, body=each_office.rail.callback("stk", "", gone).body))
        await each_office.receive(each_office.rail.confirmation(replace(moved, account="KODI")))
        await each_office.settled()
        await each_office.receive(told)

        proposed, _ = await asyncio.gather(
            desk.propose(moved.receipt, "wallet", BARAKA), each_office.drained(), return_exceptions=True
        )

        came_to = (await desk.held(moved.receipt)).state, (await each_office.operation(payment)).state
        assert came_to == (("assigned", "done") if isinstance(proposed, Rejected) else ("asked", "parked"))
        await desk.proved()


async def open_cases(office: Office) -> list[str]:
    async with office.store.read() as connection:
        return [row.topic for row in await cases.listed(connection, cases.Wanted(state="open"))]


async def spend(office: Office, customer: str, cents: int) -> None:
    """Money leaves a wallet while people decide."""
    async with office.store.begin() as connection:
        lines = (Line(chart.wallet(customer), cents), Line(chart.OPENING, -cents))
        await office.shop.books.post(connection, Entry(customer, "spent", "Spent", lines), office.clock())
