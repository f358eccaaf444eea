"""Reads the statements of a customer: wallet and savings from the books, loans from their events."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gateway.clock import Clock, local_date
from gateway.lending.events import Event, parse_event
from gateway.lending.portfolio import NOTES, Portfolio
from gateway.lending.standings import Happening, LoanRecord
from gateway.lending.terms import parse_terms
from gateway.papers import loans
from gateway.papers.days import Days
from gateway.papers.loans import Instalment
from gateway.papers.movements import Movements
from gateway.papers.statement import WHOLE, Account, Choice, Line, Statement, Totals, stated
from gateway.papers.writing import Lent
from gateway.store.customers import Customer
from gateway.store.engine import Store

NEVER_PAID_OUT = frozenset({"applied", "verified", "approved", "declined", "cancelled", "withdrawn"})


ACTS = frozenset({"charge", "waiver"})
"""What staff do to a loan that has a line of its own."""


class TooManyLines(Exception):
    """More than a file of this kind takes; `most` is how many it does."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} lines")
        self.most = most


@dataclass(frozen=True, slots=True)
class LoanStatement:
    """A loan's statement with what goes before it and its schedule."""

    lent: Lent
    statement: Statement
    schedule: list[Instalment]


@dataclass(slots=True)
class Walk:
    """An account's lines as they are read, and what they have come to so far."""

    totals: Totals
    lines: AsyncIterator[Line]
    choice: Choice
    count: int = field(default=0, init=False)

    async def chosen(self) -> AsyncIterator[Line]:
        """The lines that were asked for. When they are over, `totals` and `count` are of all of them."""
        async for line in self.lines:
            self.totals = self.totals.after(line)
            if self.choice.takes(line):
                self.count += 1
                yield line


class Reader:
    """Statements as of now."""

    def __init__(self, store: Store, portfolio: Portfolio, clock: Clock) -> None:
        self._store = store
        self._portfolio = portfolio
        self._clock = clock
        self._movements = Movements(store)

    async def walk(self, account: Account, customer_id: str, days: Days, choice: Choice) -> Walk:
        """A wallet or savings, line by line."""
        opening = await self._movements.opening_cents(account, customer_id, days)
        return Walk(Totals(opening), self._movements.lines(account, customer_id, days, opening), choice)

    async def statement(
        self, account: Account, customer_id: str, days: Days, choice: Choice, *, most: int
    ) -> Statement:
        """All of it. Raises TooManyLines when more than `most` lines were chosen."""
        walk, lines = await self.walk(account, customer_id, days, choice), list[Line]()
        async for line in walk.chosen():
            if len(lines) >= most:
                raise TooManyLines(most)
            lines.append(line)
        return Statement(account, walk.totals, tuple(lines), choice)

    async def page(
        self, account: Account, customer_id: str, days: Days, choice: Choice, *, number: int, size: int
    ) -> tuple[Statement, int]:
        """The lines of one page, the totals of the whole period, and how many lines were chosen in all."""
        walk, lines = await self.walk(account, customer_id, days, choice), list[Line]()
        first = (number - 1) * size
        async for line in walk.chosen():
            if first < walk.count <= first + size:
                lines.append(line)
        return Statement(account, walk.totals, tuple(lines), choice), walk.count

    async def loan(self, record: LoanRecord, days: Days | None, choice: Choice = WHOLE) -> LoanStatement | None:
        """A loan over some days, or since its payout; None when it was never paid out, or only after them."""
        began, today = parse_terms(record.terms).disbursed_on, local_date(self._clock())
        window = days or Days(began, today)
        on = min(window.until, today)
        if record.state in NEVER_PAID_OUT or on < began:
            return None
        async with self._store.read() as connection:
            standing = await self._portfolio.standing(connection, record.id, on)
            acts = [_act(each) for each in await self._portfolio.happenings(connection, record.id) if each.kind in ACTS]
        lines = loans.lines(standing, acts)
        before = [line for line in lines if line.at < window.begins]
        opening = before[-1].balance_cents if before else 0
        inside = [line for line in lines if window.begins <= line.at < window.ends]
        product = self._portfolio.product_name(record.product)
        lent = Lent(record.reference, product, record.state, standing.loan.owed.principal, began, standing.owed_cents)
        return LoanStatement(lent, stated("loan", opening, inside, choice), loans.schedule(standing.loan))

    async def running(self, customer: Customer, days: Days) -> list[LoanStatement]:
        """The statements of all loans of a customer that are running."""
        async with self._store.read() as connection:
            held = await self._portfolio.held(connection, customer.id, local_date(self._clock()))
        found = [await self.loan(standing.record, days) for standing in held.running]
        return [each for each in found if each is not None]

    async def began(self, record: LoanRecord) -> Days:
        """The days of a loan, from its payout to today."""
        today = local_date(self._clock())
        return Days(min(parse_terms(record.terms).disbursed_on, today), today)


def _act(happening: Happening) -> Event:
    counting = {name: value for name, value in happening.detail.items() if name not in NOTES}
    return parse_event(counting, "events.")
