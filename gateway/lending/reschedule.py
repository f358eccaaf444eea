"""New conditions for the rest of a loan: more instalments, another rate, another next due date.

Instalments due by the day of the change stay as they are, arrears included. The scheduled balance after them
is spread anew over the instalments that were left plus the extra ones. Nothing is capitalised.
"""

from dataclasses import replace
from datetime import date

from gateway.lending.duedates import Calendar
from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.events import Reschedule
from gateway.lending.loan import Loan, Row
from gateway.lending.schedule import Instalment, amortised
from gateway.lending.terms import REPAYMENTS_MAX, Terms


def rescheduled(loan: Loan, event: Reschedule) -> Loan:
    """The loan under its new conditions; raises UnsupportedTerms or InvalidTerms if that cannot be."""
    kept = tuple(row for row in loan.rows if row.due_on <= event.on)
    rest = loan.rows[len(kept) :]
    _refuse_unsupported(loan.terms, kept, rest)
    count = len(rest) + event.extra_instalments
    start_on = kept[-1].due_on if kept else loan.terms.disbursed_on
    calendar = _moved(loan.calendar, event, len(kept))
    dates = (start_on, *_due_dates(calendar, len(kept) + 1, count))
    rate = event.annual_rate_percent
    rate = loan.terms.annual_rate_percent if rate is None else rate
    remainder = _remainder(loan.terms, kept, count)
    remainder = replace(remainder, annual_rate_percent=rate)
    fresh = tuple(_renumbered(row, len(kept)) for row in amortised(remainder, dates))
    rows = (*kept, *_with_charges(fresh, rest))
    terms = replace(loan.terms, annual_rate_percent=rate, number_of_repayments=len(rows), first_repayment_on=None)
    return replace(loan, terms=terms, calendar=calendar, rows=rows)


def _refuse_unsupported(terms: Terms, kept: tuple[Row, ...], rest: tuple[Row, ...]) -> None:
    if terms.interest_method == "flat":
        raise UnsupportedTerms("reschedule: a flat loan cannot be re-spread; its interest is fixed at the start")
    if not rest:
        raise UnsupportedTerms("reschedule: nothing is due after that day")
    if any(row.paid.total for row in rest):
        raise UnsupportedTerms("reschedule: later instalments are already paid in part")
    graces = (
        terms.principal_grace_periods,
        terms.interest_payment_grace_periods,
        terms.interest_free_periods,
    )
    if len(kept) < max(graces):
        raise UnsupportedTerms("reschedule: a grace period is still running")


def _moved(calendar: Calendar, event: Reschedule, kept: int) -> Calendar:
    if event.next_due_on is None:
        return calendar
    if event.next_due_on <= event.on:
        raise InvalidTerms("reschedule: nextDueOn is not after the day of the change")
    return replace(calendar, anchor_on=event.next_due_on, anchor_number=kept + 1)


def _due_dates(calendar: Calendar, first_number: int, count: int) -> tuple[date, ...]:
    if count > REPAYMENTS_MAX:
        raise InvalidTerms(f"reschedule: extraInstalments leave more than {REPAYMENTS_MAX} instalments")
    try:
        return tuple(calendar.due_on(first_number + step) for step in range(count))
    except OverflowError as error:
        raise InvalidTerms("reschedule: the last due date is past the calendar") from error


def _remainder(terms: Terms, kept: tuple[Row, ...], count: int) -> Terms:
    """The rest of the loan as a loan of its own."""
    balance = kept[-1].instalment.balance_after_cents if kept else terms.principal_cents
    return replace(
        terms,
        principal_cents=balance,
        number_of_repayments=count,
        principal_grace_periods=0,
        interest_payment_grace_periods=0,
        interest_free_periods=0,
    )


def _renumbered(instalment: Instalment, before: int) -> Instalment:
    return replace(instalment, number=instalment.number + before)


def _with_charges(fresh: tuple[Instalment, ...], rest: tuple[Row, ...]) -> tuple[Row, ...]:
    """The new rows with the fees and penalties that sat on the rows they replace."""
    charges = [(row.fee_cents, row.penalty_cents) for row in rest] + [(0, 0)] * (len(fresh) - len(rest))
    return tuple(Row(row, fee, penalty) for row, (fee, penalty) in zip(fresh, charges, strict=True))
