"""What a lender offers, as data.

An amount and a day become Terms that are stored with the loan; a product that changes later gets a new
version and leaves old loans alone. Interest is given for one repayment period: 8 percent of a 30-day loan,
3 percent a month.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal, get_args

from gateway.lending.daycount import days_in_year
from gateway.lending.duedates import ClosedBetween, Unit
from gateway.lending.errors import InvalidTerms
from gateway.lending.events import Charge
from gateway.lending.fields import DAY_LAST, PERCENT_MOST, PERCENT_PLACES, amount_text
from gateway.lending.payoff import Rebate
from gateway.lending.penalties import LatePenalty
from gateway.lending.rounding import Rounding, rounded
from gateway.lending.schedule import PERIODS_A_YEAR, schedule
from gateway.lending.taxes import Charged, Duty, Tax, duties, on_top_cents
from gateway.lending.terms import (
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
CLOSED_AHEAD = timedelta(days=366)
"""Closed days are agreed for so long after the last due date: a pay-out may be late, and dates may be moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One loan product: `interest_percent` is for one repayment period, `repayments` the counts on offer.

    `approval` says who decides: nobody (`auto`), an officer, or the person who lends. `bureau`: the borrower's record
    is looked up and reported, for which they are asked once. `guarantors` are needed, `secured_percent` of the amount
    are set aside of the borrower's savings, `collateral` has to be on record before anything is paid out. `taxes` are
    all that are known, whenever they are in force. `closed_between` says on which days nothing may fall due; without
    it due dates stay where they are. What is not offered any more is here for the loans of it that still run.
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
    is_offered: bool = True

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
