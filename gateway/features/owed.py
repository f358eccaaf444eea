"""What customers owe the house beside any loan, and the two people who take it from a wallet."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.feature import Feature, Tools
from gateway.features.wallet import ordered_of
from gateway.owed import debts
from gateway.playbooks.owed import Collecting
from gateway.web.ordered import OrderRoutes, Source
from gateway.web.owed import OwedRoutes


def feature(tools: Tools) -> Feature:
    orders = OrderRoutes(tools.store, tools.outbox, ordered_of(tools), _owed(tools), tools.clock)
    routes = OwedRoutes(tools.store, tools.books)
    return Feature(
        playbooks=(Collecting(tools.books, tools.teller).playbook(),), routes=(*routes.table(), *orders.table())
    )


def _owed(tools: Tools) -> Source:
    async def free(connection: AsyncConnection, customer_id: str) -> int:
        """No more than is owed, nor than the wallet has."""
        wallet = await tools.books.balance(connection, chart.wallet(customer_id))
        return min(await debts.owed_cents(connection, tools.books, customer_id), wallet.available_cents)

    return Source("owed", free, lambda _cents: 0, whole_shillings=False, verb="collect")
