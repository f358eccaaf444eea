"""What somebody has saved, how much of it is free, what it earns and what it is for."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Savings
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import Clock, local_date
from gateway.facts.source import Reader, customer_on
from gateway.playbooks.savings import Pledged
from gateway.savings import goals, postings
from gateway.savings.interest import Rate, accrued, posted_cents


class SavingsFacts:
    """Read as of now; the month's interest so far is not posted yet and may still change."""

    def __init__(
        self, books: Books, rates: Sequence[Rate], pledged: Pledged, clock: Clock, *, least_cents: int, may_save: bool
    ) -> None:
        self._books = books
        self._rates = rates
        self._pledged = pledged
        self._clock = clock
        self._least_cents = least_cents
        self._may_save = may_save

    def readers(self) -> Mapping[str, Reader]:
        return {"savings": self.savings}

    async def savings(self, connection: AsyncConnection, msisdn: str) -> Savings:
        customer_id = (await customer_on(connection, msisdn)).id
        today = local_date(self._clock())
        keys = (chart.savings(customer_id), chart.wallet(customer_id))
        saved, wallet = [await self._books.balance(connection, key) for key in keys]
        month = await postings.balances_of(connection, customer_id, today.replace(day=1), today)
        held = min(saved.available_cents, await self._pledged(connection, customer_id))
        return Savings(
            saved_cents=saved.available_cents,
            held_cents=held,
            wallet_cents=wallet.available_cents,
            interest_cents=posted_cents(accrued(month, self._rates)),
            goal_cents=await goals.target_cents(connection, customer_id) if self._may_save else 0,
            least_cents=self._least_cents,
            may_save=self._may_save,
        )
