"""Taking due operations for a while: leases with fencing, the most urgent first, lanes in order."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations.playbook import Work
from gateway.store.tables import operations

CLAIMABLE = ("queued", "waiting", "uncertain")
URGENT = 0
"""The priority of what goes by itself, whatever else there is: nothing else is in one go with it."""

Share = ColumnElement[bool]
"""Which operations to look at."""

ALL: Share = true()


def together(kinds: Collection[str]) -> Share:
    """Those of these kinds that may go many at once."""
    columns = operations.c
    return and_(columns.kind.in_(kinds), columns.priority > URGENT)


def alone(kinds: Collection[str]) -> Share:
    """All others."""
    return not_(together(kinds)) if kinds else ALL


async def has_due(connection: AsyncConnection, now: int, share: Share = ALL) -> bool:
    """A glance that takes no lock: most of the time there is nothing to do."""
    columns = operations.c
    query = select(columns.number).where(columns.is_open, columns.due_at <= now, columns.lease_until <= now, share)
    return await connection.scalar(query.limit(1)) is not None


async def claimed(connection: AsyncConnection, now: int, until: int, limit: int, share: Share = ALL) -> list[Work]:
    """Take up to `limit` due operations, first come first served, none whose lane has an earlier open one."""
    rows = await connection.execute(_claim(connection, now, until, limit, share))
    return sorted((work_of(row) for row in rows), key=lambda work: work.number)


def work_of(row: Any) -> Work:
    """A row of the queue as its steps see it."""
    return Work(
        number=row.number, id=row.id, reference=row.reference, kind=row.kind, customer_id=row.customer_id,
        intent=row.intent, state=row.state, step=row.step, generation=row.generation, attempts=row.attempts,
        data=row.data, created_at=row.created_at, waiting_since=row.waiting_since, fence=row.fence,
    )  # fmt: skip


def _claim(connection: AsyncConnection, now: int, until: int, limit: int, share: Share) -> Any:
    columns, earlier = operations.c, operations.alias("earlier")
    blocked = (
        select(earlier.c.number)
        .where(earlier.c.lane == columns.lane, earlier.c.is_open, earlier.c.number < columns.number)
        .exists()
    )
    due = (
        select(columns.number)
        .where(
            columns.is_open,
            columns.due_at <= now,
            columns.lease_until <= now,
            columns.state.in_(CLAIMABLE),
            or_(columns.lane == "", ~blocked),
            share,
        )
        .order_by(columns.priority, columns.due_at)
        .limit(limit)
    )
    if connection.dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    return (
        update(operations)
        .where(columns.number.in_(due.scalar_subquery()))
        .values(lease_until=until, fence=columns.fence + 1)
        .returning(operations)
    )
