"""Money that nobody knew the owner of: taken once, decided by two, booked once, and told."""

from collections.abc import AsyncIterator

import pytest

from gateway.accounts import audit
from gateway.books import accounts as chart
from gateway.errors import Rejected
from gateway.playbooks.suspense import ASSIGN, REFUND, To
from gateway.rails.matching import hashed
from gateway.store import customers
from gateway.suspense import held as kept
from tests.gateway.playbooks.deskwork import HAD, HOUR_MS, STRANGER, Desk
from tests.gateway.rails_flow.office import AMINA, BARAKA, office_on
from tests.gateway.rails_flow.pretend_rail import SHORTCODE


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
