"""`repay.stk`, `repay.wallet` and `payment.received`: money that comes in for a loan, booked once, told once.

However a payment reaches us (callback, query, confirmation, the rail's list), it is one row of `payments`, unique by
receipt and by operation: whoever comes second changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as phone_of
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.lending.booking import repaid_lines
from gateway.lending.events import Repayment
from gateway.lending.portfolio import LoanRecord, Portfolio, Repaid, next_cents, next_due
from gateway.notices import values as say
from gateway.operations.outcome import Done, Outcome, Park, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.telling import Teller
from gateway.rails.requests import Wanted, receipt_of
from gateway.rails.steps import CollectStep
from gateway.store import customers, payments

PART_MIN_CENTS = 50_00
TRY_AGAIN_MS = 3_600_000

REFUSAL_TEMPLATES = {
    "cancelled": "repay.cancelled",
    "wrong_pin": "repay.wrong_pin",
    "timeout": "repay.timeout",
    "low": "repay.low",
    "busy": "repay.busy",
}


def wanted(rail: str) -> Any:
    """What to ask of `rail` for a repayment: whole shillings, from the customer's own line."""
    return lambda work: Wanted(rail, "stk", work.data["msisdn"], work.intent["amount_cents"])


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that came in, and the account it is in."""

    cents: int
    account: str
    receipt: str | None
    at: int


class Repayments:
    """The local steps of every way a loan is repaid."""

    def __init__(self, books: Books, portfolio: Portfolio, teller: Teller, *, shortcode: str) -> None:
        self._books = books
        self._portfolio = portfolio
        self._teller = teller
        self._shortcode = shortcode

    def by_prompt(self, prompt: CollectStep, *, delay_ms: int) -> Playbook:
        return Playbook(
            kind="repay.stk",
            steps=(Local("address", self.address), prompt, Local("post", self.post_prompted)),
            lane=lambda _, intent: f"repay:{intent['loan']}",
            refused=Local("tell", self.tell_unpaid),
            delay_ms=delay_ms,
        )

    def from_wallet(self) -> Playbook:
        return Playbook(
            kind="repay.wallet",
            steps=(Local("post", self.post_from_wallet),),
            lane=lambda customer, _: f"wallet:{customer}",
            refused=Local("tell", self.tell_short),
        )

    def received(self) -> Playbook:
        return Playbook(
            kind="payment.received",
            steps=(Local("post", self.post_received),),
            lane=lambda _, intent: f"received:{intent['receipt']}",
        )

    async def address(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Whose phone to ask."""
        customer = await customers.get(connection, work.customer_id)
        return Done({"msisdn": customer.msisdn})

    async def post_prompted(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The prompt was paid: the loan gets it, and what is too much goes to the wallet."""
        data = work.data
        receipt = data["receipt"] or await receipt_of(connection, work.id)  # it may have come since the query
        money = Money(data["paid_cents"], chart.COLLECTION, receipt, data["paid_at"])
        if not await self._credited(connection, work, money, "prompt"):
            if await payments.is_of(connection, work.id):
                return Done(reason="credited before")
            return Park("its receipt was credited through another door", {"receipt": money.receipt})
        record = await self._portfolio.by_reference(connection, work.intent["loan"])
        assert record is not None
        repaid = await self._repaid(connection, work, record, money, now)
        await self._tell_paid(connection, work, record, money, repaid)
        return Done()

    async def post_from_wallet(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Takes no more from the wallet than the loan still owes; refused when the wallet has too little."""
        record = await self._portfolio.by_reference(connection, work.intent["loan"])
        assert record is not None
        owed = (await self._portfolio.standing(connection, record.id, local_date(now), lock=True)).owed_cents
        money = Money(min(work.intent["amount_cents"], owed), chart.wallet(work.customer_id), None, now)
        if not money.cents:
            return Refused("paid", "nothing is owed any more")
        try:
            async with connection.begin_nested():
                repaid = await self._repaid(connection, work, record, money, now)
        except Overdraft:
            return Refused("short", "the wallet has too little")
        await self._tell_paid(connection, work, record, money, repaid)
        return Done()

    async def post_received(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Money nobody was asked for: to the loan or the person its account names, otherwise to suspense."""
        intent = work.intent
        money = Money(intent["amount_cents"], chart.COLLECTION, intent["receipt"], intent["at"])
        if not await self._credited(connection, work, money, "confirmation"):
            return Done(reason="credited before")
        record, customer_id = await self._meant(connection, intent["account"], now)
        if record is not None:
            owner = _as(work, record.customer_id)
            repaid = await self._repaid(connection, owner, record, money, now)
            await self._tell_paid(connection, owner, record, money, repaid)
            return Done({"loan": record.reference})
        account = chart.wallet(customer_id) if customer_id else chart.SUSPENSE
        lines = (Line(money.account, money.cents), Line(account, -money.cents))
        await self._books.post(connection, Entry(work.id, "post", f"Received {money.receipt}", lines), now)
        return Done({"account": account})

    async def tell_unpaid(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing was paid as far as anyone knows; said in the words of the reason, with another way to pay."""
        template = REFUSAL_TEMPLATES.get(work.data["refusal"], "repay.refused")
        values = {
            **self._about(work),
            "account": "0" + work.data["msisdn"][4:],
            "min": say.ksh(PART_MIN_CENTS),
            "by": say.clock(now + TRY_AGAIN_MS),
        }
        await self._teller.tell(connection, work, template, values)
        return Done()

    async def tell_short(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        template = "repay.short" if work.data["refusal"] == "short" else "repay.nothing"
        await self._teller.tell(connection, work, template, self._about(work))
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """Nobody knows yet whether it was paid; said once, and never to pay again."""
        values = {**self._about(work), "by": say.clock(now + 2 * TRY_AGAIN_MS)}
        await self._teller.tell(connection, work, "repay.uncertain", values)

    async def _repaid(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, money: Money, now: int
    ) -> Repaid:
        """Apply and book in one unit of work: the loan's parts, earned interest, and the excess."""
        repayment = Repayment(local_date(money.at), money.cents, money.receipt or work.reference)
        repaid = await self._portfolio.repay(connection, record.id, repayment, work.id, now)
        lines = [
            Line(money.account, money.cents),
            *repaid_lines(record, repaid.parts),
            Line(chart.wallet(record.customer_id), -repaid.extra_cents),
        ]
        entry = Entry(
            work.id,
            "post",
            f"Repayment of {record.reference}",
            tuple(line for line in lines if line.amount_cents),
        )
        await self._books.post(connection, entry, now)
        return repaid

    async def _credited(self, connection: AsyncConnection, work: Work, money: Money, source: str) -> bool:
        """Whether this is the first time this payment is seen. The row is written with the money, or not at all."""
        return await payments.credited(
            connection,
            work.id,
            shortcode=self._shortcode,
            receipt=money.receipt,
            amount_cents=money.cents,
            source=source,
            at=money.at,
        )

    async def _meant(self, connection: AsyncConnection, account: str, now: int) -> tuple[LoanRecord | None, str | None]:
        """Whom a paybill account names: a loan's number, or a phone (its oldest due loan, else its wallet)."""
        loan = await self._portfolio.by_reference(connection, account.strip().upper())
        if loan is not None and loan.state == "active":
            return loan, loan.customer_id
        line = phone_of(account)
        customer = await customers.on_line(connection, line) if line else None
        if customer is None or customer.state != "active":
            return None, loan.customer_id if loan else None
        running = await self._portfolio.active(connection, customer.id, local_date(now))
        return (running[0].record if running else None), customer.id

    async def _tell_paid(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, money: Money, repaid: Repaid
    ) -> None:
        wallet = await self._books.balance(connection, chart.wallet(record.customer_id))
        loan = repaid.standing.loan
        values: dict[str, Any] = {
            "reference": work.reference,
            "amount": say.ksh(money.cents),
            "loan": record.reference,
            "at": say.clock(money.at),
            "receipt": money.receipt or "-",
            "owed": say.ksh(repaid.standing.owed_cents),
            "next": say.ksh(next_cents(loan)),
            "due": say.day(next_due(loan)),
            "extra": say.ksh(repaid.extra_cents),
            "wallet": say.ksh(wallet.available_cents),
        }
        await self._teller.tell(connection, work, _paid_template(money, repaid), values)

    def _about(self, work: Work) -> Mapping[str, Any]:
        return {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "loan": work.intent["loan"],
        }


def _paid_template(money: Money, repaid: Repaid) -> str:
    from_wallet = money.receipt is None and money.account != chart.COLLECTION
    if repaid.extra_cents:
        return "repay.extra"
    if repaid.is_cleared:
        return "repay.cleared_wallet" if from_wallet else "repay.cleared"
    return "repay.wallet" if from_wallet else "repay.paid"


def _as(work: Work, customer_id: str) -> Work:
    return replace(work, customer_id=customer_id)
