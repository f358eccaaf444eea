"""Payments that staff asked customers for, and what has become of each: read from the payment itself, never copied."""

from typing import Any, Literal

from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.tables import staff_prompts
from gateway.store.tables import customers, operations, rail_requests

State = Literal["waiting", "asked", "paid", "cancelled", "expired", "refused", "unsure"]

REFUSALS: dict[str, State] = {"cancelled": "cancelled", "timeout": "expired"}

columns = staff_prompts.c


async def noted(connection: AsyncConnection, **values: object) -> None:
    await connection.execute(insert(staff_prompts).values(**values))


async def asked_by(connection: AsyncConnection, by: str, *, since: int) -> int:
    """How many one member of staff has asked for since a moment."""
    query = select(func.count()).where(columns.by == by, columns.created_at >= since)
    return int(await connection.scalar(query) or 0)


async def asked_of(connection: AsyncConnection, customer_id: str, *, since: int) -> int:
    """How many staff have asked one customer for."""
    query = select(func.count()).where(columns.customer_id == customer_id, columns.created_at >= since)
    return int(await connection.scalar(query) or 0)


async def newest(connection: AsyncConnection, *, by: str | None = None, limit: int = 20) -> list[Row[Any]]:
    """The newest first, each with what `state_of` reads, and the customer's name and line."""
    query = _with_progress()
    if by is not None:
        query = query.where(columns.by == by)
    return list(await connection.execute(query.order_by(columns.created_at.desc(), columns.reference).limit(limit)))


async def by_reference(connection: AsyncConnection, reference: str) -> Row[Any] | None:
    rows = await connection.execute(_with_progress().where(columns.reference == reference))
    found: Row[Any] | None = rows.one_or_none()
    return found


def state_of(row: Row[Any]) -> State:
    """What has become of a prompt, for whoever asked for it."""
    if row.state == "done":
        return "paid"
    if row.state in {"rejected", "cancelled"}:
        return REFUSALS.get(str((row.data or {}).get("refusal")), "refused")
    if row.state in {"uncertain", "parked", "dead"}:
        return "unsure"
    return "waiting" if row.sent_at is None else "asked"


def _with_progress() -> Select[Any]:
    """With the payment's state and data, and when the rail was first spoken to."""
    sent = select(func.min(rail_requests.c.sent_at)).where(rail_requests.c.operation_id == columns.operation_id)
    return (
        select(
            staff_prompts, operations.c.state, operations.c.data, operations.c.updated_at,
            sent.correlate(staff_prompts).scalar_subquery().label("sent_at"),
            customers.c.name.label("customer_name"), customers.c.msisdn,
        )
        .join(operations, operations.c.id == columns.operation_id)
        .join(customers, customers.c.id == columns.customer_id)
    )  # fmt: skip
