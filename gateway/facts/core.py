"""Figures of a remote core on screens: the core's where it has heard everything of a loan, ours where it has not.

What we have not told it yet we know better: somebody who has paid is not shown the debt of before. Older than the
limit, the figures are shown with their age.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Balances, Due, Loan
from gateway.clock import Clock, local, local_date
from gateway.facts.source import Reader, customer_on
from gateway.ledgers.contract import Instalment
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import Standing, next_cents, next_due
from gateway.mirror import kept
from gateway.mirror.telling import identity_of, lane_of, operation
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.playbooks.core import REFRESH
from gateway.store import customers
from gateway.store.engine import Store

ASKED = "figures_asked_for"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one loan owes, whoever says so; `as_of` when the core's figure was read (ms), None for ours."""

    reference: str
    owed_cents: int
    next_cents: int
    next_due: date
    days_late: int
    as_of: int | None
    schedule: tuple[Instalment, ...] = ()


class CoreFacts:
    """Goes around the readers of `balances` and `loans`."""

    def __init__(self, store: Store, portfolio: Portfolio, outbox: Outbox, clock: Clock, *, fresh_ms: int) -> None:
        self._store = store
        self._portfolio = portfolio
        self._outbox = outbox
        self._clock = clock
        self._fresh_ms = fresh_ms

    def readers(self) -> Mapping[str, Reader]:
        return {ASKED: self.asked}

    def wraps(self) -> Mapping[str, Callable[[Reader], Reader]]:
        return {"balances": self._balances, "loans": self._loans}

    async def asked(self, connection: AsyncConnection, msisdn: str) -> bool:
        """That newer figures are on their way by SMS. True only once it is on disk: asking for the fact queues them,
        once per customer at a time."""
        customer = await customer_on(connection, msisdn)
        exclusive = f"{REFRESH}:{customer.id}"
        if not await queue.is_exclusive(connection, exclusive):
            identity = identity_of(REFRESH, customer.id, str(self._clock()))
            async with self._store.begin() as unit:
                await customers.get(unit, customer.id, lock=True)  # of two who ask at once, the second finds it asked
                if not await queue.is_exclusive(unit, exclusive):
                    await self._outbox.put(
                        unit, operation(identity, REFRESH, customer.id, {}, exclusive=exclusive), is_ours=True
                    )
            self._outbox.news.set()
        return True

    def _balances(self, inner: Reader) -> Reader:
        async def balances(connection: AsyncConnection, msisdn: str) -> Balances:
            known: Balances = await inner(connection, msisdn)
            figures = await self._figures(connection, msisdn)
            if not figures:
                return known
            owing = sorted((each for each in figures if each.owed_cents), key=_urgency)
            oldest = min((each.as_of for each in figures if each.as_of is not None), default=None)
            return replace(
                known,
                loans_cents=sum(each.owed_cents for each in owing),
                next_cents=owing[0].next_cents if owing else 0,
                next_due=owing[0].next_due if owing else None,
                as_at=local(oldest) if oldest is not None and self._is_old(oldest) else None,
            )

        return balances

    def _loans(self, inner: Reader) -> Reader:
        async def loans(connection: AsyncConnection, msisdn: str) -> tuple[Loan, ...]:
            known: tuple[Loan, ...] = await inner(connection, msisdn)
            figures = {each.reference: each for each in await self._figures(connection, msisdn)}
            shown = [_as_told(loan, figures.get(loan.reference)) for loan in known]
            running = [loan for loan in shown if loan.owed_cents]
            return tuple(sorted(running, key=lambda loan: (-loan.days_late, loan.next_due, loan.reference)))

        return loans

    async def _figures(self, connection: AsyncConnection, msisdn: str) -> list[Figures]:
        """Of the running loans."""
        customer_id, today = (await customer_on(connection, msisdn)).id, local_date(self._clock())
        running = await self._portfolio.active(connection, customer_id, today)
        mirrored = await kept.loans_of(connection, customer_id) if running else {}
        figures = []
        for standing in running:
            row = mirrored.get(standing.record.id)
            is_read = row is not None and row.as_of != kept.NEVER
            behind = is_read and await kept.has_untold(connection, lane_of(standing.record.id))
            if row is None or not is_read:
                figures.append(_ours(standing, None))
            else:
                figures.append(_ours(standing, row.as_of) if behind else _theirs(standing, row, today))
        return figures

    def _is_old(self, as_of: int) -> bool:
        return self._clock() - as_of > self._fresh_ms


def _ours(standing: Standing, as_of: int | None) -> Figures:
    loan = standing.loan
    return Figures(
        standing.record.reference, standing.owed_cents, next_cents(loan), next_due(loan), loan.days_late, as_of
    )


def _theirs(standing: Standing, row: kept.MirroredLoan, today: date) -> Figures:
    unpaid = [each for each in row.schedule if each.outstanding_cents]
    overdue = [each for each in unpaid if each.due_on < today]
    to_pay = overdue or unpaid[:1]
    first = unpaid[0].due_on if unpaid else next_due(standing.loan)
    return Figures(
        reference=standing.record.reference,
        owed_cents=row.owed_cents,
        next_cents=sum(each.outstanding_cents for each in to_pay),
        next_due=first,
        days_late=max(0, (today - first).days) if overdue else 0,
        as_of=row.as_of,
        schedule=row.schedule,
    )


def _as_told(loan: Loan, figures: Figures | None) -> Loan:
    """A loan with the core's figures, where those count."""
    if figures is None or not figures.schedule:
        return loan
    rows = figures.schedule
    return replace(
        loan,
        owed_cents=figures.owed_cents,
        total_cents=sum(row.due.total for row in rows),
        next_cents=figures.next_cents,
        next_due=figures.next_due,
        days_late=figures.days_late,
        penalty_cents=sum(row.due.penalty - row.paid.penalty for row in rows),
        payoff_cents=min(loan.payoff_cents, figures.owed_cents),
        schedule=tuple(Due(row.due_on, row.due.total, not row.outstanding_cents) for row in rows),
    )


def _urgency(figures: Figures) -> tuple[int, date, str]:
    return -figures.days_late, figures.next_due, figures.reference
