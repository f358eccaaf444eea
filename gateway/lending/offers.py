"""The products of the configuration, read and proved: one that cannot be priced is refused at the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from gateway.lending.duedates import EVERY_MAX, NEVER_CLOSED, UNITS, Closed, ClosedBetween
from gateway.lending.errors import InvalidTerms
from gateway.lending.fields import Fields
from gateway.lending.payoff import REBATES
from gateway.lending.penalties import LatePenalty, read_late_penalty
from gateway.lending.price import quote
from gateway.lending.products import APPROVALS, FEE_MODES, ON_CLOSED_DAYS, Approval, OnClosedDays, Product
from gateway.lending.taxes import Tax
from gateway.lending.terms import (
    AMORTIZATIONS,
    INTEREST_METHODS,
    REPAYMENTS_MAX,
    ROUNDINGS,
)

VERSION_MAX = 1_000_000
GUARANTORS_MAX = 5
PRODUCT_FIELDS = (
    "name",
    "version",
    "min_amount",
    "max_amount",
    "first_limit",
    "interest_method",
    "interest_percent",
    "repayments",
    "repayment_every",
    "repayment_unit",
    "installment_multiple_of",
    "fee_percent",
    "fee_mode",
    "penalty",
    "rebate",
    "approval",
    "bureau",
    "asks_purpose",
    "amortization",
    "principal_grace_periods",
    "interest_payment_grace_periods",
    "interest_free_periods",
    "rounding",
    "guarantors",
    "secured_percent",
    "collateral",
    "due_on_closed_days",
    "offered",
)

DEMO_PRODUCTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "quick": MappingProxyType(
            {
                "name": "Quick",
                "version": 1,
                "min_amount": "500.00",
                "max_amount": "5000.00",
                "first_limit": "2000.00",
                "interest_method": "flat",
                "interest_percent": "8",
                "repayments": [1],
                "repayment_every": 30,
                "repayment_unit": "days",
                "fee_percent": "1",
                "fee_mode": "from_payout",
                "penalty": {"amount": "50.00", "every": 1, "unit": "months", "grace_days": 2},
                "rebate": "none",
                "approval": "auto",
            }
        ),
        "growth": MappingProxyType(
            {
                "name": "Growth",
                "version": 1,
                "min_amount": "2000.00",
                "max_amount": "50000.00",
                "first_limit": "2000.00",
                "interest_method": "declining_balance",
                "interest_percent": "3",
                "repayments": [3, 6, 12],
                "repayment_every": 1,
                "repayment_unit": "months",
                "installment_multiple_of": "1.00",
                "fee_percent": "0",
                "fee_mode": "from_payout",
                "penalty": {"amount": "100.00", "every": 1, "unit": "months", "grace_days": 2},
                "rebate": "by_day",
                "approval": "officer",
                "bureau": True,
                "asks_purpose": True,
            }
        ),
        "peer": MappingProxyType(
            {
                "name": "Peer",
                "version": 1,
                "min_amount": "200.00",
                "max_amount": "10000.00",
                "first_limit": "200.00",
                "interest_method": "flat",
                "interest_percent": "0",
                "repayments": [1],
                "repayment_every": 1,
                "repayment_unit": "months",
                "fee_percent": "0",
                "fee_mode": "from_payout",
                "rebate": "none",
                "approval": "lender",
            }
        ),
    }
)


@dataclass(frozen=True, slots=True)
class DueDays:
    """What becomes of a due date on a closed day, for products that say nothing of their own; and which are closed."""

    rule: OnClosedDays
    closed_between: ClosedBetween


def _never_closed(_first: date, _last: date) -> Closed:
    return NEVER_CLOSED


AS_COUNTED = DueDays("keep", _never_closed)


def parse_product(
    key: str, source: Mapping[str, object], taxes: tuple[Tax, ...] = (), days: DueDays = AS_COUNTED
) -> Product:
    """Reads one product of the configuration; refusals name the field after `products.<key>.`.

    Nothing of a loan between people is ours to tax but its fee, and that has no duty of its own. Its day is theirs too.
    """
    prefix = f"products.{key}."
    fields = Fields.of(source, PRODUCT_FIELDS, prefix)
    smallest, largest = fields.cents("min_amount"), fields.cents("max_amount")
    approval = fields.choice("approval", APPROVALS)
    product = Product(
        key=key,
        name=fields.text("name"),
        version=fields.whole("version", 1, VERSION_MAX, 1),
        min_cents=smallest,
        max_cents=largest,
        first_limit_cents=fields.cents("first_limit", largest),
        interest_method=fields.choice("interest_method", INTEREST_METHODS),
        interest_percent=fields.percent("interest_percent"),
        repayments=_counts(fields),
        repayment_every=fields.whole("repayment_every", 1, EVERY_MAX, 1),
        repayment_unit=fields.choice("repayment_unit", UNITS),
        installment_multiple_cents=fields.cents("installment_multiple_of", 1),
        fee_percent=fields.percent("fee_percent", Decimal(0)),
        fee_mode=fields.choice("fee_mode", FEE_MODES, "from_payout"),
        penalty=_penalty(fields),
        rebate=fields.choice("rebate", REBATES),
        approval=approval,
        bureau=fields.flag("bureau", default=False),
        asks_purpose=fields.flag("asks_purpose", default=False),
        amortization=fields.choice("amortization", AMORTIZATIONS, "equal_installments"),
        principal_grace_periods=fields.whole("principal_grace_periods", 0, REPAYMENTS_MAX, 0),
        interest_payment_grace_periods=fields.whole("interest_payment_grace_periods", 0, REPAYMENTS_MAX, 0),
        interest_free_periods=fields.whole("interest_free_periods", 0, REPAYMENTS_MAX, 0),
        rounding=fields.choice("rounding", ROUNDINGS, "half_even"),
        guarantors=fields.whole("guarantors", 0, GUARANTORS_MAX, 0),
        secured_percent=fields.whole("secured_percent", 0, 100, 0),
        collateral=fields.flag("collateral", default=False),
        taxes=() if approval == "lender" else taxes,
        closed_between=_closed_between(fields, approval, days),
        is_offered=fields.flag("offered", default=True),
    )
    _check_smallest(product)
    return product


def _closed_between(fields: Fields, approval: Approval, days: DueDays) -> ClosedBetween | None:
    rule = fields.choice("due_on_closed_days", ON_CLOSED_DAYS, days.rule)
    return days.closed_between if rule == "next" and approval != "lender" else None


def _check_smallest(product: Product) -> None:
    """A product whose smallest loan cannot be priced is wrong today, not when somebody asks for that loan."""
    for count in product.repayments:
        try:
            quote(product, product.min_cents, date(2000, 1, 1), count)
        except InvalidTerms as error:
            raise InvalidTerms(f"products.{product.key}.min_amount: {error}") from error


def parse_products(
    table: Mapping[str, Mapping[str, object]], taxes: tuple[Tax, ...] = (), days: DueDays = AS_COUNTED
) -> dict[str, Product]:
    """Reads every product of the configuration; `taxes` and `days` hold for all of them."""
    return {key: parse_product(key, source, taxes, days) for key, source in table.items()}


def _counts(fields: Fields) -> tuple[int, ...]:
    counts = fields.items("repayments")
    whole = tuple(count for count in counts if type(count) is int and 1 <= count <= REPAYMENTS_MAX)
    if not whole or len(whole) != len(counts):
        raise InvalidTerms(f"{fields.prefix}repayments: expected whole numbers from 1 to {REPAYMENTS_MAX}")
    return whole


def _penalty(fields: Fields) -> LatePenalty | None:
    if not fields.has("penalty"):
        return None
    return read_late_penalty(fields.value("penalty"), f"{fields.prefix}penalty.", grace_days="grace_days")
