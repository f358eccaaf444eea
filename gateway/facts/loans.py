"""Loans and prices as people see them: what runs, what it costs, what may be borrowed, what is left to use."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Balances, Borrowing, Due, Loan, Product, Quote
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import Clock, local_date
from gateway.errors import BrokenInvariant
from gateway.facts.people import PeopleFacts
from gateway.facts.source import Computed, Reader, customer_on
from gateway.lending.portfolio import Portfolio, Standing, next_cents, next_due
from gateway.lending.products import Product as LoanProduct
from gateway.lending.products import quote
from gateway.operations import queue
from gateway.store import customers


class LoanFacts:
    """What somebody owes and may borrow, as of today."""

    def __init__(self, books: Books, portfolio: Portfolio, people: PeopleFacts, clock: Clock) -> None:
        self._books = books
        self._portfolio = portfolio
        self._people = people
        self._clock = clock

    def readers(self) -> Mapping[str, Reader]:
        return {"balances": self.balances, "loans": self.loans, "borrowing": self.borrowing}

    def computed(self) -> Mapping[str, Computed]:
        return {"quote": self.quote}

    def quote(self, key: str, cents: int, repayments: int) -> Quote:
        return quoted(self._portfolio.products[key], cents, local_date(self._clock()), repayments)

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
        return tuple(self._loan(standing) for standing in running)

    async def borrowing(self, connection: AsyncConnection, msisdn: str) -> Borrowing:
        rows = await queue.with_requests(connection, msisdn)
        if not rows:
            raise BrokenInvariant("no customer on this line")
        person, today = rows[0], local_date(self._clock())
        held = await self._portfolio.held(connection, person.id, today)
        late = next((self._loan(standing) for standing in held.running if standing.loan.days_late), None)
        available = max(0, person.limit_cents - held.in_use_cents)
        has_agreed = await customers.has_consented(connection, person.id, "bureau")
        products = tuple(
            offered(product, has_agreed=has_agreed)
            for product in self._portfolio.products.values()
            if product.approval != "lender" and product.min_cents <= available
        )
        may_ask = any(product.approval == "lender" for product in self._portfolio.products.values())
        return Borrowing(
            person.limit_cents, held.in_use_cents, products, late, self._people.requests(rows), may_ask=may_ask
        )

    def _loan(self, standing: Standing) -> Loan:
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
        )


def offered(product: LoanProduct, *, has_agreed: bool) -> Product:
    """A product as the flows know it."""
    return Product(
        key=product.key,
        name=product.name,
        min_cents=product.min_cents,
        max_cents=product.max_cents,
        days=product.repayment_every if product.repayment_unit == "days" else 0,
        terms=product.repayments,
        reviewed=product.approval == "officer",
        asks_purpose=product.asks_purpose,
        asks_bureau=product.bureau and not has_agreed,
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
    )


def price_of(standing: Standing) -> Quote:
    """The price a running loan was taken at, with the dates that hold since the money arrived."""
    accepted = dict(standing.record.quote)
    accepted |= {"due": standing.loan.rows[-1].due_on, "first_due": standing.loan.rows[0].due_on}
    return Quote(**accepted)
