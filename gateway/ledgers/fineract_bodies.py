"""What Fineract is told: bodies with exactly the fields that it knows, for it refuses any other.

{"transactionDate": "2026-03-31", "transactionAmount": "3100.00", "externalId": "9b1d...", "paymentTypeId": 2,
 "receiptNumber": "SCV1AB2CD3", "dateFormat": "yyyy-MM-dd", "locale": "en"}
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field

from gateway.config import Section
from gateway.ledgers.contract import Cost, Movement, NewLoan, Person
from gateway.lending.daycount import days_in_year
from gateway.lending.fields import amount_text
from gateway.lending.rounding import rounded
from gateway.lending.schedule import PERIODS_A_YEAR
from gateway.lending.terms import Terms

FREQUENCIES: Mapping[str, int] = MappingProxyType({"days": 0, "weeks": 1, "months": 2})
RATE_DECIMALS = 6
NOTE_CHARACTERS_MAX = 200


class CoreProduct(Section):
    """How one of our products is called at the core."""

    id: int = Field(ge=1)
    rate_per: Literal["term", "month", "year"] = "year"
    """What the core's product takes its rate for."""
    strategy: str = "mifos-standard-strategy"
    """In which order the core lets a repayment pay what is owed."""


def dated(**values: Any) -> dict[str, Any]:
    """With the words that say how dates and numbers are written."""
    return {**values, "dateFormat": "yyyy-MM-dd", "locale": "en"}


def client(person: Person, on: date, office: int) -> dict[str, Any]:
    """Numbers are written in one form only, because Fineract takes two forms for two people."""
    return dated(
        officeId=office, legalFormId=1, fullname=person.name, externalId=person.external_id,
        mobileNo=person.msisdn.removeprefix("+"), active=True, activationDate=on.isoformat(),
        submittedOnDate=on.isoformat(),
    )  # fmt: skip


def application(loan: NewLoan, product: CoreProduct) -> dict[str, Any]:
    """Of an individual loan. What the product says by itself (rounding, days in a year) is not repeated."""
    terms, on = loan.terms, loan.terms.disbursed_on.isoformat()
    frequency = FREQUENCIES[terms.repayment_unit]
    graces = {
        "graceOnPrincipalPayment": terms.principal_grace_periods,
        "graceOnInterestPayment": terms.interest_payment_grace_periods,
        "graceOnInterestCharged": terms.interest_free_periods,
    }
    first = terms.first_repayment_on
    return dated(
        clientId=int(loan.client_id),
        productId=product.id,
        loanType="individual",
        externalId=loan.external_id,
        principal=amount_text(terms.principal_cents),
        loanTermFrequency=terms.number_of_repayments * terms.repayment_every,
        loanTermFrequencyType=frequency,
        numberOfRepayments=terms.number_of_repayments,
        repaymentEvery=terms.repayment_every,
        repaymentFrequencyType=frequency,
        interestRatePerPeriod=rate(terms, product),
        amortizationType=1 if terms.amortization == "equal_installments" else 0,
        interestType=1 if terms.interest_method == "flat" else 0,
        interestCalculationPeriodType=0 if terms.interest_period == "daily" else 1,
        transactionProcessingStrategyCode=product.strategy,
        submittedOnDate=on,
        expectedDisbursementDate=on,
        **{name: count for name, count in graces.items() if count},
        **({"repaymentsStartingFromDate": first.isoformat()} if first else {}),
    )


def rate(terms: Terms, product: CoreProduct) -> str:
    """Our yearly rate as the core's product counts: for the whole term, a month or a year."""
    a_year = Fraction(terms.annual_rate_percent)
    periods = PERIODS_A_YEAR.get(terms.repayment_unit, days_in_year(terms.day_count))
    share = {
        "year": Fraction(1),
        "month": Fraction(1, 12),
        "term": Fraction(terms.number_of_repayments * terms.repayment_every, periods),
    }[product.rate_per]
    exact = rounded(a_year * share * 10**RATE_DECIMALS, "half_even")
    return f"{Decimal(exact).scaleb(-RATE_DECIMALS).normalize():f}"


def approval(on: date, amount_cents: int) -> dict[str, Any]:
    return dated(
        approvedOnDate=on.isoformat(), expectedDisbursementDate=on.isoformat(),
        approvedLoanAmount=amount_text(amount_cents),
    )  # fmt: skip


def disbursement(movement: Movement, payment_type: int) -> dict[str, Any]:
    return dated(
        actualDisbursementDate=movement.on.isoformat(), transactionAmount=amount_text(movement.amount_cents),
        externalId=movement.external_id, **_paid(movement, payment_type),
    )  # fmt: skip


def repayment(movement: Movement, payment_type: int) -> dict[str, Any]:
    return dated(
        transactionDate=movement.on.isoformat(), transactionAmount=amount_text(movement.amount_cents),
        externalId=movement.external_id, **_paid(movement, payment_type),
    )  # fmt: skip


def undo(on: date) -> dict[str, Any]:
    """An adjustment to nothing is what takes a transaction back."""
    return dated(transactionDate=on.isoformat(), transactionAmount=0)


def charge(cost: Cost, charge_id: int) -> dict[str, Any]:
    return dated(
        chargeId=charge_id, amount=amount_text(cost.amount_cents), dueDate=cost.on.isoformat(),
        externalId=cost.external_id,
    )  # fmt: skip


def savings_movement(movement: Movement, payment_type: int) -> dict[str, Any]:
    """There is no externalId here, so our id stands in for the receipt, and the rail's receipt is in the note."""
    return dated(
        transactionDate=movement.on.isoformat(),
        transactionAmount=amount_text(movement.amount_cents),
        paymentTypeId=payment_type,
        receiptNumber=movement.external_id,
        note=" ".join(part for part in (movement.note, movement.receipt) if part)[:NOTE_CHARACTERS_MAX],
    )


def _paid(movement: Movement, payment_type: int) -> dict[str, Any]:
    present = {"receiptNumber": movement.receipt, "note": movement.note[:NOTE_CHARACTERS_MAX]}
    return {"paymentTypeId": payment_type, **{name: text for name, text in present.items() if text}}
