"""`loan.disburse`: apply, wait for whoever decides, reserve the money, pay it out by the rail, book it, tell.

Applying looks at limit and record first (see `gateway.borrowing`), and asks guarantors and an officer where they are
needed. Approved automatically, all of it happens at once.

A pay-out nobody can vouch for stays reserved; a refused one is released and the loan cancelled. Should the rail
find later that it paid after all, the loan is booked then: whoever has the money owes it.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.approve import REASONS
from flows.known import Reason
from flows.loans import priced
from flows.turn import reference
from gateway.approvals import decisions
from gateway.approvals.decisions import Ask
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.borrowing import collateral, duties, records
from gateway.borrowing.credit import Assessment, Credit
from gateway.borrowing.names import is_same_person
from gateway.clock import HOUR_MS, local_date
from gateway.lending.booking import duties_of, paid_out_lines
from gateway.lending.portfolio import Portfolio
from gateway.lending.products import Product
from gateway.lending.standings import Held, LoanRecord, Standing
from gateway.lending.terms import terms_mapping
from gateway.notices import values as say
from gateway.operations.outcome import BY_STAFF, Done, Later, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.guarantees import KIND as GUARANTEE
from gateway.playbooks.guarantees import Guarantees, shares
from gateway.playbooks.safety import LineStep, Safety
from gateway.playbooks.telling import Teller
from gateway.rails.requests import Wanted
from gateway.rails.steps import DisburseStep
from gateway.store import cases, customers

KIND = "loan.disburse"
OFFICER = "officer"
CONSENT = "bureau"
TOLD = frozenset({"unpaid", "expired", "limit", "late", "unsecured", "safety"})
"""Other reasons why there is no loan that have a sentence of their own."""
NAME_CASE = "payout name"
GUARANTEE_DAYS = 3
NEWS_MS = 2 * HOUR_MS


def wanted(rail: str) -> Any:
    """What to ask of `rail` for a loan: the net amount, to the borrower's own line."""
    return lambda work: Wanted(rail, "b2c", work.data["msisdn"], work.intent["quote"]["net_cents"])


class Lending:
    """The local steps of a loan. An officer has `answer_ms` to decide."""

    def __init__(
        self, books: Books, portfolio: Portfolio, teller: Teller, *, answer_ms: int,
        credit: Credit | None = None, guarantees: Guarantees | None = None, safety: Safety | None = None,
    ) -> None:  # fmt: skip
        self._books = books
        self._portfolio = portfolio
        self._teller = teller
        self._answer_ms = answer_ms
        self._credit = credit or Credit()
        self._guarantees = guarantees or Guarantees(books, teller, answer_days=GUARANTEE_DAYS)
        self._safety = safety or Safety()

    def playbook(self, disburse: DisburseStep, line: LineStep | None = None) -> Playbook:
        """`line` asks before the money leaves whether the SIM is still theirs, where somebody knows."""
        return Playbook(
            kind=KIND,
            steps=(
                Local("apply", self.apply),
                Local("decision", decisions.decision),
                *([line] if line else []),
                Local("reserve", self.reserve),
                disburse,
                Local("post", self.post),
            ),
            lane=lambda customer, _: f"loan:{customer}",
            refused=Local("release", self.release),
        )

    async def apply(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Keep the application with what was agreed to, look at the record, and ask whoever has to say yes."""
        quote, product = work.intent["quote"], self._portfolio.products[work.intent["product"]]
        customer = await customers.get(connection, work.customer_id, lock=True)
        held = await self._portfolio.held(connection, work.customer_id, local_date(now))
        found = await self._credit.assessed(connection, customer, held, now)
        if refusal := _refused(found, held, quote["principal_cents"]):
            return refusal
        if closed := await self._safety.refusal(connection, customer, work, now):
            return closed
        if agreed := work.intent.get("bureau"):
            await customers.consented(connection, work.customer_id, CONSENT, at=now, **agreed)
        await self._portfolio.apply(
            connection, _applied_for(work, product, now), work.id, now, {"purpose": work.intent.get("purpose")}
        )
        seen = {"score": found.score.points, "limit": found.limit.cents, "reasons": as_lists(found.reasons)}
        await self._portfolio.verified(connection, work.id, work.id, now, seen)
        if refusal := await self._secured(connection, work, product, now):
            return refusal
        if product.approval == OFFICER or product.collateral or found.is_reviewed:
            await self._ask_officer(connection, work, product, found, now)
        return Done()

    async def reserve(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing stands against it any more: hold the net amount, if the limit still allows it."""
        product = self._portfolio.products[work.intent["product"]]
        customer = await customers.get(connection, work.customer_id, lock=True)
        held = await self._portfolio.held(connection, work.customer_id, local_date(now))
        found = await self._credit.assessed(connection, customer, held, now)
        if found.is_refused or held.in_use_cents > found.limit.cents:
            return Refused("limit", "over the limit by now")
        if closed := await self._safety.refusal(connection, customer, work, now):
            return closed  # a PIN reset or a new SIM while somebody decided
        if product.collateral and not await collateral.of_loan(connection, work.id):
            return self._waits_for_collateral(work, now)
        answers = await decisions.of_operation(connection, work.id)
        for row in answers:
            if row.kind == OFFICER:
                await records.cleared(connection, work.customer_id, "name", row.decided_by, now)
        by = [row.decided_by for row in answers]
        await self._portfolio.approved(connection, work.id, work.id, now, {"by": by})
        await self._books.hold(connection, self._payout(work, "reserve"), now)
        return Done({"msisdn": customer.msisdn})

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The money reached the customer: book the payout and the loan, and say so."""
        standing = await self._portfolio.pay_out(connection, work.id, work.id, work.data["paid_at"], now)
        lines = paid_out_lines(standing, work.intent["quote"]["net_cents"], chart.TRANSIT)
        paid, loan = self._payout(work, "paid"), Entry(work.id, "loan", f"Loan {work.reference}", tuple(lines))
        await self._books.locked(connection, work.id, [*paid.keys, *loan.keys])
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.post_held(connection, work.id, "reserve", "paid", now)
        else:  # released before the rail said that it had paid after all
            await self._books.post(connection, paid, now)
        await self._books.post(connection, loan, now)
        await duties.charged(connection, work.id, duties_of(standing.record), now)
        await self._check_name(connection, work, now)
        quote = work.intent["quote"]
        template = priced("borrow.paid", quote) if len(standing.loan.rows) == 1 else _by_dates("borrow.paid", quote)
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
            "at": say.clock(work.data.get("opens_at", now)),
        }
        await self._teller.tell(connection, work, await self._words(connection, work), values)
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """The rail takes long; said once."""
        values = {
            "reference": work.reference,
            "net": say.ksh(work.intent["quote"]["net_cents"]),
            "by": say.clock(now + NEWS_MS),
        }
        await self._teller.tell(connection, work, "borrow.slow", values)

    async def _words(self, connection: AsyncConnection, work: Work) -> str:
        """Why there is no loan. Where a guarantor did not agree, whoever asked is told that, and neither who nor why:
        they may name another."""
        refusal = work.data["refusal"]
        answers = await decisions.of_operation(connection, work.id)
        if any(row.kind == GUARANTEE and row.state == refusal for row in answers):
            return "borrow.unguaranteed"
        return _refusal(refusal, work.data.get("reason"))

    async def _secured(self, connection: AsyncConnection, work: Work, product: Product, now: int) -> Refused | None:
        """Set savings aside and ask those who guarantee; refused when either is not there by now."""
        cents, guarantors = work.intent["quote"]["principal_cents"], work.intent.get("guarantors", [])
        needed = -(-cents * product.secured_percent // 100)
        if needed and not await self._guarantees.pledge_own(connection, work, needed, now):
            return Refused("unsecured", "less savings are free by now")
        if len({*guarantors} - {work.customer_id}) != product.guarantors:
            return Refused("unsecured", "not the guarantors that the product needs")
        if guarantors:
            await self._guarantees.ask(connection, work, shares(cents, guarantors), cents, now)
        return None

    async def _ask_officer(
        self, connection: AsyncConnection, work: Work, product: Product, found: Assessment, now: int
    ) -> None:
        """Any of the staff: what they are shown is what was found now."""
        quote = work.intent["quote"]
        detail = {
            "product": product.name, "term": quote["repayments"], "limit": found.limit.cents,
            "late": found.history.days_late_now, "score": found.score.points, "reasons": as_lists(found.reasons),
        }  # fmt: skip
        ask = Ask(_question(work.id), OFFICER, None, quote["principal_cents"], now + self._answer_ms, detail)
        await decisions.asked(connection, work, ask, now)
        await self._tell_applied(connection, work, ask.expires_at)

    def _waits_for_collateral(self, work: Work, now: int) -> Outcome:
        """Staff have to put it on record; as long again as they had for the answer."""
        until = work.created_at + 2 * self._answer_ms
        if now >= until:
            return Refused("expired", "no collateral was recorded in time")
        return Later(min(until - now, decisions.LOOK_AGAIN_MS), "waiting for collateral on record")

    async def _check_name(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """M-PESA may say that somebody else has the money: a person looks, and the next loan waits for them."""
        name = work.data.get("public_name")
        customer = await customers.get(connection, work.customer_id)
        if not name or is_same_person(customer.name, name):
            return
        if name in await records.accepted_names(connection, customer.id):
            return
        identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{work.id}:name"))
        evidence = {"name": name, "loan": work.reference}
        await records.flag(connection, identity, customer.id, "name", evidence, now)
        await cases.opened(
            connection, identity, reference("CS", identity), NAME_CASE, evidence=evidence, customer_id=customer.id,
            operation_id=work.id, answer_by=now + self._answer_ms, now=now,
        )  # fmt: skip

    async def _tell_applied(self, connection: AsyncConnection, work: Work, answer_by: int) -> None:
        """What was agreed to, to keep, and by when an answer comes."""
        quote = work.intent["quote"]
        values = {**say.price(quote), "reference": work.reference, "by": say.clock(answer_by)}
        if quote["repayments"] == 1:
            await self._teller.tell(connection, work, "borrow.applied", values)
            return
        values |= {
            "count": _count(quote),
            "each": say.ksh(quote["each_cents"]),
            "last": say.ksh(quote["last_cents"]),
            "day": ["day", quote["first_due"]],
        }
        await self._teller.tell(connection, work, _by_dates("borrow.applied", quote), values)

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
            "count": _count(work.intent["quote"]),
            "each": say.ksh(rows[0].owed.total),
            "last": say.ksh(rows[-1].owed.total),
            "day": say.day(rows[0].due_on),
        }


def _question(operation_id: str) -> str:
    """The id of the question to an officer: asked twice it is asked once."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{operation_id}:{OFFICER}"))


def _applied_for(work: Work, product: Product, now: int) -> LoanRecord:
    """The loan as it was agreed to: charges are those that were shown, whatever day it is by now."""
    quote = work.intent["quote"]
    charges = quote["fee_cents"] + quote.get("duty_cents", 0)
    added = charges if product.fee_mode == "added" else 0
    terms = product.terms(quote["principal_cents"], local_date(now), quote.get("repayments"), added_cents=added)
    return LoanRecord(
        work.id, work.reference, work.customer_id, product.key, terms_mapping(terms), quote,
        quote["principal_cents"], "applied",
    )  # fmt: skip


def _refused(found: Assessment, held: Held, principal_cents: int) -> Refused | None:
    """Why our own record says no."""
    if found.is_refused:
        reason = "other" if found.history.is_blocked else "history"
        return Refused("declined", "the record forbids it", data={"reason": reason})
    if found.history.days_late_now:
        return Refused("late", "another loan is late by now")
    if held.in_use_cents + principal_cents > found.limit.cents:
        return Refused("limit", "over the limit by now")
    return None


def _by_dates(template: str, quote: Mapping[str, Any]) -> str:
    """The words for several instalments, alike or not."""
    return f"{template}_months" if quote.get("even", True) else f"{template}_uneven"


def _count(quote: Mapping[str, Any]) -> int:
    """How many instalments the words count: those that are alike, or all."""
    total: int = quote["repayments"]
    return total - 1 if quote.get("even", True) else total


def as_lists(reasons: Iterable[Reason]) -> list[list[Any]]:
    """Reasons as plain values: code and figure."""
    return [[reason.code, reason.value] for reason in reasons]


def _refusal(refusal: str, reason: str | None) -> str:
    """The words for why there is no loan."""
    if refusal == "declined":
        return f"borrow.declined_{reason if reason in REASONS else 'other'}"
    if refusal in {BY_STAFF, "moved"}:
        return "borrow.stopped"
    return f"borrow.{refusal}" if refusal in TOLD else "borrow.refused"
