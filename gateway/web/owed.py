"""Who owes the house something beside any loan, for operators. Collecting it is asked for in `gateway.web.ordered`.

GET /api/owed?limit=50&cursor=
"""

from collections.abc import Iterable

from aiohttp import web

from gateway.books.accounts import CURRENCY
from gateway.books.ledger import Books
from gateway.lending.fields import amount_text
from gateway.owed import debts
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.paging import limit_of
from gateway.web.problems import problem

PAGE, PAGE_MAX = 50, 200


class OwedRoutes:
    """Behind the operators' token."""

    def __init__(self, store: Store, books: Books) -> None:
        self._store = store
        self._books = books

    def table(self) -> Iterable[web.RouteDef]:
        return (web.get("/api/owed", self.page),)

    async def page(self, request: web.Request) -> web.Response:
        """By customer; `cursor` of the answer asks for the next ones, null is the end."""
        try:
            limit = limit_of(request, PAGE, PAGE_MAX)
        except ValueError as error:
            return problem(422, "invalid", str(error))
        after = request.query.get("cursor", "")
        async with self._store.read() as connection:
            found = await debts.page(connection, self._books, after=after, limit=limit + 1)
            people = {debt.customer_id: await customers.find(connection, debt.customer_id) for debt in found[:limit]}
        shown = [
            {
                "phone": person.msisdn if (person := people[debt.customer_id]) else None,
                "customer": debt.customer_id,
                "owed": amount_text(debt.cents),
                "currency": CURRENCY,
            }
            for debt in found[:limit]
        ]
        cursor = found[limit - 1].customer_id if len(found) > limit else None
        return web.json_response({"debts": shown, "cursor": cursor})
