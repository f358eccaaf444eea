"""`wallet.withdraw`: from the wallet to the customer's own line. Sum and fee are held until the rail has answered.

A pay-out nobody can vouch for stays held; a refused one is released, and said so. Should the rail find later that it
paid after all, it is booked then, without the fee: what the wallet no longer covers is owed to the house
(`gateway.owed`), in a case that says how much.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.clock import HOUR_MS
from gateway.lending.fields import amount_text
from gateway.notices import values as say
from gateway.operations.outcome import BY_STAFF, Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.owed import debts
from gateway.playbooks.safety import LineStep, Safety
from gateway.playbooks.telling import Teller
from gateway.rails.requests import Wanted
from gateway.rails.steps import DisburseStep
from gateway.store import customers
from gateway.wallet import usage
from gateway.wallet.limits import Limits

KIND = "wallet.withdraw"
NEXT_NEWS_MS = 2 * HOUR_MS

REFUSAL_TEMPLATES = {
    "short": "wallet.short",
    "limit": "wallet.withdraw_limit",
    "safety": "wallet.safety",
    "held": "wallet.held",
    BY_STAFF: "wallet.stopped",
    "moved": "wallet.stopped",
    "checked": "wallet.checked",
}


def wanted(rail: str) -> Callable[[Work], Wanted]:
    """What to ask of `rail`: the sum, to the own line."""
    return lambda work: Wanted(rail, "b2c", work.data["msisdn"], work.intent["amount_cents"])


class Withdrawals:
    """The local steps."""

    def __init__(self, books: Books, teller: Teller, limits: Limits, safety: Safety) -> None:
        self._books = books
        self._teller = teller
        self._limits = limits
        self._safety = safety

    def playbook(self, disburse: DisburseStep, line: LineStep | None = None) -> Playbook:
        """`line` asks first whether the SIM is still theirs, where somebody knows."""
        steps = (Local("reserve", self.reserve), disburse, Local("post", self.post))
        return Playbook(
            kind=KIND,
            steps=(line, *steps) if line else steps,
            lane=lambda customer, _: f"withdraw:{customer}",
            refused=Local("release", self.release),
        )

    async def reserve(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Hold sum and fee, if money may leave, the limits allow it and the wallet covers both."""
        customer = await customers.get(connection, work.customer_id, lock=True)
        if refusal := await self._safety.refusal(connection, customer, work, now):
            return refusal
        allowed = await self._limits.allowed(connection, customer, "withdraw", now)
        if work.intent["amount_cents"] > allowed.most_cents:
            return Refused("limit", f"over the limit of the {allowed.bound}", data={"most": allowed.most_cents})
        try:
            async with connection.begin_nested():
                await self._books.hold(connection, self._payout(work, "reserve"), now)
        except Overdraft:
            return Refused("short", "the wallet does not cover sum and fee")
        await usage.used(connection, work.id, customer.id, "out", work.intent["amount_cents"], now)
        return Done({"msisdn": customer.msisdn})

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The money reached the customer: book it, and say so."""
        fee = work.intent["fee_cents"]
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.post_held(connection, work.id, "reserve", "paid", now)
        else:  # given back before the rail said that it had paid after all; the fee stays given back
            await self._paid_after_all(connection, work, now)
            fee = 0
        await usage.used(connection, work.id, work.customer_id, "out", work.intent["amount_cents"], now)
        values = {
            **await self._about(connection, work),
            "phone": say.phone(work.data["msisdn"]),
            "at": say.clock(work.data["paid_at"]),
            "receipt": work.data["receipt"] or "-",
            "fee": say.ksh(fee),
        }
        await self._teller.tell(connection, work, "wallet.withdrawn", values)
        return Done()

    async def release(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing left: sum and fee are free again, and the customer knows."""
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.void_held(connection, work.id, "reserve", "release", now)
            await usage.given_back(connection, work.id)
        template = REFUSAL_TEMPLATES.get(work.data["refusal"], "wallet.refused")
        values = {
            **await self._about(connection, work),
            "fee": say.ksh(work.intent["fee_cents"]),
            "max": say.ksh(work.data.get("most", 0)),
            "at": say.clock(work.data.get("opens_at", now)),
        }
        await self._teller.tell(connection, work, template, values)
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """The rail takes long; said once. The money stays held."""
        values = {**await self._about(connection, work), "by": say.clock(now + NEXT_NEWS_MS)}
        await self._teller.tell(connection, work, "wallet.uncertain", values)

    async def _paid_after_all(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """From the wallet as far as it goes; the rest is owed to the house."""
        cents, account = work.intent["amount_cents"], chart.wallet(work.customer_id)
        available = (await self._books.balance(connection, account)).available_cents
        try:
            async with connection.begin_nested():
                await self._book_paid(connection, work, min(cents, available), now)
        except Overdraft:  # it was spent in this very moment
            await self._book_paid(connection, work, 0, now)

    async def _book_paid(self, connection: AsyncConnection, work: Work, covered_cents: int, now: int) -> None:
        cents = work.intent["amount_cents"]
        lines = (
            Line(chart.wallet(work.customer_id), covered_cents),
            Line(chart.receivable(work.customer_id), cents - covered_cents),
            Line(chart.PAYOUT, -cents),
        )
        booked = tuple(line for line in lines if line.amount_cents)
        await self._books.post(connection, Entry(work.id, "paid", "Withdrawal", booked), now)
        if owed_cents := cents - covered_cents:
            await debts.arose(connection, work, work.customer_id, owed_cents, {"amount": amount_text(cents)}, now)
            values = {"reference": work.reference, "amount": say.ksh(cents), "owed": say.ksh(owed_cents)}
            await self._teller.tell(connection, work, "owed.noted", values)

    async def _about(self, connection: AsyncConnection, work: Work) -> Mapping[str, Any]:
        wallet = await self._books.balance(connection, chart.wallet(work.customer_id))
        return {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "wallet": say.ksh(wallet.available_cents),
        }

    def _payout(self, work: Work, step: str) -> Entry:
        """The fee is a line of its own, so that a statement can name it."""
        cents, fee, account = work.intent["amount_cents"], work.intent["fee_cents"], chart.wallet(work.customer_id)
        lines = [Line(account, cents), Line(chart.PAYOUT, -cents)]
        if fee:
            lines += [Line(account, fee), Line(chart.INCOME_FEES, -fee)]
        return Entry(work.id, step, "Withdrawal", tuple(lines))
