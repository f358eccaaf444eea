"""Cancelling what waits for a second person gives back what was taken for it when it was proposed."""

from collections.abc import AsyncIterator

import pytest

from tests.gateway.desk.hands import Hands
from tests.gateway.playbooks.deskwork import Desk
from tests.gateway.rails_flow.office import AMINA, office_on


@pytest.fixture
async def desk(fresh_sqlite: str) -> AsyncIterator[Desk]:
    async with office_on(fresh_sqlite) as office:
        yield Desk(office)


class TestCancellingAnAssignment:
    async def test_the_payment_waits_in_suspense_as_before(self, desk: Desk) -> None:
        """Nobody had decided yet: it can be given somebody else, and its money is not stuck."""
        receipt = await desk.paid()
        named = await desk.propose(receipt, "wallet", AMINA)

        assert await Hands(desk.office).cancel(named) == "cancelled"
        await desk.office.settled()

        assert (await desk.held(receipt)).state == "held"
        await desk.agreed(receipt, "refund")
        assert (await desk.held(receipt)).state == "refunded"
        await desk.proved()
