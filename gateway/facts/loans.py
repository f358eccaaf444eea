"""Loans and prices as people see them: what runs, what it costs, what may be borrowed, what is left to use."""

from collections.abc import Mapping
from dataclasses import astuple, replace
from datetime import date
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Balances, Borrowing, Credit, Due, Lender, Loan, Product, Quote
from gateway.approvals import pledges
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.borrowing.credit import Credit as Assessor
from gateway.clock import Clock, local_date
from gateway.errors import BrokenInvariant
from gateway.facts.people import PeopleFacts
from gateway.facts.repaying import with_initial
from gateway.facts.source import Computed, Reader, customer_on
from gateway.lending.portfolio import Portfolio
from gateway.lending.price import quote
from gateway.lending.products import Product as LoanProduct
from gateway.lending.standings import Standing, next_cents, next_due
from gateway.operations import queue
from gateway.peers import asking
from gateway.servicing import promises
from gateway.store import customers

SHILLING = 100


class LoanFacts:
    """What somebody owes and may borrow, as of today."""

    def __init__(
        self, books: Books, portfolio: Portfolio, people: PeopleFacts, clock: Clock, credit: Assessor | None = None,
        *, promise_days: int = 0,
    ) -> None:  # fmt: skip
        self._books = books
        self._portfolio = portfolio
        self._credit = credit or Assessor()
        self._people = people
        self._clock = clock
        self._promise_days = promise_days

    def readers(self) -> Mapping[str, Reader]:
        return {
            "balances": self.balances,
            "loans": self.loans,
            "borrowing": self.borrowing,
            "credit": self.credit,
            "guarantor": self.guarantor,
        }

    def computed(self) -> Mapping[str, Computed]:
        return {"quote": self.quote, "dues": self.dues}

    def quote(self, key: str, cents: int, repayments: int) -> Quote:
        return quoted(self._portfolio.products[key], cents, local_date(self._clock()), repayments)

    def dues(self, key: str, cents: int, repayments: int) -> tuple[Due, ...]:
        """Every date and amount of a loan that arrives today."""
        return dues(self._portfolio.products[key], cents, local_date(self._clock()), repayments)

    async def balances(self, connection: AsyncConnection, msisdn: str) -> Balances:
        customer_id = (await customer_on(connection, msisdn)).id
        keys = (chart.wallet(customer_id), chart.savings(customer_id))
        wallet, savings = [await self._books.balance(connection, key) for key in keys]
        running = await self._portfolio.active(connection, customer_id, local_date(self._clock()))
        return Balances(
            wallet_cents=wallet.available_cents,
            savings_cents=savings.available_cents,
            loans_cents=sum(standing.owed_cents for standing in running),
            next_cents=next_cents(running[0].loan) if running else 0,
            next_due=next_due(running[0].loan) if running else None,
        )

    async def loans(self, connection: AsyncConnection, msisdn: str) -> tuple[Loan, ...]:
        customer_id = (await customer_on(connection, msisdn)).id
        running = await self._portfolio.active(connection, customer_id, local_date(self._clock()))
        promised = await promises.open_of(
            connection, [standing.record.id for standing in running if standing.loan.days_late]
        )
        return tuple(self._loan(standing, promised.get(standing.record.id)) for standing in running)

    async def borrowing(self, connection: AsyncConnection, msisdn: str) -> Borrowing:
        rows = await queue.with_requests(connection, msisdn)
        if not rows:
            raise BrokenInvariant("no customer on this line")
        person, now = rows[0], self._clock()
        held = await self._portfolio.held(connection, person.id, local_date(now))
        late = next((self._loan(standing) for standing in held.running if standing.loan.days_late), None)
        assessment = await self._credit.assessed(connection, person, held, now)
        limit_cents = 0 if assessment.is_refused else assessment.limit.cents
        available = max(0, limit_cents - held.in_use_cents)
        has_agreed = await customers.has_consented(connection, person.id, "bureau")
        products = tuple(
            offered(product, has_agreed=has_agreed, is_reviewed=assessment.is_reviewed)
            for product in self._portfolio.products.values()
            if product.is_offered and product.approval != "lender" and product.min_cents <= available
        )
        may_ask = any(
            product.is_offered and product.approval == "lender" for product in self._portfolio.products.values()
        )
        secured = [await self._within_savings(connection, person.id, product) for product in products]
        fitting = tuple(product for product in secured if product.min_cents <= product.max_cents)
        return Borrowing(limit_cents, held.in_use_cents, fitting, late, self._people.requests(rows), may_ask=may_ask)

    async def credit(self, connection: AsyncConnection, msisdn: str) -> Credit:
        """What somebody may owe in all, and why it is no more."""
        person, now = await customer_on(connection, msisdn), self._clock()
        held = await self._portfolio.held(connection, person.id, local_date(now))
        assessment = await self._credit.assessed(connection, person, held, now)
        return Credit(0 if assessment.is_refused else assessment.limit.cents, assessment.reasons)

    async def guarantor(self, connection: AsyncConnection, msisdn: str, phone: str) -> Lender | None:
        """Who is on another line, if they may be asked to guarantee a loan."""
        me = await customer_on(connection, msisdn)
        person = await asking.person_to_ask(connection, me.id, phone)
        return Lender(person.id, with_initial(person.name)) if person else None

    async def _within_savings(self, connection: AsyncConnection, customer_id: str, product: Product) -> Product:
        """No more than the savings that are free can secure."""
        if not product.secured_percent:
            return product
        free = await pledges.free_cents(connection, self._books, customer_id)
        most = free * 100 // product.secured_percent // SHILLING * SHILLING
        return replace(product, max_cents=min(product.max_cents, most))

    def _loan(self, standing: Standing, promised: date | None = None) -> Loan:
        loan, record = standing.loan, standing.record
        product = self._portfolio.products[record.product]
        return Loan(
            reference=record.reference,
            product=product.name,
            owed_cents=standing.owed_cents,
            total_cents=loan.owed.total,
            next_cents=next_cents(loan),
            next_due=next_due(loan),
            days_late=loan.days_late,
            penalty_cents=loan.outstanding.penalty,
            payoff_cents=standing.payoff.total_cents,
            schedule=tuple(Due(row.due_on, row.owed.total, not row.outstanding.total) for row in loan.rows),
            terms=price_of(standing),
            is_capped=loan.is_capped,
            promised=promised,
            promise_days=self._promise_days if record.lender_id is None else 0,
        )


def offered(product: LoanProduct, *, has_agreed: bool, is_reviewed: bool = False) -> Product:
    """A product as the flows know it. `is_reviewed`: an officer decides about this person, whatever the product."""
    return Product(
        key=product.key,
        name=product.name,
        min_cents=product.min_cents,
        max_cents=product.max_cents,
        days=product.repayment_every if product.repayment_unit == "days" else 0,
        terms=product.repayments,
        reviewed=product.approval == "officer" or is_reviewed or product.collateral,
        asks_purpose=product.asks_purpose,
        asks_bureau=product.bureau and not has_agreed,
        guarantors=product.guarantors,
        secured_percent=product.secured_percent,
    )


@lru_cache(4096)
def quoted(product: LoanProduct, cents: int, on: date, repayments: int | None = None) -> Quote:
    """The price of a loan paid out on a day, as flows show it."""
    price = quote(product, cents, on, repayments)
    return Quote(
        product=product.name,
        principal_cents=cents,
        net_cents=price.payout_cents,
        fee_cents=price.fee_cents,
        interest_cents=price.interest_cents,
        total_cents=price.repay_cents,
        due=price.due_on[-1],
        apr_percent=int(price.apr_text),
        penalty_cents=product.penalty.amount_cents if product.penalty else 0,
        repayments=len(price.schedule),
        each_cents=price.schedule[0].owed.total,
        last_cents=price.schedule[-1].owed.total,
        first_due=price.due_on[0],
        duty_cents=price.duty_cents,
        duties=tuple(astuple(duty) for duty in price.duties),
        even=price.is_even,
    )


def dues(product: LoanProduct, cents: int, on: date, repayments: int) -> tuple[Due, ...]:
    """Every date and amount of a loan paid out on a day."""
    price = quote(product, cents, on, repayments)
    return tuple(Due(row.due_on, row.owed.total, is_paid=False) for row in price.schedule)


def price_of(standing: Standing) -> Quote:
    """The price a running loan was taken at, with the dates that hold since the money arrived."""
    accepted = dict(standing.record.quote)
    accepted |= {"due": standing.loan.rows[-1].due_on, "first_due": standing.loan.rows[0].due_on}
    return Quote(**accepted)
