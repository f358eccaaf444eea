"""Applying money to a loan and booking it: the one place where a repayment divides, whatever way it came."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.lending.booking import repaid_lines
from gateway.lending.events import Repayment
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import LoanRecord, Repaid
from gateway.operations.playbook import Work


@dataclass(frozen=True, slots=True)
class Money:
    """An amount for a loan, the account it is in, and when it came (ms). `receipt` is the rail's, if it has one."""

    cents: int
    account: str
    receipt: str | None
    at: int


class Repaying:
    """Runs in the caller's unit of work."""

    def __init__(self, books: Books, portfolio: Portfolio) -> None:
        self._books = books
        self._portfolio = portfolio

    async def apply(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, money: Money, now: int,
        *, step: str = "post", memo: str = "Repayment",
    ) -> Repaid:  # fmt: skip
        """The loan takes what it owes, part by part; what is too much is its owner's, in the wallet.

        `step` keys the journal among those of the operation. Raises Overdraft when the account has too little.
        """
        repayment = Repayment(local_date(money.at), money.cents, money.receipt or work.reference)
        repaid = await self._portfolio.repay(connection, record.id, repayment, work.id, now)
        lines = [
            Line(money.account, money.cents),
            *repaid_lines(record, repaid.parts, fees_paid_cents=repaid.standing.loan.paid.fee),
            Line(chart.wallet(record.customer_id), -repaid.extra_cents),
        ]
        booked = tuple(line for line in lines if line.amount_cents)
        await self._books.post(connection, Entry(work.id, step, f"{memo} of {record.reference}", booked), now)
        for witness in self._portfolio.witnesses:
            await witness(connection, work, repaid, now)
        return repaid
