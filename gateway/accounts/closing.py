"""What stands in the way of closing an account: money in it, a loan, a debt, something under way, somebody waiting.

Money sent to somebody who has not claimed it is under way too: it may come back.
"""

from typing import Literal

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals.tables import approvals
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.store.tables import loans, operations
from gateway.wallet.tables import transfers as wallet_transfers

Hindrance = Literal["loan", "money", "owed", "request"]

HARMLESS = ("sms.send", "mail.send", "mail.beside")
"""Messages under way stop nobody from leaving."""


async def hindrance(
    connection: AsyncConnection, books: Books, customer_id: str, *, besides: str = ""
) -> Hindrance | None:
    """The first reason why an account cannot be closed now; None when it can. `besides` is the closing itself."""
    if await connection.scalar(_loans(customer_id)) is not None:
        return "loan"
    keys = (chart.wallet(customer_id), chart.savings(customer_id), chart.shares(customer_id))
    balances = (await books.balances(connection, keys)).values()
    if any(balance.posted_cents or balance.held_cents for balance in balances):
        return "money"
    if (await books.balance(connection, chart.receivable(customer_id))).posted_cents:
        return "owed"
    open_operations = select(operations.c.number).where(
        operations.c.customer_id == customer_id,
        operations.c.is_open,
        operations.c.kind.not_in(HARMLESS),
        operations.c.id != besides,
    )
    asked = select(approvals.c.id).where(
        or_(approvals.c.requester_id == customer_id, approvals.c.approver_id == customer_id),
        approvals.c.state == "open",
    )
    unclaimed = select(wallet_transfers.c.id).where(
        wallet_transfers.c.sender_id == customer_id, wallet_transfers.c.state == "held"
    )
    for query in (open_operations, asked, unclaimed):
        if await connection.scalar(query.limit(1)) is not None:
            return "request"
    return None


def _loans(customer_id: str) -> Select[tuple[str]]:
    """Loans that somebody owes, or is owed."""
    mine = or_(loans.c.customer_id == customer_id, loans.c.lender_id == customer_id)
    return select(loans.c.id).where(mine, loans.c.closed_at.is_(None)).limit(1)
