"""What somebody means to do that two have to agree to: one open at a time for an operation, and not for ever."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import SALTS_MAX, reference
from gateway.accounts.audit import Deed
from gateway.desk.tables import operation_acts
from gateway.errors import BrokenInvariant

PREFIX = "OA"
OPEN, DONE, DECLINED, EXPIRED = "open", "done", "declined", "expired"

columns = operation_acts.c


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves it: the rail's receipt where money moved, and in words where it can be seen."""

    said: str
    receipt: str | None = None


async def put(
    connection: AsyncConnection, operation_id: str, act: str, evidence: Evidence, deed: Deed, *, until: int
) -> str:
    """Ask for a second person; the name by which they answer."""
    identity = str(uuid.uuid4())
    for salt in range(SALTS_MAX):
        named = reference(PREFIX, identity, salt)
        if await named_so(connection, named) is not None:
            continue
        await connection.execute(
            insert(operation_acts).values(
                id=identity, reference=named, operation_id=operation_id, act=act, receipt=evidence.receipt,
                evidence=evidence.said[:200], by=deed.by[:60], why=deed.reason[:120], state=OPEN, expires_at=until,
                created_at=deed.now, updated_at=deed.now,
            )
        )  # fmt: skip
        return named
    raise BrokenInvariant("no free name for an act")


async def named_so(connection: AsyncConnection, named: str) -> Row[Any] | None:
    query = select(operation_acts).where(columns.reference == named)
    return (await connection.execute(query)).one_or_none()


async def open_of(connection: AsyncConnection, operation_id: str, now: int) -> Row[Any] | None:
    """The one that waits for a second person now."""
    query = select(operation_acts).where(
        columns.operation_id == operation_id, columns.state == OPEN, columns.expires_at > now
    )
    return (await connection.execute(query.limit(1))).one_or_none()


async def waiting(connection: AsyncConnection, now: int, limit: int) -> Sequence[Row[Any]]:
    """All of them, the oldest first."""
    query = select(operation_acts).where(columns.state == OPEN, columns.expires_at > now)
    return (await connection.execute(query.order_by(columns.created_at).limit(limit))).all()


async def ended(connection: AsyncConnection, identity: str, state: str, deed: Deed) -> bool:
    """The second person's word; False when somebody was faster."""
    statement = update(operation_acts).where(columns.id == identity, columns.state == OPEN)
    moved = await connection.execute(statement.values(state=state, second=deed.by[:60], updated_at=deed.now))
    return bool(moved.rowcount)
