"""Who is to be called: the latest loans first, what they promised, and when we last reached them.

What has to be known of one loan is kept only while it is among the latest `most`: memory does not grow with the book.
"""

import heapq
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import Standing, next_cents
from gateway.servicing import promises
from gateway.store import customers
from gateway.store.engine import Store
from gateway.store.tables import messages

PAGE = 100
REACHED = ("sent", "delivered")


@dataclass(frozen=True, slots=True, order=True)
class Late:
    """A late loan; the order is by days, then by what is overdue."""

    days_late: int
    overdue_cents: int
    reference: str
    loan_id: str
    customer_id: str
    product: str
    owed_cents: int


@dataclass(frozen=True, slots=True)
class Call:
    """A late loan with its owner. `promised` is the open promise, `reached_at` the last SMS about a loan."""

    late: Late
    name: str
    msisdn: str
    promised: date | None
    reached_at: int | None


@dataclass(frozen=True, slots=True)
class Calls:
    """The latest ones, and all of them together."""

    calls: tuple[Call, ...]
    loans: int
    overdue_cents: int
    owed_cents: int


async def late(store: Store, portfolio: Portfolio, today: date, *, most: int, size: int = PAGE) -> Calls:
    """The loans of the organisation with an instalment that is late today, those written off left out."""
    latest: list[Late] = []
    count = overdue = owed = 0
    after = ""
    while True:
        async with store.read() as connection:
            page = await portfolio.running(connection, today, after=after, limit=size)
        found = [_late(each) for each in page if _is_ours(each) and each.loan.days_late]
        count += len(found)
        overdue += sum(each.overdue_cents for each in found)
        owed += sum(each.owed_cents for each in found)
        latest = heapq.nlargest(most, [*latest, *found])
        if len(page) < size:
            break
        after = page[-1].record.id
    calls: list[Call] = []
    for start in range(0, len(latest), size):
        async with store.read() as connection:
            calls += await _calls(connection, latest[start : start + size])
    return Calls(tuple(calls), count, overdue, owed)


async def _calls(connection: AsyncConnection, latest: list[Late]) -> list[Call]:
    promised = await promises.open_of(connection, [each.loan_id for each in latest])
    reached = await _reached(connection, [each.customer_id for each in latest])
    found = []
    for each in latest:
        owner = await customers.get(connection, each.customer_id)
        found.append(Call(each, owner.name, owner.msisdn, promised.get(each.loan_id), reached.get(owner.id)))
    return found


async def _reached(connection: AsyncConnection, ids: list[str]) -> dict[str, int]:
    query = (
        select(messages.c.customer_id, func.max(messages.c.updated_at).label("at"))
        .where(messages.c.customer_id.in_(ids), messages.c.template.like("loan.%"), messages.c.state.in_(REACHED))
        .group_by(messages.c.customer_id)
    )
    return {row.customer_id: row.at for row in await connection.execute(query)}


def _is_ours(standing: Standing) -> bool:
    return standing.record.lender_id is None and standing.record.state == "active"


def _late(standing: Standing) -> Late:
    record, loan = standing.record, standing.loan
    return Late(
        loan.days_late, next_cents(loan), record.reference, record.id, record.customer_id, record.product,
        standing.owed_cents,
    )  # fmt: skip
