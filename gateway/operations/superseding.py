"""A day's operation that stands still, parked or dead, must not stop the days after it.

What the next one does covers the days before it, so the one in its way is closed in its favour: two of a kind never
work at once, and one that is closed cannot be retried into doing things twice. A case says that it broke.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import reference
from gateway.clock import DAY_MS
from gateway.operations import queue
from gateway.operations.outbox import NAMESPACE
from gateway.store import cases
from gateway.store.tables import operations

STATES = ("parked", "dead")
TOPIC = "day not done"
PREFIX = "CS"
ANSWER_MS = DAY_MS
REASON_CHARACTERS_MAX = 200

columns = operations.c


async def is_any(connection: AsyncConnection, kinds: Sequence[str]) -> bool:
    """A glance that takes no lock: most of the time there is none."""
    return (await connection.execute(_in_the_way(kinds).limit(1))).first() is not None


async def superseded(connection: AsyncConnection, kinds: Sequence[str], now: int) -> list[str]:
    """Close those of these kinds that stand still while another waits in their lane; their references."""
    rows = list(await connection.execute(_in_the_way(kinds).order_by(columns.number).with_for_update()))
    for row in rows:
        await _closed(connection, row, now)
    return [row.reference for row in rows]


async def _closed(connection: AsyncConnection, row: Row[Any], now: int) -> None:
    newest = select(func.max(columns.number)).where(columns.lane == row.lane, columns.is_open).scalar_subquery()
    successor = await connection.scalar(select(columns.reference).where(columns.number == newest))
    reason = f"superseded by {successor}; before: {row.reason}"[:REASON_CHARACTERS_MAX]
    await queue.cancelled(connection, row.id, reason=reason, now=now)
    identity = str(uuid.uuid5(NAMESPACE, f"{row.id}:{TOPIC}"))
    evidence = {
        "operation": row.reference, "kind": row.kind, "day": row.intent.get("day"), "state": row.state,
        "reason": row.reason, "supersededBy": successor,
    }  # fmt: skip
    await cases.opened(
        connection, identity, reference(PREFIX, identity), TOPIC, evidence=evidence, answer_by=now + ANSWER_MS,
        now=now, operation_id=row.id,
    )  # fmt: skip


def _in_the_way(kinds: Sequence[str]) -> Select[Any]:
    later = operations.alias("later")
    waits = (
        select(later.c.number)
        .where(later.c.lane == columns.lane, later.c.is_open, later.c.number > columns.number)
        .exists()
    )
    return select(operations).where(
        columns.is_open, columns.state.in_(STATES), columns.kind.in_(kinds), columns.lane != "", waits
    )
