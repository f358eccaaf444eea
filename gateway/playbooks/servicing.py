"""`loan.act`: what staff do to a loan after its pay-out, once a second person has agreed; all of it on record.

    POST /api/loans/LN7K2QD/write-off {"by": "jane", "why": "moved abroad"}   -> asks
    POST /api/loans/acts/LA4K7QD/confirm {"by": "omar"}                        -> does

Each act is one event of the loan and, where money is concerned, one journal, in one unit of work.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.loans import quoted as as_values
from flows.turn import reference
from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.seconding import demand_another
from gateway.books import accounts as chart
from gateway.books import lookup
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.clock import EAT, local_date, milliseconds
from gateway.errors import Rejected
from gateway.facts.loans import quoted
from gateway.lending.booking import interest_lines, opening_lines, repaid_lines, written_off_lines
from gateway.lending.errors import InvalidTerms, UnsupportedTerms
from gateway.lending.events import Charge, Event, Reschedule, Reversal, Waiver
from gateway.lending.portfolio import WRITTEN_OFF, Portfolio
from gateway.lending.standings import Changed, Happening, LoanRecord, Standing
from gateway.lending.standings import next_cents as next_of
from gateway.lending.standings import next_due as due_of
from gateway.lending.terms import terms_mapping
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.repaying import Money, Repaying
from gateway.playbooks.telling import Teller
from gateway.store import cases, customers
from gateway.suspense import held
from gateway.suspense.held import Held

KIND = "loan.act"
DESK = "loans"
"""Who is asked about acts on loans: any second person at the operators' desk."""
PREFIX = "LA"
NOON = time(12)
PAYMENTS = ("repayment", "recovery")
SOURCES = frozenset({"wallet", "suspense", chart.COLLECTION, chart.BANK, chart.UNCLAIMED, chart.OPENING})
REFUSALS = (Rejected, InvalidTerms, UnsupportedTerms, Overdraft)
"""Why an act cannot be done to this loan: said, and nothing is changed."""

Act = Callable[[AsyncConnection, Work, LoanRecord, int], Awaitable[None]]


class Servicing:
    """The acts by name. A second person has `answer_ms` to agree."""

    def __init__(self, books: Books, portfolio: Portfolio, teller: Teller, *, shortcode: str, answer_ms: int) -> None:
        """`shortcode` is where money is held that a loan has given back."""
        self._shortcode = shortcode
        self._books = books
        self._portfolio = portfolio
        self._teller = teller
        self._repaying = Repaying(books, portfolio)
        self._answer_ms = answer_ms
        self._acts: Mapping[str, Act] = {
            "repayments": self.repay,
            "reversals": self.reverse,
            "charges": self.charge,
            "waivers": self.waive,
            "reschedule": self.reschedule,
            "write-off": self.write_off,
        }

    def playbook(self) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(Local("decision", decisions.decision), Local("act", self.act)),
            lane=lambda customer, intent: f"act:{intent.get('loan', customer)}",
        )

    async def ask(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """Put it to a second person, in the unit of work that queues it; nothing changes before they agree."""
        cents = int(work.intent.get("amount_cents", 0))
        ask = decisions.Ask(approval_id(work.id), "loan", DESK, cents, now + self._answer_ms, dict(work.intent))
        await decisions.asked(connection, work, ask, now)
        await audit.noted(connection, _deed(work, now), "loan", work.customer_id, {"act": work.intent["act"]})

    async def decided(self, connection: AsyncConnection, deed: Deed, operation_id: str, state: str) -> None:
        """The second person's word. Raises Rejected for the first one's, the borrower's, and when it was answered
        already."""
        row = await decisions.get(connection, approval_id(operation_id))
        if row is None:
            raise Rejected("nobody asked this yet", "unknown")
        await demand_another(connection, deed.by, (row.detail["by"], row.requester_id))
        if not await decisions.decided(
            connection, row.id, by=deed.by[:36], state=state, reason=deed.reason[:40] or None, now=deed.now
        ):
            raise Rejected("it was answered already", "answered")
        await audit.noted(connection, deed, "loan", row.requester_id, {"act": row.detail["act"], "state": state})

    async def act(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Two people agree: do it, if it can still be done."""
        try:
            async with connection.begin_nested():
                await self.perform(connection, work, now)
        except REFUSALS as error:
            return Refused(getattr(error, "code", "") or "impossible", str(error))
        return Done()

    async def perform(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """The act itself. Raises one of REFUSALS."""
        if work.intent["act"] == "book":
            await self.book(connection, work, now)
            return
        record = await self._portfolio.get(connection, work.intent["loan"], lock=True)
        if record.lender_id is not None:
            raise Rejected("a loan between people is theirs", "peer")
        if record.state not in ("active", "closed", WRITTEN_OFF):
            raise Rejected(f"the loan is {record.state}", "state")
        await self._acts[work.intent["act"]](connection, work, record, now)

    async def repay(self, connection: AsyncConnection, work: Work, record: LoanRecord, now: int) -> None:
        """Money that came to the bank, on a day that is over perhaps."""
        intent = work.intent
        money = Money(intent["amount_cents"], chart.BANK, intent["receipt"], _moment(intent["on"], now))
        repaid = await self._repaying.apply(connection, work, record, money, now)
        values = {"amount": say.ksh(money.cents), "receipt": intent["receipt"], **_where(repaid.standing)}
        await self._tell(connection, work, record, "loan.paid_in", values)

    async def reverse(self, connection: AsyncConnection, work: Work, record: LoanRecord, now: int) -> None:
        """Take back a repayment that was booked in error.

        The money goes back to the wallet it came from; other money waits in suspense for two people to say whose it
        is, or has left us already where the rail has `returned` it. What of it went to the owner's wallet is taken
        from there; a person looks into it when it is spent.
        """
        happened = await self._payment(connection, record, work.intent["receipt"])
        if record.state == WRITTEN_OFF and happened.kind != "recovery":
            raise Rejected("the loan was written off after that payment", "written-off")
        paid = _journal_of(await lookup.posted_by(connection, happened.operation_id or ""), record, happened)
        source, cents = _source_of(paid)
        on = max(local_date(now), date.fromisoformat(happened.detail["on"]))
        event = Reversal(on, reference=work.intent["receipt"])
        changed = await self._change(connection, work, record, event, now)
        target = _back_to(source, is_returned=bool(work.intent.get("returned")))
        lines = [
            *repaid_lines(record, changed.paid, fees_paid_cents=changed.after.loan.paid.fee),
            Line(target, -cents),
        ]
        await self._booked_back(connection, work, record, lines, now)
        if target == chart.SUSPENSE:
            await held.put_back(connection, await self._held(connection, work, record, happened, cents), now)
        await self._tell(connection, work, record, "loan.reversed", {"amount": say.ksh(cents), **_where(changed.after)})

    async def charge(self, connection: AsyncConnection, work: Work, record: LoanRecord, now: int) -> None:
        """A fee or a penalty by hand; income once it is paid. Less where the law allows less."""
        intent = work.intent
        event = Charge(local_date(now), intent["amount_cents"], intent["kind"])
        changed = await self._change(connection, work, record, event, now)
        cents = changed.after.owed_cents - changed.before.owed_cents
        if not cents:
            raise Rejected("the law allows no further charge", "capped")
        values = {"amount": say.ksh(cents), **_where(changed.after)}
        await self._tell(connection, work, record, "loan.charged", values)

    async def waive(self, connection: AsyncConnection, work: Work, record: LoanRecord, now: int) -> None:
        """Let somebody off fees or penalties. None of it is in the books before it is paid."""
        intent = work.intent
        event = Waiver(local_date(now), intent["amount_cents"], intent["kind"])
        changed = await self._change(connection, work, record, event, now)
        if changed.before.owed_cents - changed.after.owed_cents != intent["amount_cents"]:
            raise Rejected("less than that is unpaid", "too-much")
        values = {"amount": say.ksh(intent["amount_cents"]), **_where(changed.after)}
        await self._tell(connection, work, record, "loan.waived", values)

    async def reschedule(self, connection: AsyncConnection, work: Work, record: LoanRecord, now: int) -> None:
        """New dates for what is not due yet; the interest that this adds or saves is contracted with it."""
        intent, rate = work.intent, work.intent.get("rate")
        event = Reschedule(
            local_date(now),
            intent.get("extra", 0),
            Decimal(rate) if rate is not None else None,
            date.fromisoformat(intent["next_due"]) if intent.get("next_due") else None,
        )
        if record.state != "active":
            raise Rejected(f"the loan is {record.state}", "state")
        changed = await self._change(connection, work, record, event, now)
        await self._post(connection, work, record, interest_lines(record, changed.interest_cents), now)
        await self._tell(connection, work, record, "loan.rescheduled", _where(changed.after))

    async def write_off(self, connection: AsyncConnection, work: Work, record: LoanRecord, now: int) -> None:
        """A loss in the books. Its owner owes what they owed, so nobody tells them anything else."""
        if record.state != "active":
            raise Rejected(f"the loan is {record.state}", "state")
        notes = await self._notes(connection, work)
        standing = await self._portfolio.write_off(connection, record.id, work.id, now, notes)
        await self._post(connection, work, record, written_off_lines(standing), now)

    async def book(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """A loan that was made on paper: running from its own day, with what was paid of it until now."""
        intent = work.intent
        product, on = self._portfolio.products[intent["product"]], date.fromisoformat(intent["on"])
        if on > local_date(now):
            raise Rejected("it begins in the future", "future")
        if product.approval == "lender":
            raise Rejected("a loan between people needs its lender", "peer")
        cents, count = intent["amount_cents"], intent.get("repayments")
        terms = product.terms(cents, on, count)
        if any(isinstance(event, Charge) for event in terms.events):
            raise Rejected("a product whose charges are added to the debt is not booked by hand", "added")
        price = as_values(quoted(product, cents, on, count))
        record = LoanRecord(
            work.id, reference("LN", work.id), work.customer_id, product.key, terms_mapping(terms), price, cents,
            "active",
        )  # fmt: skip
        notes = await self._notes(connection, work)
        standing = await self._portfolio.book(connection, record, work.id, now, notes)
        await self._post(connection, work, record, opening_lines(standing), now)
        if paid := intent.get("paid_cents"):
            money = Money(paid, chart.OPENING, f"paid before {record.reference}", _moment(intent["paid_on"], now))
            repaid = await self._repaying.apply(connection, work, record, money, now, step="paid")
            standing = repaid.standing
        values = {"principal": say.ksh(cents), **_where(standing)}
        await self._tell(connection, work, record, "loan.booked", values)

    async def _change(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, event: Event, now: int
    ) -> Changed:
        notes = await self._notes(connection, work)
        return await self._portfolio.change(connection, record.id, event, work.id, now, notes)

    async def _notes(self, connection: AsyncConnection, work: Work) -> Mapping[str, Any]:
        """Who asked, who agreed, and why."""
        row = await decisions.get(connection, approval_id(work.id))
        second = row.decided_by if row is not None else None
        return {"by": work.intent["by"], "second": second, "why": work.intent["why"]}

    async def _payment(self, connection: AsyncConnection, record: LoanRecord, receipt: str) -> Happening:
        """The payment with this receipt, if it still stands."""
        happened = await self._portfolio.happenings(connection, record.id)
        paid = [each for each in happened if each.kind in PAYMENTS and each.detail.get("reference") == receipt]
        undone = [
            each for each in happened if each.kind == "reverse_repayment" and each.detail.get("reference") == receipt
        ]
        if len(paid) <= len(undone):
            raise Rejected("no payment of this loan has that receipt", "no-payment")
        return paid[-1]

    async def _held(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, happened: Happening, cents: int
    ) -> Held:
        """The payment as if the paybill had brought it for nobody we know: from its own day, by whoever paid it."""
        on, paid = happened.detail["on"], await queue.with_id(connection, happened.operation_id or "")
        payer = "" if paid is None else paid.intent.get("payer") or paid.intent.get("shown") or paid.data.get("msisdn")
        at = happened.at if local_date(happened.at).isoformat() == on else _moment(on, happened.at)
        return Held(
            work.id, work.reference, self._shortcode, work.intent["receipt"], cents, record.reference, payer or "", at
        )  # fmt: skip

    async def _booked_back(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, lines: list[Line], now: int
    ) -> None:
        """The rest comes from the owner's wallet, or, where it is spent, is owed by them beside any loan."""
        rest = -sum(line.amount_cents for line in lines)
        wallet = chart.wallet(record.customer_id)
        free = (await self._books.balance(connection, wallet)).available_cents
        taken = min(rest, max(0, free)) if rest > 0 else rest
        lines = [*lines, Line(wallet, taken), Line(chart.receivable(record.customer_id), rest - taken)]
        await self._post(connection, work, record, lines, now)
        if rest > taken:
            identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{work.id}:spent"))
            evidence = {"loan": record.reference, "receipt": work.intent["receipt"], "cents": rest - taken}
            await cases.opened(
                connection, identity, reference("CS", identity), "payment taken back", evidence=evidence,
                customer_id=record.customer_id, operation_id=work.id, answer_by=now + self._answer_ms, now=now,
            )  # fmt: skip

    async def _post(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, lines: list[Line], now: int
    ) -> None:
        booked = tuple(line for line in lines if line.amount_cents)
        if booked:
            memo = f"{work.intent['act']} of {record.reference}"
            await self._books.post(connection, Entry(work.id, "act", memo, booked), now)

    async def _tell(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, template: str, values: Mapping[str, Any]
    ) -> None:
        await self._teller.tell_other(connection, work, record.customer_id, template, values)


def approval_id(operation_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{operation_id}:loan"))


async def customer_of(connection: AsyncConnection, line: str) -> customers.Customer | None:
    """Who may have a loan booked: a member who is not merely on a list."""
    found = await customers.on_line(connection, line)
    return found if found is not None and found.state != "listed" else None


def _deed(work: Work, now: int) -> Deed:
    return Deed(work.intent["by"], work.intent["by"], work.intent["why"], work.id, now)


def _journal_of(entries: list[Entry], record: LoanRecord, happened: Happening) -> Entry:
    """Of what an operation has posted, the journal that paid this loan: it may have paid several."""
    for entry in entries:
        keys = entry.keys
        if any(key.endswith(f":{record.id}") for key in keys):
            return entry
        if happened.kind == "recovery" and chart.INCOME_RECOVERY in keys:
            return entry
        if chart.INCOME_PENALTIES in keys and record.reference in entry.memo:
            return entry
    raise Rejected("its journal is not in the books", "no-journal")


def _source_of(paid: Entry) -> tuple[str, int]:
    """Where the money of a repayment was before, and how much it was."""
    for line in paid.lines:
        if line.amount_cents > 0 and line.account_key.partition(":")[0] in SOURCES:
            return line.account_key, line.amount_cents
    raise Rejected("where its money came from is not in the books", "no-journal")


def _back_to(source: str, *, is_returned: bool) -> str:
    """Where the money of a repayment is once that is taken back. What the rail has `returned` is not with us any more,
    whether it came straight to the loan or by way of suspense."""
    if source.startswith("wallet:"):
        return source
    if is_returned:
        return chart.COLLECTION if source == chart.SUSPENSE else source
    return chart.SUSPENSE


def _moment(day: str, now: int) -> int:
    """Noon of a day, but never later than now."""
    return min(now, milliseconds(datetime.combine(date.fromisoformat(day), NOON, EAT)))


def _where(standing: Standing) -> dict[str, Any]:
    return {
        "loan": standing.record.reference,
        "owed": say.ksh(standing.owed_cents),
        "next": say.ksh(next_of(standing.loan)),
        "due": say.day(due_of(standing.loan)),
    }
