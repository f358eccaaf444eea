"""`savings.save`, `savings.move` and `savings.monthly`: money between wallet and savings, and the month's interest."""

import calendar
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.notices import values as say
from gateway.operations.outbox import Context
from gateway.operations.outcome import Done, Later, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.telling import Teller
from gateway.savings import goals, postings
from gateway.savings.interest import Rate, accrued, posted_cents
from gateway.store import customers

NAMESPACE = uuid.UUID("b8e3a0f4-51e6-5a4f-8d7c-736176696e67")
AT_ONCE = 50
"""How many people's interest is posted in one unit of work: on SQLite nobody else writes meanwhile."""

Pledged = Callable[[AsyncConnection, str], Awaitable[int]]
"""How much of somebody's savings secures loans, in cents."""


@dataclass(frozen=True, slots=True)
class InterestTerms:
    """Dated yearly rates, the percent withheld for the tax man, and whether an SMS tells of each month's interest."""

    rates: Sequence[Rate]
    withheld_percent: int
    is_told: bool = True

    def divided(self, cents: int) -> tuple[int, int]:
        """What the saver gets, and what is withheld."""
        withheld = (cents * self.withheld_percent + 50) // 100
        return cents - withheld, withheld


class Savings:
    """The local steps of savings."""

    def __init__(
        self, books: Books, teller: Teller, terms: InterestTerms, pledged: Pledged, *, may_save: bool = True
    ) -> None:
        self._may_save = may_save
        self._books = books
        self._teller = teller
        self._terms = terms
        self._pledged = pledged

    def saving(self) -> Playbook:
        return Playbook(
            kind="savings.save",
            steps=(Local("post", self.save),),
            lane=lambda customer, _: f"wallet:{customer}",
            refused=Local("tell", self.tell_refused),
        )

    def moving(self) -> Playbook:
        return Playbook(
            kind="savings.move",
            steps=(Local("post", self.move),),
            lane=lambda customer, _: f"wallet:{customer}",
            refused=Local("tell", self.tell_refused),
        )

    def monthly(self) -> Playbook:
        return Playbook(
            kind="savings.monthly",
            steps=(Local("post", self.post_interest),),
            lane=lambda _customer, _intent: "savings.monthly",
            priority=8,
        )

    async def save(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Wallet to savings, where savings are taken."""
        if not self._may_save:
            return Refused("shut", "no savings are taken")
        return await self._moved(connection, work, now, chart.wallet, chart.savings, "savings.saved")

    async def move(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Savings to wallet: not what secures a loan. A guarantee taken meanwhile waits for this to end."""
        await customers.get(connection, work.customer_id, lock=True)
        balance = await self._books.balance(connection, chart.savings(work.customer_id))
        free = balance.available_cents - await self._pledged(connection, work.customer_id)
        if work.intent["amount_cents"] > free:
            return Refused("held", "part of it secures a loan, or is gone")
        return await self._moved(connection, work, now, chart.savings, chart.wallet, "savings.moved")

    async def tell_refused(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        values = {"reference": work.reference, "amount": say.ksh(work.intent["amount_cents"])}
        await self._teller.tell(connection, work, f"savings.{work.data['refusal']}", values)
        return Done()

    async def set_goal(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Takes effect with its turn."""
        await goals.set_to(connection, operation.customer, operation.intent["target_cents"], context.now)

    async def post_interest(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The interest of the months that are over, some people at a time; after a standstill, month after month."""
        ended = _month_before(date.fromisoformat(work.intent["day"]))
        month = await postings.newest_month(connection) or _name(ended)
        while month <= _name(ended):
            waiting = await postings.without_month(connection, month, AT_ONCE)
            if waiting:
                await self._credited(connection, work, waiting, month, now)
                return Later(0, f"{month}: {len(waiting)} posted")
            month = _name(_month_after(month))
        return Done()

    async def _moved(
        self, connection: AsyncConnection, work: Work, now: int, source: Callable[[str], str],
        target: Callable[[str], str], template: str,
    ) -> Outcome:  # fmt: skip
        cents = work.intent["amount_cents"]
        lines = (Line(source(work.customer_id), cents), Line(target(work.customer_id), -cents))
        try:
            async with connection.begin_nested():
                await self._books.post(connection, Entry(work.id, "post", "Savings", lines), now)
        except Overdraft:
            return Refused("short", "there is too little")
        keys = (chart.savings(work.customer_id), chart.wallet(work.customer_id))
        savings, wallet = [await self._books.balance(connection, key) for key in keys]
        values = {
            "reference": work.reference,
            "amount": say.ksh(cents),
            "at": say.clock(now),
            "fee": say.ksh(0),
            "savings": say.ksh(savings.available_cents),
            "wallet": say.ksh(wallet.available_cents),
        }
        await self._teller.tell(connection, work, template, values)
        return Done()

    async def _credited(
        self, connection: AsyncConnection, work: Work, savers: Sequence[str], month: str, now: int
    ) -> None:
        """What they get is known, and all that it touches locked, before anything is posted."""
        earned = {saver: await self._earned(connection, saver, month) for saver in savers}
        entries = {saver: _interest(saver, month, *shares) for saver, shares in earned.items() if sum(shares)}
        await self._books.locked_for(connection, list(entries.values()))
        for saver, (net, withheld) in earned.items():
            if saver in entries:
                await self._books.post(connection, entries[saver], now)
                await self._tell_interest(connection, work, saver, month, net, now)
            await postings.posted(
                connection, month, saver, interest_cents=net + withheld, withheld_cents=withheld, at=now
            )

    async def _earned(self, connection: AsyncConnection, customer_id: str, month: str) -> tuple[int, int]:
        """What somebody gets for a month, and what is withheld of it; nothing of what would be withheld whole.

        Whoever has closed their account by then gets none: it could never leave.
        """
        saver = await customers.find(connection, customer_id)
        if saver is not None and saver.state == "closed":
            return 0, 0
        first = date.fromisoformat(f"{month}-01")
        balances = await postings.balances_of(connection, customer_id, first, _last_day(first))
        net, withheld = self._terms.divided(posted_cents(accrued(balances, self._terms.rates)))
        return (net, withheld) if net else (0, 0)

    async def _tell_interest(
        self, connection: AsyncConnection, work: Work, customer_id: str, month: str, cents: int, now: int
    ) -> None:
        saver = await customers.find(connection, customer_id)
        if not self._terms.is_told or saver is None or saver.state != "active":
            return
        savings = await self._books.balance(connection, chart.savings(customer_id))
        values = {"amount": say.ksh(cents), "at": say.clock(now), "savings": say.ksh(savings.available_cents)}
        await self._teller.tell_other(connection, work, customer_id, "savings.interest", values, about=month)


def _interest(customer_id: str, month: str, net: int, withheld: int) -> Entry:
    lines = [
        Line(chart.SAVINGS_INTEREST, net + withheld),
        Line(chart.savings(customer_id), -net),
        Line(chart.TAX_PAYABLE, -withheld),
    ]
    identity = str(uuid.uuid5(NAMESPACE, f"{month}:{customer_id}"))
    return Entry(identity, "interest", f"Interest {month}", tuple(line for line in lines if line.amount_cents))


def _name(day: date) -> str:
    return f"{day:%Y-%m}"


def _last_day(first: date) -> date:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _month_after(month: str) -> date:
    return _last_day(date.fromisoformat(f"{month}-01")) + timedelta(days=1)
