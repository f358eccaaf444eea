"""A PIN that staff cleared: for a while the phone may choose a new one, once."""

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.tables import pin_openings
from gateway.store.engine import insert_into

columns = pin_openings.c


async def opened(connection: AsyncConnection, customer_id: str, *, until: int, now: int) -> None:
    """From now on, in the place of an opening before it."""
    values = {"until": until, "used_at": None, "at": now}
    statement = insert_into(connection, pin_openings).values(customer_id=customer_id, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=values))


async def is_open(connection: AsyncConnection, customer_id: str, now: int) -> bool:
    row: Row[Any] | None = (
        await connection.execute(select(pin_openings).where(columns.customer_id == customer_id))
    ).one_or_none()
    return row is not None and row.used_at is None and row.until > now


async def used(connection: AsyncConnection, customer_id: str, *, since: int, now: int) -> bool:
    """Use it up; False when there was none. Whoever began before its end, since `since`, may finish."""
    statement = (
        update(pin_openings)
        .where(columns.customer_id == customer_id, columns.used_at.is_(None), columns.until > since)
        .values(used_at=now)
    )
    return bool((await connection.execute(statement)).rowcount)
