"""Money that nobody knew the owner of: taken once, decided by two, booked once, and told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.integrity import check
from gateway.desk import cases
from gateway.errors import Rejected
from gateway.playbooks.servicing import KIND as LOAN_ACT
from gateway.playbooks.servicing import Servicing
from gateway.playbooks.suspense import ASSIGN, REFUND, Assignment, Suspense, To, wanted
from gateway.playbooks.telling import Teller
from gateway.playbooks.twice import KIND as JOIN
from gateway.playbooks.twice import BookedTwice
from gateway.rails.callbacks import Callback
from gateway.rails.contract import Received, Result
from gateway.rails.matching import hashed
from gateway.rails.steps import Addresses, DisburseStep
from gateway.store import customers
from gateway.suspense import held as kept
from gateway.suspense.held import Held
from tests.gateway.rails_flow.office import AMINA, BARAKA, PATIENCE, Office, office_on
from tests.gateway.rails_flow.pretend_rail import SHORTCODE

STRANGER = "+254722000007"
HAD = 5_000_00
HOUR_MS = 3_600_000


class Desk:
    """Two people at a desk, and a payment that nobody knows the owner of."""

    def __init__(self, office: Office) -> None:
        self.office = office
        shop = office.shop
        teller = Teller(shop.outbox)
        twice = BookedTwice(shop.books, teller, shop.outbox, shortcode=SHORTCODE, answer_ms=24 * HOUR_MS)
        self.suspense = Suspense(
            shop.books, shop.portfolio, shop.received, teller, shop.outbox, twice, answer_ms=24 * HOUR_MS,
            language="en",
        )  # fmt: skip
        step = DisburseStep(
            office.rail, office.store, office.clock, PATIENCE, Addresses("http://nyota", "token"),
            wanted(office.rail.name), self.suspense.slow,
        )  # fmt: skip
        for playbook in (self.suspense.assigning(), self.suspense.refunding(step), twice.playbook()):
            shop.playbooks[playbook.kind] = playbook

    async def paid(self, cents: int = 500_00, account: str = "KODI", payer: str = STRANGER) -> str:
        """Somebody pays for an account that nobody knows; the receipt."""
        await self.office.receive(self.office.rail.pay_paybill(payer, cents, account))
        await self.office.settled()
        return self.office.rail.book[-1].receipt

    async def propose(self, receipt: str, to: To, target: str = "", by: str = "jane") -> str:
        async with self.office.store.begin() as connection:
            return await self.suspense.propose(connection, receipt, Assignment(to, target), self.deed(by))

    async def say(self, receipt: str, by: str = "omar", *, is_yes: bool = True) -> None:
        """And what follows from it."""
        async with self.office.store.begin() as connection:
            await self.suspense.decided(connection, receipt, self.deed(by), is_yes=is_yes)
        await self.office.settled()

    async def agreed(self, receipt: str, to: To, target: str = "") -> str:
        named = await self.propose(receipt, to, target)
        await self.say(receipt)
        return named

    async def held(self, receipt: str) -> Held:
        async with self.office.store.read() as connection:
            found = await kept.by_receipt(connection, receipt)
        assert found is not None
        return found

    async def proved(self) -> None:
        """What the rows say waits is what the books say waits."""
        await self.office.prove()
        async with self.office.store.read() as connection:
            assert await check(connection) == []
            assert await kept.waiting_cents(connection) == await self.office.balance(chart.SUSPENSE)

    def deed(self, by: str) -> Deed:
        return Deed(by, by, "they called about it", "", self.office.clock())


@pytest.fixture
async def desk(fresh_sqlite: str) -> AsyncIterator[Desk]:
    async with office_on(fresh_sqlite) as office:
        yield Desk(office)


class TestKept:
    async def test_a_payment_for_nobody_is_a_row_with_what_was_typed(self, desk: Desk) -> None:
        """As the rail told it, once, however often it tells it."""
        receipt = await desk.paid(500_00, "kodi ya nyumba", STRANGER)
        await desk.office.receive(desk.office.rail.confirmation(desk.office.rail.book[-1]))

        found = await desk.held(receipt)

        assert (found.amount_cents, found.account, found.payer) == (500_00, "kodi ya nyumba", STRANGER)
        assert (found.state, found.shortcode) == ("held", SHORTCODE)
        await desk.proved()

    async def test_a_payment_whose_owner_is_known_is_none(self, desk: Desk) -> None:
        """It never was in suspense."""
        receipt = await desk.paid(500_00, "0711000001")

        async with desk.office.store.read() as connection:
            assert await kept.by_receipt(connection, receipt) is None

    async def test_pages_hold_each_payment_once(self, desk: Desk) -> None:
        """The newest first, also where some came in the same moment."""
        receipts = [await desk.paid(100_00) for _ in range(5)]
        seen: list[str] = []
        before: tuple[int, str] | None = None
        async with desk.office.store.read() as connection:
            while found := await kept.page(connection, "held", before=before, limit=2):
                seen += [each.receipt for each in found]
                before = (found[-1].at, found[-1].operation_id)

        assert sorted(seen) == sorted(receipts)


class TestToALoan:
    async def test_two_people_bring_it_to_the_loan(self, desk: Desk) -> None:
        """Its owner gets the receipt, whoever paid is told that it arrived, and the books agree."""
        loan = await desk.office.lent()
        receipt = await desk.paid(500_00)

        await desk.agreed(receipt, "loan", loan)

        assert await desk.office.owed(loan) == 1_660_00
        assert await desk.office.balance(chart.SUSPENSE) == 0
        assert (await desk.held(receipt)).state == "assigned"
        assert (await desk.office.templates())[-1] == "repay.paid"
        assert f"M-PESA ref {receipt}, has reached the one it was for" in (await desk.office.texts(STRANGER))[-1]
        await desk.proved()

    async def test_it_counts_from_the_day_it_was_paid(self, desk: Desk) -> None:
        """Nobody pays a penalty because we did not know whose money it was."""
        loan = await desk.office.lent()
        receipt = await desk.paid(2_160_00)
        desk.office.clock.turn(40 * 24 * HOUR_MS)

        await desk.agreed(receipt, "loan", loan)

        assert await desk.office.loan_state(loan) == "closed"
        assert await desk.office.balance(chart.wallet(AMINA)) == HAD

    async def test_a_loan_that_was_repaid_meanwhile_is_its_owners_wallet(self, desk: Desk) -> None:
        """As for a payment that names it itself."""
        loan = await desk.office.lent(500_00)
        receipt = await desk.paid(100_00)
        await desk.propose(receipt, "loan", loan)
        await desk.office.receive(desk.office.rail.pay_paybill(AMINA, 540_00, loan))
        await desk.office.drained()

        await desk.say(receipt)

        assert await desk.office.balance(chart.wallet(AMINA)) == HAD + 100_00


class TestToAWallet:
    async def test_its_owner_is_told_who_paid(self, desk: Desk) -> None:
        """Masked, as for money that came by itself."""
        receipt = await desk.paid(500_00)

        await desk.agreed(receipt, "wallet", AMINA)

        assert await desk.office.balance(chart.wallet(AMINA)) == HAD + 500_00
        assert "Ksh 500 received from M-PESA 0722***007" in (await desk.office.texts())[-1]
        await desk.proved()

    async def test_whoever_paid_for_themselves_is_told_once(self, desk: Desk) -> None:
        """Not thanked beside the receipt."""
        receipt = await desk.paid(500_00, payer=BARAKA)

        await desk.agreed(receipt, "wallet", BARAKA)

        assert await desk.office.templates(BARAKA) == ["paybill.held", "wallet.deposited"]

    async def test_who_closed_the_account_while_people_decided_gets_none(self, desk: Desk) -> None:
        """It waits as before, and goes to somebody else."""
        receipt = await desk.paid(500_00)
        await desk.propose(receipt, "wallet", AMINA)
        async with desk.office.store.begin() as connection:
            await customers.changed(connection, AMINA, state="closed")

        await desk.say(receipt)

        assert await desk.office.balance(chart.wallet(AMINA)) == HAD
        assert (await desk.held(receipt)).state == "held"
        await desk.proved()


class TestBack:
    async def test_it_goes_back_to_the_phone_that_paid(self, desk: Desk) -> None:
        """By the rail, once; whoever paid is told both receipts."""
        receipt = await desk.paid(500_00)

        await desk.agreed(receipt, "refund")

        [_, out] = desk.office.rail.book
        assert (out.kind, out.msisdn, out.cents) == ("b2c", STRANGER, 500_00)
        assert (await desk.held(receipt)).state == "refunded"
        text = (await desk.office.texts(STRANGER))[-1]
        assert f"M-PESA ref {receipt}, was sent back to your M-PESA, ref {out.receipt}" in text
        await desk.proved()

    async def test_what_the_rail_refuses_waits_as_before(self, desk: Desk) -> None:
        """And can be given somebody else."""
        receipt = await desk.paid(500_00)
        desk.office.rail.code = "2040"

        await desk.agreed(receipt, "refund")
        assert (await desk.held(receipt)).state == "held"
        await desk.agreed(receipt, "wallet", AMINA)

        assert await desk.office.balance(chart.wallet(AMINA)) == HAD + 500_00
        await desk.proved()

    async def test_paid_after_all_it_is_booked_and_a_person_looks(self, desk: Desk) -> None:
        """The rail said no, and then that it had paid: nobody can be given it a second time."""
        receipt = await desk.paid(500_00)
        desk.office.rail.code = "2040"
        named = await desk.agreed(receipt, "refund")
        request = await desk.office.request(named)
        desk.office.rail.code = ""
        asked = desk.office.rail._carried_out(desk.office.rail.asked[0].request, "b2c", request.id)

        await desk.office.receive(desk.office.rail.callback("b2c/result", request.token, asked.result))
        await desk.office.settled()

        assert (await desk.held(receipt)).state == "refunded"
        assert await desk.office.cases() == ["paid after refusal"]
        assert await desk.office.balance(chart.SUSPENSE) == 0
        with pytest.raises(Rejected, match="refunded"):
            await desk.propose(receipt, "wallet", AMINA)
        await desk.proved()

    @pytest.mark.parametrize("payer", ["2547 ***** 007", hashed(STRANGER), ""])
    async def test_where_the_rail_hides_who_paid_people_say_where(self, desk: Desk, payer: str) -> None:
        """A phone is needed then; one that what is shown contradicts is refused."""
        receipt = await desk.paid(500_00, payer=payer)

        with pytest.raises(Rejected, match="say where it goes"):
            await desk.propose(receipt, "refund")
        if payer:
            with pytest.raises(Rejected, match="another phone"):
                await desk.propose(receipt, "refund", AMINA)
        await desk.agreed(receipt, "refund", STRANGER)

        assert desk.office.rail.book[-1].msisdn == STRANGER

    @pytest.mark.parametrize(("cents", "phone", "code"), [(500_50, "", "cents"), (500_00, BARAKA, "other-phone")])
    async def test_to_another_phone_or_with_cents_it_cannot_go(
        self, desk: Desk, cents: int, phone: str, code: str
    ) -> None:
        """Said before anybody is asked."""
        receipt = await desk.paid(cents)

        with pytest.raises(Rejected) as refused:
            await desk.propose(receipt, "refund", phone)

        assert refused.value.code == code
        assert (await desk.held(receipt)).state == "held"


class TestTwoPeople:
    @pytest.mark.parametrize(("to", "target"), [("wallet", AMINA), ("refund", "")])
    async def test_nothing_moves_before_the_second_one_agrees(self, desk: Desk, to: To, target: str) -> None:
        """However long the worker works."""
        receipt = await desk.paid()
        await desk.propose(receipt, to, target)

        await desk.office.drained()

        assert await desk.office.balance(chart.SUSPENSE) == 500_00
        assert [moved.kind for moved in desk.office.rail.book] == ["c2b"]

    async def test_the_first_one_is_not_the_second(self, desk: Desk) -> None:
        """Though they may take back what they said."""
        receipt = await desk.paid()
        await desk.propose(receipt, "wallet", AMINA)

        for name in ("jane", "Jane", "JANE ", "Ja-ne", "jané"):
            with pytest.raises(Rejected, match="second person"):
                await desk.say(receipt, name)
        await desk.say(receipt, "jane", is_yes=False)

        assert (await desk.held(receipt)).state == "held"
        assert await desk.office.balance(chart.wallet(AMINA)) == HAD

    @pytest.mark.parametrize("name", ["Baraka Otieno", "baraka.otieno", BARAKA])
    async def test_nobody_gives_money_to_themselves(self, desk: Desk, name: str) -> None:
        """Whoever works at the desk may be a customer, too: by that name, or as the officer that they are."""
        receipt = await desk.paid()
        await desk.propose(receipt, "wallet", BARAKA)

        with pytest.raises(Rejected) as refused:
            await desk.say(receipt, by=name)

        assert refused.value.code == "oneself"
        assert (await desk.held(receipt)).state == "asked"

    async def test_declined_or_too_late_it_waits_as_before(self, desk: Desk) -> None:
        """For another assignment."""
        receipt = await desk.paid()
        await desk.propose(receipt, "wallet", AMINA)
        await desk.say(receipt, is_yes=False)
        await desk.propose(receipt, "wallet", AMINA)
        await desk.office.settled()  # until nobody may answer any more

        with pytest.raises(Rejected):
            await desk.say(receipt)

        assert (await desk.held(receipt)).state == "held"
        await desk.proved()

    async def test_one_assignment_at_a_time_has_it(self, desk: Desk) -> None:
        """The money goes to one of them."""
        receipt = await desk.paid()
        await desk.propose(receipt, "wallet", AMINA)

        with pytest.raises(Rejected, match="this payment is asked"):
            await desk.propose(receipt, "wallet", BARAKA)
        await desk.say(receipt)
        with pytest.raises(Rejected, match="answered"):
            await desk.say(receipt, "peter")

        assert await desk.office.balance(chart.wallet(AMINA)) == HAD + 500_00
        assert await desk.office.balance(chart.wallet(BARAKA)) == HAD

    async def test_both_words_are_on_record(self, desk: Desk) -> None:
        """Who, what, why."""
        receipt = await desk.paid()
        named = await desk.agreed(receipt, "wallet", AMINA)

        async with desk.office.store.read() as connection:
            rows = await audit.listed(connection, audit.Wanted())

        assert [(row.by, row.action) for row in rows] == [("omar", "suspense"), ("jane", "suspense")]
        assert {row.detail["reference"] for row in rows} == {named}
        assert rows[0].operation_id == rows[1].operation_id == (await desk.office.operation(named)).id

    @pytest.mark.parametrize(("to", "target"), [("loan", "LN2222222"), ("wallet", STRANGER)])
    async def test_it_cannot_go_to_nobody(self, desk: Desk, to: To, target: str) -> None:
        """Refused at once, and still held."""
        receipt = await desk.paid()

        with pytest.raises(Rejected):
            await desk.propose(receipt, to, target)

        assert (await desk.held(receipt)).state == "held"
        assert await desk.office.operations(ASSIGN) == await desk.office.operations(REFUND) == []

    async def test_a_receipt_of_nothing_is_unknown(self, desk: Desk) -> None:
        """To both of them."""
        for saying in (desk.propose("UA404", "wallet", AMINA), desk.say("UA404")):
            with pytest.raises(Rejected) as refused:
                await saying
            assert refused.value.code == "unknown"


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
