"""What moved on a wallet, in words that people know: numbers of loans and operations, never our own ids."""

from collections.abc import AsyncIterator

import pytest

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.playbooks.owed import Collecting
from gateway.playbooks.servicing import KIND as LOAN_ACT
from gateway.playbooks.servicing import Servicing
from gateway.playbooks.telling import Teller
from gateway.wallet.labels import labelled
from tests.gateway.rails_flow.office import AMINA, Office, office_on
from tests.gateway.rails_flow.pretend_rail import SHORTCODE


@pytest.fixture
async def office(fresh_sqlite: str) -> AsyncIterator[Office]:
    async with office_on(fresh_sqlite) as office:
        shop, teller = office.shop, Teller(office.shop.outbox)
        servicing = Servicing(shop.books, shop.portfolio, teller, shortcode=SHORTCODE, answer_ms=1_000)
        for playbook in (servicing.playbook(), Collecting(shop.books, teller).playbook()):
            shop.playbooks[playbook.kind] = playbook
        yield office


async def labels(office: Office) -> list[tuple[int, str, str]]:
    """The newest first: cents, kind, about."""
    async with office.store.read() as connection:
        page = await office.shop.books.statement(connection, chart.wallet(AMINA))
        found = await labelled(connection, page.movements, "wallet")
    return [(moved.amount_cents, label.kind, label.about) for moved, label in found]


class TestWhatStaffDid:
    async def test_a_repayment_taken_back_names_its_loan(self, office: Office) -> None:
        """By the number that is on every message about it."""
        loan = await office.lent()
        payment = await office.from_wallet(loan, 500_00)
        await office.settled()
        async with office.store.read() as connection:
            record = await office.shop.portfolio.by_reference(connection, loan)
        assert record is not None

        said = {"act": "reversals", "loan": record.id, "receipt": payment, "by": "jane", "why": "not wanted"}
        await office.put(LOAN_ACT, said, AMINA, "LA")
        await office.settled()

        assert (await labels(office))[:2] == [(500_00, "loan", loan), (-500_00, "loan", loan)]

    async def test_what_was_owed_beside_any_loan_is_no_loan(self, office: Office) -> None:
        """It has the number of the message that said so."""
        lines = (Line(chart.receivable(AMINA), 100_00), Line(chart.PAYOUT, -100_00))
        async with office.store.begin() as connection:
            await office.shop.books.post(connection, Entry("debt", "paid", "Withdrawal", lines), office.clock())

        collected = await office.put("owed.collect", {"amount_cents": 100_00}, AMINA, "OC")
        await office.settled()

        assert (await labels(office))[0] == (-100_00, "other", collected)
