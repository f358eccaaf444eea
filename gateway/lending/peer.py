"""A loan between two people: what is added and the day it is repaid are agreed by them, not by a product.

The product says the rest: the least and the most, the fee, what being late costs. The day stays the agreed one,
however long the lender takes to say yes.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from gateway.lending.cost import yearly_cost
from gateway.lending.errors import InvalidTerms
from gateway.lending.price import Quote
from gateway.lending.products import Product
from gateway.lending.replay import replay
from gateway.lending.terms import Terms

PERIODS_A_YEAR = 12


def agreed_terms(product: Product, principal_cents: int, added_percent: Decimal, on: date, due: date) -> Terms:
    """One repayment on `due` of the amount and `added_percent` of it, for money that arrives on `on`.

    Raises InvalidTerms for an amount that the product does not have, or a day that is not after `on`.
    """
    # The one period is called a month, because a twelfth of a yearly rate is exact and days do not count here.
    return replace(
        product.terms(principal_cents, on),
        annual_rate_percent=added_percent * PERIODS_A_YEAR,
        interest_method="flat",
        number_of_repayments=1,
        repayment_every=1,
        repayment_unit="months",
        first_repayment_on=due,
    )


def agreed_quote(product: Product, principal_cents: int, added_percent: Decimal, on: date, due: date) -> Quote:
    """What both are shown before they agree. Raises InvalidTerms."""
    terms = agreed_terms(product, principal_cents, added_percent, on, due)
    rows = replay(terms).rows
    fee = product.fee_cents(principal_cents)
    payout = principal_cents - fee if product.fee_mode == "from_payout" else principal_cents
    if payout <= 0:
        raise InvalidTerms("principal: the fee leaves nothing to pay out")
    return Quote(
        product_key=product.key,
        product_version=product.version,
        principal_cents=principal_cents,
        fee_cents=fee,
        payout_cents=payout,
        interest_cents=sum(row.owed.interest for row in rows),
        repay_cents=sum(row.owed.total for row in rows),
        apr_percent=yearly_cost(terms, payout, rows).nominal,
        terms=terms,
        schedule=rows,
    )
