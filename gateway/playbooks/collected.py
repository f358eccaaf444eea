"""Money that a rail brought in: seen for the first time, or known already."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.operations.outcome import Done, Outcome, Park
from gateway.operations.playbook import Work
from gateway.playbooks.joining import Joining
from gateway.playbooks.repaying import Money
from gateway.rails.requests import receipt_of
from gateway.store import payments


class Collected:
    """One row of `payments` for each, on `shortcode`; it is written with what is booked of it, or not at all."""

    def __init__(self, books: Books, shortcode: str) -> None:
        self._shortcode = shortcode
        self._joining = Joining(books, shortcode=shortcode)

    async def prompted(self, connection: AsyncConnection, work: Work, now: int) -> Money | Outcome:
        """What a paid prompt of this operation brought, to be booked now, out of suspense if it waits there; an
        outcome when that was done before."""
        data = work.data
        receipt = data["receipt"] or await receipt_of(connection, work.id)  # it may have come since the query
        money = Money(data["paid_cents"], chart.COLLECTION, receipt, data["paid_at"])
        if await self.is_new(connection, work, money, payments.PROMPTED):
            return money
        if await payments.is_of(connection, work.id):
            return Done(reason="credited before")
        if waiting := await self._joining.taken(connection, work, money, now):
            return waiting
        return Park("its receipt was credited through another door", {"receipt": money.receipt})

    async def is_new(self, connection: AsyncConnection, work: Work, money: Money, source: str) -> bool:
        """Whether this payment is seen for the first time; from now on it is known. `source` is the door."""
        return await payments.credited(
            connection,
            work.id,
            shortcode=self._shortcode,
            receipt=money.receipt,
            amount_cents=money.cents,
            source=source,
            at=money.at,
        )
