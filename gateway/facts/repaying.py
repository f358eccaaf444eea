"""What the screens of repaying ask: who else has a loan to pay, how often another phone may still be asked."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Debtor
from gateway.clock import Clock, local_date
from gateway.facts.source import Reader, customer_on
from gateway.lending.portfolio import Portfolio
from gateway.playbooks.repay_other import AskedOthers
from gateway.store import customers


class RepayingFacts:
    """As of now."""

    def __init__(self, portfolio: Portfolio, others: AskedOthers, clock: Clock) -> None:
        self._portfolio = portfolio
        self._others = others
        self._clock = clock

    def readers(self) -> Mapping[str, Reader]:
        return {"debtor": self.debtor, "other_phones_left": self.other_phones_left}

    async def debtor(self, connection: AsyncConnection, msisdn: str, phone: str) -> Debtor | None:
        """Who is on another line, if they have a loan; nobody else is named."""
        person = await customers.on_line(connection, phone)
        if person is None or person.state != "active":
            return None
        running = await self._portfolio.active(connection, person.id, local_date(self._clock()))
        return Debtor(person.id, with_initial(person.name)) if running else None

    async def other_phones_left(self, connection: AsyncConnection, msisdn: str) -> int:
        customer = await customer_on(connection, msisdn)
        return await self._others.left(connection, customer.id, self._clock())


def with_initial(name: str) -> str:
    """`Baraka Juma Otieno` as `Baraka O`: what others may know of a name."""
    first, *others = name.split() or [""]
    return f"{first} {others[-1][0]}" if others else first
