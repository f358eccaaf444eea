"""What comparing a day came to, kept one for each day: the newest result, and what of it finance was told."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconciling.comparing import Compared, Sums
from gateway.reconciling.tables import reconciliations
from gateway.store.engine import insert_into

table = reconciliations.c


async def kept(connection: AsyncConnection, day: date, compared: Sequence[Compared], now: int) -> str | None:
    """Keep the newest result of a day. Its hash, when finance has not been told just this."""
    result = [asdict(each) for each in compared]
    told = digest(result)
    statement = insert_into(connection, reconciliations).values(day=day, result=result, told=None, at=now)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["day"], set_={"result": result, "at": now})
    )
    before = await connection.scalar(select(table.told).where(table.day == day))
    if before == told:
        return None
    await connection.execute(update(reconciliations).where(table.day == day).values(told=told))
    return told


async def find(connection: AsyncConnection, day: date) -> tuple[list[Compared], int] | None:
    """The newest result of a day, and when it was made."""
    row = (await connection.execute(select(reconciliations).where(table.day == day))).one_or_none()
    return ([_compared(each) for each in row.result], row.at) if row else None


def digest(result: Sequence[Mapping[str, Any]]) -> str:
    """Equal for equal results; what was new or healed just now is none of it."""
    lasting = [{name: value for name, value in each.items() if name not in {"new", "healed"}} for each in result]
    return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()


def _compared(values: Mapping[str, Any]) -> Compared:
    fields: dict[str, Any] = {
        name: Sums(**value) if isinstance(value, dict) else value for name, value in values.items()
    }
    return Compared(**fields)
