"""The agreed share of incoming money that repays loans by itself: how much is due, how much is taken, what is said.

    await auto.ready(connection, work, customer_id, entry)
    await books.post(connection, entry, now)
    share = await auto.share(connection, work, customer_id, cents, now)
    if share:
        await teller.tell(connection, work, share.template("auto.receipt"), {**values, **share.values()})

Whoever credits money to somebody's wallet calls both in the same unit of work. Money that was sent for a
named purpose (a loan, a savings goal) is not given to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.books import accounts as chart
from gateway.books.entry import Entry
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.lending.booking import repaid_keys
from gateway.lending.loan import Loan
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import LoanRecord, Repaid, Standing, next_due
from gateway.notices import values as say
from gateway.operations.outbox import Context
from gateway.operations.playbook import Work
from gateway.playbooks.repaying import Money, Repaying
from gateway.store import customers

STEP = "auto"


@dataclass(frozen=True, slots=True)
class Share:
    """What was taken, in cents.

    `loan` is the reference of the oldest loan that got some, `loans` how many did; `paid_cents` is the sum, and
    `owed_cents` what those loans owe after it. `wallet_cents` is what the wallet has available after it.
    """

    loan: str
    paid_cents: int
    owed_cents: int
    wallet_cents: int
    loans: int = 1

    def template(self, single: str) -> str:
        """The name of the sentence: `single`, or its sister for a share that was spread over several loans."""
        return single if self.loans == 1 else f"{single}_many"

    def values(self) -> Mapping[str, Any]:
        """The slots `paid`, `loan`, `count`, `owed` and `wallet`, for a message."""
        return {
            "paid": say.ksh(self.paid_cents),
            "loan": self.loan,
            "count": self.loans,
            "owed": say.ksh(self.owed_cents),
            "wallet": say.ksh(self.wallet_cents),
        }


class AutoRepay:
    """Takes the share. Runs in the caller's unit of work; each loan has a journal of its own (step `auto.<loan>`)."""

    def __init__(self, books: Books, portfolio: Portfolio) -> None:
        self._books = books
        self._portfolio = portfolio
        self._repaying = Repaying(books, portfolio)

    async def ready(self, connection: AsyncConnection, work: Work, customer_id: str, entry: Entry) -> None:
        """Lock what a share of the money of `entry` may touch, before the entry is posted: first the loans, then all
        balances at once. Without that a repayment from the wallet would hold the loan and wait for the wallet."""
        customer = await customers.get(connection, customer_id)
        if not customer.auto_repay_percent:
            return
        loans = await self._portfolio.locked(connection, customer_id)
        keys = [key for record in loans for key in repaid_keys(record)]
        await self._books.locked(connection, work.id, [*entry.keys, *keys])

    async def share(
        self, connection: AsyncConnection, work: Work, customer_id: str, cents: int, now: int
    ) -> Share | None:
        """Repay from `cents` that have just been credited to the customer's wallet; None when nothing is taken.

        Never more than the agreed percent of `cents` (whole cents, rounded down), nor than the wallet has
        available (what is on hold is not), nor than is due today: see `due_cents`. The loan with the oldest unpaid
        due date gets its part first, then the next. Switched off, nothing is taken from that moment on.
        """
        customer = await customers.get(connection, customer_id)
        if not customer.auto_repay_percent:
            return None
        wallet = (await self._books.balance(connection, chart.wallet(customer_id))).available_cents
        left = budget_cents(cents, customer.auto_repay_percent, wallet)
        paid: list[Repaid] = []
        for standing in oldest_first(await self._portfolio.active(connection, customer_id, local_date(now))):
            if repaid := await self._repaid(connection, work, standing.record, left, now):
                paid.append(repaid)
                left -= repaid.parts.total
        return _shared(paid, wallet)

    async def _repaid(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, left_cents: int, now: int
    ) -> Repaid | None:
        """What is due of one loan, as far as `left_cents` go. The loan is locked before it is looked at."""
        if not left_cents:
            return None
        today = local_date(now)
        current = await self._portfolio.standing(connection, record.id, today, lock=True)
        part = min(left_cents, due_cents(current.loan, today))
        if part <= 0:
            return None
        money = Money(part, chart.wallet(record.customer_id), None, now)
        step = f"{STEP}.{record.reference}"
        return await self._repaying.apply(connection, work, record, money, now, step=step, memo="Auto-repay")


def budget_cents(cents: int, percent: int, wallet_cents: int) -> int:
    """The most that may be taken of `cents`: the agreed percent in whole cents, rounded down, if the wallet has it."""
    return max(0, min(cents * percent // 100, wallet_cents))


def due_cents(loan: Loan, today: date) -> int:
    """What is due: everything late, and the instalment whose period today is in, with their penalties and fees.

    An instalment's period begins on the day after the one before it was due (the first one's on the day of the
    payout) and ends on its due date. Instalments of later periods are not due, however little is left until then.
    """
    return sum(row.outstanding.total for row in loan.rows if row is loan.rows[0] or row.instalment.start_on < today)


def oldest_first(standings: Iterable[Standing]) -> list[Standing]:
    """By the oldest unpaid due date; of one day, by reference."""
    return sorted(standings, key=lambda standing: (next_due(standing.loan), standing.record.reference))


def _shared(paid: list[Repaid], wallet_cents: int) -> Share | None:
    if not paid:
        return None
    taken = sum(repaid.parts.total for repaid in paid)
    return Share(
        loan=paid[0].standing.record.reference,
        paid_cents=taken,
        owed_cents=sum(repaid.standing.owed_cents for repaid in paid),
        wallet_cents=wallet_cents - taken,
        loans=len(paid),
    )


async def switched(connection: AsyncConnection, operation: Operation, context: Context) -> None:
    """The instant of a choice: from this moment on the share is what was chosen, 0 for none, and the yes or no is kept
    with the wording and the language it was given in."""
    intent = operation.intent
    kind = "auto_repay" if intent["percent"] else "auto_repay.stop"
    await customers.changed(connection, operation.customer, auto_repay_percent=intent["percent"])
    await customers.consented(
        connection, operation.customer, kind, version=intent["version"], language=intent["language"], at=context.now
    )
