"""Asking people to decide, and waiting for what they decide. The first answer counts.

An operation that needs a yes asks in one step and waits in the next:

    steps=(Local("ask", ...), Local("decision", decision), ...)

`decision` comes back later while anybody is still to answer, goes on when all have agreed, and is refused as soon as
one declines or the day of the answer is over. An answer wakes the operation at once.

Whoever answers and the worker that waits both lock the operation first, so that neither overtakes the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals.tables import approvals
from gateway.clock import HOUR_MS
from gateway.operations import queue
from gateway.operations.outcome import Done, Later, Outcome, Refused
from gateway.operations.playbook import Work
from gateway.store.pages import newest
from gateway.store.tables import customers

LOOK_AGAIN_MS = HOUR_MS
WAITING = "waiting for an answer"
"""Why an operation stands still while a person owes it a yes or a no."""
CUSTOMER = "customer"

Approval = Row[Any]
"""One row of `approvals`."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One person, or any of the staff (`approver_id` None), to decide about an operation.

    `id` is unique, so that asking twice asks once. `detail` is what they are shown, as plain values. Of the staff,
    `not_by` decided about it before and does not count twice.
    """

    id: str
    kind: str
    approver_id: str | None
    amount_cents: int
    expires_at: int
    detail: Mapping[str, Any] = field(default_factory=dict)
    not_by: str | None = None


async def asked(connection: AsyncConnection, work: Work, ask: Ask, now: int) -> None:
    """Put the question, in the unit of work of the operation that needs the answer."""
    about = {"reference": work.reference, "operation_id": work.id, "requester_id": work.customer_id}
    await _put(connection, about, ask, now)


async def asked_at_once(connection: AsyncConnection, operation: Row[Any], ask: Ask, now: int) -> None:
    """The same in the unit of work that has queued the operation: `operation` is its row."""
    about = {"reference": operation.reference, "operation_id": operation.id, "requester_id": operation.customer_id}
    await _put(connection, about, ask, now)


async def asked_again(connection: AsyncConnection, row: Approval, ask: Ask, now: int) -> None:
    """Put a further question about the same operation, beside one that was answered."""
    about = {name: getattr(row, name) for name in ("reference", "operation_id", "requester_id")}
    await _put(connection, about, ask, now)


async def _put(connection: AsyncConnection, about: Mapping[str, Any], ask: Ask, now: int) -> None:
    await connection.execute(
        insert(approvals).values(
            **about, id=ask.id, kind=ask.kind, approver_id=ask.approver_id, amount_cents=ask.amount_cents,
            detail=dict(ask.detail), state="open", not_by=ask.not_by, expires_at=ask.expires_at, created_at=now,
        )
    )  # fmt: skip


async def decided(
    connection: AsyncConnection, approval_id: str, *, by: str, state: str, reason: str | None, now: int
) -> bool:
    """Keep an answer and wake what waits for it; False when somebody answered before, or it is too late."""
    asked_for = await get(connection, approval_id)
    if asked_for is None:
        return False
    await queue.find(connection, asked_for.operation_id, lock=True)
    columns = approvals.c
    kept = await connection.execute(
        update(approvals)
        .where(columns.id == approval_id, columns.state == "open", columns.expires_at > now)
        .values(state=state, reason=reason, decided_by=by, decided_at=now)
    )
    if not kept.rowcount:
        return False
    await queue.wake(connection, asked_for.operation_id, now)
    return True


async def get(connection: AsyncConnection, approval_id: str) -> Approval | None:
    return (await connection.execute(select(approvals).where(approvals.c.id == approval_id))).one_or_none()


async def of_operation(connection: AsyncConnection, operation_id: str) -> list[Approval]:
    query = select(approvals).where(approvals.c.operation_id == operation_id)
    return list(await connection.execute(query.order_by(approvals.c.created_at, approvals.c.id)))


async def waiting_for(connection: AsyncConnection, customer_id: str, *, is_staff: bool, now: int) -> list[Approval]:
    """What somebody may decide now, the oldest first: asked of themselves, or, for staff, of any of the staff."""
    columns = approvals.c
    whose = columns.approver_id == customer_id
    if is_staff:
        whose |= and_(columns.approver_id.is_(None), *_not_theirs(customer_id))
    query = select(approvals).where(whose, *_is_open(now))
    return list(await connection.execute(query.order_by(columns.created_at, columns.id)))


async def count_for(connection: AsyncConnection, msisdn: str, now: int) -> int:
    """How many of `waiting_for` there are for whoever is on a line: one statement, by its indexes."""
    return int(await connection.scalar(_counting(), {"line": msisdn, "now": now}) or 0)


def may_decide(row: Approval, customer_id: str, *, is_staff: bool) -> bool:
    """Whether a question is put to this person. Whose turn it is, not whether it is still open."""
    if row.approver_id is not None:
        return bool(row.approver_id == customer_id)
    return is_staff and customer_id not in {row.requester_id, row.not_by}


async def page(
    connection: AsyncConnection, filters: Mapping[str, str], *, before: tuple[int, str] | None, limit: int
) -> Sequence[Approval]:
    """The newest first, of those whose columns have the values of `filters`. `before` is where the last page ended:
    moment and id."""
    columns = approvals.c
    query = select(approvals).where(*(columns[name] == value for name, value in filters.items()))
    return (await connection.execute(newest(query, approvals, before, limit))).all()


async def withdrawn(connection: AsyncConnection, operation_id: str, now: int) -> None:
    """Nobody needs to answer any more."""
    await _ended(connection, operation_id, "withdrawn", now)


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
        return Later(min(until - now, LOOK_AGAIN_MS), WAITING)
    await _ended(connection, work.id, "expired", now)
    return Refused("expired", "nobody answered in time")


async def _ended(connection: AsyncConnection, operation_id: str, state: str, now: int) -> None:
    await connection.execute(
        update(approvals)
        .where(approvals.c.operation_id == operation_id, approvals.c.state == "open")
        .values(state=state, decided_at=now)
    )


@cache
def _counting() -> Select[tuple[int]]:
    """Built once: each dial asks it."""
    columns, person = approvals.c, customers.c
    is_open = _is_open(bindparam("now"))
    own = _count(columns.approver_id == person.id, *is_open)
    staff = _count(columns.approver_id.is_(None), *_not_theirs(person.id), *is_open)
    counted = own + case((person.role != CUSTOMER, staff), else_=0)
    return select(counted).where(person.msisdn == bindparam("line"))


def _is_open(now: int | BindParameter[int]) -> tuple[ColumnElement[bool], ...]:
    return approvals.c.state == "open", approvals.c.expires_at > now


def _not_theirs(customer_id: Any) -> tuple[ColumnElement[bool], ...]:
    """Nobody decides about their own request, nor twice about the same one."""
    columns = approvals.c
    return columns.requester_id != customer_id, or_(columns.not_by.is_(None), columns.not_by != customer_id)


def _count(*conditions: ColumnElement[bool]) -> Any:
    query = select(func.count()).select_from(approvals).where(*conditions).correlate(customers)
    return query.scalar_subquery()
