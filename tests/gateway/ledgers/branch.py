"""A branch that lends by a remote core: portfolio, queue and mirror on a real database, the pretend Fineract beside it,
and one clock for all that the test turns."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Balances
from flows.loans import quoted as as_values
from flows.turn import Operation
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.facts.core import CoreFacts
from gateway.facts.loans import LoanFacts, quoted
from gateway.facts.people import PeopleFacts
from gateway.ledgers.contract import Ledger
from gateway.ledgers.gate import Gate, Width
from gateway.ledgers.steps import CorePatience, Line
from gateway.lending.events import Repayment
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import LoanRecord, Standing
from gateway.lending.terms import terms_mapping
from gateway.mirror import kept
from gateway.mirror.keeper import Keeper
from gateway.mirror.tables import core_commands
from gateway.mirror.telling import CoreNews, identity_of
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done
from gateway.operations.playbook import Playbook
from gateway.operations.settle import Policy
from gateway.operations.worker import Pace, Worker
from gateway.playbooks.core import POLL, CoreBook
from gateway.playbooks.telling import Teller
from gateway.store import customers
from gateway.store.engine import Store
from gateway.store.tables import attempts, cases, operations
from tests.gateway.ledgers.cores import Bank, fineract_at
from tests.gateway.operations.desk import Remote, always
from tests.gateway.rails_flow.office import START, Hands

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
LEASE_MS = 60_000
FRESH_MS = 900_000
ROUNDS_MAX = 100_000
WIDTH = Width(at_once=3, calls_a_second=0, probe_ms=30_000)
MOVING = ("queued", "waiting", "uncertain")


@dataclass
class Branch:
    """What a test does here and asks of it."""

    store: Store
    clock: Hands
    ledger: Ledger
    bank: Bank
    width: Width = WIDTH
    poll_ms: int = 10 * MINUTE_MS
    products: tuple[str, ...] = ("quick",)
    accounts: tuple[str, ...] = ("savings",)
    workers: int = 4
    people: int = 0
    playbooks: dict[str, Playbook] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.books = Books()
        self.portfolio = Portfolio(parse_products(dict(DEMO_PRODUCTS)))
        self.outbox = Outbox(self.store, self.playbooks, {}, self.clock, recall_ms=600_000)
        self.teller = Teller(self.outbox)
        news = CoreNews(self.portfolio, self.outbox, self.products, self.accounts)
        self.portfolio.observers.append(news.happened)
        self.books.observers.append(news.posted)
        self.facts = CoreFacts(self.store, self.portfolio, self.outbox, self.clock, fresh_ms=FRESH_MS)
        self.ours = LoanFacts(self.books, self.portfolio, PeopleFacts(frozenset()), self.clock)
        self.restarted()

    def restarted(self) -> None:
        """Another process on the same database: what it knew of the core by heart is gone."""
        patience = CorePatience(ask_ms=5_000, ask_max_ms=900_000, give_up_ms=24 * HOUR_MS, spread_ms=60_000)
        self.gate = Gate(self.width, self.clock)
        self.line = Line(self.ledger, self.gate, self.store, self.clock, patience)
        keeper = Keeper(self.store, self.portfolio, self.ledger.name, self.clock)
        book = CoreBook(self.line, self.portfolio, keeper, self.teller)
        sms = Playbook("sms.send", (Remote("send", always(Done())),), lane=lambda customer, _: f"sms:{customer}")
        for playbook in (
            *book.commands(), *book.questions(self.balances, poll_ms=self.poll_ms, fresh_ms=FRESH_MS), sms,
        ):  # fmt: skip
            self.playbooks[playbook.kind] = playbook
        pace = Pace(self.workers, LEASE_MS, 0.01)
        self.worker = Worker(self.store, self.outbox, self.playbooks, self.clock, Policy(12, 1_000, 300_000), pace)

    async def person(self) -> str:
        """Somebody new, by id."""
        self.people += 1
        identity = str(uuid.uuid4())
        async with self.store.begin() as connection:
            await customers.added(
                connection, identity, msisdn=f"+2547{10_000_000 + self.people}", name=f"Person {self.people}",
                language="en", state="active", limit_cents=100_000_00, created_at=self.clock(),
            )  # fmt: skip
        return identity

    async def lent(self, customer: str, cents: int = 2_000_00) -> str:
        """A loan that was paid out now, by id."""
        product, today, loan_id = self.portfolio.products["quick"], local_date(self.clock()), str(uuid.uuid4())
        terms, quote = terms_mapping(product.terms(cents, today)), as_values(quoted(product, cents, today))
        name = f"LN{loan_id.replace('-', '')[:14].upper()}"
        record = LoanRecord(loan_id, name, customer, "quick", terms, quote, cents, "approved")
        async with self.store.begin() as connection:
            await self.portfolio.approve(connection, record, loan_id, self.clock())
            await self.portfolio.pay_out(connection, loan_id, loan_id, self.clock(), self.clock())
        self.outbox.news.set()
        return loan_id

    async def repaid(self, loan_id: str, cents: int, receipt: str = "") -> str:
        """A repayment that has come in now; the id of the operation that tells the core."""
        operation_id = str(uuid.uuid4())
        repayment = Repayment(local_date(self.clock()), cents, receipt or f"S{operation_id[:9].upper()}")
        async with self.store.begin() as connection:
            await self.portfolio.repay(connection, loan_id, repayment, operation_id, self.clock())
        self.outbox.news.set()
        return identity_of(loan_id, operation_id, "repayment")

    async def happened(self, loan_id: str, kind: str, detail: Mapping[str, Any]) -> None:
        """Something else happened to a loan."""
        async with self.store.begin() as connection:
            for observer in self.portfolio.observers:
                await observer(connection, loan_id, kind, detail, str(uuid.uuid4()), self.clock())

    async def polling(self) -> None:
        """The poll of a day, as the calendar queues it."""
        day, identity = local_date(self.clock()).isoformat(), str(uuid.uuid4())
        poll = Operation(identity, POLL, f"DY{identity[:8].upper()}", "", {"day": day})
        async with self.store.begin() as connection:
            await self.outbox.put(connection, poll)

    async def until(self, moment: int, *, tick_ms: int = 1) -> None:
        """Work whatever comes due until then; the clock goes from due time to due time, or in ticks."""
        for _ in range(ROUNDS_MAX):
            await self.worker.drain()
            due = await self._next_due()
            if due is None or due > moment:
                break
            self.clock.now = min(moment, max(self.clock.now + tick_ms, due))
        self.clock.now = max(self.clock.now, moment)

    async def settled(self, *, tick_ms: int = 1) -> None:
        """Turn the clock until nothing moves by itself any more, but for the poll."""
        for _ in range(ROUNDS_MAX):
            await self.worker.drain()
            if await self._next_due(besides=POLL) is None:
                return
            due = await self._next_due()
            assert due is not None
            self.clock.now = max(self.clock.now + tick_ms, due)
        raise AssertionError("it never settles")

    async def _next_due(self, besides: str = "") -> int | None:
        """When the first operation that is not held up by an earlier one of its lane can be worked."""
        columns, earlier = operations.c, operations.alias("earlier")
        blocked = select(earlier.c.number).where(
            earlier.c.lane == columns.lane, earlier.c.is_open, earlier.c.number < columns.number
        )
        query = select(columns.due_at, columns.lease_until).where(
            columns.is_open, columns.state.in_(MOVING), columns.kind != besides, ~blocked.exists()
        )
        async with self.store.read() as connection:
            return min((max(row.due_at, row.lease_until) for row in await connection.execute(query)), default=None)

    async def rows(self, *kinds: str) -> list[Any]:
        query = select(operations).order_by(operations.c.number)
        async with self.store.read() as connection:
            return list(await connection.execute(query.where(operations.c.kind.in_(kinds)) if kinds else query))

    async def row(self, identity: str) -> Any:
        async with self.store.read() as connection:
            return (await connection.execute(select(operations).where(operations.c.id == identity))).one()

    async def tried(self, identity: str) -> list[str]:
        """What each attempt came to."""
        query = select(attempts.c.outcome).where(attempts.c.operation_id == identity).order_by(attempts.c.id)
        async with self.store.read() as connection:
            return list(await connection.scalars(query))

    async def resolved(self, identity: str) -> None:
        """A person has mended what was wrong, and lets it go on."""
        values = {"state": "queued", "due_at": self.clock(), "attempts": 0}
        async with self.store.begin() as connection:
            await connection.execute(update(operations).where(operations.c.id == identity).values(**values))

    async def postponed(self, identity: str, until: int) -> None:
        async with self.store.begin() as connection:
            await connection.execute(update(operations).where(operations.c.id == identity).values(due_at=until))

    async def command(self, identity: str, step: str) -> Any:
        query = select(core_commands).where(core_commands.c.operation_id == identity, core_commands.c.step == step)
        async with self.store.read() as connection:
            return (await connection.execute(query)).one_or_none()

    async def cases(self) -> list[str]:
        async with self.store.read() as connection:
            return list(await connection.scalars(select(cases.c.topic)))

    async def mirrored(self, loan_id: str) -> kept.MirroredLoan | None:
        async with self.store.read() as connection:
            return await kept.loan(connection, loan_id)

    async def standing(self, loan_id: str) -> Standing:
        async with self.store.read() as connection:
            return await self.portfolio.standing(connection, loan_id, local_date(self.clock()))

    async def balances(self, connection: AsyncConnection, msisdn: str) -> Balances:
        known: Balances = await self.facts.wraps()["balances"](self.ours.balances)(connection, msisdn)
        return known

    async def shown(self, customer: str) -> Balances:
        """What the balance screen shows somebody."""
        async with self.store.read() as connection:
            person = await customers.get(connection, customer)
            return await self.balances(connection, person.msisdn)


@asynccontextmanager
async def branch_on(url: str, data: Path, **options: Any) -> AsyncIterator[Branch]:
    store, clock = Store(url, busy_seconds=30), Hands(START)
    try:
        async with fineract_at(data, clock) as (ledger, bank):
            yield Branch(store, clock, ledger, bank, **options)
    finally:
        await store.close()
