"""Schedules as they are kept: active, then done or stopped, once."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.rhythm import Rhythm
from gateway.schedules.tables import schedules
from gateway.store.pages import newest
from gateway.store.tables import operations

State = Literal["active", "done", "stopped"]

LANE = "schedule:"

columns = schedules.c


@dataclass(frozen=True, slots=True)
class Schedule:
    """One row; days as ISO dates, moments in milliseconds. `why` says what ended it."""

    id: str
    reference: str
    customer_id: str
    kind: str
    amount_cents: int
    fee_cents: int
    every: str
    day: int
    next_on: str
    created_at: int
    updated_at: int
    person_id: str | None = None
    to_msisdn: str | None = None
    loan: str | None = None
    state: str = "active"
    why: str | None = None
    looked_on: str | None = None
    failures: int = 0

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.every, self.day)


async def put(connection: AsyncConnection, schedule: Schedule) -> None:
    await connection.execute(insert(schedules).values(asdict(schedule)))


async def get(connection: AsyncConnection, identity: str) -> Schedule:
    """Locked until the unit of work ends."""
    row = (await connection.execute(select(schedules).where(columns.id == identity).with_for_update())).one()
    return _schedule(row)


async def by_reference(connection: AsyncConnection, reference: str, *, lock: bool = False) -> Schedule | None:
    query = select(schedules).where(columns.reference == reference)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return _schedule(row) if row else None


async def active_of(connection: AsyncConnection, customer_id: str) -> list[Schedule]:
    """The oldest first."""
    query = select(schedules).where(columns.customer_id == customer_id, columns.state == "active")
    return await _all(connection, query.order_by(columns.created_at, columns.id))


async def count_of(connection: AsyncConnection, customer_id: str) -> int:
    """How many of somebody's are active."""
    query = select(func.count()).where(columns.customer_id == customer_id, columns.state == "active")
    return int(await connection.scalar(query) or 0)


def lane_of(identity: str) -> str:
    """In which a schedule is looked at, by one operation after another."""
    return f"{LANE}{identity}"


def is_looked_at(identity: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an operation is open that looks at this schedule."""
    return (
        select(operations.c.number)
        .where(operations.c.lane == LANE + identity, operations.c.is_open)
        .correlate_except(operations)
        .exists()
    )


async def due(connection: AsyncConnection, today: date, limit: int) -> list[Schedule]:
    """Active ones to be paid by `today` that have not been looked at on it and are not just now, the oldest first."""
    day = today.isoformat()
    query = select(schedules).where(
        columns.state == "active", columns.next_on <= day, or_(columns.looked_on.is_(None), columns.looked_on < day),
        ~is_looked_at(columns.id),
    )  # fmt: skip
    return await _all(connection, query.order_by(columns.created_at, columns.id).limit(limit))


async def listed(
    connection: AsyncConnection, *, customer_id: str | None, state: str | None, before: tuple[int, str] | None,
    limit: int,
) -> list[Schedule]:  # fmt: skip
    """The newest first."""
    query = select(schedules)
    if customer_id is not None:
        query = query.where(columns.customer_id == customer_id)
    if state is not None:
        query = query.where(columns.state == state)
    return await _all(connection, newest(query, schedules, before, limit))


async def changed(connection: AsyncConnection, identity: str, now: int, **values: Any) -> None:
    await connection.execute(update(schedules).where(columns.id == identity).values(**values, updated_at=now))


async def ended(connection: AsyncConnection, identity: str, state: State, why: str, now: int) -> bool:
    """Whether it was active until now."""
    done = await connection.execute(
        update(schedules)
        .where(columns.id == identity, columns.state == "active")
        .values(state=state, why=why, updated_at=now)
    )
    return bool(done.rowcount)


async def closed(connection: AsyncConnection, customer_id: str, now: int) -> None:
    """Nothing is paid out of a closed account."""
    await connection.execute(
        update(schedules)
        .where(columns.customer_id == customer_id, columns.state == "active")
        .values(state="stopped", why="closed", updated_at=now)
    )


async def _all(connection: AsyncConnection, query: Select[Any]) -> list[Schedule]:
    return [_schedule(row) for row in await connection.execute(query)]


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(**{name: getattr(row, name) for name in Schedule.__slots__})
