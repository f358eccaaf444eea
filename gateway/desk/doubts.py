"""Operations that nobody could vouch for during hours: each opens one case, which ends when the operation does."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import reference
from gateway.desk.tables import OPEN, WAITING
from gateway.operations.outbox import NAMESPACE
from gateway.store import cases as store
from gateway.store.tables import cases, operations

TOPIC = "in doubt"
STATES = ("waiting", "uncertain", "parked", "dead")
MESSAGES = ("sms.send", "mail.send", "mail.beside")
"""A text that did not go out is nobody's case."""


async def old(connection: AsyncConnection, *, before: int, limit: int) -> Sequence[Row[Any]]:
    """Open operations that have been in doubt since before a moment (ms) and have no case of that yet."""
    columns = operations.c
    has_case = select(cases.c.id).where(cases.c.operation_id == columns.id, cases.c.topic == TOPIC).exists()
    query = select(operations).where(
        columns.is_open,
        columns.state.in_(STATES),
        columns.kind.not_in(MESSAGES),
        func.coalesce(columns.waiting_since, columns.updated_at) < before,
        ~has_case,
    )
    return (await connection.execute(query.order_by(columns.number).limit(limit))).all()


def is_theirs(row: Row[Any], kinds: Collection[str]) -> bool:
    """Whether an operation's customer has heard of it: they asked for it in a session, or it is of one of `kinds`,
    which they are told of whoever asks."""
    return row.session_id is not None or row.kind in kinds


async def opened(connection: AsyncConnection, row: Row[Any], *, answer_by: int, now: int) -> str:
    """The number of its case."""
    identity = str(uuid.uuid5(NAMESPACE, f"{row.id}:doubt"))
    evidence = {"operation": row.reference, "kind": row.kind, "state": row.state, "reason": row.reason}
    return await store.opened(
        connection, identity, reference("CS", identity), TOPIC, evidence=evidence, answer_by=answer_by, now=now,
        customer_id=row.customer_id or None, operation_id=row.id,
    )  # fmt: skip


async def over(connection: AsyncConnection, limit: int) -> Sequence[Row[Any]]:
    """Cases of operations that have come to an end since, with how (`came_to`), why (`reason`), whose and what."""
    columns = operations.c
    query = (
        select(
            cases.c.id, cases.c.reference, cases.c.customer_id, columns.reference.label("operation"),
            columns.state.label("came_to"), columns.reason, columns.kind, columns.session_id,
        )
        .join_from(cases, operations, columns.id == cases.c.operation_id)
        .where(cases.c.topic == TOPIC, cases.c.state.in_((OPEN, WAITING)), ~columns.is_open)
    )  # fmt: skip
    return list(await connection.execute(query.order_by(cases.c.created_at).limit(limit)))
