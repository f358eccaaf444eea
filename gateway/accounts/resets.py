"""A PIN to be chosen on the phone, once: for a while after staff cleared one, with no end by who has never had one."""

from typing import Any, Literal

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.tables import pin_openings
from gateway.store.engine import insert_into

Waiting = Literal["", "reset", "first"]
"""Which PIN may be chosen on the phone now, if any."""

NO_END = 1 << 53
"""`until` of a first PIN."""

columns = pin_openings.c


async def opened(connection: AsyncConnection, customer_id: str, *, until: int, now: int) -> None:
    """From now on, in the place of an opening before it."""
    values = {"until": until, "used_at": None, "at": now}
    statement = insert_into(connection, pin_openings).values(customer_id=customer_id, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["customer_id"], set_=values))


async def waiting(connection: AsyncConnection, customer_id: str, now: int) -> Waiting:
    row: Row[Any] | None = (
        await connection.execute(select(pin_openings).where(columns.customer_id == customer_id))
    ).one_or_none()
    if row is None or row.used_at is not None or row.until <= now:
        return ""
    return "first" if row.until >= NO_END else "reset"


async def used(connection: AsyncConnection, customer_id: str, *, since: int, now: int) -> bool:
    """Use it up; False when there was none. Whoever began before its end, since `since`, may finish."""
    statement = (
        update(pin_openings)
        .where(columns.customer_id == customer_id, columns.used_at.is_(None), columns.until > since)
        .values(used_at=now)
    )
    return bool((await connection.execute(statement)).rowcount)
