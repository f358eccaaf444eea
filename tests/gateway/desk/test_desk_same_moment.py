"""Two people say that a prompt was paid, and in the same moment the payment that was made by hand instead arrives: on
PostgreSQL whoever comes second sees the first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.errors import Rejected
from gateway.rails import contract
from tests.gateway.desk.hands import Hands
from tests.gateway.rails_flow.office import AMINA, BARAKA, office_on, until_blocked
from tests.gateway.rails_flow.pretend_rail import SHORTCODE

PART = 500_00
TYPED, BY_HAND = "UA0000O002", "UA0000HAND"

Act = Callable[[AsyncConnection], Awaitable[object]]


@pytest.fixture
async def hands(fresh_postgres: str) -> AsyncIterator[Hands]:
    async with office_on(fresh_postgres) as office:
        yield Hands(office)


class Meeting:
    """A prompt of Amina's in doubt that two people are about to settle, and what she paid by hand instead."""

    def __init__(self, hands: Hands, loan: str, named: str) -> None:
        self.hands = hands
        self.office = hands.office
        self.loan = loan
        self._named = named

    async def confirm(self, connection: AsyncConnection) -> str:
        try:
            return await self.hands.acting.confirm(connection, self.hands.deed("omar"), self._named)
        except Rejected as error:
            return error.code

    async def arrive(self, connection: AsyncConnection) -> str:
        return await self.arrives(connection, BY_HAND, self.loan, AMINA)

    async def arrives(self, connection: AsyncConnection, receipt: str, account: str, payer: str) -> str:
        news = contract.Received(receipt, SHORTCODE, PART, account, payer, self.office.clock())
        return (await self.office.shop.callbacks.found(connection, news, "confirmation"))[0]

    async def meet(self, first: Act, second: Act) -> tuple[object, object]:
        """The second comes while what the first has done is not committed yet."""
        async with self.office.store.begin() as connection:
            done = await first(connection)
            waits = asyncio.create_task(self._by_itself(second))
            await until_blocked(self.office.store)
        return done, await waits

    async def _by_itself(self, act: Act) -> object:
        async with self.office.store.begin() as connection:
            return await act(connection)


@pytest.fixture
async def meeting(hands: Hands) -> Meeting:
    loan, payment = await hands.in_doubt(PART)
    named = await hands.propose(payment, "paid", TYPED)
    return Meeting(hands, loan, named)


class TestTheSameMoney:
    async def test_what_has_just_arrived_is_not_said_to_be_paid_again(self, meeting: Meeting) -> None:
        """The two people hear that it is booked."""
        assert await meeting.meet(meeting.arrive, meeting.confirm) == ("applied", "looks-booked")

        await meeting.office.drained()
        assert await meeting.office.owed(meeting.loan) == 1_660_00

    async def test_what_arrives_just_after_is_held(self, meeting: Meeting) -> None:
        """It is credited once; a person finds out what it is."""
        assert await meeting.meet(meeting.confirm, meeting.arrive) == ("resolved", "contradiction")

        await meeting.office.settled()
        assert await meeting.office.owed(meeting.loan) == 1_660_00
        assert await meeting.office.balance(chart.SUSPENSE) == PART

    async def test_the_typed_receipt_arrives_as_somebody_elses(self, meeting: Meeting) -> None:
        """Queued and not booked yet: it is theirs, and pays no prompt of another."""

        async def theirs(connection: AsyncConnection) -> str:
            return await meeting.arrives(connection, TYPED, "0711000002", BARAKA)

        assert await meeting.meet(theirs, meeting.confirm) == ("applied", "receipt-taken")

        await meeting.office.drained()
        assert await meeting.office.balance(chart.wallet(BARAKA)) == 5_500_00
