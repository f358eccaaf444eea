"""The demo people of `nyota up`: loaded once into an empty database, with books that balance from the first row."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.loans import quoted as as_values
from flows.turn import Operation
from gateway.app import Gateway
from gateway.approvals import decisions
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.clock import local_date
from gateway.facts.loans import quoted
from gateway.facts.peers import quoted as agreed
from gateway.facts.repaying import with_initial
from gateway.lending.standings import LoanRecord
from gateway.lending.terms import terms_mapping
from gateway.operations import queue
from gateway.operations.claims import work_of
from gateway.playbooks import peer
from gateway.playbooks.instant import CONSENTS
from gateway.store import customers

REQUEST = "RQ5M3TZ"
"""What Amina asks of Baraka, by its reference."""
ASKED_CENTS = 2_000_00
ASKED_FOR_DAYS = 28
NAMESPACE = uuid.UUID("d3b0a1f2-6a1c-5c55-8f0e-3a3a3a383323")


@dataclass(frozen=True, slots=True)
class Person:
    """One demo person; amounts in cents."""

    msisdn: str
    name: str
    national_id: str
    pin: str
    language: str
    wallet_cents: int = 0
    savings_cents: int = 0
    limit_cents: int = 2_000_00
    loan_cents: int = 0
    role: str = "customer"
    tier: int = 2

    @property
    def id(self) -> str:
        return str(uuid.uuid5(NAMESPACE, self.msisdn))


PEOPLE = (
    Person(
        "+254711000001", "Amina Wanjiru", "23456789", "4826", "en",
        wallet_cents=5_000_00, savings_cents=1_200_00, limit_cents=5_000_00, loan_cents=2_000_00,
    ),
    Person("+254711000002", "Baraka Otieno", "24567891", "7391", "sw", wallet_cents=12_000_00),
    Person("+254711000009", "Jane Muthoni", "25678912", "6058", "en", role="officer"),
)  # fmt: skip


async def load(gateway: Gateway) -> bool:
    """Load the demo people unless somebody is there already. Whether it loaded them."""
    hashes = {person.id: await gateway.hashes.made(person.pin) for person in PEOPLE}
    async with gateway.store.begin() as connection:
        if await customers.is_anybody(connection):
            return False
        now = gateway.clock()
        for person in PEOPLE:
            await _settled_in(connection, gateway, person, hashes[person.id], now)
        if peer.PRODUCT in gateway.portfolio.products:
            await _asked(connection, gateway, PEOPLE[0], PEOPLE[1], now)
    return True


async def _settled_in(connection: AsyncConnection, gateway: Gateway, person: Person, hashed: str, now: int) -> None:
    await customers.added(
        connection,
        person.id,
        msisdn=person.msisdn,
        name=person.name,
        national_id=person.national_id,
        language=person.language,
        role=person.role,
        state="active",
        limit_cents=person.limit_cents,
        tier=person.tier,
        pin_hash=hashed,
        created_at=now,
    )
    for kind in CONSENTS:
        version = gateway.config.organisation.terms_version
        await customers.consented(connection, person.id, kind, version=version, language=person.language, at=now)
    given = {chart.wallet(person.id): person.wallet_cents, chart.savings(person.id): person.savings_cents}
    for key in given:
        await gateway.books.open_account(connection, key)
    lines = tuple(Line(key, -cents) for key, cents in given.items() if cents)
    if lines:
        opening = Line(chart.OPENING, sum(given.values()))
        await gateway.books.post(connection, Entry(person.id, "opening", "Opening balances", (opening, *lines)), now)
    if person.loan_cents:
        await _lent(connection, gateway, person, now)


async def _lent(connection: AsyncConnection, gateway: Gateway, person: Person, now: int) -> None:
    """A running Quick loan, paid out today from outside of these books."""
    product, today = gateway.portfolio.products["quick"], local_date(now)
    loan_id = str(uuid.uuid5(NAMESPACE, f"loan:{person.msisdn}"))
    price = as_values(quoted(product, person.loan_cents, today))
    terms = terms_mapping(product.terms(person.loan_cents, today))
    record = LoanRecord(loan_id, "LN7K2QD", person.id, product.key, terms, price, person.loan_cents, "approved")
    await gateway.portfolio.approve(connection, record, loan_id, now)
    standing = await gateway.portfolio.pay_out(connection, loan_id, loan_id, now, now)
    owed = standing.loan.owed
    lines = (
        Line(chart.loan_principal(loan_id), owed.principal),
        Line(chart.OPENING, -owed.principal),
        Line(chart.loan_interest(loan_id), owed.interest),
        Line(chart.INTEREST_DEFERRED, -owed.interest),
    )
    await gateway.books.post(connection, Entry(loan_id, "opening", "Opening loan", lines), now)


async def _asked(connection: AsyncConnection, gateway: Gateway, borrower: Person, lender: Person, now: int) -> None:
    """A request from one to the other that waits for an answer; whom it was asked of has read about it."""
    product, today = gateway.portfolio.products[peer.PRODUCT], local_date(now)
    answer_by = today + timedelta(days=gateway.config.peers.answer_days)
    due = today + timedelta(days=gateway.config.peers.answer_days + ASKED_FOR_DAYS)
    intent = {
        "lender": lender.id,
        "person": with_initial(lender.name),
        "percent": 5,
        "quote": as_values(agreed(product, ASKED_CENTS, 5, today, due)),
        "answer_by": answer_by.isoformat(),
    }
    identity = str(uuid.uuid5(NAMESPACE, f"peer:{borrower.msisdn}"))
    operation = Operation(identity, peer.KIND, REQUEST, borrower.id, intent, f"peer:{borrower.id}:{lender.id}")
    await gateway.outbox.put(connection, operation)
    work = work_of(await queue.find(connection, identity))
    await decisions.asked(connection, work, peer.question(work), now)
    await queue.reopen(connection, identity, step="decision", data=peer.agreed(product, work), now=now)
