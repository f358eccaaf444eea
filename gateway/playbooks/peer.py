"""`peer.ask`: one person asks another for a loan; the other's yes moves the money, wallet to wallet.

The lender's money is held in the very transaction of their yes (see `reserve`), because between it and the next step
of this operation they could spend it. Paying over, the loan's row and what each side owes or is due are one unit of
work. We are never the creditor: see `gateway.lending.booking`.
"""

import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals import decisions
from gateway.approvals.decisions import Approval, Ask, decision
from gateway.books import accounts as chart
from gateway.books.entry import Entry
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.clock import EAT, day_start, local_date, milliseconds
from gateway.lending.booking import claim_lines, lenders_cents, lent_lines
from gateway.lending.peer import agreed_terms
from gateway.lending.portfolio import Portfolio
from gateway.lending.products import Product
from gateway.lending.standings import LoanRecord, Repaid
from gateway.lending.terms import terms_mapping
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.peers import asking
from gateway.playbooks.safety import Safety
from gateway.playbooks.telling import Teller
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.wallet import usage

KIND = asking.KIND
PRODUCT = "peer"
HELD = "reserve"
LENDER_TEMPLATES = {"expired": "peer.expired", "short": "peer.short", "safety": "wallet.safety"}


class PeerLending:
    """The local steps. `a_day` is how often somebody may ask, a day."""

    def __init__(
        self, books: Books, portfolio: Portfolio, teller: Teller, *, a_day: int, safety: Safety | None = None
    ) -> None:
        self._safety = safety or Safety()
        self._books = books
        self._portfolio = portfolio
        self._teller = teller
        self._a_day = a_day

    def playbook(self) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(Local("ask", self.ask), Local("decision", decision), Local("fund", self.fund)),
            lane=lambda customer, intent: f"peer:{customer}:{intent['lender']}",
            refused=Local("tell", self.tell_refused),
        )

    async def ask(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Put the question to the lender, unless they may not be asked by now, or there were too many today."""
        intent = work.intent
        since = day_start(work.created_at)
        if await queue.asked(connection, work.customer_id, KIND, since=since, before=work.number) >= self._a_day:
            return Refused("limit", "asked often enough today")
        lender = await customers.find(connection, intent["lender"])
        if lender is None or not await asking.may_ask(connection, work.customer_id, lender):
            return Refused("shut", "this person is not asked")
        borrower = await customers.get(connection, work.customer_id)
        answer_by = date.fromisoformat(intent["answer_by"])
        await decisions.asked(connection, work, question(work), now)
        values = {
            **_about(work),
            "full_name": say.full(borrower.name),
            "phone": "0" + borrower.msisdn[4:],
            "day": say.day(answer_by),
        }
        await self._teller.tell_other(connection, work, lender.id, "peer.asked", values)
        return Done(agreed(self._portfolio.products[PRODUCT], work))

    async def fund(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The money goes from wallet to wallet, and the loan runs; both are told."""
        quote, lender_id = work.intent["quote"], work.intent["lender"]
        if local_date(now) >= date.fromisoformat(quote["due"]):
            return Refused("expired", "it would be due already")
        people = [await customers.get(connection, each, lock=True) for each in sorted((work.customer_id, lender_id))]
        if any(person.state != "active" for person in people):
            return Refused("shut", "one of the two is not active")
        lender = next(person for person in people if person.id == lender_id)
        if closed := await self._safety.refusal(connection, lender, work, now):
            return closed  # into the wallet of a borrower who is closed it may go: it does not leave from there
        if not await self._moved(connection, work, now):
            return Refused("short", "the lender's wallet has too little")
        loan = LoanRecord(
            work.id, work.reference, work.customer_id, PRODUCT, work.data["terms"], quote,
            quote["principal_cents"], "approved", lender_id,
        )  # fmt: skip
        await self._portfolio.approve(connection, loan, work.id, now)
        standing = await self._portfolio.pay_out(connection, work.id, work.id, now, now)
        lines = tuple(claim_lines(standing))
        await self._books.post(connection, Entry(work.id, "loan", f"Loan {work.reference}", lines), now)
        await self._tell_both(connection, work, {person.id: person for person in people}, now)
        return Done({"paid_at": now})

    async def tell_refused(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """What was held is free again. The borrower learns only that it was not approved; the lender, what they do
        not know already."""
        if await self._books.is_held(connection, work.id, HELD):
            await self._books.void_held(connection, work.id, HELD, "release", now)
        await usage.given_back(connection, work.id)
        await decisions.withdrawn(connection, work.id, now)
        lender_template = LENDER_TEMPLATES.get(work.data["refusal"])
        await self._teller.tell(connection, work, "peer.refused", _about(work))
        if lender_template is not None:
            borrower = await customers.get(connection, work.customer_id)
            opens_at = say.clock(work.data.get("opens_at", now))
            values = {**_about(work), "person": say.short(borrower.name), "at": opens_at}
            await self._teller.tell_other(connection, work, work.intent["lender"], lender_template, values)
        return Done()

    async def _moved(self, connection: AsyncConnection, work: Work, now: int) -> bool:
        """Whether the lender's money is the borrower's now. It was held with the yes, unless it fell short then."""
        if await self._books.is_held(connection, work.id, HELD):
            await self._books.post_held(connection, work.id, HELD, "paid", now)
            return True
        rows = await decisions.of_operation(connection, work.id)
        try:
            async with connection.begin_nested():
                await self._books.post(connection, _entry(rows[0], "paid"), now)
        except Overdraft:
            return False
        return True

    async def _tell_both(
        self, connection: AsyncConnection, work: Work, people: Mapping[str, Customer], now: int
    ) -> None:
        lender, borrower = people[work.intent["lender"]], people[work.customer_id]
        for person, other, template, cents in (
            (lender, borrower, "peer.lent", work.intent["quote"]["principal_cents"]),
            (borrower, lender, "peer.got", work.intent["quote"]["net_cents"]),
        ):
            wallet = await self._books.balance(connection, chart.wallet(person.id))
            values = {
                **_about(work),
                "amount": say.ksh(cents),
                "person": say.short(other.name),
                "at": say.clock(now),
                "wallet": say.ksh(wallet.available_cents),
            }
            await self._teller.tell_other(connection, work, person.id, template, values)


class Lenders:
    """Tells people who have lent what comes back, whichever way it was repaid."""

    def __init__(self, books: Books, outbox: Outbox) -> None:
        self._books = books
        self._outbox = outbox

    async def repaid(self, connection: AsyncConnection, work: Work, repaid: Repaid, now: int) -> None:
        """Once per operation and loan, in the unit of work of the repayment, after it is booked."""
        record, cents = repaid.standing.record, lenders_cents(repaid.parts)
        if record.lender_id is None or cents <= 0:
            return
        lender = await customers.get(connection, record.lender_id)
        borrower = await customers.get(connection, record.customer_id)
        wallet = await self._books.balance(connection, chart.wallet(lender.id))
        values = {
            "reference": work.reference,
            "loan": record.reference,
            "amount": say.ksh(cents),
            "person": say.short(borrower.name),
            "at": say.clock(now),
            "owed": say.ksh(repaid.standing.owed_cents),
            "wallet": say.ksh(wallet.available_cents),
        }
        template = "peer.cleared" if repaid.is_cleared else "peer.repaid"
        cause = f"{work.id}:{template}:{record.id}"
        await self._outbox.tell(connection, cause, lender.id, lender.msisdn, template, values)


async def reserve(connection: AsyncConnection, books: Books, row: Approval, now: int) -> None:
    """The lender has said yes: hold their money at once. What does not cover it is found out when it is to move."""
    try:
        async with connection.begin_nested():
            await books.hold(connection, _entry(row, HELD), now)
    except Overdraft:
        return
    await usage.used(connection, row.operation_id, row.approver_id, "out", row.amount_cents, now)


def question(work: Work) -> Ask:
    """What the lender is asked and shown, and what moves when they agree."""
    intent, quote = work.intent, work.intent["quote"]
    identity = str(uuid.uuid5(uuid.UUID(work.id), "peer"))
    detail = {name: quote[name] for name in ("net_cents", "fee_cents", "total_cents", "due")}
    over_at = _over_at(date.fromisoformat(intent["answer_by"]))
    return Ask(identity, "peer", intent["lender"], quote["principal_cents"], over_at, detail)


def agreed(product: Product, work: Work) -> dict[str, Any]:
    """What the operation keeps for the day on which the lender agrees: the terms of the day on which it was asked."""
    quote, asked_on = work.intent["quote"], local_date(work.created_at)
    due, percent = date.fromisoformat(quote["due"]), Decimal(work.intent["percent"])
    return {"terms": terms_mapping(agreed_terms(product, quote["principal_cents"], percent, asked_on, due))}


def _entry(row: Approval, step: str) -> Entry:
    lines = lent_lines(row.approver_id, row.requester_id, row.amount_cents, row.detail["net_cents"])
    return Entry(row.operation_id, step, f"Loan {row.reference}", tuple(lines))


def _about(work: Work) -> dict[str, Any]:
    quote = work.intent["quote"]
    return {
        "reference": work.reference,
        **dict.fromkeys(("amount", "principal"), say.ksh(quote["principal_cents"])),
        "total": say.ksh(quote["total_cents"]),
        "due": say.day(date.fromisoformat(quote["due"])),
    }


def _over_at(answer_by: date) -> int:
    """The end of the day by which to answer."""
    return milliseconds(datetime.combine(answer_by + timedelta(days=1), time(), EAT))
