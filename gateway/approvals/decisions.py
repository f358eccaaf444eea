"""Asking people to decide, and waiting for what they decide. The first answer counts.

An operation that needs a yes asks in one step and waits in the next:

    steps=(Local("ask", ...), Local("decision", decision), ...)

`decision` comes back later while anybody is still to answer, goes on when all have agreed, and is refused as soon as
one declines or the day of the answer is over. An answer wakes the operation at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals.tables import approvals
from gateway.operations import queue
from gateway.operations.outcome import Done, Later, Outcome, Refused
from gateway.operations.playbook import Work

LOOK_AGAIN_MS = 3_600_000

Approval = Row[Any]
"""One row of `approvals`."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One person, or any of the staff (`approver_id` None), to decide about an operation.

    `id` is unique, so that asking twice asks once. `detail` is what they are shown, as plain values.
    """

    id: str
    kind: str
    approver_id: str | None
    amount_cents: int
    expires_at: int
    detail: Mapping[str, Any] = field(default_factory=dict)


async def asked(connection: AsyncConnection, work: Work, ask: Ask, now: int) -> None:
    """Put the question, in the unit of work of the operation that needs the answer."""
    await connection.execute(
        insert(approvals).values(
            id=ask.id, reference=work.reference, kind=ask.kind, operation_id=work.id, requester_id=work.customer_id,
            approver_id=ask.approver_id, amount_cents=ask.amount_cents, detail=dict(ask.detail), state="open",
            expires_at=ask.expires_at, created_at=now,
        )
    )  # fmt: skip


async def decided(
    connection: AsyncConnection, approval_id: str, *, by: str, state: str, reason: str | None, now: int
) -> bool:
    """Keep an answer and wake what waits for it; False when somebody answered before, or it is too late."""
    columns = approvals.c
    row = (
        await connection.execute(
            update(approvals)
            .where(columns.id == approval_id, columns.state == "open", columns.expires_at > now)
            .values(state=state, reason=reason, decided_by=by, decided_at=now)
            .returning(columns.operation_id)
        )
    ).one_or_none()
    if row is None:
        return False
    await queue.wake(connection, row.operation_id, now)
    return True


async def get(connection: AsyncConnection, approval_id: str) -> Approval | None:
    return (await connection.execute(select(approvals).where(approvals.c.id == approval_id))).one_or_none()


async def of_operation(connection: AsyncConnection, operation_id: str) -> list[Approval]:
    query = select(approvals).where(approvals.c.operation_id == operation_id).order_by(approvals.c.id)
    return list(await connection.execute(query))


async def waiting_for(connection: AsyncConnection, customer_id: str, *, is_staff: bool, now: int) -> list[Approval]:
    """What somebody may decide now, the oldest first: asked of themselves, or, for staff, of any of the staff."""
    columns = approvals.c
    whose = columns.approver_id == customer_id
    if is_staff:
        whose |= columns.approver_id.is_(None) & (columns.requester_id != customer_id)
    query = select(approvals).where(whose, columns.state == "open", columns.expires_at > now)
    return list(await connection.execute(query.order_by(columns.created_at, columns.id)))


async def withdrawn(connection: AsyncConnection, operation_id: str, now: int) -> None:
    """Nobody needs to answer any more."""
    await connection.execute(
        update(approvals)
        .where(approvals.c.operation_id == operation_id, approvals.c.state == "open")
        .values(state="withdrawn", decided_at=now)
    )


async def decision(connection: AsyncConnection, work: Work, now: int) -> Outcome:
    """The step that waits. Refused with `declined` or `expired`; its data says who declined and why."""
    rows = await of_operation(connection, work.id)
    refusal = next((row for row in rows if row.state == "declined"), None)
    if refusal is not None:
        await withdrawn(connection, work.id, now)
        told = {"declined_by": refusal.decided_by, "reason": refusal.reason}
        return Refused("declined", refusal.reason or "declined", data=told)
    open_rows = [row for row in rows if row.state == "open"]
    if not open_rows:
        return Done()
    until = min(row.expires_at for row in open_rows)
    if until > now:
        return Later(min(until - now, LOOK_AGAIN_MS), "waiting for an answer")
    await connection.execute(
        update(approvals)
        .where(approvals.c.operation_id == work.id, approvals.c.state == "open")
        .values(state="expired", decided_at=now)
    )
    return Refused("expired", "nobody answered in time")
