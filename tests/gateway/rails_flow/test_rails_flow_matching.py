"""Payments whose confirmation does not carry our reference: tied to their request where that is certain."""

import pytest

from gateway.books import accounts as chart
from gateway.rails.contract import Received
from gateway.rails.matching import hashed
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office

HAD = 5_000_00


async def confirmed(office: Office, *, account: str, payer: str, index: int = -1) -> str:
    """M-PESA confirms a payment of its book, with this account and payer; the verdict."""
    moved = office.rail.book[index]
    news = Received(moved.receipt, office.rail.shortcode, moved.cents, account, payer, moved.at)
    return await office.receive(office.rail.callback("confirmation", "", news))


class TestWithoutOurReference:
    @pytest.mark.parametrize("payer", [AMINA, "2547 ***** 001", hashed(AMINA)])
    async def test_the_only_request_that_fits_is_paid(self, office: Office, payer: str) -> None:
        """By phone, amount and time; its callback afterwards changes nothing."""
        loan = await office.lent()
        office.rail.tells = 1
        named = await office.prompt(loan, 500_00)
        office.clock.turn(4_000)
        await office.drained()

        assert await confirmed(office, account="", payer=payer) == "applied"
        await office.settled()

        assert (await office.request(named)).receipt == office.rail.book[-1].receipt
        assert await office.owed(loan) == 1_660_00
        assert len(await office.payments()) == 1
        await office.prove()

    async def test_another_phones_payment_is_not_taken_for_it(self, office: Office) -> None:
        """It is held for whoever it belongs to, and the request waits on."""
        loan = await office.lent()
        office.rail.code, office.rail.words, office.rail.tells = "1037", "timeout", 0
        named = await office.prompt(loan, 500_00)
        office.clock.turn(4_000)
        await office.drained()
        office.rail.pay_paybill(BARAKA, 500_00, "")

        await confirmed(office, account="", payer=BARAKA)
        await office.drained()

        assert not (await office.request(named)).is_settled
        assert await office.balance(chart.SUSPENSE) == 500_00

    async def test_told_again_it_is_not_the_next_prompts(self, office: Office) -> None:
        """The same phone is asked for the same sum, and does not answer: the payment before is known."""
        loan = await office.lent()
        first = await office.prompt(loan, 500_00)
        await office.settled()
        office.rail.code, office.rail.words, office.rail.tells = "1037", "timeout", 0
        second = await office.prompt(loan, 500_00)
        office.clock.turn(4_000)
        await office.drained()

        verdict = await confirmed(office, account="", payer=AMINA)
        await office.settled()

        assert verdict == "repeated"
        assert [(await office.operation(each)).state for each in (first, second)] == ["done", "rejected"]
        assert await office.owed(loan) == 1_660_00
        await office.prove()

    async def test_of_two_that_fit_none_is_paid_and_a_person_looks(self, office: Office) -> None:
        """Once neither of them has turned out to be it, the money is held."""
        loans = [await office.lent(500_00), await office.lent(600_00)]
        office.rail.code, office.rail.words, office.rail.tells = "1037", "timeout", 0
        named = [await office.prompt(loan, 200_00) for loan in loans]
        for _ in range(2):
            office.clock.turn(4_000)
            await office.drained()
        office.rail.pay_paybill(AMINA, 200_00, "")

        await confirmed(office, account="", payer=AMINA)
        await confirmed(office, account="", payer=AMINA)
        await office.drained()
        before = await office.balance(chart.SUSPENSE)
        await office.settled()

        assert before == 0
        assert [(await office.request(each)).state for each in named] == ["expired", "expired"]
        assert await office.balance(chart.SUSPENSE) == 200_00
        assert await office.cases() == ["unclear payment"]

    async def test_our_reference_in_small_letters_is_our_reference(self, office: Office) -> None:
        """As somebody's phone wrote it."""
        loan = await office.lent()
        named = await office.prompt(loan, 500_00)
        office.clock.turn(4_000)
        await office.drained()

        assert await confirmed(office, account=f" {named[:2]}-{named[2:]} ".lower(), payer="") == "applied"
        await office.settled()

        assert await office.owed(loan) == 1_660_00
        await office.prove()
