"""Days on which people could not pay because our own channel was down, as operators give them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.loanbook.tables import outage_days
from gateway.store.engine import insert_into

columns = outage_days.c
LISTED_MAX = 1_000


async def given(connection: AsyncConnection, day: date, *, reason: str, by: str, now: int) -> bool:
    """Keep a day. Whether it is new: the first reason that was given stays."""
    values = {"day": day.isoformat(), "reason": reason, "given_by": by, "created_at": now}
    insert = insert_into(connection, outage_days).on_conflict_do_nothing()
    return (await connection.execute(insert, values)).rowcount == 1


async def listed(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """The newest first."""
    return list(await connection.execute(select(outage_days).order_by(columns.day.desc()).limit(LISTED_MAX)))


async def days(connection: AsyncConnection) -> frozenset[date]:
    return frozenset(date.fromisoformat(row.day) for row in await listed(connection))
