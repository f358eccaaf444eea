"""What a turn may know: local rows as the values that flows look at."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from flows.known import Balances, Customer, Quote
from flows.turn import Need
from gateway import demo
from gateway.clock import local, local_date, system
from gateway.errors import BrokenInvariant
from tests.house import House, Houses
from tests.meddling import AMINA, BARAKA, BORROW, RECEIVED, typed

STRANGER = "+254711000003"
CUSTOMER = Need("customer")


@pytest.fixture
async def quiet(tmp_path: Path, fresh_sqlite: str, fresh_redis: str) -> AsyncIterator[House]:
    """A house whose worker does nothing."""
    async with AsyncExitStack() as stack:
        yield await Houses(stack, tmp_path, fresh_sqlite, fresh_redis).build(works=False)


async def known(house: House, phone: str, *needs: Need) -> list[object]:
    gathered = await house.gateway.conversation._facts.gather(frozenset(needs), phone)
    return [gathered[need] for need in needs]


class TestPeople:
    """Who is behind a line."""

    async def test_a_member_is_known_by_their_phone(self, quiet: House) -> None:
        """With language and name, and nothing under way."""
        (customer,) = await known(quiet, BARAKA, CUSTOMER)

        assert isinstance(customer, Customer)
        assert (customer.name, customer.language, customer.is_member) == ("Baraka Otieno", "sw", True)
        assert (customer.phone, customer.requests) == (BARAKA, ())

    async def test_nobody_is_known_on_another_line(self, quiet: House) -> None:
        """And asking for their money is our own mistake."""
        assert await known(quiet, STRANGER, CUSTOMER) == [None]
        with pytest.raises(BrokenInvariant):
            await known(quiet, STRANGER, Need("balances"))

    async def test_an_identity_number_is_taken_by_others_only(self, quiet: House) -> None:
        """Amina's own number is not taken for her."""
        taken = Need("id_taken", ("23456789",))

        assert await known(quiet, STRANGER, taken) == [True]
        assert await known(quiet, AMINA, taken, Need("id_matches", ("23456789",))) == [False, True]
        assert await known(quiet, BARAKA, Need("id_matches", ("23456789",))) == [False]


class TestMoney:
    """What they have, owe, and may borrow."""

    async def test_balances_are_what_can_be_used_now(self, quiet: House) -> None:
        """Wallet, savings, loans, and what is due next."""
        (balances,) = await known(quiet, AMINA, Need("balances"))

        assert isinstance(balances, Balances)
        assert (balances.wallet_cents, balances.savings_cents) == (5_000_00, 1_200_00)
        assert (balances.loans_cents, balances.next_cents) == (2160_00, 2160_00)
        assert balances.next_due
        assert (balances.next_due - local_date(system())).days == 30

    async def test_a_request_under_way_is_known_and_uses_the_limit(self, quiet: House) -> None:
        """From the moment it was accepted."""
        accepted = RECEIVED.match(await typed(quiet, *BORROW))
        assert accepted

        (customer,) = await known(quiet, AMINA, CUSTOMER)

        assert isinstance(customer, Customer)
        waiting, request = customer.requests
        assert (waiting.reference, waiting.waits_for) == (demo.REQUEST, "Baraka O")
        assert (request.reference, request.kind) == (accepted[1], "loan.disburse")
        assert (request.amount_cents, request.is_certain) == (1980_00, True)

    async def test_a_price_is_computed_without_the_database(self, quiet: House) -> None:
        """Quote, tariff and texts about us need no row."""
        await quiet.gateway.store.close()

        computed = quiet.gateway.conversation._facts.computed
        quote = computed["quote"]("quick", 2000_00, 1)

        assert isinstance(quote, Quote)
        assert (quote.net_cents, quote.total_cents) == (1980_00, 2160_00)
        assert computed["mpesa_charge"](2160_00) == 20_00
        assert str(computed["answer_by"]()) > str(local(system()))

    async def test_a_fact_nobody_knows_is_our_own_mistake(self, quiet: House) -> None:
        """A flow asked for something that is not there."""
        with pytest.raises(BrokenInvariant):
            await known(quiet, AMINA, Need("horoscope"))
