"""Reads the open loans page by page: the cost does not grow with loans that are closed, nor memory with open ones."""

from datetime import date

from gateway.lending.portfolio import WRITTEN_OFF, Portfolio, Standing
from gateway.loanbook.ageing import Ageing, Exposure
from gateway.store.engine import Store

PAGE = 100


async def aged(store: Store, portfolio: Portfolio, today: date, *, size: int = PAGE) -> dict[str, Ageing]:
    """The ageing of each product that has open loans. Each page is its own look at the database: a loan that is
    repaid meanwhile counts as it stood when its page was read."""
    by_product: dict[str, Ageing] = {}
    after = ""
    while True:
        async with store.read() as connection:
            page = await portfolio.running(connection, today, after=after, limit=size)
        for standing in page:
            if _counts(standing):
                found = by_product.get(standing.record.product, Ageing())
                by_product[standing.record.product] = found.plus(_exposure(standing))
        if len(page) < size:
            return dict(sorted(by_product.items()))
        after = page[-1].record.id


def _counts(standing: Standing) -> bool:
    return standing.record.lender_id is None and standing.record.state != WRITTEN_OFF


def _exposure(standing: Standing) -> Exposure:
    owed = standing.loan.outstanding
    return Exposure(standing.record.product, owed.principal, owed.total, standing.loan.days_late)
