"""What the screens of repaying are told about others: little, and not often."""

import pytest

from flows.known import Debtor
from gateway.clock import day_start
from gateway.facts.repaying import RepayingFacts, with_initial
from gateway.operations import queue
from gateway.playbooks.repay import Repayments
from gateway.playbooks.repay_other import AskedOthers
from gateway.playbooks.telling import Teller
from tests.gateway.rails_flow.office import AMINA, BARAKA, START, Office

DAY_MS = 86_400_000
NOBODY = "+254722000007"


def facts_of(office: Office) -> RepayingFacts:
    shop = office.shop
    teller = Teller(shop.outbox)
    own = Repayments(shop.books, shop.portfolio, teller, shortcode="600999")
    others = AskedOthers(own, teller, a_day=3, notice_ms=0)
    return RepayingFacts(shop.portfolio, others, office.clock)


class TestDebtors:
    async def test_somebody_with_a_loan_is_named_by_first_name_and_initial(self, office: Office) -> None:
        """Nothing else is known of them."""
        await office.lent(customer=BARAKA)

        async with office.store.read() as connection:
            assert await facts_of(office).debtor(connection, AMINA, BARAKA) == Debtor(BARAKA, "Baraka O")

    @pytest.mark.parametrize("phone", [BARAKA, NOBODY])
    async def test_without_a_loan_there_is_nobody(self, office: Office, phone: str) -> None:
        """Neither for a customer nor for a number that is none's."""
        async with office.store.read() as connection:
            assert await facts_of(office).debtor(connection, AMINA, phone) is None

    @pytest.mark.parametrize(
        ("name", "short"),
        [("Baraka Juma Otieno", "Baraka O"), ("Amina Wanjiru", "Amina W"), ("Zawadi", "Zawadi"), ("", "")],
    )
    def test_a_name_is_shortened_to_its_last_initial(self, name: str, short: str) -> None:
        """Whatever people are called."""
        assert with_initial(name) == short


class TestOtherPhones:
    async def test_those_asked_today_are_counted_down(self, office: Office) -> None:
        """Until midnight in Nairobi."""
        facts = facts_of(office)
        loan = await office.lent()
        await office.put("repay.other", {"loan": loan, "amount_cents": 100_00, "payer": BARAKA})

        async with office.store.read() as connection:
            assert await facts.other_phones_left(connection, AMINA) == 2
            assert await facts.other_phones_left(connection, BARAKA) == 3
            asked = await queue.asked(connection, AMINA, "repay.other", since=day_start(START) + DAY_MS)
        assert asked == 0


class TestDayStart:
    def test_it_is_midnight_in_nairobi(self) -> None:
        """Of the day that the moment falls on there."""
        midnight = day_start(START)

        assert START - midnight == (10 * 60 + 42) * 60_000
        assert day_start(midnight) == midnight
        assert day_start(midnight - 1) == midnight - DAY_MS
