"""What a turn may know: local rows read when a step asks, as the values of `flows.known`. Nothing is written here.

One method per fact, named as the fact; it gets the customer's phone, the moment, and the need's own arguments.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Balances, Borrowing, Customer, Due, Loan, Organisation, Product, Quote, Request
from flows.turn import Need
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import Clock, local, local_date
from gateway.errors import BrokenInvariant
from gateway.lending.portfolio import Portfolio, Standing, next_cents, next_due
from gateway.lending.products import Product as LoanProduct
from gateway.lending.products import quote
from gateway.operations import queue
from gateway.rails.charges import Charges
from gateway.store import customers
from gateway.store.engine import Store

REQUEST_KINDS = ("loan.disburse", "repay.stk", "repay.wallet")
HOUR_MS = 3_600_000


class FactSource:
    """`gather` answers needs from the database. Raises Unavailable when it cannot."""

    def __init__(
        self, store: Store, books: Books, portfolio: Portfolio, charges: Charges, organisation: Organisation,
        clock: Clock, *, answer_hours: int,
    ) -> None:  # fmt: skip
        self._store = store
        self._books = books
        self._portfolio = portfolio
        self._charges = charges
        self._organisation = organisation
        self._clock = clock
        self._answer_hours = answer_hours
        self._readers: Mapping[str, Callable[..., Awaitable[Any]]] = {
            "customer": self._customer,
            "balances": self._balances,
            "loans": self._loans,
            "borrowing": self._borrowing,
            "id_taken": self._id_taken,
            "id_matches": self._id_matches,
        }

    async def gather(self, needs: frozenset[Need], msisdn: str) -> dict[Need, Any]:
        """Every fact asked for. Raises BrokenInvariant for one that nobody knows."""
        found = {need: self._computed(need) for need in needs if need.name not in self._readers}
        reads = [need for need in needs if need.name in self._readers]
        if reads:
            async with self._store.read() as connection:
                for need in reads:
                    found[need] = await self._readers[need.name](connection, msisdn, *need.args)
        return found

    def _computed(self, need: Need) -> Any:
        """Facts that need no database: prices, tariffs, and what texts say about us."""
        match need:
            case Need("organisation", ()):
                return self._organisation
            case Need("quote", (key, cents)):
                return quoted(self._portfolio.products[key], cents, local_date(self._clock()))
            case Need("mpesa_charge", (cents,)):
                return self._charges.payer_cents(cents)
            case Need("answer_by", ()):
                return local(self._clock() + self._answer_hours * HOUR_MS)
        raise BrokenInvariant("nobody knows this fact", fact=need.name)

    async def _customer(self, connection: AsyncConnection, msisdn: str) -> Customer | None:
        rows = await queue.with_requests(connection, msisdn)
        if not rows:
            return None
        person = rows[0]
        return Customer(
            id=person.id,
            name=person.name,
            language=person.language,
            is_member=person.state == "active",
            phone=person.msisdn,
            requests=_requests(rows),
        )

    async def _balances(self, connection: AsyncConnection, msisdn: str) -> Balances:
        customer_id = (await self._on_line(connection, msisdn)).id
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

    async def _loans(self, connection: AsyncConnection, msisdn: str) -> tuple[Loan, ...]:
        customer_id = (await self._on_line(connection, msisdn)).id
        running = await self._portfolio.active(connection, customer_id, local_date(self._clock()))
        return tuple(self._loan(standing) for standing in running)

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

    async def _borrowing(self, connection: AsyncConnection, msisdn: str) -> Borrowing:
        rows = await queue.with_requests(connection, msisdn)
        if not rows:
            raise BrokenInvariant("no customer on this line")
        person, today = rows[0], local_date(self._clock())
        held = await self._portfolio.held(connection, person.id, today)
        late = next((self._loan(standing) for standing in held.running if standing.loan.days_late), None)
        available = max(0, person.limit_cents - held.in_use_cents)
        products = tuple(
            Product(product.key, product.name, product.min_cents, product.max_cents, product.repayment_every)
            for product in self._portfolio.products.values()
            if product.auto_approve and product.min_cents <= available
        )
        return Borrowing(person.limit_cents, held.in_use_cents, products, late, _requests(rows))

    async def _id_taken(self, connection: AsyncConnection, msisdn: str, national_id: str) -> bool:
        owner = await customers.with_national_id(connection, national_id)
        return owner is not None and owner.msisdn != msisdn

    async def _id_matches(self, connection: AsyncConnection, msisdn: str, national_id: str) -> bool:
        owner = await customers.with_national_id(connection, national_id)
        return owner is not None and owner.msisdn == msisdn

    async def _on_line(self, connection: AsyncConnection, msisdn: str) -> customers.Customer:
        customer = await customers.on_line(connection, msisdn)
        if customer is None:
            raise BrokenInvariant("no customer on this line")
        return customer


@lru_cache(4096)
def quoted(product: LoanProduct, cents: int, on: date) -> Quote:
    """The price of a loan paid out on a day, as flows show it."""
    price = quote(product, cents, on)
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
    )


def price_of(standing: Standing) -> Quote:
    """The price a running loan was taken at, with the dates that hold since the money arrived."""
    accepted = dict(standing.record.quote)
    accepted["due"] = standing.loan.rows[-1].due_on
    return Quote(**accepted)


def _requests(rows: Sequence[Any]) -> tuple[Request, ...]:
    """Loans and payments under way, among a person's open operations."""
    return tuple(_request(row) for row in rows if row.request_kind in REQUEST_KINDS)


def _request(row: Any) -> Request:
    intent = row.request_intent
    cents = intent["quote"]["net_cents"] if "quote" in intent else intent["amount_cents"]
    certain = row.request_state not in {"uncertain", "parked", "dead"}
    return Request(row.request_reference, row.request_kind, cents, certain, intent.get("loan", ""))
