"""Plays the events of a loan over its schedule.

Nothing is remembered between two replays: a back-dated payment or a reversal is handled by playing everything
again in the order of value dates.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from gateway.lending.allocation import Allocation, Share, allocate
from gateway.lending.errors import InvalidTerms
from gateway.lending.events import Charge, EndOfDay, Event, Repayment, Reschedule, Reversal, Waiver
from gateway.lending.in_duplum import Default, InDuplum
from gateway.lending.loan import Applied, Loan, Row, owing
from gateway.lending.penalties import penalty_cents, penalty_days
from gateway.lending.reschedule import rescheduled
from gateway.lending.schedule import Instalment, schedule
from gateway.lending.terms import Terms

ONE_DAY = timedelta(days=1)


def replay(terms: Terms, as_of: date | None = None, rule: InDuplum | None = None) -> Loan:
    """The loan at the end of `as_of` (by default the day of its last event); later events are left out.

    Same-day events keep the order in which they are listed. A reversed repayment leaves no trace. Late
    penalties are posted for the days that an end-of-day event has closed. `rule` says when charges stop.
    Raises InvalidTerms or UnsupportedTerms for an event that cannot be applied.
    """
    happened = _happened(terms.events, as_of)
    ended_on = max((event.on for event in happened if isinstance(event, EndOfDay)), default=terms.disbursed_on)
    loan = _opened(terms, as_of or max((event.on for event in happened), default=terms.disbursed_on))
    for event in _without_reversed(happened):
        loan = _days_ended(loan, min(event.on - ONE_DAY, ended_on), rule)
        loan = _after(_defaulted(loan, event.on, rule), event)
    return _defaulted(_days_ended(loan, ended_on, rule), loan.as_of, rule)


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
            return _charged_within(loan, event)
        case Waiver():
            return replace(loan, rows=_waived(loan.rows, event))
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
    rows = _paid(loan.rows, allocation)
    is_late = any(row.outstanding.total for row in rows if row.due_on < repayment.on)
    return replace(
        loan,
        default=loan.default if is_late else None,
        rows=rows,
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


def _charged_within(loan: Loan, charge: Charge) -> Loan:
    """As much of a charge as the law allows."""
    if loan.default is None:
        return replace(loan, rows=_charged(loan.rows, charge))
    cents = min(charge.amount_cents, loan.default.room_cents)
    if not cents:
        return loan
    rows = _charged(loan.rows, replace(charge, amount_cents=cents))
    return replace(loan, rows=rows, default=loan.default.charged(cents))


def _waived(rows: tuple[Row, ...], waiver: Waiver) -> tuple[Row, ...]:
    left, kept = waiver.amount_cents, []
    for row in rows:
        cents = min(left, row.outstanding.of(waiver.kind))
        left -= cents
        kept.append(row.waived(cents, waiver.kind) if cents else row)
    return tuple(kept)


def _with_room_for(rows: tuple[Row, ...], charge: Charge) -> tuple[Row, ...]:
    """A charge after maturity makes an instalment of its own."""
    last = rows[-1]
    if charge.instalment is not None or charge.on <= last.due_on:
        return rows
    return (*rows, Row(Instalment(last.number + 1, last.due_on, charge.on, 0, 0, 0, 0)))


def _days_ended(loan: Loan, through: date, rule: InDuplum | None) -> Loan:
    """Posts the late penalties of the days after the last ended one, oldest first."""
    if through <= loan.days_ended_on:
        return loan
    for on, number in _penalties_due(loan, through):
        loan = _penalised(_defaulted(loan, on, rule), number, on)
    return replace(_defaulted(loan, through, rule), days_ended_on=through)


def _defaulted(loan: Loan, on: date, rule: InDuplum | None) -> Loan:
    """The loan with the day of its default, if that has come; nothing was paid since, or it would stand there."""
    if rule is None or loan.default is not None:
        return loan
    oldest = min((row.due_on for row in loan.rows if row.outstanding.total), default=None)
    if oldest is None:
        return loan
    # After a cure a default begins no earlier than that payment, however old what is late by then.
    last_paid_on = max((each.repayment.on for each in loan.applied), default=oldest)
    begins = max(oldest + timedelta(days=rule.days + 1), rule.since, last_paid_on)
    if on < begins:
        return loan
    owed = loan.outstanding  # of interest to come as well
    return replace(loan, default=Default(begins, owed.principal, owed.total - owed.principal))


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
    if loan.default is not None and not (cents := min(cents, loan.default.room_cents)):
        return loan
    charge = Charge(on, cents, "penalty", number)
    charged = _charged_within(loan, charge)
    return replace(charged, late_penalties=(*loan.late_penalties, charge))
