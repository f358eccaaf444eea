"""The back office without a network: queue, playbooks, books and callbacks on a real database, a pretend rail, a
pretend SMS carrier, and a clock that the test turns."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import select, text

from flows.loans import quoted as as_values
from flows.turn import Operation, reference
from gateway import dialogue
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.integrity import check
from gateway.books.ledger import Books
from gateway.clock import EAT, local_date, milliseconds
from gateway.config import Config
from gateway.desk.tables import OPEN, WAITING
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.facts.loans import quoted
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.portfolio import Portfolio
from gateway.operations.outbox import Outbox
from gateway.operations.playbook import Playbook
from gateway.operations.settle import Policy
from gateway.operations.worker import Pace, Worker
from gateway.playbooks import message
from gateway.playbooks.joining import Joining
from gateway.playbooks.lend import Lending
from gateway.playbooks.lend import wanted as payout_wanted
from gateway.playbooks.listed import ListedStep
from gateway.playbooks.received import Received
from gateway.playbooks.repay import Repayments
from gateway.playbooks.repay import wanted as prompt_wanted
from gateway.playbooks.repay_for import PaidForOthers
from gateway.playbooks.repay_other import AskedOthers
from gateway.playbooks.telling import Teller
from gateway.providers.contract import OutgoingSms, SentSms
from gateway.rails.callbacks import Callback, RailCallbacks
from gateway.rails.requests import RailRequest
from gateway.rails.steps import Addresses, CollectStep, DisburseStep, Patience, SlowNotice
from gateway.sending.carriers import Carriers
from gateway.store import customers
from gateway.store.engine import Store
from gateway.store.tables import callbacks, cases, loans, messages, operations, payments, rail_requests
from menus.catalogue import Catalogue
from tests.gateway.rails_flow.pretend_rail import SHORTCODE, PretendRail
from tests.servers import wait_until

START = milliseconds(datetime(2026, 8, 5, 10, 42, tzinfo=EAT))
LEASE_MS = 60_000
ROUNDS_MAX = 800
PATIENCE = Patience(
    callback_ms=20_000, ask_ms=15_000, ask_max_ms=900_000, slow_ms=120_000, give_up_ms=86_400_000,
    prompt_expires_ms=300_000,
)  # fmt: skip
AMINA, BARAKA = "+254711000001", "+254711000002"
OPEN_STATES = ("queued", "waiting", "uncertain")


@dataclass
class Hands:
    """A clock that moves when it is turned."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def turn(self, ms: int) -> None:
        self.now += ms


@dataclass
class PretendSms:
    """A carrier that keeps what it was given. `answer`: `lost` was sent and not answered."""

    answer: str = "ok"
    sent: list[OutgoingSms] = field(default_factory=list)
    name: str = "africastalking"

    async def send_sms(self, message: OutgoingSms) -> SentSms:
        if self.answer == "away":
            raise Unavailable("carrier away")
        if self.answer == "refused":
            raise Rejected("not a phone", "403")
        self.sent.append(message)
        if self.answer == "lost":
            raise Uncertain("no answer")
        return SentSms(f"ATXid_{len(self.sent)}", "KES 0.8000")

    def parse_delivery(self, form: Mapping[str, str]) -> Any:
        raise NotImplementedError

    def close(self) -> None: ...


class Shop:
    """What one process of the back office is made of. Build another on the same database and one has crashed."""

    def __init__(self, store: Store, rail: PretendRail, sms: PretendSms, clock: Hands, *, workers: int = 4) -> None:
        self.store = store
        self.books = Books()
        self.portfolio = Portfolio(parse_products(dict(DEMO_PRODUCTS)))
        self.playbooks: dict[str, Playbook] = {}
        self.outbox = Outbox(store, self.playbooks, {}, clock, recall_ms=600_000)
        teller = Teller(self.outbox)
        lending = Lending(self.books, self.portfolio, teller, answer_ms=86_400_000)
        repayments = Repayments(self.books, self.portfolio, teller, shortcode=SHORTCODE)
        self.received = Received(
            self.books, self.portfolio, teller, shortcode=SHORTCODE, language="en", again_ms=PATIENCE.ask_max_ms
        )
        self.callbacks = RailCallbacks(
            rail, store, self.outbox, self.playbooks, clock, joins=Joining(self.books, shortcode=SHORTCODE).undone
        )
        listed = ListedStep(rail, store, self.callbacks, clock, give_up_ms=PATIENCE.give_up_ms)
        addresses = Addresses("http://nyota", "token")
        pay = DisburseStep(rail, store, clock, PATIENCE, addresses, payout_wanted(rail.name), lending.slow)
        others = AskedOthers(repayments, teller, a_day=3, notice_ms=10_000)
        paid_for = PaidForOthers(self.books, self.portfolio, teller, shortcode=SHORTCODE)

        def prompt(slow: SlowNotice) -> CollectStep:
            return CollectStep(rail, store, clock, PATIENCE, addresses, prompt_wanted(rail.name), slow)

        send = message.SendStep(Carriers({sms.name: sms}, [sms.name], clock), store, words, clock)
        for playbook in (
            lending.playbook(pay), repayments.by_prompt(prompt(repayments.slow), delay_ms=3_000),
            repayments.from_wallet(), others.playbook(prompt(others.slow)),
            paid_for.by_prompt(prompt(paid_for.slow), delay_ms=3_000), paid_for.from_wallet(),
            self.received.playbook(listed), message.playbook(send),
        ):  # fmt: skip
            self.playbooks[playbook.kind] = playbook
        policy, pace = Policy(12, 1_000, 300_000), Pace(workers, LEASE_MS, 0.01)
        self.worker = Worker(store, self.outbox, self.playbooks, clock, policy, pace)


class Office:
    """A back office with two customers, and what a test asks it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Hands()
        self.rail = PretendRail(self.clock)
        self.sms = PretendSms()
        self.shop = Shop(store, self.rail, self.sms, self.clock)

    async def open(self) -> None:
        """Two customers, with money in their wallets that came from outside."""
        async with self.store.begin() as connection:
            for name, phone, language in (("Amina Wanjiru", AMINA, "en"), ("Baraka Otieno", BARAKA, "sw")):
                await customers.added(
                    connection, phone, msisdn=phone, name=name, language=language, state="active",
                    limit_cents=100_000_00, created_at=START,
                )  # fmt: skip
                lines = (Line(chart.OPENING, 5_000_00), Line(chart.wallet(phone), -5_000_00))
                await self.shop.books.post(connection, Entry(phone, "opening", "Opening", lines), START)

    async def hired(self, officer: str, msisdn: str, limit_cents: int = 0) -> None:
        """An officer, who decides alone up to `limit_cents`."""
        async with self.store.begin() as connection:
            await customers.added(
                connection, officer, msisdn=msisdn, name="Jane Muthoni", language="en", state="active",
                role="officer", limit_cents=limit_cents, created_at=self.clock(),
            )  # fmt: skip

    async def put(self, kind: str, intent: Mapping[str, Any], customer: str = AMINA, prefix: str = "OP") -> str:
        """Queue an operation as an accepted turn does; its reference."""
        identity = str(uuid.uuid4())
        named = reference(prefix, identity)
        async with self.store.begin() as connection:
            await self.shop.outbox.put(connection, Operation(identity, kind, named, customer, intent))
        return named

    async def borrow(self, cents: int = 2_000_00, customer: str = AMINA) -> str:
        product = self.shop.portfolio.products["quick"]
        quote = as_values(quoted(product, cents, local_date(self.clock())))
        return await self.put("loan.disburse", {"product": "quick", "quote": quote}, customer, "LN")

    async def lent(self, cents: int = 2_000_00, customer: str = AMINA) -> str:
        """A running loan; what it took to get there is over."""
        loan = await self.borrow(cents, customer)
        await self.settled()
        assert (await self.operation(loan)).state == "done"
        return loan

    async def prompt(self, loan: str, cents: int, customer: str = AMINA) -> str:
        return await self.put("repay.stk", {"loan": loan, "amount_cents": cents}, customer, "PY")

    async def from_wallet(self, loan: str, cents: int, customer: str = AMINA) -> str:
        return await self.put("repay.wallet", {"loan": loan, "amount_cents": cents}, customer, "PY")

    async def receive(self, callback: Callback) -> str:
        """Take a callback as the web does; the verdict it was kept with."""
        await self.shop.callbacks.receive(callback)
        async with self.store.read() as connection:
            query = select(callbacks.c.verdict).order_by(callbacks.c.id.desc()).limit(1)
            return str(await connection.scalar(query))

    async def told(self) -> None:
        """Deliver what the rail has to say, each once; what the database cannot take is spooled and taken later."""
        while self.rail.outbox:
            callback = self.rail.outbox.pop(0)
            try:
                await self.shop.callbacks.receive(callback)
            except (Unavailable, Uncertain):
                await self.shop.callbacks.receive(callback)

    async def prompted(self, cents: int = 500_00, *, code: str = "") -> tuple[str, str]:
        """A loan and a prompt that is on the phone, or was refused with `code`; nothing was told yet."""
        loan = await self.lent()
        self.rail.code = code
        payment = await self.prompt(loan, cents)
        self.clock.turn(3_000)
        await self.drained()
        return loan, payment

    async def drained(self) -> None:
        """Work what is due now, callbacks not delivered."""
        await self.shop.worker.drain()

    async def settled(self) -> None:
        """Turn the clock from due time to due time until nothing moves by itself any more."""
        for _ in range(ROUNDS_MAX):
            await self.shop.worker.drain()
            await self.told()
            await self.shop.worker.drain()
            due = await self._next_due()
            if due is None:
                return
            self.clock.now = max(self.clock.now, due)
        raise AssertionError("it never settles")

    async def _next_due(self) -> int | None:
        """When something can be done next: due, first in its lane, not claimed by a worker that may be dead."""
        columns = operations.c
        async with self.store.read() as connection:
            rows = await connection.execute(select(operations).where(columns.is_open).order_by(columns.number.desc()))
            first = {row.lane or row.id: row for row in rows}
        moving = (row for row in first.values() if row.state in OPEN_STATES)
        return min((max(row.due_at, row.lease_until) for row in moving), default=None)

    async def operation(self, named: str) -> Any:
        async with self.store.read() as connection:
            return (await connection.execute(select(operations).where(operations.c.reference == named))).one()

    async def operations(self, kind: str) -> list[Any]:
        async with self.store.read() as connection:
            query = select(operations).where(operations.c.kind == kind).order_by(operations.c.number)
            return list(await connection.execute(query))

    async def request(self, named: str) -> RailRequest:
        async with self.store.read() as connection:
            query = select(rail_requests).where(rail_requests.c.account_reference == named)
            row = (await connection.execute(query)).one()
        return RailRequest(**{name: getattr(row, name) for name in RailRequest.__slots__})

    async def payments(self) -> list[Any]:
        async with self.store.read() as connection:
            return list(await connection.execute(select(payments).order_by(payments.c.id)))

    async def cases(self) -> list[str]:
        async with self.store.read() as connection:
            query = select(cases.c.topic).order_by(cases.c.created_at)
            return [row.topic for row in await connection.execute(query)]

    async def open_cases(self) -> list[str]:
        """Those that somebody has to look at."""
        async with self.store.read() as connection:
            query = select(cases.c.topic).where(cases.c.state.in_((OPEN, WAITING))).order_by(cases.c.created_at)
            return [row.topic for row in await connection.execute(query)]

    async def templates(self, customer: str = AMINA) -> list[str]:
        """What the customer was told, by the names of the sentences, in order."""
        query = select(operations.c.intent).where(operations.c.kind == "sms.send", operations.c.customer_id == customer)
        async with self.store.read() as connection:
            return [row.intent["template"] for row in await connection.execute(query.order_by(operations.c.number))]

    async def texts(self, customer: str = AMINA) -> list[str]:
        async with self.store.read() as connection:
            query = select(messages.c.text).where(messages.c.msisdn == customer).order_by(messages.c.created_at)
            return [row[0] for row in await connection.execute(query)]

    async def loan_state(self, loan: str) -> str:
        async with self.store.read() as connection:
            return str(await connection.scalar(select(loans.c.state).where(loans.c.reference == loan)))

    async def owed(self, loan: str) -> int:
        async with self.store.read() as connection:
            record = await self.shop.portfolio.by_reference(connection, loan)
            assert record is not None
            today = local_date(self.clock())
            return (await self.shop.portfolio.standing(connection, record.id, today)).owed_cents

    async def balance(self, key: str) -> int:
        async with self.store.read() as connection:
            return (await self.shop.books.balance(connection, key)).posted_cents

    async def prove(self) -> None:
        """Our books hold, and say of the rail what the rail says of itself."""
        async with self.store.read() as connection:
            assert await check(connection) == []
        assert await self.balance(chart.PAYOUT) == -self.rail.cents("b2c")
        assert await self.balance(chart.COLLECTION) == self.rail.cents("stk", "c2b")


@asynccontextmanager
async def office_on(url: str) -> AsyncIterator[Office]:
    """An open office on a fresh database."""
    store = Store(url, busy_seconds=30)
    office = Office(store)
    await office.open()
    try:
        yield office
    finally:
        await store.close()


async def until_blocked(store: Store) -> None:
    """Until somebody in this database waits for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    async def is_blocked() -> bool:
        async with store.read() as connection:
            return bool(await connection.scalar(waiting))

    await wait_until(is_blocked)


@cache
def words() -> Catalogue:
    """Read once: no test changes them."""
    return dialogue.catalogue_of(Config())
