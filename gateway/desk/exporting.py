"""Operations as a table to hand on, read a page at a time: never more of it in memory, no long read in the database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row as Found

from gateway.clock import local
from gateway.operations import queue
from gateway.papers.paper import Money, Row
from gateway.store.engine import Store

ROWS_AT_ONCE = 500
HEAD: Row = (
    "reference", "kind", "state", "step", "reason", "attempts", "amount", "currency", "customer", "created", "due",
    "updated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """Which operations: of all, those in a state, of a kind, of a customer, asked for since a moment (ms)."""

    state: str | None = None
    kind: str | None = None
    customer_id: str | None = None
    since: int | None = None


async def rows(store: Store, filters: Filters, currency: str) -> AsyncIterator[Row]:
    """The newest first."""
    before: int | None = None
    while True:
        async with store.read() as connection:
            page = await queue.listed(
                connection, state=filters.state, kind=filters.kind, customer_id=filters.customer_id,
                since=filters.since, before=before, limit=ROWS_AT_ONCE,
            )  # fmt: skip
        for each in page:
            yield _row(each, currency)
        if len(page) < ROWS_AT_ONCE:
            return
        before = page[-1].number


def _row(found: Found[Any], currency: str) -> Row:
    """The customer by the id that we have for them: a file travels, and phones stay here."""
    intent = found.intent
    cents = intent.get("amount_cents", intent.get("quote", {}).get("principal_cents"))
    amount = Money(cents) if isinstance(cents, int) else None
    moments = (local(at).replace(microsecond=0) for at in (found.created_at, found.due_at, found.updated_at))
    return (
        found.reference, found.kind, found.state, found.step, found.reason, str(found.attempts), amount,
        currency if amount else None, found.customer_id, *moments,
    )  # fmt: skip
