"""Loans as kept: what was agreed, what happened since, and where each stands on a day.

A loan's row holds its terms; everything that counts for its schedule is an event, so that its state on any day is
a replay. Money is booked in the same unit of work: this module says how a payout or a repayment divides, the books
move it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import local_date
from gateway.errors import BrokenInvariant
from gateway.lending.events import EndOfDay, Event, Repayment, event_mapping, parse_event
from gateway.lending.in_duplum import InDuplum
from gateway.lending.payoff import Rebate, payoff
from gateway.lending.products import Product
from gateway.lending.replay import replay
from gateway.lending.standings import Changed, Happening, Held, LoanRecord, Repaid, Standing, next_due
from gateway.lending.terms import Terms, parse_terms, terms_mapping
from gateway.store.tables import loan_events, loans

WRITTEN_OFF = "written_off"
WAITING_STATES = ("applied", "verified", "approved")
RUNNING_STATES = ("active", WRITTEN_OFF)
"""Something is owed: a loan that was written off is owed as before."""
COUNTING_EVENTS = ("repayment", "recovery", "reverse_repayment", "charge", "waiver", "reschedule")
NOTES = frozenset({"by", "second", "why"})
"""What an event says of the people behind it, beside what counts for the schedule."""

_OPEN = select(loans).where(loans.c.customer_id == bindparam("customer"), loans.c.closed_at.is_(None))


Observer = Callable[[AsyncConnection, str, str, Mapping[str, Any], str, int], Awaitable[None]]
"""Hears of everything that happens to a loan, in its unit of work: loan id, kind, detail, operation id, moment."""


class Portfolio:
    """All methods run in the caller's unit of work.

    `witnesses` hear of every repayment once it is booked, in its unit of work: the work it is part of, what it
    came to, and the moment. `rule` says when the law stops charges.
    """

    def __init__(self, products: Mapping[str, Product]) -> None:
        self.products = products
        self.witnesses: list[Callable[[AsyncConnection, Any, Repaid, int], Awaitable[None]]] = []
        self.observers: list[Observer] = []
        self.rule: InDuplum | None = None

    async def apply(
        self, connection: AsyncConnection, loan: LoanRecord, operation_id: str, now: int, detail: Mapping[str, Any]
    ) -> None:
        """Keep a loan as it was asked for. Its id is unique, so applying twice raises IntegrityError."""
        await self._kept(connection, loan, "applied", now)
        await self._happened(connection, loan.id, "applied", detail, operation_id, now)

    async def verified(
        self, connection: AsyncConnection, loan_id: str, operation_id: str, now: int, detail: Mapping[str, Any]
    ) -> None:
        """What we know ourselves does not stand against a loan; `detail` says what was found."""
        await self._change(connection, loan_id, "verified", now)
        await self._happened(connection, loan_id, "verified", detail, operation_id, now)

    async def approved(
        self, connection: AsyncConnection, loan_id: str, operation_id: str, now: int, detail: Mapping[str, Any]
    ) -> None:
        """Nothing stands against a loan that was applied for; `detail` says who decided."""
        await self._change(connection, loan_id, "approved", now)
        await self._happened(connection, loan_id, "approved", detail, operation_id, now)

    async def approve(self, connection: AsyncConnection, loan: LoanRecord, operation_id: str, now: int) -> None:
        """Keep a loan that was agreed elsewhere. Its id is unique, so approving twice raises IntegrityError."""
        await self._kept(connection, loan, "approved", now)
        await self._happened(connection, loan.id, "approved", {}, operation_id, now)

    async def pay_out(
        self, connection: AsyncConnection, loan_id: str, operation_id: str, paid_at: int, now: int
    ) -> Standing:
        """The money reached the customer: the dates run from that day, whatever day was shown before."""
        record = await self.get(connection, loan_id)
        terms = begun_on(parse_terms(record.terms), local_date(paid_at))
        await self._change(connection, loan_id, "active", now, terms=terms_mapping(terms), closed_at=None)
        await self._happened(connection, loan_id, "paid_out", {"at": paid_at}, operation_id, now)
        return await self.standing(connection, loan_id, local_date(now))

    async def ended(
        self, connection: AsyncConnection, loan_id: str, operation_id: str, state: str, now: int,
        detail: Mapping[str, Any],
    ) -> None:  # fmt: skip
        """The money never left, and nothing is owed: `state` is declined or cancelled, `detail` why and by whom."""
        await self._change(connection, loan_id, state, now, closed_at=now)
        await self._happened(connection, loan_id, state, detail, operation_id, now)

    async def repay(
        self, connection: AsyncConnection, loan_id: str, repayment: Repayment, operation_id: str, now: int
    ) -> Repaid:
        """Apply money that has come in. What the loan does not owe is `extra_cents`, the customer's own money.

        News of an older payment may come after that of a younger one. It counts from its own day, and the loan is
        played again: a part can be negative, when the penalty of a payment that was in time after all is given back.
        """
        record = await self.get(connection, loan_id, lock=True)
        known = [row.detail for row in await connection.execute(events_of([loan_id]))]
        disbursed_on = parse_terms(record.terms).disbursed_on
        today = max(local_date(now), repayment.on, disbursed_on)
        repayment = replace(repayment, on=max(repayment.on, disbursed_on))
        before = self.stands(record, known, today)
        after, event = self._repaid(record, known, repayment, before)
        if event is not None:
            kind = "recovery" if record.state == WRITTEN_OFF else "repayment"
            await self._happened(connection, loan_id, kind, event, operation_id, now)
        if after.owed_cents == 0 and record.state != "closed":
            await self._cleared(connection, record, now)
        parts = after.loan.paid.minus(before.loan.paid)
        return Repaid(after, parts, repayment.amount_cents - parts.total)

    async def change(
        self, connection: AsyncConnection, loan_id: str, event: Event, operation_id: str, now: int,
        notes: Mapping[str, Any],
    ) -> Changed:  # fmt: skip
        """Put an act of staff on record, with who and why in `notes`, and play the loan again.

        A loan that owes something again runs again; one that owes nothing any more is closed. Raises InvalidTerms or
        UnsupportedTerms for what cannot be done to this loan.
        """
        record = await self.get(connection, loan_id, lock=True)
        known = [row.detail for row in await connection.execute(events_of([loan_id]))]
        written = event_mapping(event)
        before = self.stands(record, known, local_date(now))
        after = self.stands(record, [*known, written], local_date(now))
        await self._happened(connection, loan_id, str(written["type"]), {**written, **notes}, operation_id, now)
        if after.owed_cents == 0:
            await self._cleared(connection, record, now)
        elif before.owed_cents == 0:
            state = WRITTEN_OFF if record.state == WRITTEN_OFF else "active"
            await self._change(connection, loan_id, state, now, closed_at=None)
        return Changed(before, after)

    async def write_off(
        self, connection: AsyncConnection, loan_id: str, operation_id: str, now: int, notes: Mapping[str, Any]
    ) -> Standing:
        """Count a loan as lost; it is owed as before. Answers where it stood."""
        standing = await self.standing(connection, loan_id, local_date(now), lock=True)
        await self._change(connection, loan_id, WRITTEN_OFF, now)
        detail = {"principal_cents": standing.loan.outstanding.principal, **notes}
        await self._happened(connection, loan_id, "write_off", detail, operation_id, now)
        return standing

    async def book(
        self, connection: AsyncConnection, loan: LoanRecord, operation_id: str, now: int, notes: Mapping[str, Any]
    ) -> Standing:
        """Keep a loan that was paid out elsewhere, running since the day its terms say."""
        await self._kept(connection, loan, "active", now)
        await self._happened(connection, loan.id, "booked", notes, operation_id, now)
        return await self.standing(connection, loan.id, local_date(now))

    async def noted(
        self, connection: AsyncConnection, loan_id: str, kind: str, detail: Mapping[str, Any], operation_id: str,
        now: int,
    ) -> None:  # fmt: skip
        """Put on record what does not count for the schedule: it fell late, a promise was made or broken."""
        await self._happened(connection, loan_id, kind, detail, operation_id, now)

    async def happenings(self, connection: AsyncConnection, loan_id: str) -> list[Happening]:
        """All that ever happened to a loan, the oldest first."""
        query = select(loan_events).where(loan_events.c.loan_id == loan_id).order_by(loan_events.c.id)
        rows = await connection.execute(query)
        return [Happening(row.kind, row.detail, row.operation_id, row.at) for row in rows]

    async def not_over(self, connection: AsyncConnection) -> Mapping[str, int]:
        """How many loans of each product are not over."""
        query = select(loans.c.product, func.count()).where(loans.c.closed_at.is_(None)).group_by(loans.c.product)
        return {row[0]: row[1] for row in await connection.execute(query)}

    async def running(
        self, connection: AsyncConnection, on: date, *, after: str = "", limit: int = 200
    ) -> list[Standing]:
        """The next loans by id after `after` on which something is owed, and where each stands."""
        query = select(loans).where(loans.c.id > after, loans.c.state.in_(RUNNING_STATES), loans.c.closed_at.is_(None))
        found = await connection.execute(query.order_by(loans.c.id).limit(limit))
        return await self._standings(connection, [record_of(row) for row in found], on)

    async def of_customer(self, connection: AsyncConnection, customer_id: str, state: str = "") -> list[LoanRecord]:
        """Every loan somebody ever asked for, the newest first."""
        query = select(loans).where(loans.c.customer_id == customer_id)
        query = query.where(loans.c.state == state) if state else query
        found = await connection.execute(query.order_by(loans.c.created_at.desc(), loans.c.id))
        return [record_of(row) for row in found]

    async def _standings(self, connection: AsyncConnection, records: Iterable[LoanRecord], on: date) -> list[Standing]:
        by_id = {record.id: record for record in records}
        events: dict[str, list[Mapping[str, Any]]] = {loan_id: [] for loan_id in by_id}
        if by_id:
            for row in await connection.execute(events_of(list(by_id))):
                events[row.loan_id].append(row.detail)
        return [self.stands(record, events[record.id], on) for record in by_id.values()]

    async def _cleared(self, connection: AsyncConnection, record: LoanRecord, now: int) -> None:
        """Nothing is owed. What was written off stays known as that."""
        state = WRITTEN_OFF if record.state == WRITTEN_OFF else "closed"
        await self._change(connection, record.id, state, now, closed_at=now)

    async def get(self, connection: AsyncConnection, loan_id: str, *, lock: bool = False) -> LoanRecord:
        """Raises BrokenInvariant for a loan that does not exist."""
        query = select(loans).where(loans.c.id == loan_id)
        row = (await connection.execute(query.with_for_update(key_share=True) if lock else query)).one_or_none()
        if row is None:
            raise BrokenInvariant("no such loan", loan=loan_id)
        return record_of(row)

    async def locked(self, connection: AsyncConnection, customer_id: str) -> list[LoanRecord]:
        """A customer's running loans, by id: the order in which whoever takes several locks them."""
        query = select(loans).where(loans.c.customer_id == customer_id, loans.c.state.in_(RUNNING_STATES))
        query = query.where(loans.c.closed_at.is_(None)).order_by(loans.c.id)
        return [record_of(row) for row in await connection.execute(query.with_for_update(key_share=True))]

    async def find(self, connection: AsyncConnection, loan_id: str) -> LoanRecord | None:
        row = (await connection.execute(select(loans).where(loans.c.id == loan_id))).one_or_none()
        return record_of(row) if row else None

    async def by_reference(self, connection: AsyncConnection, reference: str) -> LoanRecord | None:
        row = (await connection.execute(select(loans).where(loans.c.reference == reference))).one_or_none()
        return record_of(row) if row else None

    async def standing(self, connection: AsyncConnection, loan_id: str, on: date, *, lock: bool = False) -> Standing:
        """Where a loan stands on a day, late penalties of the days before included."""
        record = await self.get(connection, loan_id, lock=lock)
        rows = await connection.execute(events_of([loan_id]))
        return self.stands(record, [row.detail for row in rows], on)

    async def active(self, connection: AsyncConnection, customer_id: str, on: date) -> list[Standing]:
        """A customer's running loans: late ones first, then by the next due date."""
        return (await self.held(connection, customer_id, on)).running

    async def held(self, connection: AsyncConnection, customer_id: str, on: date) -> "Held":
        """All that a customer has of loans on a day: the running ones, and those on their way."""
        found = await connection.execute(_OPEN, {"customer": customer_id})
        records = [record_of(row) for row in found]
        running = [record for record in records if record.state in RUNNING_STATES]
        standings = await self._standings(connection, running, on)
        waiting = sum(record.principal_cents for record in records if record.state in WAITING_STATES)
        return Held(sorted(standings, key=_urgency), waiting)

    def stands(self, record: LoanRecord, events: Iterable[Mapping[str, Any]], on: date) -> Standing:
        """Where a loan stands on a day after these events, as they are kept."""
        terms = parse_terms(record.terms)
        happened: list[Event] = [parse_event(_counting(event), "events.") for event in events]
        happened.append(EndOfDay(max(on - timedelta(days=1), terms.disbursed_on)))
        ordered = tuple(sorted(happened, key=lambda event: event.on))
        loan = replay(replace(terms, events=(*terms.events, *ordered)), on, self.rule)
        return Standing(record, loan, payoff(loan, on, self._rebate(record, terms)))

    def product_name(self, key: str) -> str:
        """As people know it; its key where all loans of it are long over and nobody keeps it any more."""
        product = self.products.get(key)
        return product.name if product is not None else key

    def _rebate(self, record: LoanRecord, terms: Terms) -> Rebate:
        """A declining loan pays by the day, whatever its product has become since. Without its product a loan is over,
        and nobody asks what would close it."""
        product = self.products.get(record.product)
        if terms.interest_method == "declining_balance":
            return "by_day"
        return product.rebate if product is not None else "none"

    def _repaid(
        self, record: LoanRecord, known: list[Mapping[str, Any]], repayment: Repayment, before: Standing
    ) -> tuple[Standing, Mapping[str, Any] | None]:
        """The loan after a payment, and what it remembers of it: what it took, or all of it where less would not
        have done the same."""
        on = before.loan.as_of
        whole = event_mapping(repayment)
        after = self.stands(record, [*known, whole], on)
        taken = after.loan.paid.total - before.loan.paid.total
        event = event_mapping(replace(repayment, amount_cents=taken)) if taken > 0 else None
        remembered = self.stands(record, [*known, event] if event else known, on)
        return (remembered, event) if remembered.loan.paid == after.loan.paid else (after, whole)

    async def _kept(self, connection: AsyncConnection, loan: LoanRecord, state: str, now: int) -> None:
        await connection.execute(
            insert(loans).values(
                id=loan.id, reference=loan.reference, customer_id=loan.customer_id, product=loan.product,
                terms=dict(loan.terms), quote=dict(loan.quote), principal_cents=loan.principal_cents,
                state=state, lender_id=loan.lender_id, created_at=now, updated_at=now,
            )
        )  # fmt: skip

    async def _change(self, connection: AsyncConnection, loan_id: str, state: str, now: int, **values: object) -> None:
        await connection.execute(
            update(loans).where(loans.c.id == loan_id).values(state=state, updated_at=now, **values)
        )

    async def _happened(
        self,
        connection: AsyncConnection,
        loan_id: str,
        kind: str,
        detail: Mapping[str, Any],
        operation_id: str,
        now: int,
    ) -> None:
        await connection.execute(
            insert(loan_events).values(
                loan_id=loan_id, kind=kind, detail=dict(detail), operation_id=operation_id, at=now
            )
        )
        for observer in self.observers:
            await observer(connection, loan_id, kind, detail, operation_id, now)


def _urgency(standing: Standing) -> tuple[int, date, str]:
    return -standing.loan.days_late, next_due(standing.loan), standing.record.reference


def begun_on(terms: Terms, day: date) -> Terms:
    """The same agreement, beginning on another day; what is charged at the start moves with it."""
    events = tuple(replace(event, on=day) if event.on == terms.disbursed_on else event for event in terms.events)
    return replace(terms, disbursed_on=day, events=events)


def _counting(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in detail.items() if name not in NOTES}


def events_of(loan_ids: list[str]) -> Any:
    """What happened to loans and counts for their schedules, in the order it was booked."""
    return (
        select(loan_events.c.loan_id, loan_events.c.detail)
        .where(loan_events.c.loan_id.in_(loan_ids), loan_events.c.kind.in_(COUNTING_EVENTS))
        .order_by(loan_events.c.id)
    )


def record_of(row: Any) -> LoanRecord:
    """A row of `loans`."""
    return LoanRecord(
        row.id,
        row.reference,
        row.customer_id,
        row.product,
        row.terms,
        row.quote,
        row.principal_cents,
        row.state,
        row.lender_id,
    )
