"""`loan.disburse`: reserve the money, pay it out by the rail, book the loan, tell the customer.

A pay-out nobody can vouch for stays reserved; a refused one is released and the loan cancelled. Should the rail
find later that it paid after all, the loan is booked then: whoever has the money owes it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.lending.booking import paid_out_lines
from gateway.lending.portfolio import LoanRecord, Portfolio, Standing
from gateway.lending.terms import terms_mapping
from gateway.notices import values as say
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.telling import Teller
from gateway.rails.requests import Wanted
from gateway.rails.steps import DisburseStep
from gateway.store import customers

KIND = "loan.disburse"


def wanted(rail: str) -> Any:
    """What to ask of `rail` for a loan: the net amount, to the borrower's own line."""
    return lambda work: Wanted(rail, "b2c", work.data["msisdn"], work.intent["quote"]["net_cents"])


class Lending:
    """The local steps of paying out a loan."""

    def __init__(self, books: Books, portfolio: Portfolio, teller: Teller) -> None:
        self._books = books
        self._portfolio = portfolio
        self._teller = teller

    def playbook(self, disburse: DisburseStep) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(Local("reserve", self.reserve), disburse, Local("post", self.post)),
            lane=lambda customer, _: f"loan:{customer}",
            refused=Local("release", self.release),
        )

    async def reserve(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Keep the loan as agreed and hold the net amount, if the limit still allows it."""
        quote = work.intent["quote"]
        customer = await customers.get(connection, work.customer_id, lock=True)
        held = await self._portfolio.held(connection, work.customer_id, local_date(now))
        if held.in_use_cents + quote["principal_cents"] > customer.limit_cents:
            return Refused("limit", "over the limit by now")
        product = self._portfolio.products[work.intent["product"]]
        terms = product.terms(quote["principal_cents"], local_date(now))
        loan = LoanRecord(
            work.id, work.reference, work.customer_id, product.key, terms_mapping(terms), quote,
            quote["principal_cents"], "approved",
        )  # fmt: skip
        await self._portfolio.approve(connection, loan, work.id, now)
        await self._books.hold(connection, self._payout(work, "reserve"), now)
        return Done({"msisdn": customer.msisdn})

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The money reached the customer: book the payout and the loan, and say so."""
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.post_held(connection, work.id, "reserve", "paid", now)
        else:  # released before the rail said that it had paid after all
            await self._books.post(connection, self._payout(work, "paid"), now)
        standing = await self._portfolio.pay_out(connection, work.id, work.id, work.data["paid_at"], now)
        lines = paid_out_lines(standing, work.intent["quote"]["net_cents"], chart.TRANSIT)
        await self._books.post(connection, Entry(work.id, "loan", f"Loan {work.reference}", tuple(lines)), now)
        await self._teller.tell(connection, work, "borrow.paid", self._paid_values(work, standing))
        return Done()

    async def release(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing left: give the reservation back, cancel the loan, tell the customer that nothing is owed."""
        refusal = work.data["refusal"]
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.void_held(connection, work.id, "reserve", "release", now)
            await self._portfolio.cancel(connection, work.id, work.id, refusal, now)
        template = "borrow.unpaid" if refusal == "unpaid" else "borrow.refused"
        net = say.ksh(work.intent["quote"]["net_cents"])
        await self._teller.tell(connection, work, template, {"reference": work.reference, "net": net})
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """The rail takes long; said once."""
        values = {
            "reference": work.reference,
            "net": say.ksh(work.intent["quote"]["net_cents"]),
            "by": say.clock(now + 2 * 3_600_000),
        }
        await self._teller.tell(connection, work, "borrow.slow", values)

    def _payout(self, work: Work, step: str) -> Entry:
        net = work.intent["quote"]["net_cents"]
        lines = (Line(chart.TRANSIT, net), Line(chart.PAYOUT, -net))
        return Entry(work.id, step, f"Pay-out of loan {work.reference}", lines)

    def _paid_values(self, work: Work, standing: Standing) -> Mapping[str, Any]:
        return {
            **say.price({**work.intent["quote"], "due": standing.loan.rows[-1].due_on}),
            "reference": work.reference,
            "phone": say.phone(work.data["msisdn"]),
            "at": say.clock(work.data["paid_at"]),
            "receipt": work.data["receipt"] or "-",
        }
