"""Standing orders as we keep them: asked, then agreed or refused, once."""

import secrets
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.orders.tables import standing_orders
from gateway.rails.organisation import Frequency, Ordered
from gateway.store.pages import newest

State = Literal["asked", "agreed", "refused"]
TOKEN_BYTES = 16

columns = standing_orders.c


@dataclass(frozen=True, slots=True)
class Order:
    """One row; days as ISO dates, moments in milliseconds. Its token is in no repr of a log."""

    id: str
    reference: str
    customer_id: str
    msisdn: str
    amount_cents: int
    frequency: Frequency
    starts_on: str
    ends_on: str
    account: str
    by: str
    created_at: int
    state: State = "asked"
    token: str = ""
    sent_at: int | None = None
    rail_id: str | None = None
    order_id: str | None = None
    code: str | None = None
    settled_at: int | None = None


async def put(connection: AsyncConnection, order: Order) -> None:
    """A new one, with a callback path of its own."""
    made = replace(order, token=secrets.token_hex(TOKEN_BYTES))
    await connection.execute(insert(standing_orders).values({name: getattr(made, name) for name in Order.__slots__}))


async def find(connection: AsyncConnection, identity: str, *, lock: bool = False) -> Order | None:
    query = select(standing_orders).where(columns.id == identity)
    return await _one(connection, query.with_for_update() if lock else query)


async def by_reference(connection: AsyncConnection, reference: str) -> Order | None:
    return await _one(connection, select(standing_orders).where(columns.reference == reference))


async def by_token(connection: AsyncConnection, token: str) -> Order | None:
    """The order whose callback path this is, locked until the unit of work ends."""
    return await _one(connection, select(standing_orders).where(columns.token == token).with_for_update())


async def listed(
    connection: AsyncConnection, *, customer_id: str | None, state: str | None, before: tuple[int, str] | None,
    limit: int,
) -> list[Order]:  # fmt: skip
    """The newest first."""
    query = select(standing_orders)
    if customer_id is not None:
        query = query.where(columns.customer_id == customer_id)
    if state is not None:
        query = query.where(columns.state == state)
    rows = await connection.execute(newest(query, standing_orders, before, limit))
    return [Order(**{name: getattr(row, name) for name in Order.__slots__}) for row in rows]


async def sent(connection: AsyncConnection, identity: str, at: int | None) -> None:
    """Written down before we speak; taken back where provably nothing was said."""
    await connection.execute(update(standing_orders).where(columns.id == identity).values(sent_at=at))


async def acknowledged(connection: AsyncConnection, identity: str, rail_id: str) -> None:
    await connection.execute(update(standing_orders).where(columns.id == identity).values(rail_id=rail_id or None))


async def answered(connection: AsyncConnection, order: Order, answer: Ordered, now: int) -> bool:
    """Settle it; False when it was settled before."""
    values = {
        "state": "agreed" if answer.is_agreed else "refused",
        "order_id": answer.order_id or None,
        "code": answer.code[:16],
        "settled_at": now,
    }
    done = await connection.execute(
        update(standing_orders).where(columns.id == order.id, columns.state == "asked").values(values)
    )
    return bool(done.rowcount)


async def refused(connection: AsyncConnection, identity: str, code: str, now: int) -> None:
    """The rail would not even ask."""
    await connection.execute(
        update(standing_orders)
        .where(columns.id == identity, columns.state == "asked")
        .values(state="refused", code=code[:16], settled_at=now)
    )


async def _one(connection: AsyncConnection, query: Select[tuple[object, ...]]) -> Order | None:
    row = (await connection.execute(query)).one_or_none()
    return Order(**{name: getattr(row, name) for name in Order.__slots__}) if row else None
