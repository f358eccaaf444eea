"""A withdrawal and a rail that contradicts itself: what left is booked, and nobody's wallet goes below zero."""

import pytest

from gateway.books import accounts as chart
from gateway.config import Wallet
from gateway.playbooks.safety import Safety
from gateway.playbooks.telling import Teller
from gateway.playbooks.withdraw import Withdrawals, wanted
from gateway.rails.contract import Result
from gateway.rails.steps import Addresses, DisburseStep
from gateway.wallet.limits import Limits
from tests.gateway.rails_flow.office import AMINA, BARAKA, PATIENCE, Office

WALLET = chart.wallet(AMINA)
FEE = 15_00


@pytest.fixture
def desk(office: Office) -> Office:
    """An office that also pays out of wallets."""
    shop = office.shop
    withdrawals = Withdrawals(shop.books, Teller(shop.outbox), Limits(Wallet(), shop.books), Safety(days=3))
    step = DisburseStep(
        office.rail, office.store, office.clock, PATIENCE, Addresses("http://nyota", "token"), wanted(office.rail.name),
        withdrawals.slow,
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
