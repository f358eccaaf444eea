"""Reads the loan book as of a day, page by page: the cost does not grow with loans that were closed before, nor memory
with open ones."""

from collections.abc import AsyncIterator
from datetime import date

from gateway.lending.past import known_closed, known_open
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import Standing
from gateway.loanbook.ageing import Ageing, Exposure
from gateway.store.engine import Store

PAGE = 100


async def aged(store: Store, portfolio: Portfolio, on: date, *, size: int = PAGE) -> dict[str, Ageing]:
    """The ageing of each product that had open loans at the end of `on`. Each page is its own look at the database: a
    loan that is repaid meanwhile counts as it stood when its page was read."""
    by_product: dict[str, Ageing] = {}
    async for page in ran(store, portfolio, on, on, size=size):
        for standing in page:
            if standing.record.state == "active":
                found = by_product.get(standing.record.product, Ageing())
                by_product[standing.record.product] = found.plus(_exposure(standing))
    return dict(sorted(by_product.items()))


async def ran(
    store: Store, portfolio: Portfolio, since: date, on: date, *, size: int = PAGE
) -> AsyncIterator[list[Standing]]:
    """The organisation's loans that were open on `since` or later, as they stood at the end of `on`."""
    after, is_more = "", True
    while is_more:
        async with store.read() as connection:
            page, after = await known_open(connection, portfolio, on, after=after, limit=size)
        yield page
        is_more = bool(after)
    is_more = True
    while is_more:
        async with store.read() as connection:
            page, after = await known_closed(connection, portfolio, on, since, after=after, limit=size)
        yield page
        is_more = bool(after)


def _exposure(standing: Standing) -> Exposure:
    owed = standing.loan.outstanding
    return Exposure(standing.record.product, owed.principal, owed.total, standing.loan.days_late)
