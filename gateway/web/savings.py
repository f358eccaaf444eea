"""A customer's savings for operators: what they hold, what of it secures loans, and what has moved on them.

GET /api/savings/0711000001
GET /api/savings/0711000001/transactions?limit=50&cursor=...&from=2026-08-01&to=2026-08-31
"""

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.accounts import CURRENCY
from gateway.books.ledger import Books
from gateway.lending.fields import amount_text
from gateway.savings import goals
from gateway.store.engine import Store
from gateway.web.movements import listed, window_of
from gateway.web.people import customer_on

Pledged = Callable[[AsyncConnection, str], Awaitable[int]]


class SavingsRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, books: Books, pledged: Pledged) -> None:
        self._store = store
        self._books = books
        self._pledged = pledged

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/savings/{phone}", self.savings),
            web.get("/api/savings/{phone}/transactions", self.transactions),
        )

    async def savings(self, request: web.Request) -> web.StreamResponse:
        async with self._store.read() as connection:
            found = await customer_on(connection, request.match_info["phone"])
            if isinstance(found, web.Response):
                return found
            balance = await self._books.balance(connection, chart.savings(found.id))
            pledged = min(balance.available_cents, await self._pledged(connection, found.id))
            goal = await goals.target_cents(connection, found.id)
        return web.json_response(
            {
                "phoneNumber": found.msisdn,
                "currency": CURRENCY,
                "balance": amount_text(balance.posted_cents),
                "available": amount_text(balance.available_cents - pledged),
                "pledged": amount_text(pledged),
                "goal": amount_text(goal) if goal else None,
            }
        )

    async def transactions(self, request: web.Request) -> web.StreamResponse:
        """Movements, the newest first. `cursor` of the answer asks for the page after it; without one, that was all."""
        window = window_of(request)
        if isinstance(window, web.Response):
            return window
        async with self._store.read() as connection:
            found = await customer_on(connection, request.match_info["phone"])
            if isinstance(found, web.Response):
                return found
            return await listed(connection, self._books, chart.savings(found.id), "savings", window)
