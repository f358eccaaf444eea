"""While no money may leave: what reserves it refuses, whatever was shown before, and the customer knows until when."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from flows.loans import quoted as as_values
from flows.turn import Operation
from gateway.approvals import decisions
from gateway.books import accounts as chart
from gateway.clock import local, local_date
from gateway.config import Identity as Settings
from gateway.facts.loans import quoted as loan_quoted
from gateway.facts.peers import quoted
from gateway.operations.outbox import Context
from gateway.playbooks import lend, peer
from gateway.playbooks.approving import Approving
from gateway.playbooks.lend import Lending
from gateway.playbooks.peer import PeerLending
from gateway.playbooks.repay_for import PaidForOthers
from gateway.playbooks.safety import Safety, line_step
from gateway.playbooks.telling import Teller
from gateway.store import customers
from tests.gateway.rails_flow.office import AMINA, BARAKA, Office, office_on
from tests.gateway.rails_flow.pretend_rail import SHORTCODE

DAY_MS = 86_400_000
JANE = "jane"
HAD = 5_000_00


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    async with office_on(fresh_sqlite) as office:
        shop = office.shop
        lending = PeerLending(shop.books, shop.portfolio, Teller(shop.outbox), a_day=3)
        shop.playbooks[lending.playbook().kind] = lending.playbook()
        await office.hired(JANE, "+254711000009")
        yield office


async def closed(office: Office, customer: str) -> None:
    """For three days no money of theirs leaves, as after a reset of the PIN."""
    async with office.store.begin() as connection:
        await customers.changed(connection, customer, outgoing_from=office.clock() + 3 * DAY_MS)


async def moved(office: Office) -> None:
    """Everything that is due now and what follows from it; the clock stands still."""
    for _ in range(3):
        await office.drained()
        await office.told()


async def says_yes(office: Office, by: str) -> None:
    """Whoever is asked, to the only question there is."""
    async with office.store.begin() as connection:
        [row] = await decisions.page(connection, {"state": "open"}, before=None, limit=5)
        handler = Approving(office.shop.books, officer_limit_cents=50_000_00).instants()["approval.approve"]
        operation = Operation(str(uuid.uuid4()), "approval.approve", "AP", by, {"request": row.id})
        await handler(connection, operation, Context("", "s", office.clock()))
    await moved(office)


async def reviewed(office: Office) -> str:
    """A loan of Amina's that waits for an officer."""
    quote = as_values(loan_quoted(office.shop.portfolio.products["growth"], 5_000_00, local_date(office.clock()), 3))
    named = await office.put(lend.KIND, {"product": "growth", "quote": quote}, prefix="LN")
    await moved(office)
    assert (await office.operation(named)).step == "decision"
    return named


async def asked(office: Office) -> str:
    """Amina asks Baraka for a loan."""
    today = local_date(office.clock())
    product = office.shop.portfolio.products[peer.PRODUCT]
    intent = {
        "lender": BARAKA, "person": "Baraka O", "percent": 5,
        "quote": as_values(quoted(product, 2_000_00, 5, today, today + timedelta(days=31))),
        "answer_by": (today + timedelta(days=3)).isoformat(),
    }  # fmt: skip
    named = await office.put(peer.KIND, intent, prefix="RQ")
    await moved(office)
    return named


def opens(office: Office) -> str:
    """When money leaves again, as English messages write it."""
    moment = local(office.clock() + 3 * DAY_MS)
    return f"{moment.day} {moment:%b %H:%M}"


class TestLoans:
    async def test_a_loan_is_not_paid_out_and_nobody_is_bothered_for_it(self, office: Office) -> None:
        """Whoever has taken over a line would borrow first of all."""
        await closed(office, AMINA)

        loan = await office.borrow()
        await moved(office)

        assert (await office.operation(loan)).state == "rejected"
        assert office.rail.cents("b2c") == 0
        assert await office.texts() == [
            f"{loan}: Ksh 2,000 not lent. For your safety loans are paid out again from {opens(office)}. "
            "You owe nothing for this. Not you? Call 0711000009"
        ]
        await office.prove()

    async def test_a_pause_that_begins_while_an_officer_decides_holds_too(self, office: Office) -> None:
        """The yes came after it; the loan ends, and nothing is owed."""
        loan = await reviewed(office)
        await closed(office, AMINA)

        await says_yes(office, JANE)

        assert (await office.operation(loan)).state == "rejected"
        assert await office.loan_state(loan) == "cancelled"
        assert (await office.templates())[-1] == "borrow.safety"
        assert office.rail.cents("b2c") == 0
        await office.prove()

    async def test_when_it_is_over_loans_are_paid_out(self, office: Office) -> None:
        """To the millisecond."""
        await closed(office, AMINA)
        office.clock.turn(3 * DAY_MS)

        loan = await office.lent()

        assert await office.loan_state(loan) == "active"

    async def test_a_sim_that_has_just_been_changed_begins_one(self, office: Office) -> None:
        """Asked of whoever knows, before the money leaves; and remembered."""
        shop = office.shop
        settings = Settings(source="standin", sim_changes={AMINA: local_date(office.clock())})
        disburse: Any = shop.playbooks[lend.KIND].step("disburse")
        lending = Lending(shop.books, shop.portfolio, Teller(shop.outbox), answer_ms=DAY_MS, safety=Safety(days=3))
        shop.playbooks[lend.KIND] = lending.playbook(disburse, line_step(settings, office.store))

        loan = await office.borrow()
        await moved(office)

        async with office.store.read() as connection:
            amina = await customers.get(connection, AMINA)
        assert (await office.operation(loan)).state == "rejected"
        assert amina.outgoing_from > office.clock()
        assert (await office.templates())[-1] == "borrow.safety"


class TestForAnotherPerson:
    async def test_nothing_leaves_the_wallet_for_another_persons_loan(self, office: Office) -> None:
        """It would be as good as sending it."""
        loan = await office.lent(500_00)
        await closed(office, BARAKA)

        payment = await office.put("repay.for_wallet", {"person": AMINA, "amount_cents": 200_00}, BARAKA, "PY")
        await moved(office)

        assert (await office.operation(payment)).state == "rejected"
        assert await office.balance(chart.wallet(BARAKA)) == HAD
        assert await office.owed(loan) == 540_00
        [text] = await office.texts(BARAKA)
        assert text.startswith(f"{payment}: Ksh 200 hazikutumwa. Kwa usalama wako pesa zitatoka tena ")
        await office.prove()

    async def test_a_new_sim_is_asked_about_first(self, office: Office) -> None:
        """The same as for what is sent."""
        await office.lent(500_00)
        shop = office.shop
        settings = Settings(source="standin", sim_changes={BARAKA: local_date(office.clock())})
        paid = PaidForOthers(
            shop.books, shop.portfolio, Teller(shop.outbox), shortcode=SHORTCODE, safety=Safety(days=3)
        )
        shop.playbooks["repay.for_wallet"] = paid.from_wallet(line_step(settings, office.store))

        payment = await office.put("repay.for_wallet", {"person": AMINA, "amount_cents": 200_00}, BARAKA, "PY")
        await moved(office)

        assert (await office.operation(payment)).state == "rejected"
        assert await office.balance(chart.wallet(BARAKA)) == HAD

    async def test_the_own_loan_may_be_repaid_from_the_wallet(self, office: Office) -> None:
        """A debt is not for a thief to pay."""
        loan = await office.lent(500_00)
        await closed(office, AMINA)

        await office.from_wallet(loan, 100_00)
        await moved(office)

        assert await office.owed(loan) == 440_00


class TestBetweenPeople:
    async def test_a_lenders_money_stays_when_a_pause_has_begun_since_they_looked(self, office: Office) -> None:
        """The lender is told until when; the borrower, that it was not approved."""
        named = await asked(office)
        await closed(office, BARAKA)

        await says_yes(office, BARAKA)

        assert (await office.operation(named)).state == "rejected"
        assert await office.balance(chart.wallet(BARAKA)) == HAD
        assert (await office.templates(BARAKA))[-1] == "wallet.safety"
        assert (await office.templates(AMINA))[-1] == "peer.refused"
        await office.prove()

    async def test_a_borrower_who_is_closed_gets_it_into_the_wallet(self, office: Office) -> None:
        """From which it does not leave yet."""
        named = await asked(office)
        await closed(office, AMINA)

        await says_yes(office, BARAKA)

        assert (await office.operation(named)).state == "done"
        assert await office.balance(chart.wallet(AMINA)) == HAD + 2_000_00
        assert office.rail.cents("b2c") == 0
