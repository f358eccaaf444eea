"""Savings that stand in for a loan: a guarantor's share, or the borrower's own. They cannot be moved meanwhile.

A pledge ends by itself: it counts while its loan is open, and before there is a loan, while what is to bring it is
under way. Nobody has to remember to give it back.
"""

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals.tables import pledges
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.store import customers
from gateway.store.engine import insert_into
from gateway.store.tables import loans, operations


async def pledged_cents(connection: AsyncConnection, customer_id: str) -> int:
    """How much of somebody's savings secures loans now, their own and others'."""
    query = select(func.coalesce(func.sum(pledges.c.amount_cents), 0)).where(
        pledges.c.customer_id == customer_id, _counts()
    )
    return int(await connection.scalar(query) or 0)


async def pledged_for(connection: AsyncConnection, loan_id: str) -> dict[str, int]:
    """Who secures a loan, and with how many cents each, as long as it counts."""
    query = (
        select(pledges.c.customer_id, func.sum(pledges.c.amount_cents))
        .where(pledges.c.loan_id == loan_id, _counts())
        .group_by(pledges.c.customer_id)
    )
    return {customer_id: int(cents) for customer_id, cents in await connection.execute(query)}


async def free_cents(connection: AsyncConnection, books: Books, customer_id: str) -> int:
    """What somebody has saved and not pledged."""
    saved = await books.balance(connection, chart.savings(customer_id))
    return max(0, saved.available_cents - await pledged_cents(connection, customer_id))


async def pledge(
    connection: AsyncConnection, books: Books, pledge_id: str, customer_id: str, loan_id: str, cents: int, now: int,
    *, kind: str = "guarantee",
) -> bool:  # fmt: skip
    """Pledge savings for a loan, once per `pledge_id`; False when less than that is free.

    Locks the person, as whoever moves savings does: what is found free stays free until the unit of work ends.
    """
    await customers.get(connection, customer_id, lock=True)
    if await connection.scalar(select(pledges.c.id).where(pledges.c.id == pledge_id)) is not None:
        return True
    if await free_cents(connection, books, customer_id) < cents:
        return False
    values = {
        "id": pledge_id, "customer_id": customer_id, "loan_id": loan_id, "kind": kind, "amount_cents": cents,
        "created_at": now,
    }  # fmt: skip
    await connection.execute(insert_into(connection, pledges).values(**values))
    return True


def _counts() -> ColumnElement[bool]:
    loan = loans.c.id == pledges.c.loan_id
    is_running = exists().where(loan, loans.c.closed_at.is_(None))
    is_coming = exists().where(operations.c.id == pledges.c.loan_id, operations.c.is_open)
    return or_(is_running, is_coming & ~exists().where(loan))
