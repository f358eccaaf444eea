"""New conditions for the rest of a loan: more instalments, another rate, another next due date.

Instalments due by the day of the change stay as they are, arrears included. The scheduled balance after them
is spread anew over the instalments that were left plus the extra ones. Nothing is capitalised.

The interest of a flat loan was fixed at the start, so there it is not computed anew: what of it is not yet due is
spread over the instalments too, and as long as their number stays, each keeps its amounts and what was paid of it,
and only the day changes. Another rate is another price: then the balance is a flat loan of its own.
"""

from dataclasses import replace
from datetime import date
from itertools import pairwise

from gateway.lending.duedates import Calendar
from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.events import Reschedule
from gateway.lending.loan import Loan, Row
from gateway.lending.schedule import Instalment, amortised, spread
from gateway.lending.terms import REPAYMENTS_MAX, Terms


def rescheduled(loan: Loan, event: Reschedule) -> Loan:
    """The loan under its new conditions; raises UnsupportedTerms or InvalidTerms if that cannot be."""
    kept = tuple(row for row in loan.rows if row.due_on <= event.on)
    rest = loan.rows[len(kept) :]
    if not rest:
        raise UnsupportedTerms("reschedule: nothing is due after that day")
    start_on = kept[-1].due_on if kept else loan.terms.disbursed_on
    calendar = _moved(loan.calendar, event, len(kept))
    dates = (start_on, *_due_dates(calendar, len(kept) + 1, len(rest) + event.extra_instalments))
    rate = event.annual_rate_percent
    rate = loan.terms.annual_rate_percent if rate is None else rate
    rows = (*kept, *_later(loan.terms, event, kept, rest, dates))
    terms = replace(loan.terms, annual_rate_percent=rate, number_of_repayments=len(rows), first_repayment_on=None)
    return replace(loan, terms=terms, calendar=calendar, rows=rows)


def _later(
    terms: Terms, event: Reschedule, kept: tuple[Row, ...], rest: tuple[Row, ...], dates: tuple[date, ...]
) -> tuple[Row, ...]:
    """The rows after those that are kept."""
    if terms.interest_method == "flat" and len(rest) == len(dates) - 1 and event.annual_rate_percent is None:
        return _redated(rest, dates)
    _refuse_unsupported(terms, kept, rest)
    remainder = _remainder(terms, kept, len(dates) - 1)
    if event.annual_rate_percent is not None:
        fresh = amortised(replace(remainder, annual_rate_percent=event.annual_rate_percent), dates)
    elif terms.interest_method == "flat":
        fresh = spread(remainder, dates, sum(row.instalment.interest_cents for row in rest))
    else:
        fresh = amortised(remainder, dates)
    return _with_charges(tuple(_renumbered(row, len(kept)) for row in fresh), rest)


def _redated(rest: tuple[Row, ...], dates: tuple[date, ...]) -> tuple[Row, ...]:
    periods = zip(rest, pairwise(dates), strict=True)
    return tuple(
        replace(row, instalment=replace(row.instalment, start_on=start_on, due_on=due_on))
        for row, (start_on, due_on) in periods
    )


def _refuse_unsupported(terms: Terms, kept: tuple[Row, ...], rest: tuple[Row, ...]) -> None:
    if any(row.paid.total for row in rest):
        raise UnsupportedTerms("reschedule: later instalments are already paid in part")
    # What was earned while no interest was collected is due with the row after that grace, so that one is kept, too.
    collecting = terms.interest_payment_grace_periods and terms.interest_payment_grace_periods + 1
    if len(kept) < max(terms.principal_grace_periods, terms.interest_free_periods, collecting):
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
        return calendar.due_dates(first_number, count)
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
