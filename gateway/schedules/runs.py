"""The days of a schedule, a row each: it waits for money, its payment was asked for, and that was paid or failed.

The payment has one id, whenever and by whomever it is asked for: money moves at most once for a schedule and a day.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.schedules import kept
from gateway.schedules.tables import schedule_runs
from gateway.store.engine import insert_into
from gateway.store.tables import operations

NAMESPACE = uuid.UUID("2f1c6d1e-4b7b-5d57-9c39-7363686564a1")

State = Literal["waiting", "asked", "paid", "failed"]

REASON_CHARACTERS_MAX = 20

columns = schedule_runs.c


@dataclass(frozen=True, slots=True)
class Ended:
    """A payment that has ended, and how: whether it was made, and what refused it."""

    schedule_id: str
    due_on: str
    customer_id: str
    is_paid: bool
    refusal: str


def payment_id(schedule_id: str, due_on: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{schedule_id}:{due_on}"))


async def find(connection: AsyncConnection, schedule_id: str, due_on: str) -> Row[Any] | None:
    query = select(schedule_runs).where(columns.schedule_id == schedule_id, columns.due_on == due_on)
    return (await connection.execute(query)).one_or_none()


async def of_schedule(connection: AsyncConnection, schedule_id: str, limit: int) -> list[Row[Any]]:
    """The newest day first, each with the reference of its payment, if there is one."""
    query = (
        select(schedule_runs, operations.c.reference.label("payment"))
        .outerjoin(operations, operations.c.id == columns.operation_id)
        .where(columns.schedule_id == schedule_id)
        .order_by(columns.due_on.desc())
        .limit(limit)
    )
    return list(await connection.execute(query))


async def noted(
    connection: AsyncConnection, schedule_id: str, due_on: str, state: State, now: int, *, reason: str | None = None,
    operation_id: str | None = None,
) -> None:  # fmt: skip
    """How the day stands now."""
    values = {"state": state, "reason": reason, "operation_id": operation_id, "updated_at": now}
    statement = insert_into(connection, schedule_runs).values(
        schedule_id=schedule_id, due_on=due_on, created_at=now, **values
    )
    await connection.execute(statement.on_conflict_do_update(index_elements=["schedule_id", "due_on"], set_=values))


async def ended(connection: AsyncConnection, limit: int) -> list[Ended]:
    """Payments that have ended since they were asked for, the oldest day first; not of schedules that are just being
    looked at."""
    query = _ended().where(~kept.is_looked_at(columns.schedule_id)).limit(limit)
    return [_as_ended(row) for row in await connection.execute(query)]


async def ended_of(connection: AsyncConnection, schedule_id: str) -> list[Ended]:
    """Those of one schedule, all of them."""
    rows = await connection.execute(_ended().where(columns.schedule_id == schedule_id))
    return [_as_ended(row) for row in rows]


def _ended() -> Select[Any]:
    wanted = (columns.schedule_id, columns.due_on, operations.c.customer_id, operations.c.state, operations.c.data)
    return (
        select(*wanted)
        .join(operations, operations.c.id == columns.operation_id)
        .where(columns.state == "asked", operations.c.is_open.is_(False))
        .order_by(columns.due_on, columns.schedule_id)
    )


def _as_ended(row: Row[Any]) -> Ended:
    refusal = str(row.data.get("refusal", row.state))[:REASON_CHARACTERS_MAX]
    return Ended(row.schedule_id, row.due_on, row.customer_id, row.state == "done", refusal)


async def settled(connection: AsyncConnection, run: Ended, now: int) -> None:
    values = {"state": "paid", "reason": None} if run.is_paid else {"state": "failed", "reason": run.refusal}
    await connection.execute(
        update(schedule_runs)
        .where(columns.schedule_id == run.schedule_id, columns.due_on == run.due_on)
        .values(**values, updated_at=now)
    )


async def passed_over(connection: AsyncConnection, schedule_id: str, due_on: str, now: int) -> None:
    """Days before this one that still waited are not paid any more: nobody looked until the next had come."""
    await connection.execute(
        update(schedule_runs)
        .where(columns.schedule_id == schedule_id, columns.due_on < due_on, columns.state == "waiting")
        .values(state="failed", updated_at=now)
    )


async def promised_cents(connection: AsyncConnection, customer_id: str, kinds: Collection[str]) -> int:
    """What open payments of these kinds will take from somebody's wallet, fees included."""
    query = select(operations.c.intent).where(
        operations.c.customer_id == customer_id, operations.c.is_open, operations.c.kind.in_(kinds)
    )
    intents = await connection.scalars(query)
    return sum(intent["amount_cents"] + intent.get("fee_cents", 0) for intent in intents)
