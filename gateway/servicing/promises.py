"""Promises to pay: one open at a time for a loan. Reminders and collectors leave its owner alone until its day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.servicing.tables import promises

columns = promises.c
Promise = Row[Any]
"""One row of `promises`."""


async def made(
    connection: AsyncConnection, promise_id: str, *, loan_id: str, customer_id: str, amount_cents: int, pay_on: date,
    now: int,
) -> None:  # fmt: skip
    await connection.execute(
        insert(promises).values(
            id=promise_id, loan_id=loan_id, customer_id=customer_id, amount_cents=amount_cents,
            pay_on=pay_on.isoformat(), state="open", created_at=now,
        )
    )  # fmt: skip


async def open_of(connection: AsyncConnection, loan_ids: Sequence[str]) -> dict[str, date]:
    """The promised day of each loan that has a promise still to be kept."""
    query = select(columns.loan_id, columns.pay_on).where(columns.loan_id.in_(loan_ids), columns.state == "open")
    return {row.loan_id: date.fromisoformat(row.pay_on) for row in await connection.execute(query)}


async def of_loan(connection: AsyncConnection, loan_id: str) -> list[Promise]:
    """Every promise ever made, the oldest first."""
    query = select(promises).where(columns.loan_id == loan_id)
    return list(await connection.execute(query.order_by(columns.created_at, columns.id)))


async def over(connection: AsyncConnection, day: date, limit: int) -> list[Promise]:
    """Open ones whose day has passed on `day`."""
    query = select(promises).where(columns.state == "open", columns.pay_on < day.isoformat())
    return list(await connection.execute(query.order_by(columns.id).limit(limit)))


async def ended(connection: AsyncConnection, promise_id: str, state: str, now: int) -> None:
    """`state` is kept or broken."""
    await connection.execute(update(promises).where(columns.id == promise_id).values(state=state, ended_at=now))
