"""What somebody saves for."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.savings.tables import savings_goals
from gateway.store.engine import insert_into


async def set_to(connection: AsyncConnection, customer_id: str, target_cents: int, now: int) -> None:
    """A new target in the place of the one before; zero is none."""
    columns = savings_goals.c
    if not target_cents:
        await connection.execute(delete(savings_goals).where(columns.customer_id == customer_id))
        return
    statement = insert_into(connection, savings_goals).values(
        customer_id=customer_id, target_cents=target_cents, set_at=now
    )
    changed = {"target_cents": target_cents, "set_at": now}
    await connection.execute(statement.on_conflict_do_update(index_elements=[columns.customer_id], set_=changed))


async def target_cents(connection: AsyncConnection, customer_id: str) -> int:
    """Zero when there is none."""
    query = select(savings_goals.c.target_cents).where(savings_goals.c.customer_id == customer_id)
    return await connection.scalar(query) or 0
