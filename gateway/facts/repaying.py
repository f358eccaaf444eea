"""What the screens of repaying ask: who else has a loan to pay, how often another phone may still be asked."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Debtor
from flows.turn import Operation
from gateway.clock import Clock, day_start, local_date
from gateway.facts.source import Reader, customer_on
from gateway.lending.portfolio import Portfolio
from gateway.operations import queue
from gateway.operations.outbox import Context
from gateway.playbooks.repay_other import AskedOthers
from gateway.store import customers

LOOKUP = "debtor.lookup"


async def looked_up(connection: AsyncConnection, operation: Operation, context: Context) -> None:
    """The instant of a number tried: being there to be counted is all it does."""


class RepayingFacts:
    """As of now."""

    def __init__(self, portfolio: Portfolio, others: AskedOthers, clock: Clock, *, lookups_a_day: int) -> None:
        self._portfolio = portfolio
        self._others = others
        self._clock = clock
        self._lookups_a_day = lookups_a_day

    def readers(self) -> Mapping[str, Reader]:
        return {
            "debtor": self.debtor,
            "debtor_lookups_left": self.lookups_left,
            "other_phones_left": self.other_phones_left,
        }

    async def debtor(self, connection: AsyncConnection, msisdn: str, phone: str) -> Debtor | None:
        """Who is on another line, if they have a loan; nobody else is named."""
        person = await customers.on_line(connection, phone)
        if person is None or person.state != "active":
            return None
        running = await self._portfolio.active(connection, person.id, local_date(self._clock()))
        return Debtor(person.id, with_initial(person.name)) if running else None

    async def lookups_left(self, connection: AsyncConnection, msisdn: str) -> int:
        """How many numbers somebody may still try today."""
        customer = await customer_on(connection, msisdn)
        used = await queue.asked(connection, customer.id, LOOKUP, since=day_start(self._clock()))
        return max(0, self._lookups_a_day - used)

    async def other_phones_left(self, connection: AsyncConnection, msisdn: str) -> int:
        customer = await customer_on(connection, msisdn)
        return await self._others.left(connection, customer.id, self._clock())


def with_initial(name: str) -> str:
    """`Baraka Juma Otieno` as `Baraka O`: what others may know of a name."""
    first, *others = name.split() or [""]
    return f"{first} {others[-1][0]}" if others else first
