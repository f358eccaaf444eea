"""Taking due operations for a while: leases with fencing, the most urgent first, lanes in order."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, not_, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations.playbook import Work
from gateway.store.tables import operations

CLAIMABLE = ("queued", "waiting", "uncertain")
URGENT = 0
"""The priority of what goes by itself, whatever else there is: nothing else is in one go with it."""


class Share:
    """Which operations to look at. Make one and keep it: its statements take longer to build than to run."""

    def __init__(self, condition: ColumnElement[bool]) -> None:
        self._condition = condition

    @cached_property
    def glance(self) -> Select[tuple[int]]:
        """One that is due at `now`, or none."""
        return self._due.limit(1)

    @cached_property
    def claim(self) -> Any:
        """Takes up to `limit` that are due at `now`, until `until`."""
        columns, earlier = operations.c, operations.alias("earlier")
        blocked = (
            select(earlier.c.number)
            .where(earlier.c.lane == columns.lane, earlier.c.is_open, earlier.c.number < columns.number)
            .exists()
        )
        due = (
            self._due.where(columns.state.in_(CLAIMABLE), or_(columns.lane == "", ~blocked))
            .order_by(columns.priority, columns.due_at)
            .limit(bindparam("limit"))
            .with_for_update(skip_locked=True)
        )
        return (
            update(operations)
            .where(columns.number.in_(due.scalar_subquery()))
            .values(lease_until=bindparam("until"), fence=columns.fence + 1)
            .returning(operations)
        )

    @property
    def _due(self) -> Select[tuple[int]]:
        columns, now = operations.c, bindparam("now", type_=operations.c.due_at.type)
        return select(columns.number).where(
            columns.is_open, columns.due_at <= now, columns.lease_until <= now, self._condition
        )


ALL = Share(true())
FIRST = Share(operations.c.priority == URGENT)
"""Those that wait for nobody: a code is of use for minutes."""


def together(kinds: Collection[str]) -> Share:
    """Those of these kinds that may go many at once."""
    return Share(_together(kinds))


def alone(kinds: Collection[str]) -> Share:
    """All others."""
    return Share(not_(_together(kinds))) if kinds else ALL


async def has_due(connection: AsyncConnection, now: int, share: Share = ALL) -> bool:
    """A glance that takes no lock: most of the time there is nothing to do."""
    return await connection.scalar(share.glance, {"now": now}) is not None


async def claimed(connection: AsyncConnection, now: int, until: int, limit: int, share: Share = ALL) -> list[Work]:
    """Take up to `limit` due operations, first come first served, none whose lane has an earlier open one."""
    rows = await connection.execute(share.claim, {"now": now, "until": until, "limit": limit})
    return sorted((work_of(row) for row in rows), key=lambda work: work.number)


def work_of(row: Any) -> Work:
    """A row of the queue as its steps see it."""
    return Work(
        number=row.number, id=row.id, reference=row.reference, kind=row.kind, customer_id=row.customer_id,
        intent=row.intent, state=row.state, step=row.step, generation=row.generation, attempts=row.attempts,
        data=row.data, created_at=row.created_at, waiting_since=row.waiting_since, fence=row.fence,
    )  # fmt: skip


def _together(kinds: Collection[str]) -> ColumnElement[bool]:
    columns = operations.c
    return and_(columns.kind.in_(kinds), columns.priority > URGENT)
