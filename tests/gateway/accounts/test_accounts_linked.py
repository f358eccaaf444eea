"""Other phones that pay for a customer: what they send is credited, as long as they are nobody's own."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from gateway.accounts import lines, linked
from gateway.accounts.linked import Linked
from gateway.books import accounts as chart
from gateway.errors import Rejected
from gateway.rails.contract import Received
from gateway.rails.matching import hashed
from gateway.store import customers as people
from gateway.store.tables import customers
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on

PAYER, ANOTHER, THIRD = "+254722000007", "+254722000008", "+254722000009"
HAD = 5_000_00


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    async with office_on(fresh_sqlite) as office:
        yield office


async def link(office: Office, msisdn: str = PAYER, customer: str = AMINA, reference: str = "LKB2C3D") -> None:
    async with office.store.begin() as connection:
        await linked.put(connection, customer, Linked(reference, msisdn), most=2, now=office.clock())


async def owner(office: Office, shown: str = PAYER) -> str | None:
    async with office.store.read() as connection:
        return await linked.owner_of(connection, shown)


async def paid(office: Office, cents: int, account: str, shown: str = PAYER) -> None:
    """Somebody pays by the M-PESA menu, and M-PESA shows the payer like this."""
    office.rail.pay_paybill(PAYER, cents, account)
    moved = office.rail.book[-1]
    news = Received(moved.receipt, office.rail.shortcode, cents, account, shown, moved.at)
    assert await office.receive(office.rail.callback("confirmation", "", news)) == "applied"
    await office.settled()


class TestWhatALinkedPhonePays:
    @pytest.mark.parametrize(
        ("account", "shown"), [("", PAYER), ("my loan", hashed(PAYER)), ("0722000007", hashed(PAYER).upper())]
    )
    async def test_is_its_customers_where_the_account_says_nothing(
        self, office: Office, account: str, shown: str
    ) -> None:
        """The oldest due loan, else the wallet; not suspense."""
        await link(office)

        await paid(office, 700_00, account, shown)

        assert await office.balance(chart.wallet(AMINA)) == HAD + 700_00
        assert await office.balance(chart.SUSPENSE) == 0
        assert (await office.templates())[-1] in {"paybill.received", "wallet.deposited"}
        await office.prove()

    async def test_repays_a_loan_first(self, office: Office) -> None:
        """As with their own number as account."""
        loan = await office.lent()
        await link(office)

        await paid(office, 500_00, "x")

        assert await office.owed(loan) == 1_660_00

    async def test_goes_where_its_account_says(self, office: Office) -> None:
        """Whoever pays for another names them."""
        await link(office)

        await paid(office, 700_00, "0711000002")

        assert await office.balance(chart.wallet(BARAKA)) == HAD + 700_00

    @pytest.mark.parametrize("shown", ["2547 ***** 007", ""])
    async def test_waits_in_suspense_where_it_is_not_known_whose_it_is(self, office: Office, shown: str) -> None:
        """A part of a number is many people's."""
        await link(office)

        await paid(office, 700_00, "x", shown)

        assert await office.balance(chart.SUSPENSE) == 700_00

    async def test_waits_there_too_when_the_account_is_paused(self, office: Office) -> None:
        """As with their own number."""
        await link(office)
        async with office.store.begin() as connection:
            await connection.execute(update(customers).where(customers.c.id == AMINA).values(state="inactive"))

        await paid(office, 700_00, "x")

        assert await office.balance(chart.SUSPENSE) == 700_00


class TestAskingIt:
    async def test_one_that_was_removed_meanwhile_is_not_asked(self, office: Office) -> None:
        """And M-PESA is not blamed for it: nobody has asked it for anything."""
        loan = await office.lent()
        intent = {"loan": loan, "amount_cents": 500_00, "line": "LKB2C3D"}

        payment = await office.put("repay.stk", intent, prefix="PY")
        await office.settled()

        assert (await office.operation(payment)).state == "rejected"
        assert (await office.templates())[-1] == "repay.stopped"
        assert "Nothing was paid" in (await office.texts())[-1]


class TestLinking:
    async def test_a_members_own_line_is_never_linked(self, office: Office) -> None:
        """Nor one that pays for somebody already."""
        await link(office)

        for line, customer in ((BARAKA, AMINA), (PAYER, BARAKA), (PAYER, AMINA)):
            with pytest.raises(Rejected, match="has an account, or pays"):
                await link(office, line, customer, "LKZ9Y8X")

    async def test_whoever_joins_on_a_linked_line_has_it_for_themselves(self, office: Office) -> None:
        """What they pay is theirs."""
        await link(office)
        async with office.store.begin() as connection:
            await people.added(
                connection, "new", msisdn=PAYER, name="Neema Achieng", language="sw", state="active", limit_cents=0,
                created_at=office.clock(),
            )  # fmt: skip

        assert await owner(office) is None
        async with office.store.read() as connection:
            assert await linked.of_customer(connection, AMINA) == []

    async def test_nor_is_it_back_in_use_when_they_have_left_it(self, office: Office) -> None:
        """What is paid from there is not the former customer's, until somebody links it anew with a code."""
        await link(office)
        async with office.store.begin() as connection:
            await people.added(
                connection, "new", msisdn=PAYER, name="Neema Achieng", language="sw", state="active", limit_cents=0,
                created_at=office.clock(),
            )  # fmt: skip
            neema = await people.get(connection, "new")
            await lines.given_up(connection, neema, "closing", office.clock())

        assert await owner(office) is None
        office.clock.turn(1)
        await link(office, customer=BARAKA, reference="LKC3D4F")
        assert await owner(office) == BARAKA

    async def test_as_many_as_are_allowed(self, office: Office) -> None:
        """One has to go before another."""
        await link(office, PAYER, reference="LKB2C3D")
        await link(office, ANOTHER, reference="LKC3D4F")

        with pytest.raises(Rejected, match="enough lines"):
            await link(office, THIRD, reference="LKD4F5G")

    async def test_removed_it_pays_for_nobody(self, office: Office) -> None:
        """Only by the one whom it pays for."""
        await link(office)

        async with office.store.begin() as connection:
            others = await linked.removed(connection, BARAKA, "LKB2C3D")
            assert (others, await linked.owner_of(connection, PAYER)) == (None, AMINA)
            assert await linked.removed(connection, AMINA, "LKB2C3D") == PAYER

        assert await owner(office) is None

    async def test_those_of_a_closed_account_are_forgotten(self, office: Office) -> None:
        """And may be linked again."""
        await link(office)

        async with office.store.begin() as connection:
            await linked.forgotten(connection, AMINA)

        await link(office, customer=BARAKA)
        assert await owner(office) == BARAKA
