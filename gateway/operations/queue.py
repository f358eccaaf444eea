"""The queue as others see it: what is under way for somebody, how old it is, and nudges from outside."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import attempts, customers, operations

MOVING = ("queued", "waiting", "uncertain")

_IN_TURN = (
    update(operations)
    .where(operations.c.id == bindparam("turn_of"), operations.c.is_open)
    .where(or_(operations.c.due_at > bindparam("turn"), operations.c.lease_until > bindparam("now")))
    .values(due_at=bindparam("turn"))
)

_WITH_REQUESTS: Select[Any] = (
    select(
        *(
            customers.c[name]
            for name in ("id", "name", "language", "state", "role", "msisdn", "limit_cents", "created_at")
        ),
        customers.c.pin_hash.is_(None).label("has_no_pin"),
        *(operations.c[name].label(f"request_{name}") for name in ("reference", "kind", "intent", "state")),
    )
    .select_from(
        customers.outerjoin(operations, and_(operations.c.customer_id == customers.c.id, operations.c.is_open))
    )
    .where(customers.c.msisdn == bindparam("line"))
    .order_by(operations.c.number)
)


async def with_requests(connection: AsyncConnection, msisdn: str) -> Sequence[Row[Any]]:
    """Who is on a line, one row per open operation of theirs, the oldest first; one row if there is none.

    Nobody: no row. A row has the person's columns and `request_reference`, `request_kind` and so on, empty if none.
    """
    rows: Sequence[Row[Any]] = (await connection.execute(_WITH_REQUESTS, {"line": msisdn})).all()
    return rows


async def history(connection: AsyncConnection, customer_id: str, limit: int) -> list[tuple[Row[Any], list[Row[Any]]]]:
    """A customer's operations, the newest first, each with its attempts in order."""
    query = select(operations).where(operations.c.customer_id == customer_id)
    rows = list(await connection.execute(query.order_by(operations.c.number.desc()).limit(limit)))
    tried: dict[str, list[Row[Any]]] = {row.id: [] for row in rows}
    for attempt in await connection.execute(
        select(attempts).where(attempts.c.operation_id.in_(list(tried))).order_by(attempts.c.id)
    ):
        tried[attempt.operation_id].append(attempt)
    return [(row, tried[row.id]) for row in rows]


async def listed(
    connection: AsyncConnection, *, state: str | None, kind: str | None, customer_id: str | None, before: int | None,
    limit: int, since: int | None = None,
) -> Sequence[Row[Any]]:  # fmt: skip
    """Operations, the newest first: in a state, of a kind, of somebody, since a moment (ms), before the one of a
    number, each where it is asked for."""
    columns = operations.c
    query = select(operations).order_by(columns.number.desc()).limit(limit)
    if state:
        query = query.where(columns.state == state)
    if kind:
        query = query.where(columns.kind == kind)
    if customer_id is not None:
        query = query.where(columns.customer_id == customer_id)
    if since is not None:
        query = query.where(columns.created_at >= since)
    if before is not None:
        query = query.where(columns.number < before)
    return (await connection.execute(query)).all()


async def asked(
    connection: AsyncConnection, customer_id: str, kind: str, *, since: int, before: int | None = None
) -> int:
    """How many operations of a kind somebody has asked for since a moment (ms), whatever became of them.

    With `before` only those that were queued before the operation of that number.
    """
    columns = operations.c
    query = select(func.count()).where(
        columns.customer_id == customer_id, columns.kind == kind, columns.created_at >= since
    )
    if before is not None:
        query = query.where(columns.number < before)
    return int(await connection.scalar(query) or 0)


async def recent(connection: AsyncConnection, customer_id: str, kind: str, *, since: int) -> list[Row[Any]]:
    """Somebody's operations of a kind since a moment (ms), the oldest first, whatever became of them."""
    columns = operations.c
    query = select(operations).where(
        columns.customer_id == customer_id, columns.kind == kind, columns.created_at >= since
    )
    return list(await connection.execute(query.order_by(columns.number)))


async def with_id(connection: AsyncConnection, operation_id: str) -> Row[Any] | None:
    """The operation of this id, if there is one."""
    return (await connection.execute(select(operations).where(operations.c.id == operation_id))).one_or_none()


async def named(connection: AsyncConnection, reference: str) -> Row[Any] | None:
    """The operation of this reference."""
    query = select(operations).where(operations.c.reference == reference)
    return (await connection.execute(query)).one_or_none()


async def is_exclusive(connection: AsyncConnection, exclusive: str) -> bool:
    """Whether something open holds this, so that a second one would be refused."""
    return await holder(connection, exclusive) is not None


async def holder(connection: AsyncConnection, exclusive: str) -> Row[Any] | None:
    """The open operation that holds this."""
    return (await connection.execute(select(operations).where(operations.c.exclusive == exclusive))).one_or_none()


async def is_reference(connection: AsyncConnection, reference: str) -> bool:
    """Whether an operation is called that."""
    query = select(operations.c.id).where(operations.c.reference == reference)
    return await connection.scalar(query) is not None


async def newest_intent(connection: AsyncConnection, customer_id: str, kind: str) -> Mapping[str, Any] | None:
    """What somebody last asked for of a kind."""
    columns = operations.c
    query = select(columns.intent).where(columns.customer_id == customer_id, columns.kind == kind)
    return await connection.scalar(query.order_by(columns.number.desc()).limit(1))


async def newest_done(connection: AsyncConnection, customer_id: str, kinds: Sequence[str]) -> Row[Any] | None:
    """The last thing of these kinds that somebody asked for and that was done."""
    columns = operations.c
    query = select(operations).where(
        columns.customer_id == customer_id, columns.kind.in_(kinds), columns.state == "done"
    )
    return (await connection.execute(query.order_by(columns.number.desc()).limit(1))).one_or_none()


async def load(connection: AsyncConnection) -> tuple[Mapping[str, int], int | None]:
    """How many operations are open in each state, and since when the oldest moving one is due (ms)."""
    columns = operations.c
    query = select(columns.state, func.count(), func.min(columns.due_at)).where(columns.is_open)
    rows = list(await connection.execute(query.group_by(columns.state)))
    due = [row[2] for row in rows if row[0] in MOVING]
    return {row[0]: row[1] for row in rows}, min(due, default=None)


async def wake(connection: AsyncConnection, operation_id: str, now: int) -> None:
    """Make an open operation due at once: there is news about it."""
    await connection.execute(
        update(operations)
        .where(operations.c.id == operation_id, operations.c.is_open, operations.c.due_at > now)
        .values(due_at=now)
    )


async def wake_in_turn(connection: AsyncConnection, operation_ids: Sequence[str], now: int, every_ms: float) -> None:
    """Make open operations due one after another, in this order, so that they do not come all at once.

    One that is being worked is waited for: what it is about to store may put it off again.
    """
    turns = [
        {"turn_of": each, "turn": now + round(place * every_ms), "now": now} for place, each in enumerate(operation_ids)
    ]
    if turns:
        await connection.execute(_IN_TURN, turns)


async def unpark(connection: AsyncConnection, operation_id: str, now: int) -> None:
    """Somebody was to decide; the rail has decided."""
    columns = operations.c
    await connection.execute(
        update(operations)
        .where(columns.id == operation_id, columns.state == "parked")
        .values(state="uncertain", due_at=now, updated_at=now)
    )


async def find(connection: AsyncConnection, operation_id: str, *, lock: bool = False) -> Row[Any]:
    """Locked as all rows are that others point at: who only names them need not wait."""
    query = select(operations).where(operations.c.id == operation_id)
    return (await connection.execute(query.with_for_update(key_share=True) if lock else query)).one()


async def reopen(
    connection: AsyncConnection, operation_id: str, *, step: str, data: Mapping[str, Any], now: int
) -> None:
    """Go on at `step`, whatever the operation had come to; a worker that holds it loses its claim."""
    columns = operations.c
    await connection.execute(
        update(operations)
        .where(columns.id == operation_id)
        .values(
            state="queued", step=step, data=dict(data), is_open=True, due_at=now, updated_at=now,
            lease_until=0, fence=columns.fence + 1,
        )
    )  # fmt: skip


async def again(connection: AsyncConnection, operation_id: str, *, state: str, now: int) -> None:
    """Due at once, with all its tries before it."""
    columns = operations.c
    await connection.execute(
        update(operations)
        .where(columns.id == operation_id, columns.is_open)
        .values(state=state, attempts=0, due_at=now, lease_until=0, updated_at=now)
    )


async def cancelled(connection: AsyncConnection, operation_id: str, *, reason: str, now: int) -> None:
    """End it as it is; a worker that holds it loses its claim."""
    columns = operations.c
    await connection.execute(
        update(operations)
        .where(columns.id == operation_id, columns.is_open)
        .values(
            state="cancelled", reason=reason, is_open=False, exclusive=None, updated_at=now, lease_until=0,
            fence=columns.fence + 1,
        )
    )  # fmt: skip
