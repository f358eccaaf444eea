"""The price of one offer: what a borrower is shown before agreeing, and what is stored when they do."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gateway.lending.cost import percent_text, yearly_cost
from gateway.lending.errors import InvalidTerms
from gateway.lending.loan import Row
from gateway.lending.products import Product
from gateway.lending.replay import replay
from gateway.lending.taxes import Duty, on_top_cents
from gateway.lending.terms import (
    Terms,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a borrower is shown before agreeing, in cents; `terms` is what is stored when they agree."""

    product_key: str
    product_version: int
    principal_cents: int
    fee_cents: int
    payout_cents: int
    interest_cents: int
    repay_cents: int
    apr_percent: Decimal
    terms: Terms
    schedule: tuple[Row, ...]
    duties: tuple[Duty, ...] = ()

    @property
    def duty_cents(self) -> int:
        """The duties that come on top of the charges."""
        return on_top_cents(self.duties)

    @property
    def is_even(self) -> bool:
        """Whether all instalments are alike but the last."""
        return len({row.owed.total for row in self.schedule[:-1]}) <= 1

    @property
    def due_on(self) -> tuple[date, ...]:
        return tuple(row.due_on for row in self.schedule)

    @property
    def apr_text(self) -> str:
        """Whole percent, rounded half-up, as screens show it."""
        return percent_text(self.apr_percent, places=0)


def quote(product: Product, principal_cents: int, on: date, repayments: int | None = None) -> Quote:
    """Prices `principal_cents` paid out on `on`.

    Raises InvalidTerms for what is not on offer, and for an amount so small that rounding the instalment
    would repay it before the last due date.
    """
    terms = product.terms(principal_cents, on, repayments)
    rows = replay(terms).rows
    if not rows[-1].owed.principal:
        raise InvalidTerms("principal: too small to be repaid in that many instalments")
    charges = product.charges(terms)
    payout = principal_cents - charges.taken_cents
    if payout <= 0:
        raise InvalidTerms("principal: the charges leave nothing to pay out")
    return Quote(
        product_key=product.key,
        product_version=product.version,
        principal_cents=principal_cents,
        fee_cents=charges.fee_cents,
        payout_cents=payout,
        interest_cents=sum(row.owed.interest for row in rows),
        repay_cents=sum(row.owed.total for row in rows),
        apr_percent=yearly_cost(terms, payout, rows).nominal,
        terms=terms,
        schedule=rows,
        duties=charges.duties,
    )
