"""A withdrawal and a rail that contradicts itself: what left is booked, and nobody's wallet goes below zero."""

import pytest
from sqlalchemy import select

from gateway.accounts.closing import hindrance
from gateway.books import accounts as chart
from gateway.config import Wallet
from gateway.owed import debts
from gateway.playbooks.owed import Collecting
from gateway.playbooks.safety import Safety, on_own_line
from gateway.playbooks.telling import Teller
from gateway.playbooks.withdraw import Withdrawals, wanted
from gateway.rails.contract import Result
from gateway.rails.steps import Addresses, DisburseStep
from gateway.store import customers
from gateway.store.tables import cases
from gateway.wallet.limits import Limits
from tests.gateway.desk.hands import HOUR_MS, Hands
from tests.gateway.rails_flow.office import AMINA, BARAKA, PATIENCE, Office

WALLET = chart.wallet(AMINA)
FEE = 15_00
NEW_LINE = "+254722000008"


@pytest.fixture
def desk(office: Office) -> Office:
    """An office that also pays out of wallets."""
    shop = office.shop
    withdrawals = Withdrawals(shop.books, Teller(shop.outbox), Limits(Wallet(), shop.books), Safety(days=3))
    step = DisburseStep(
        office.rail, office.store, office.clock, PATIENCE, Addresses("http://nyota", "token"), wanted(office.rail.name),
        withdrawals.slow, on_own_line,
    )  # fmt: skip
    playbook = withdrawals.playbook(step)
    shop.playbooks[playbook.kind] = playbook
    return office


async def refused_and_then_paid(office: Office, cents: int, *, spent_meanwhile_cents: int = 0) -> str:
    """The rail refuses, the customer is told, and then it says that it has paid after all."""
    withdrawal = await office.put("wallet.withdraw", {"amount_cents": cents, "fee_cents": FEE}, AMINA, "WD")
    await office.drained()
    [paid] = [each for each in office.rail.outbox if each.purpose == "b2c/result"]
    office.rail.outbox.clear()
    request = await office.request(withdrawal)
    refused = Result("refused", "1", "refused", "float", our_id=request.id)
    await office.receive(office.rail.callback("b2c/result", request.token, refused))
    await office.drained()
    assert (await office.operation(withdrawal)).state == "rejected"
    if spent_meanwhile_cents:
        await office.put("repay.for_wallet", {"person": BARAKA, "amount_cents": spent_meanwhile_cents}, AMINA, "PY")
        await office.drained()
    assert await office.receive(paid) == "late"
    await office.drained()
    return withdrawal


class TestPaidAfterAll:
    async def test_the_wallet_pays_for_it_without_the_fee(self, desk: Office) -> None:
        """The fee was said to be back, and stays back."""
        withdrawal = await refused_and_then_paid(desk, 1_000_00)

        assert (await desk.operation(withdrawal)).state == "done"
        assert await desk.balance(WALLET) == 4_000_00
        assert await desk.balance(chart.INCOME_FEES) == 0
        assert await desk.templates() == ["wallet.refused", "wallet.withdrawn"]
        assert "Fee Ksh 0. Wallet Ksh 4,000" in (await desk.texts())[-1]
        assert await desk.cases() == ["paid after refusal"]
        await desk.prove()

    async def test_what_was_spent_meanwhile_is_owed_to_the_house(self, desk: Office) -> None:
        """The wallet gives what it has and no more."""
        await refused_and_then_paid(desk, 1_000_00, spent_meanwhile_cents=4_600_00)

        assert await desk.balance(WALLET) == 0
        assert await desk.balance(chart.receivable(AMINA)) == 600_00
        await desk.prove()


class TestALineThatMoved:
    async def test_what_waited_does_not_go_to_the_old_one(self, desk: Office) -> None:
        """The rail was away, and meanwhile the phone was lost: sum and fee are back, told on the new line."""
        desk.rail.answer = "away"
        withdrawal = await desk.put("wallet.withdraw", {"amount_cents": 1_000_00, "fee_cents": FEE}, AMINA, "WD")
        await desk.drained()
        async with desk.store.begin() as connection:
            await customers.changed(connection, AMINA, msisdn=NEW_LINE)
        desk.rail.answer = "ok"

        await desk.settled()

        assert (await desk.operation(withdrawal)).state == "rejected"
        assert desk.rail.cents("b2c") == 0
        assert await desk.balance(WALLET) == 5_000_00
        assert await desk.templates() == ["wallet.stopped"]
        assert "Ksh 5,000" in (await desk.texts(NEW_LINE))[0]


class TestEndedByPeople:
    """The customer is told who ended it, and nothing is laid at M-PESA's door."""

    async def test_stopped_before_it_was_sent(self, desk: Office) -> None:
        """By an operator: sum and fee are back."""
        desk.rail.answer = "away"
        withdrawal = await desk.put("wallet.withdraw", {"amount_cents": 1_000_00, "fee_cents": FEE}, AMINA, "WD")
        await desk.drained()

        assert await Hands(desk).cancel(withdrawal) == "cancelled"
        desk.rail.answer = "ok"
        await desk.settled()

        assert await desk.templates() == ["wallet.stopped"]
        assert "stopped this before Ksh 1,000 was sent" in (await desk.texts())[-1]
        assert await desk.balance(WALLET) == 5_000_00

    async def test_two_people_found_out_that_it_was_not_paid(self, desk: Office) -> None:
        """They have asked M-PESA; it did not refuse."""
        desk.rail.answer, desk.rail.tells, desk.rail.knows = "lost", 0, False
        withdrawal = await desk.put("wallet.withdraw", {"amount_cents": 1_000_00, "fee_cents": FEE}, AMINA, "WD")
        await desk.drained()
        desk.clock.turn(HOUR_MS)
        desk.rail.book.clear()

        assert await Hands(desk).resolve(withdrawal, "unpaid") == "resolved"
        await desk.settled()

        assert (await desk.templates())[-1] == "wallet.checked"
        assert "we checked, Ksh 1,000 did not reach" in (await desk.texts())[-1]
        await desk.prove()


class TestOwedToTheHouse:
    """Paid after it was refused and spent: 600 shillings that the wallet no longer covered."""

    @pytest.fixture
    async def owing(self, desk: Office) -> Office:
        playbook = Collecting(desk.shop.books, Teller(desk.shop.outbox)).playbook()
        desk.shop.playbooks[playbook.kind] = playbook
        await refused_and_then_paid(desk, 1_000_00, spent_meanwhile_cents=4_600_00)
        return desk

    async def debts(self, office: Office) -> list[tuple[str, int]]:
        async with office.store.read() as connection:
            found = await debts.page(connection, office.shop.books, after="", limit=9)
        return [(debt.customer_id, debt.cents) for debt in found]

    async def case(self, office: Office) -> tuple[str, str, str]:
        """State, whose, how much."""
        async with office.store.read() as connection:
            query = select(cases).where(cases.c.topic == debts.TOPIC)
            row = (await connection.execute(query)).one()
        return row.state, row.customer_id, row.evidence["owed"]

    async def test_it_is_on_the_case_desk_and_in_the_trial_balance(self, owing: Office) -> None:
        """With who owes and how much; the customer is told, and that nothing is taken by itself; who owes stays."""
        async with owing.store.read() as connection:
            assert await hindrance(connection, owing.shop.books, AMINA) == "owed"
            trial = {row.control: row.debit_cents for row in await owing.shop.books.trial_balance(connection)}

        assert await self.case(owing) == ("open", AMINA, "600.00")
        assert await self.debts(owing) == [(AMINA, 600_00)]
        assert trial["receivable"] == 600_00
        assert (await owing.templates())[-2:] == ["owed.noted", "wallet.withdrawn"]

    async def test_what_comes_in_is_theirs_until_two_people_have_agreed(self, owing: Office) -> None:
        """Then it is collected, in parts too; with the last of it the case is closed."""
        await owing.receive(owing.rail.pay_paybill(AMINA, 800_00, "0711000001"))
        await owing.drained()
        assert await owing.balance(WALLET) == 800_00

        for cents in (250_00, 350_00):
            before = await self.case(owing)
            await owing.put("owed.collect", {"amount_cents": cents, "fee_cents": 0}, AMINA, "OC")
            await owing.drained()

        assert before[0] == "open"
        assert (await self.case(owing))[0] == "resolved"
        assert (await owing.balance(WALLET), await owing.balance(chart.receivable(AMINA))) == (200_00, 0)
        assert await self.debts(owing) == []
        assert (await owing.templates()).count("owed.collected") == 2
        await owing.prove()

    @pytest.mark.parametrize(("paid_in", "cents"), [(800_00, 600_01), (100_00, 600_00)])
    async def test_never_more_than_is_owed_or_there(self, owing: Office, paid_in: int, cents: int) -> None:
        """Nothing is taken then, and the customer not troubled."""
        await owing.receive(owing.rail.pay_paybill(AMINA, paid_in, "0711000001"))
        collecting = await owing.put("owed.collect", {"amount_cents": cents, "fee_cents": 0}, AMINA, "OC")
        await owing.drained()

        assert (await owing.operation(collecting)).state == "rejected"
        assert await owing.balance(WALLET) == paid_in
        assert "owed.collected" not in await owing.templates()
