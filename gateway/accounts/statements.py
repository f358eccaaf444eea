"""What is there and what moved last, for somebody who asked: a text of one part."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.lending.portfolio import Portfolio
from gateway.notices import values as say

LAST = 3


async def short(
    connection: AsyncConnection, books: Books, portfolio: Portfolio, customer_id: str, now: int
) -> dict[str, Any]:
    """The slots of the SMS: balances as of now and the last movements of the wallet."""
    wallet, savings = [
        await books.balance(connection, key) for key in (chart.wallet(customer_id), chart.savings(customer_id))
    ]
    running = await portfolio.active(connection, customer_id, local_date(now))
    page = await books.statement(connection, chart.wallet(customer_id), limit=LAST)
    return {
        "at": say.clock(now),
        "wallet": say.ksh(wallet.available_cents),
        "savings": say.ksh(savings.available_cents),
        "loans": say.ksh(sum(standing.owed_cents for standing in running)),
        "moves": say.moves((local_date(move.at), move.amount_cents) for move in page.movements),
    }
