"""`loan.disburse`: apply, wait for whoever decides, reserve, pay out by the rail, book the loan, tell the customer.

A pay-out nobody can vouch for stays reserved; a refused one is released and the loan cancelled. Should the rail
find later that it paid after all, the loan is booked then: whoever has the money owes it.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals import decisions
from gateway.approvals.decisions import Ask
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
OFFICER = "officer"
CONSENT = "bureau"
REASONS = frozenset({"savings", "history", "income", "amount", "other"})
"""Why an officer may decline, each with a sentence of its own."""
NEWS_MS = 2 * 3_600_000


def wanted(rail: str) -> Any:
    """What to ask of `rail` for a loan: the net amount, to the borrower's own line."""
    return lambda work: Wanted(rail, "b2c", work.data["msisdn"], work.intent["quote"]["net_cents"])


class Lending:
    """The local steps of a loan. An officer has `answer_ms` to decide."""

    def __init__(self, books: Books, portfolio: Portfolio, teller: Teller, *, answer_ms: int) -> None:
        self._books = books
        self._portfolio = portfolio
        self._teller = teller
        self._answer_ms = answer_ms

    def playbook(self, disburse: DisburseStep) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(
                Local("apply", self.apply),
                Local("decision", decisions.decision),
                Local("reserve", self.reserve),
                disburse,
                Local("post", self.post),
            ),
            lane=lambda customer, _: f"loan:{customer}",
            refused=Local("release", self.release),
        )

    async def apply(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Keep the application with what was agreed to, and ask an officer where the product wants one."""
        quote, product = work.intent["quote"], self._portfolio.products[work.intent["product"]]
        customer = await customers.get(connection, work.customer_id, lock=True)
        held = await self._portfolio.held(connection, work.customer_id, local_date(now))
        if held.in_use_cents + quote["principal_cents"] > customer.limit_cents:
            return Refused("limit", "over the limit by now")
        if agreed := work.intent.get("bureau"):
            await customers.consented(connection, work.customer_id, CONSENT, at=now, **agreed)
        terms = product.terms(quote["principal_cents"], local_date(now), quote.get("repayments"))
        loan = LoanRecord(
            work.id, work.reference, work.customer_id, product.key, terms_mapping(terms), quote,
            quote["principal_cents"], "applied",
        )  # fmt: skip
        await self._portfolio.apply(connection, loan, work.id, now, {"purpose": work.intent.get("purpose")})
        if product.approval == OFFICER:
            late = max((standing.loan.days_late for standing in held.running), default=0)
            detail = {
                "product": product.name, "term": quote["repayments"], "limit": customer.limit_cents, "late": late,
            }  # fmt: skip
            ask = Ask(_question(work.id), OFFICER, None, quote["principal_cents"], now + self._answer_ms, detail)
            await decisions.asked(connection, work, ask, now)
            await self._tell_applied(connection, work, ask.expires_at)
        return Done()

    async def reserve(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing stands against it any more: hold the net amount, if the limit still allows it."""
        customer = await customers.get(connection, work.customer_id, lock=True)
        held = await self._portfolio.held(connection, work.customer_id, local_date(now))
        if held.in_use_cents > customer.limit_cents:
            return Refused("limit", "over the limit by now")
        by = [row.decided_by for row in await decisions.of_operation(connection, work.id)]
        await self._portfolio.approved(connection, work.id, work.id, now, {"by": by})
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
        template = "borrow.paid" if len(standing.loan.rows) == 1 else "borrow.paid_months"
        await self._teller.tell(connection, work, template, self._paid_values(work, standing))
        return Done()

    async def release(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing left: give the reservation back, end the loan, tell the customer why and that nothing is owed."""
        refusal = work.data["refusal"]
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.void_held(connection, work.id, "reserve", "release", now)
        if await self._portfolio.find(connection, work.id):
            why = {"reason": work.data.get("reason") or refusal, "by": work.data.get("declined_by")}
            state = "declined" if refusal == "declined" else "cancelled"
            await self._portfolio.ended(connection, work.id, work.id, state, now, why)
        quote = work.intent["quote"]
        values = {
            "reference": work.reference,
            "net": say.ksh(quote["net_cents"]),
            "principal": say.ksh(quote["principal_cents"]),
        }
        await self._teller.tell(connection, work, _refusal(refusal, work.data.get("reason")), values)
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """The rail takes long; said once."""
        values = {
            "reference": work.reference,
            "net": say.ksh(work.intent["quote"]["net_cents"]),
            "by": say.clock(now + NEWS_MS),
        }
        await self._teller.tell(connection, work, "borrow.slow", values)

    async def _tell_applied(self, connection: AsyncConnection, work: Work, answer_by: int) -> None:
        """What was agreed to, to keep, and by when an answer comes."""
        quote = work.intent["quote"]
        values = {**say.price(quote), "reference": work.reference, "by": say.clock(answer_by)}
        if quote["repayments"] == 1:
            await self._teller.tell(connection, work, "borrow.applied", values)
            return
        values |= {
            "count": quote["repayments"] - 1,
            "each": say.ksh(quote["each_cents"]),
            "last": say.ksh(quote["last_cents"]),
            "day": ["day", quote["first_due"]],
        }
        await self._teller.tell(connection, work, "borrow.applied_months", values)

    def _payout(self, work: Work, step: str) -> Entry:
        net = work.intent["quote"]["net_cents"]
        lines = (Line(chart.TRANSIT, net), Line(chart.PAYOUT, -net))
        return Entry(work.id, step, f"Pay-out of loan {work.reference}", lines)

    def _paid_values(self, work: Work, standing: Standing) -> Mapping[str, Any]:
        rows = standing.loan.rows
        return {
            **say.price({**work.intent["quote"], "due": rows[-1].due_on}),
            "reference": work.reference,
            "phone": say.phone(work.data["msisdn"]),
            "at": say.clock(work.data["paid_at"]),
            "receipt": work.data["receipt"] or "-",
            "count": len(rows) - 1,
            "each": say.ksh(rows[0].owed.total),
            "last": say.ksh(rows[-1].owed.total),
            "day": say.day(rows[0].due_on),
        }


def _question(operation_id: str) -> str:
    """The id of the question to an officer: asked twice it is asked once."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{operation_id}:{OFFICER}"))


def _refusal(refusal: str, reason: str | None) -> str:
    """The words for why there is no loan."""
    if refusal == "declined":
        return f"borrow.declined_{reason if reason in REASONS else 'other'}"
    return {"unpaid": "borrow.unpaid", "expired": "borrow.expired", "limit": "borrow.limit"}.get(
        refusal, "borrow.refused"
    )
