"""The restores of this database: marked by whoever put a copy in place, caught up with by asking the rail.

A restored database has forgotten what happened after its point. From its mark on nothing is paid out, and what was
asked for before the mark may have been sent after the point: it is asked about before it is sent.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.rails import pauses
from gateway.rails.pauses import EVERY
from gateway.restoring.tables import restores
from gateway.store.tables import attempts, callbacks, operations, rail_requests

FORGED = "forged"
"""How a callback is kept that belongs to no request we know."""

columns = restores.c


@dataclass(frozen=True, slots=True)
class Restore:
    """One of them; moments in milliseconds."""

    id: str
    point: int
    at: int
    by: str
    reason: str
    state: str
    report: Mapping[str, Any]
    updated_at: int

    @property
    def is_caught_up(self) -> bool:
        return self.state == "caught_up"


async def latest(connection: AsyncConnection) -> Restore | None:
    """None: this database was never restored."""
    row = (await connection.execute(select(restores).order_by(columns.at.desc()).limit(1))).one_or_none()
    return Restore(*row) if row else None


async def is_older(connection: AsyncConnection, created_at: int) -> bool:
    """Whether something that was asked for then may have gone on in a history that this database has forgotten."""
    return await connection.scalar(select(columns.id).where(columns.at >= created_at).limit(1)) is not None


async def marked(connection: AsyncConnection, deed: Deed) -> Restore:
    """Say that this database is a copy of earlier days; pay-outs stop on every rail."""
    found = Restore(
        str(uuid.uuid4()), await _last_moment(connection), deed.now, deed.by[:40], deed.reason[:120], "restored", {},
        deed.now,
    )  # fmt: skip
    await connection.execute(insert(restores).values({name: getattr(found, name) for name in Restore.__slots__}))
    await audit.noted(connection, deed, "restored", None, {"point": found.point})
    await _claims_ended(connection)
    stop = Deed(deed.by, deed.name, f"restored: {deed.reason}", "", deed.now)
    await pauses.paused(connection, EVERY, "disburse", stop)
    return found


async def _claims_ended(connection: AsyncConnection) -> None:
    """Whoever held an operation when the copy was made is gone, or shall lose it."""
    table = operations.c
    claimed = update(operations).where(table.is_open, table.lease_until > 0)
    await connection.execute(claimed.values(lease_until=0, fence=table.fence + 1))


async def became(
    connection: AsyncConnection, restore_id: str, state: str, now: int, report: Mapping[str, Any] | None = None
) -> None:
    values: dict[str, Any] = {"state": state, "updated_at": now}
    if report is not None:
        values["report"] = dict(report)
    await connection.execute(update(restores).where(columns.id == restore_id).values(**values))


async def in_flight(connection: AsyncConnection, restore: Restore) -> list[Any]:
    """Pay-outs and prompts that were asked for before the mark and are not settled: `reference`, `kind`, `questions`.

    `id` is the operation's; the oldest first.
    """
    query = _requests(restore).where(
        rail_requests.c.settled_at.is_(None), rail_requests.c.state == "pending", operations.c.is_open
    )
    return list(await connection.execute(query))


async def at_the_rail(connection: AsyncConnection, restore: Restore, steps: Sequence[str]) -> list[str]:
    """The open operations from before the mark that stand where they speak to a rail, the oldest first."""
    table = operations.c
    query = select(table.id).where(table.is_open, table.created_at <= restore.at, table.step.in_(steps))
    return list(await connection.scalars(query.order_by(table.number)))


async def unmoved(connection: AsyncConnection, restore: Restore, now: int, *, but: str) -> int:
    """How many operations of before the mark are due and were not worked yet, of all kinds but one: some of them may
    still come to the rail."""
    table = operations.c
    query = select(func.count()).where(
        table.is_open, table.created_at <= restore.at, table.state == "queued", table.due_at <= now, table.kind != but
    )
    return int(await connection.scalar(query) or 0)


async def settled(connection: AsyncConnection, restore: Restore) -> list[Any]:
    """Those of them that were settled since the mark."""
    table = rail_requests.c
    query = _requests(restore).where(table.state != "pending", table.settled_at >= restore.at)
    return list(await connection.execute(query))


async def unknown_callbacks(connection: AsyncConnection, restore: Restore) -> list[Any]:
    """Results of pay-outs that came since the mark and belong to no request we know."""
    table = callbacks.c
    query = select(table.body, table.received_at).where(
        table.verdict == FORGED, table.purpose == "b2c/result", table.received_at >= restore.at
    )
    return list(await connection.execute(query.order_by(table.id)))


def _requests(restore: Restore) -> Select[Any]:
    table = rail_requests.c
    return (
        select(operations.c.id, operations.c.reference, table.kind, table.state, table.questions, table.settled_by)
        .join(rail_requests, table.operation_id == operations.c.id)
        .where(operations.c.created_at <= restore.at)
        .order_by(operations.c.number)
    )


async def _last_moment(connection: AsyncConnection) -> int:
    """Of what the copy knows: the newest attempt, callback or operation."""
    newest = [
        await connection.scalar(query)
        for query in (
            select(func.max(attempts.c.at)),
            select(func.max(callbacks.c.received_at)),
            select(func.max(operations.c.created_at)),
        )
    ]
    return max((moment for moment in newest if moment is not None), default=0)
