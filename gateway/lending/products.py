"""What a lender offers, as data, and the price of one offer.

An amount and a day become Terms that are stored with the loan; a product that changes later gets a new
version and leaves old loans alone. Interest is given for one repayment period: 8 percent of a 30-day loan,
3 percent a month.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, get_args

from gateway.lending.cost import percent_text, yearly_cost
from gateway.lending.daycount import days_in_year
from gateway.lending.duedates import EVERY_MAX, NEVER_CLOSED, UNITS, Closed, ClosedBetween, Unit
from gateway.lending.errors import InvalidTerms
from gateway.lending.events import Charge
from gateway.lending.fields import DAY_LAST, PERCENT_MOST, PERCENT_PLACES, Fields, amount_text
from gateway.lending.loan import Row
from gateway.lending.payoff import REBATES, Rebate
from gateway.lending.penalties import LatePenalty, read_late_penalty
from gateway.lending.replay import replay
from gateway.lending.rounding import Rounding, rounded
from gateway.lending.schedule import PERIODS_A_YEAR, schedule
from gateway.lending.taxes import Charged, Duty, Tax, duties, on_top_cents
from gateway.lending.terms import (
    AMORTIZATIONS,
    INTEREST_METHODS,
    REPAYMENTS_MAX,
    ROUNDINGS,
    Amortization,
    InterestMethod,
    Terms,
)

FeeMode = Literal["from_payout", "added"]
Approval = Literal["auto", "officer", "lender"]
FEE_MODES: tuple[FeeMode, ...] = get_args(FeeMode)
APPROVALS: tuple[Approval, ...] = get_args(Approval)
OnClosedDays = Literal["keep", "next"]
ON_CLOSED_DAYS: tuple[OnClosedDays, ...] = get_args(OnClosedDays)

CENTS = 100
VERSION_MAX = 1_000_000
GUARANTORS_MAX = 5
CLOSED_AHEAD = timedelta(days=366)
"""Closed days are agreed for so long after the last due date: a pay-out may be late, and dates may be moved."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One loan product: `interest_percent` is for one repayment period, `repayments` the counts on offer.

    `approval` says who decides: nobody (`auto`), an officer, or the person who lends. `bureau`: the borrower's record
    is looked up and reported, for which they are asked once. `guarantors` are needed, `secured_percent` of the amount
    are set aside of the borrower's savings, `collateral` has to be on record before anything is paid out. `taxes` are
    all that are known, whenever they are in force. `closed_between` says on which days nothing may fall due; without
    it due dates stay where they are.
    """

    key: str
    name: str
    version: int
    min_cents: int
    max_cents: int
    first_limit_cents: int
    interest_method: InterestMethod
    interest_percent: Decimal
    repayments: tuple[int, ...]
    repayment_every: int
    repayment_unit: Unit
    installment_multiple_cents: int
    fee_percent: Decimal
    fee_mode: FeeMode
    penalty: LatePenalty | None
    rebate: Rebate
    approval: Approval
    bureau: bool = False
    asks_purpose: bool = False
    amortization: Amortization = "equal_installments"
    principal_grace_periods: int = 0
    interest_payment_grace_periods: int = 0
    interest_free_periods: int = 0
    rounding: Rounding = "half_even"
    guarantors: int = 0
    secured_percent: int = 0
    collateral: bool = False
    taxes: tuple[Tax, ...] = ()
    closed_between: ClosedBetween | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.min_cents > self.max_cents:
            raise InvalidTerms(f"products.{self.key}.min_amount: more than max_amount")
        if self.interest_method == "declining_balance" and self.rebate != "by_day":
            raise InvalidTerms(f"products.{self.key}.rebate: a declining loan pays by_day")
        if self.fee_percent >= 100:
            raise InvalidTerms(f"products.{self.key}.fee_percent: leaves nothing to pay out")
        if Fraction(self._annual_rate_percent) != self._exact_annual_rate_percent:
            raise InvalidTerms(f"products.{self.key}.repayment_every: no exact yearly rate; count in weeks or months")
        if self._annual_rate_percent > PERCENT_MOST:
            raise InvalidTerms(f"products.{self.key}.interest_percent: more than {PERCENT_MOST} a year")

    def fee_cents(self, principal_cents: int) -> int:
        """The fee; taken from the payout it is whole shillings, because M-PESA pays whole shillings."""
        exact = principal_cents * Fraction(self.fee_percent) / 100
        if self.fee_mode == "from_payout":
            return rounded(exact / CENTS, "half_even") * CENTS
        return rounded(exact, "half_even")

    def charges(self, terms: Terms) -> "Charges":
        """What a loan of these terms costs beside its interest, on the day they begin."""
        fee = self.fee_cents(terms.principal_cents)
        interest = sum(row.interest_cents for row in schedule(terms)) if self.taxes else 0
        from_payout = self.fee_mode == "from_payout"
        charged: dict[Charged, int] = {"fee": fee, "interest": interest}
        found = duties(self.taxes, terms.disbursed_on, charged, whole_shillings=from_payout)
        taken = fee + on_top_cents(found)
        return Charges(fee, found, *((taken, 0) if from_payout else (0, taken)))

    def terms(
        self, principal_cents: int, on: date, repayments: int | None = None, *, added_cents: int | None = None
    ) -> Terms:
        """The terms of a loan paid out on `on`, over the first count on offer unless one is chosen.

        `added_cents` is what was agreed to be added to the debt, where that is known already. Raises InvalidTerms for
        an amount or a count that is not on offer.
        """
        terms = self._on_open_days(self._bare_terms(principal_cents, on, repayments))
        added = self.charges(terms).added_cents if added_cents is None else added_cents
        return replace(terms, events=(Charge(on, added, "fee", 1),)) if added else terms

    def _bare_terms(self, principal_cents: int, on: date, repayments: int | None) -> Terms:
        count = self.repayments[0] if repayments is None else repayments
        if count not in self.repayments:
            raise InvalidTerms(f"repayments: {self.name} has no {count}")
        if not self.min_cents <= principal_cents <= self.max_cents:
            limits = f"{amount_text(self.min_cents)} to {amount_text(self.max_cents)}"
            raise InvalidTerms(f"principal: {self.name} lends {limits}")
        return Terms(
            principal_cents=principal_cents,
            annual_rate_percent=self._annual_rate_percent,
            interest_method=self.interest_method,
            day_count="30/360",
            number_of_repayments=count,
            repayment_every=self.repayment_every,
            repayment_unit=self.repayment_unit,
            disbursed_on=on,
            installment_multiple_cents=self.installment_multiple_cents,
            amortization=self.amortization,
            principal_grace_periods=self.principal_grace_periods,
            interest_payment_grace_periods=self.interest_payment_grace_periods,
            interest_free_periods=self.interest_free_periods,
            rounding=self.rounding,
            late_penalty=self.penalty,
        )

    def _on_open_days(self, terms: Terms) -> Terms:
        """With the days on which nothing falls due, as they are known now: what is agreed does not change with them."""
        if self.closed_between is None:
            return terms
        last = terms.calendar.due_dates(1, terms.number_of_repayments)[-1]
        until = min(last, DAY_LAST - CLOSED_AHEAD) + CLOSED_AHEAD
        return replace(terms, closed=self.closed_between(terms.disbursed_on, until))

    @property
    def _exact_annual_rate_percent(self) -> Fraction:
        a_year = PERIODS_A_YEAR.get(self.repayment_unit, days_in_year("30/360"))
        return Fraction(self.interest_percent) * a_year / self.repayment_every

    @property
    def _annual_rate_percent(self) -> Decimal:
        """Terms are stored as text: only a yearly rate that can be written gives the period's rate back."""
        exact = self._exact_annual_rate_percent
        return round(Decimal(exact.numerator) / exact.denominator, PERCENT_PLACES).normalize()


@dataclass(frozen=True, slots=True)
class Charges:
    """What a loan costs beside its interest: fee and duties, taken from the payout or added to the debt."""

    fee_cents: int
    duties: tuple[Duty, ...]
    taken_cents: int
    added_cents: int


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
