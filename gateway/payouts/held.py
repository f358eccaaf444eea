"""The case of a pay-out that waits for people: opened when it is held, closed by whatever ends that.

Only what people have to let go has one; what goes on by itself (a day's limit, the float) waits without.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import reference
from gateway.desk import cases as desk
from gateway.lending.fields import amount_text
from gateway.operations.outbox import NAMESPACE
from gateway.operations.playbook import Work
from gateway.store import cases

TOPIC = "payout held"
PREFIX = "CS"


async def opened(
    connection: AsyncConnection, work: Work, amount_cents: int, evidence: Mapping[str, Any], *, answer_by: int, now: int
) -> str:
    """Its number; the one that it has, where it was held before."""
    return await cases.opened(
        connection, _id(work.id), reference(PREFIX, _id(work.id)), TOPIC, answer_by=answer_by, now=now,
        evidence={"operation": work.reference, "kind": work.kind, "amount": amount_text(amount_cents), **evidence},
        customer_id=work.customer_id or None, operation_id=work.id,
    )  # fmt: skip


async def settled(
    connection: AsyncConnection, operation_id: str, text: str, now: int, *, by: str = desk.SYSTEM
) -> None:
    """It is let go, or given up; nothing where it never was held, or people have closed the case."""
    await desk.settled(connection, _id(operation_id), text, now, by=by)


def _id(operation_id: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{operation_id}:{TOPIC}"))
