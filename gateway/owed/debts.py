"""Debts beside any loan: what makes one opens a case, and the books alone say how much is still owed.

A case is closed by itself once nothing is owed any more.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import reference
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import DAY_MS
from gateway.desk import cases as desk
from gateway.lending.fields import amount_text
from gateway.operations.outbox import NAMESPACE
from gateway.operations.playbook import Work
from gateway.store import cases

TOPIC = "owed to us"
PREFIX = "CS"
ANSWER_MS = 5 * DAY_MS
CONTROL = "receivable"
CASES_MOST = 200


@dataclass(frozen=True, slots=True)
class Debt:
    """What one customer owes, by the books, in cents."""

    customer_id: str
    cents: int


async def arose(
    connection: AsyncConnection, work: Work, customer_id: str, cents: int, evidence: Mapping[str, Any], now: int
) -> str:
    """A case with who owes how much of what; its number. Once per operation."""
    identity = str(uuid.uuid5(NAMESPACE, f"{work.id}:{TOPIC}"))
    return await cases.opened(
        connection, identity, reference(PREFIX, identity), TOPIC,
        evidence={"operation": work.reference, "kind": work.kind, "owed": amount_text(cents), **evidence},
        customer_id=customer_id, operation_id=work.id, answer_by=now + ANSWER_MS, now=now,
    )  # fmt: skip


async def owed_cents(connection: AsyncConnection, books: Books, customer_id: str) -> int:
    return (await books.balance(connection, chart.receivable(customer_id))).posted_cents


async def page(connection: AsyncConnection, books: Books, *, after: str, limit: int) -> list[Debt]:
    """Whoever owes something, by id, after the one where the page before ended."""
    rows = await books.not_settled(connection, CONTROL, after=f"{CONTROL}:{after}", limit=limit)
    return [Debt(key.partition(":")[2], cents) for key, cents in rows]


async def settled(connection: AsyncConnection, customer_id: str, text: str, now: int) -> None:
    """Nothing is owed any more: its cases need no answer."""
    wanted = desk.Wanted(topic=TOPIC, customer_id=customer_id, limit=CASES_MOST)
    for row in await desk.listed(connection, wanted):
        await desk.settled(connection, row.id, text, now)
