"""Savings as the books and the table of interest have them: balances day by day, and who is still to get a month's."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, exists, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.balances import balance_at
from gateway.books.tables import POSTED, accounts, postings
from gateway.clock import EAT, local_date, milliseconds
from gateway.savings.interest import Movement, Span, spans
from gateway.savings.tables import savings_interest

OWNED = chart.savings("")


async def balances_of(connection: AsyncConnection, customer_id: str, first: date, last: date) -> list[Span]:
    """The end-of-day balances of somebody's savings, `first` to `last`. Costs as much as has moved since."""
    key = chart.savings(customer_id)
    begins, ends = _moment(first), _moment(last + timedelta(days=1))
    opening = await balance_at(connection, key, begins - 1)
    moved = await connection.execute(
        select(postings.c.at, (postings.c.amount_cents * accounts.c.sign).label("cents"))
        .join_from(accounts, postings, postings.c.account_id == accounts.c.id)
        .where(accounts.c.key == key, postings.c.phase == POSTED, postings.c.at >= begins, postings.c.at < ends)
    )
    return spans(opening, [Movement(local_date(row.at), row.cents) for row in moved], first, last)


async def newest_month(connection: AsyncConnection) -> str | None:
    """The last month that has been posted to anybody."""
    found: str | None = await connection.scalar(select(func.max(savings_interest.c.month)))
    return found


async def without_month(connection: AsyncConnection, month: str, limit: int) -> Sequence[str]:
    """Customers with savings whose interest of `month` has not been posted, some of them."""
    return [row.owner for row in await connection.execute(_without(month).limit(limit))]


async def posted(connection: AsyncConnection, month: str, customer_id: str, **values: int) -> None:
    """Keep that a month is done for somebody. Raises IntegrityError when it was."""
    await connection.execute(insert(savings_interest).values(month=month, customer_id=customer_id, **values))


def _without(month: str) -> Select[tuple[str]]:
    owner = func.substr(accounts.c.key, len(OWNED) + 1).label("owner")
    done = exists().where(savings_interest.c.month == month, savings_interest.c.customer_id == owner)
    return select(owner).where(accounts.c.control == OWNED.rstrip(":"), ~done).order_by(accounts.c.id)


def _moment(day: date) -> int:
    return milliseconds(datetime.combine(day, time.min, EAT))
