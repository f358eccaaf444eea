"""How much somebody may owe in all: the ceiling on their row, what bounds it today, and how it grows or falls. Pure.

The ceiling is what staff set or what repaying has earned; it is kept. What bounds it is found anew each time and never
written down, so that nothing has to be undone when the bound is gone. See docs/decisions/0012-limits-and-score.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flows.known import Reason
from gateway.borrowing.score import History
from gateway.lending.loan import Loan

ON_TIME, LATE = "on_time", "late"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of a limit, in cents, and what each takes.

    A loan counts that was kept for `raise_days` and was at least `raise_percent` of the ceiling. `late_days` late is
    still on time. Until somebody has been here or has saved for so many months they stay at the first step; more than
    `savings_times` their savings nobody gets. A zero switches a rule off.
    """

    first_cents: int = 2_000_00
    step_cents: int = 1_000_00
    down_cents: int = 1_000_00
    most_cents: int = 50_000_00
    late_days: int = 3
    raise_days: int = 7
    raise_percent: int = 50
    tenure_months: int = 0
    saving_months: int = 0
    savings_times: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """What somebody may owe now, and why it is no more."""

    cents: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a loan was repaid: by so many days too late, after so many days in hand."""

    principal_cents: int
    days_late: int
    days_kept: int


@dataclass(frozen=True, slots=True)
class Change:
    """A ceiling that moves, and why."""

    cents: int
    reason: str


def limit(history: History, ladder: Ladder) -> Limit:
    """What `history` allows; every bound that holds is a reason, and where none does, the next step is."""
    bounds = tuple(_bounds(history, ladder))
    cents = min((most for most, _ in bounds), default=history.ceiling_cents)
    cents = max(0, min(cents, history.ceiling_cents))
    reasons = tuple(reason for most, reason in bounds if most < history.ceiling_cents)
    return Limit(cents, reasons or (_next(history.ceiling_cents, ladder),))


def _bounds(history: History, ladder: Ladder) -> Iterator[tuple[int, Reason]]:
    if history.is_blocked:
        yield 0, Reason("blocked")
    if ladder.savings_times:
        allowed = history.savings_cents * ladder.savings_times
        yield allowed, Reason("savings", allowed)
    if history.months_saving < ladder.saving_months:
        yield ladder.first_cents, Reason("saving_short", ladder.saving_months)
    if history.months < ladder.tenure_months:
        yield ladder.first_cents, Reason("young", ladder.tenure_months)


def _next(ceiling_cents: int, ladder: Ladder) -> Reason:
    reached = min(ceiling_cents + ladder.step_cents, ladder.most_cents)
    return Reason("next", reached) if reached > ceiling_cents else Reason("top")


def graded(ceiling_cents: int, outcome: Outcome, ladder: Ladder) -> Change | None:
    """What a repaid loan does to a ceiling: a step up, a step down but not below the first, or nothing."""
    if outcome.days_late > ladder.late_days:
        lower = max(ceiling_cents - ladder.down_cents, ladder.first_cents)
        return Change(lower, LATE) if lower < ceiling_cents else None
    counts = outcome.principal_cents * 100 >= ceiling_cents * ladder.raise_percent
    if not counts or outcome.days_kept < ladder.raise_days:
        return None
    higher = min(ceiling_cents + ladder.step_cents, ladder.most_cents)
    return Change(higher, ON_TIME) if higher > ceiling_cents else None


def outcome_of(loan: Loan) -> Outcome:
    """How a loan without debt was repaid: each instalment counts on the day on which the last of it was paid."""
    finished = dict.fromkeys((row.number for row in loan.rows), loan.terms.disbursed_on)
    for applied in loan.applied:
        for share in applied.allocation.shares:
            finished[share.number] = max(finished[share.number], applied.repayment.on)
    late = max((finished[row.number] - row.due_on).days for row in loan.rows)
    kept = max(finished.values()) - loan.terms.disbursed_on
    return Outcome(loan.owed.principal, max(0, late), kept.days)
