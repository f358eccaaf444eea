"""Plays the events of a loan over its schedule.

Nothing is remembered between two replays: a back-dated payment or a reversal is handled by playing everything
again in the order of value dates.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from gateway.lending.allocation import Allocation, Share, allocate
from gateway.lending.errors import InvalidTerms
from gateway.lending.events import Charge, EndOfDay, Event, Repayment, Reschedule, Reversal
from gateway.lending.loan import Applied, Loan, Row, owing
from gateway.lending.penalties import penalty_cents, penalty_days
from gateway.lending.reschedule import rescheduled
from gateway.lending.schedule import Instalment, schedule
from gateway.lending.terms import Terms

ONE_DAY = timedelta(days=1)


def replay(terms: Terms, as_of: date | None = None) -> Loan:
    """The loan at the end of `as_of` (by default the day of its last event); later events are left out.

    Same-day events keep the order in which they are listed. A reversed repayment leaves no trace. Late
    penalties are posted for the days that an end-of-day event has closed. Raises InvalidTerms or
    UnsupportedTerms for an event that cannot be applied.
    """
    happened = _happened(terms.events, as_of)
    ended_on = max((event.on for event in happened if isinstance(event, EndOfDay)), default=terms.disbursed_on)
    loan = _opened(terms, as_of or max((event.on for event in happened), default=terms.disbursed_on))
    for event in _without_reversed(happened):
        loan = _days_ended(loan, min(event.on - ONE_DAY, ended_on))
        loan = _after(loan, event)
    return _days_ended(loan, ended_on)


def _happened(events: Iterable[Event], as_of: date | None) -> tuple[Event, ...]:
    known = (event for event in events if as_of is None or event.on <= as_of)
    return tuple(sorted(known, key=lambda event: event.on))


def _opened(terms: Terms, as_of: date) -> Loan:
    if as_of < terms.disbursed_on:
        raise ValueError(f"the loan does not exist yet on {as_of}")
    return Loan(
        terms=replace(terms, events=()),
        calendar=terms.calendar,
        rows=tuple(Row(instalment) for instalment in schedule(terms)),
        as_of=as_of,
        days_ended_on=terms.disbursed_on,
    )


def _without_reversed(events: Iterable[Event]) -> list[Event]:
    standing: list[Event] = []
    for event in events:
        if isinstance(event, Reversal):
            del standing[_reversed_index(standing, event)]
        else:
            standing.append(event)
    return standing


def _reversed_index(standing: list[Event], reversal: Reversal) -> int:
    for index in range(len(standing) - 1, -1, -1):
        event = standing[index]
        if isinstance(event, Repayment) and _is_meant(event, reversal):
            return index
    raise InvalidTerms(f"events: no repayment matches the reversal of {reversal.on}")


def _is_meant(repayment: Repayment, reversal: Reversal) -> bool:
    return (
        reversal.amount_cents in (None, repayment.amount_cents)
        and reversal.reference in ("", repayment.reference)
        and reversal.repayment_on in (None, repayment.on)
    )


def _after(loan: Loan, event: Event) -> Loan:
    match event:
        case Repayment():
            return _repaid(loan, event)
        case Charge():
            return replace(loan, rows=_charged(loan.rows, event))
        case Reschedule():
            return rescheduled(loan, event)
    return loan


def _repaid(loan: Loan, repayment: Repayment) -> Loan:
    allocation = allocate(
        owing(loan.rows),
        repayment.amount_cents,
        repayment.on,
        loan.terms.allocation,
        loan.terms.allocation_in_advance,
    )
    return replace(
        loan,
        rows=_paid(loan.rows, allocation),
        overpaid_cents=loan.overpaid_cents + allocation.overpayment_cents,
        applied=(*loan.applied, Applied(repayment, allocation)),
    )


def _paid(rows: tuple[Row, ...], allocation: Allocation) -> tuple[Row, ...]:
    shares: dict[int, Share] = {share.number: share for share in allocation.shares}
    return tuple(
        replace(row, paid=row.paid.plus(shares[row.number].parts)) if row.number in shares else row for row in rows
    )


def _charged(rows: tuple[Row, ...], charge: Charge) -> tuple[Row, ...]:
    rows = _with_room_for(rows, charge)
    number = charge.instalment or next(row.number for row in rows if row.due_on >= charge.on)
    if number > len(rows):
        raise InvalidTerms(f"events: there is no instalment {number} for the charge of {charge.on}")
    return tuple(row.charged(charge) if row.number == number else row for row in rows)


def _with_room_for(rows: tuple[Row, ...], charge: Charge) -> tuple[Row, ...]:
    """A charge after maturity makes an instalment of its own."""
    last = rows[-1]
    if charge.instalment is not None or charge.on <= last.due_on:
        return rows
    return (*rows, Row(Instalment(last.number + 1, last.due_on, charge.on, 0, 0, 0, 0)))


def _days_ended(loan: Loan, through: date) -> Loan:
    """Posts the late penalties of the days after the last ended one, oldest first."""
    if through <= loan.days_ended_on:
        return loan
    for on, number in _penalties_due(loan, through):
        loan = _penalised(loan, number, on)
    return replace(loan, days_ended_on=through)


def _penalties_due(loan: Loan, through: date) -> list[tuple[date, int]]:
    rule = loan.terms.late_penalty
    if rule is None:
        return []
    unpaid = (row for row in loan.rows if row.outstanding.total)
    return sorted(
        (day, row.number) for row in unpaid for day in penalty_days(rule, row.due_on, loan.days_ended_on, through)
    )


def _penalised(loan: Loan, number: int, on: date) -> Loan:
    rule, unpaid = loan.terms.late_penalty, loan.rows[number - 1].outstanding
    # A penalty that is left unpaid does not breed the next one.
    if rule is None or unpaid.total == unpaid.penalty:
        return loan
    cents = penalty_cents(rule, loan.late_penalty_cents(number))
    if not cents:
        return loan
    charge = Charge(on, cents, "penalty", number)
    return replace(loan, rows=_charged(loan.rows, charge), late_penalties=(*loan.late_penalties, charge))
