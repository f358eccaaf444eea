"""What a borrower puts up for a loan, as staff have seen it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.borrowing.tables import collaterals
from gateway.store.engine import insert_into


async def recorded(
    connection: AsyncConnection, identity: str, loan_id: str, description: str, value_cents: int, by: str, now: int
) -> None:
    """Once per id."""
    statement = insert_into(connection, collaterals).values(
        id=identity, loan_id=loan_id, description=description, value_cents=value_cents, by=by, created_at=now
    )
    await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))


async def of_loan(connection: AsyncConnection, loan_id: str) -> Sequence[Row[Any]]:
    columns = collaterals.c
    query = select(collaterals).where(columns.loan_id == loan_id).order_by(columns.created_at, columns.id)
    return (await connection.execute(query)).all()
