"""How much of somebody's daily limits is used: one row per operation, given back when it moved nothing after all.

Written by whoever has the customer's row locked, so that two operations cannot both use what is left.
"""

from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import insert_into
from gateway.wallet.tables import wallet_usage

Direction = Literal["in", "out"]


async def used_cents(connection: AsyncConnection, customer_id: str, direction: Direction, since: int) -> int:
    """The sum since a moment in milliseconds."""
    columns = wallet_usage.c
    query = select(func.coalesce(func.sum(columns.amount_cents), 0)).where(
        columns.customer_id == customer_id, columns.direction == direction, columns.at >= since
    )
    return int(await connection.scalar(query) or 0)


async def used(
    connection: AsyncConnection, operation_id: str, customer_id: str, direction: Direction, cents: int, now: int
) -> None:
    """Count it; the same operation counts once."""
    statement = insert_into(connection, wallet_usage).values(
        operation_id=operation_id, customer_id=customer_id, direction=direction, amount_cents=cents, at=now
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def given_back(connection: AsyncConnection, operation_id: str) -> None:
    await connection.execute(delete(wallet_usage).where(wallet_usage.c.operation_id == operation_id))
