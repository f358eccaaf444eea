"""Our own portfolio and books behind the contract of cores: what a core of one's own can be built from.

The gateway itself does not go this way: with `ledger.kind: embedded` its screens and playbooks use portfolio and books
in their own units of work. Each command here is one of its own, and its key is the operation's id.
"""

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.loans import quoted as as_values
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line, journal_id
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.books.tables import journals
from gateway.clock import EAT, Clock, local_date, milliseconds
from gateway.errors import BrokenInvariant, Rejected
from gateway.facts.loans import quoted
from gateway.ledgers.contract import (
    Booking,
    Changes,
    Client,
    CoreLoan,
    CoreSavings,
    Cost,
    Instalment,
    Key,
    Movement,
    NewLoan,
    Person,
    Posted,
    Refusals,
    Status,
)
from gateway.lending.booking import paid_out_lines, repaid_lines
from gateway.lending.events import Repayment, parse_event
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import LoanRecord, Standing
from gateway.lending.terms import terms_mapping
from gateway.store import customers
from gateway.store.engine import Store, is_duplicate
from gateway.store.tables import loan_events

POST = "core"
PAGE = 200
OVERLAP = 50
STATUSES: dict[str, Status] = {
    "approved": "approved", "active": "active", "closed": "closed", "cancelled": "rejected",
    "written_off": "written_off", "declined": "rejected", "withdrawn": "withdrawn",
}  # fmt: skip


class EmbeddedLedger:
    """Loans are approved as they come: nobody else decides. Reversing and charging are done by the portfolio's own
    playbooks, and are refused here."""

    name = "embedded"

    def __init__(self, store: Store, portfolio: Portfolio, books: Books, clock: Clock) -> None:
        self._store = store
        self._portfolio = portfolio
        self._books = books
        self._clock = clock

    async def client(self, client_id: str) -> Client:
        async with self._store.read() as connection:
            row = await customers.find(connection, client_id)
        if row is None:
            raise Rejected("no such client", Refusals.UNKNOWN)
        return Client(row.id, row.id, row.msisdn, row.name)

    async def find_client(self, person: Person) -> Client | None:
        async with self._store.read() as connection:
            row = await customers.find(connection, person.external_id)
            row = row or await customers.on_line(connection, person.msisdn)
        return Client(row.id, row.id, row.msisdn, row.name) if row is not None else None

    async def create_client(self, person: Person, on: date, key: Key) -> Posted:
        try:
            async with self._store.begin() as connection:
                if await customers.find(connection, person.external_id) is not None:
                    return Posted(person.external_id, is_repeat=True)
                await customers.added(
                    connection, person.external_id, msisdn=person.msisdn, name=person.name, language="en",
                    state="listed", created_at=self._clock(),
                )  # fmt: skip
        except IntegrityError as error:
            raise _duplicate(error) from error
        return Posted(person.external_id)

    async def find_loan(self, external_id: str) -> CoreLoan | None:
        try:
            return await self.read_loan(external_id)
        except Rejected:
            return None

    async def read_loan(self, loan_id: str) -> CoreLoan:
        async with self._store.read() as connection:
            try:
                standing = await self._portfolio.standing(connection, loan_id, local_date(self._clock()))
            except BrokenInvariant as error:
                raise Rejected("no such loan", Refusals.UNKNOWN) from error
            return _loan(standing, await _bookings(connection, standing.record))

    async def create_loan(self, loan: NewLoan, key: Key) -> Posted:
        product = self._portfolio.products[loan.product]
        quote = as_values(quoted(product, loan.terms.principal_cents, loan.terms.disbursed_on))
        record = LoanRecord(
            loan.external_id, str(key)[:16].upper(), loan.client_id, loan.product, terms_mapping(loan.terms), quote,
            loan.terms.principal_cents, "approved",
        )  # fmt: skip
        try:
            async with self._store.begin() as connection:
                if await self._is_told(connection, key, "approved"):
                    return Posted(loan.external_id, is_repeat=True)
                await self._portfolio.approve(connection, record, key.operation_id, self._clock())
        except IntegrityError as error:
            raise _duplicate(error) from error
        return Posted(loan.external_id)

    async def approve_loan(self, loan_id: str, on: date, amount_cents: int, key: Key) -> Posted:
        await self.read_loan(loan_id)
        return Posted(loan_id, is_repeat=True)

    async def disburse_loan(self, loan_id: str, movement: Movement, key: Key) -> Posted:
        operation_id, now = movement.external_id, self._clock()
        async with self._store.begin() as connection:
            if await self._is_told(connection, key, "paid_out"):
                return Posted(operation_id, is_repeat=True)
            await self._in_state(connection, loan_id, "approved")
            at = _moment(movement.on)
            standing = await self._portfolio.pay_out(connection, loan_id, operation_id, at, now)
            lines = tuple(paid_out_lines(standing, movement.amount_cents, chart.PAYOUT))
            await self._books.post(connection, Entry(operation_id, POST, "Loan", lines), now)
        return Posted(operation_id)

    async def repay_loan(self, loan_id: str, movement: Movement, key: Key) -> Posted:
        operation_id, now = movement.external_id, self._clock()
        repayment = Repayment(movement.on, movement.amount_cents, movement.receipt)
        async with self._store.begin() as connection:
            if await _is_booked(connection, operation_id):
                return Posted(operation_id, is_repeat=True)
            record = await self._in_state(connection, loan_id, "active")
            repaid = await self._portfolio.repay(connection, loan_id, repayment, operation_id, now)
            lines = [
                Line(chart.COLLECTION, movement.amount_cents),
                *repaid_lines(record, repaid.parts, fees_paid_cents=repaid.standing.loan.paid.fee),
                Line(chart.wallet(record.customer_id), -repaid.extra_cents),
            ]
            booked = tuple(line for line in lines if line.amount_cents)
            await self._books.post(connection, Entry(operation_id, POST, "Repayment", booked), now)
        return Posted(operation_id)

    async def charge_loan(self, loan_id: str, cost: Cost, key: Key) -> Posted:
        raise Rejected("our own portfolio is charged by its own playbooks", "not.supported")

    async def find_charge(self, loan_id: str, external_id: str) -> Posted | None:
        return None

    async def undo(self, loan_id: str, booking_id: str, on: date, key: Key) -> Posted:
        raise Rejected("our own portfolio takes repayments back by its own playbooks", "not.supported")

    async def savings_of(self, client_id: str) -> Sequence[CoreSavings]:
        async with self._store.read() as connection:
            balance = await self._books.balance(connection, chart.savings(client_id))
        account = CoreSavings(client_id, client_id, "savings", balance.posted_cents, is_active=True)
        return [account]

    async def deposit(self, savings_id: str, movement: Movement, key: Key) -> Posted:
        return await self._moved(savings_id, movement, movement.amount_cents)

    async def withdraw(self, savings_id: str, movement: Movement, key: Key) -> Posted:
        return await self._moved(savings_id, movement, -movement.amount_cents)

    async def find_movement(self, savings_id: str, movement: Movement) -> Posted | None:
        async with self._store.read() as connection:
            is_there = await _is_booked(connection, movement.external_id)
        return Posted(movement.external_id, is_repeat=True) if is_there else None

    async def changes(self, cursor: str) -> Changes:
        """By the numbers of what happened to loans. On PostgreSQL a slower writer may commit a smaller number later,
        so there the last ones are named again: reading them twice does nothing."""
        columns = loan_events.c
        after = int(cursor) if cursor.isdecimal() else 0
        since = after if self._store.is_sqlite else max(0, after - OVERLAP)
        query = select(columns.id, columns.loan_id).where(columns.id > since).order_by(columns.id).limit(PAGE)
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        newest = max(after, rows[-1].id) if rows else after
        return Changes(tuple(dict.fromkeys(row.loan_id for row in rows)), str(newest), has_more=len(rows) == PAGE)

    async def missing(self) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        """The store is whoever's who made it."""

    async def _moved(self, savings_id: str, movement: Movement, cents: int) -> Posted:
        lines = (Line(chart.COLLECTION, cents), Line(chart.savings(savings_id), -cents))
        async with self._store.begin() as connection:
            if await _is_booked(connection, movement.external_id):
                return Posted(movement.external_id, is_repeat=True)
            try:
                await self._books.post(connection, Entry(movement.external_id, POST, "Savings", lines), self._clock())
            except Overdraft as error:
                raise Rejected("there is too little", "insufficient.balance") from error
        return Posted(movement.external_id)

    async def _in_state(self, connection: AsyncConnection, loan_id: str, state: str) -> LoanRecord:
        try:
            record = await self._portfolio.get(connection, loan_id, lock=True)
        except BrokenInvariant as error:
            raise Rejected("no such loan", Refusals.UNKNOWN) from error
        if record.state != state:
            raise Rejected(f"the loan is {record.state}", "not.in.state")
        return record

    async def _is_told(self, connection: AsyncConnection, key: Key, kind: str) -> bool:
        columns = loan_events.c
        query = select(columns.id).where(columns.operation_id == key.operation_id, columns.kind == kind)
        return await connection.scalar(query) is not None


async def _is_booked(connection: AsyncConnection, operation_id: str) -> bool:
    query = select(journals.c.id).where(journals.c.id == journal_id(operation_id, POST))
    return await connection.scalar(query) is not None


async def _bookings(connection: AsyncConnection, record: LoanRecord) -> tuple[Booking, ...]:
    columns = loan_events.c
    rows = await connection.execute(
        select(loan_events).where(columns.loan_id == record.id, columns.kind.in_(("paid_out", "repayment")))
        .order_by(columns.id)
    )  # fmt: skip
    return tuple(_booking(row, record) for row in rows)


def _booking(row: object, record: LoanRecord) -> Booking:
    operation_id, detail, kind = (getattr(row, name) for name in ("operation_id", "detail", "kind"))
    if kind == "paid_out":
        on, cents, receipt = local_date(detail["at"]), record.principal_cents, ""
        return Booking(operation_id, operation_id, "disbursement", on, cents, receipt, is_reversed=False)
    event = parse_event(detail, "detail.")
    assert isinstance(event, Repayment)
    return Booking(
        operation_id, operation_id, "repayment", event.on, event.amount_cents, event.reference, is_reversed=False
    )


def _loan(standing: Standing, bookings: tuple[Booking, ...]) -> CoreLoan:
    record = standing.record
    return CoreLoan(
        id=record.id,
        external_id=record.id,
        client_id=record.customer_id,
        product=record.product,
        status=STATUSES[record.state],
        principal_cents=record.principal_cents,
        schedule=tuple(Instalment(row.number, row.due_on, row.owed, row.paid) for row in standing.loan.rows),
        bookings=bookings,
    )


def _duplicate(error: IntegrityError) -> Exception:
    if is_duplicate(error):
        return Rejected("something has this id already", Refusals.DUPLICATE)
    return error


def _moment(on: date) -> int:
    return milliseconds(datetime.combine(on, time(12), EAT))
