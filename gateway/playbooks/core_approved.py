"""`core.disburse`: a loan that the core has approved is paid out by the rail, once, and the core is told.

Nothing that the webhook says is believed: the loan is read, and so is whose it is. What does not agree, or is over a
limit, opens a case and moves nothing. Once the money has arrived the loan is ours like any other, tied to the core's,
and telling the core of the payout is what is done for every loan.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.loans import quoted as as_values
from flows.turn import reference
from gateway.books import accounts as chart
from gateway.books.entry import Entry
from gateway.books.entry import Line as BookLine
from gateway.books.ledger import Books
from gateway.clock import DAY_MS, HOUR_MS, day_start, local_date
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.facts.loans import quoted
from gateway.ledgers.contract import Client, CoreLoan
from gateway.ledgers.gate import Held
from gateway.ledgers.steps import Line
from gateway.lending.booking import paid_out_lines
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import LoanRecord
from gateway.lending.terms import terms_mapping
from gateway.mirror import kept
from gateway.mirror.telling import identity_of
from gateway.notices import values as say
from gateway.operations.outcome import BY_STAFF, Done, Later, Outcome, Refused, Retry
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.safety import LineStep, Safety
from gateway.playbooks.telling import Teller
from gateway.rails.requests import Wanted
from gateway.rails.steps import DisburseStep
from gateway.store import cases, customers

KIND = "core.disburse"
SETTLING_MS = 600_000
"""A hook may come before what it tells of can be read."""
LOOK_AGAIN_MS = 15_000
REFUSAL_TEMPLATES = {"unpaid": "borrow.unpaid", BY_STAFF: "borrow.stopped", "moved": "borrow.stopped"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is paid out on the core's word, in cents; `products` are the core's names of ours."""

    most_cents: int
    a_day_cents: int
    products: Mapping[str, str]


class Confirming:
    """The first step: what the core itself says of the loan."""

    name = "confirm"

    def __init__(self, line: Line, bounds: Bounds) -> None:
        self._line = line
        self._bounds = bounds

    async def attempt(self, work: Work) -> Outcome:
        line, intent = self._line, work.intent
        try:
            async with line.gate.passing(work.id):
                loan = await line.ledger.read_loan(intent["core_id"])
                client = await line.ledger.client(loan.client_id)
        except Held as held:
            return Later(held.in_ms, kept.AWAY)
        except (Unavailable, Uncertain) as error:
            return line.waits(work, Retry(str(error), error.evidence, is_outage=True))
        except Rejected as error:
            return Refused("unknown", str(error), error.evidence)
        if loan.status == "submitted" and line.clock() - work.created_at < SETTLING_MS:
            return Later(LOOK_AGAIN_MS, "not approved yet, as far as can be read")
        if wrong := self._disagreements(intent, loan, client):
            return Refused("mismatch", f"the core says otherwise: {', '.join(wrong)}", {"wrong": wrong})
        return Done({"product": loan.product, "client_id": client.id, "instalments": len(loan.schedule)})

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome

    def _disagreements(self, intent: Mapping[str, Any], loan: CoreLoan, client: Client) -> list[str]:
        agreed = {
            "status": loan.status == "approved",
            "amount": loan.principal_cents == intent["amount_cents"],
            "phone": client.msisdn == intent["phone"],
            "client": client.id == intent["client_id"],
            "product": bool(loan.product) and self._bounds.products.get(loan.product) == intent["product_id"],
        }
        return [name for name, is_right in agreed.items() if not is_right]


class Approved:
    """The local steps."""

    def __init__(
        self, line: Line, books: Books, portfolio: Portfolio, teller: Teller, bounds: Bounds,
        safety: Safety | None = None,
    ) -> None:  # fmt: skip
        self._line = line
        self._books = books
        self._portfolio = portfolio
        self._teller = teller
        self._bounds = bounds
        self._safety = safety or Safety()

    def playbook(self, disburse: DisburseStep, line: LineStep | None = None) -> Playbook:
        """`line` asks before the money leaves whether the SIM is still theirs, where somebody knows."""
        confirm = Confirming(self._line, self._bounds)
        asking = (confirm, line) if line else (confirm,)
        return Playbook(
            kind=KIND,
            steps=(*asking, Local("reserve", self.reserve), disburse, Local("post", self.post)),
            lane=lambda _, intent: f"core.disburse:{intent['core_id']}",
            refused=Local("release", self.release),
        )

    async def reserve(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Keep the loan as approved and hold the payout, if nothing speaks against it."""
        intent, product = work.intent, self._portfolio.products[work.data["product"]]
        customer = await customers.on_line(connection, intent["phone"])
        if customer is None or customer.state != "active" or customer.id != work.customer_id:
            return Refused("stranger", "nobody of ours is on this line")
        customer = await customers.get(connection, customer.id, lock=True)
        if closed := await self._safety.refusal(connection, customer, work, now):
            return closed
        if reason := await self._over(connection, work):
            return Refused("limit", reason)
        if work.data["instalments"] not in {0, product.repayments[0]}:
            return Refused("terms", "another number of instalments than ours")
        if await kept.loan_at_core(connection, intent["core_id"]) is not None:
            return Refused("again", "this loan was paid out before, or is being paid out")
        quote = as_values(quoted(product, intent["amount_cents"], local_date(now)))
        terms = product.terms(intent["amount_cents"], local_date(now))
        loan = LoanRecord(
            work.id, work.reference, customer.id, product.key, terms_mapping(terms), quote, intent["amount_cents"],
            "approved",
        )  # fmt: skip
        await self._portfolio.approve(connection, loan, work.id, now)
        source = self._line.ledger.name
        if await kept.client_of(connection, customer.id) is None:
            await kept.client_kept(connection, customer.id, work.data["client_id"], source, now)
        await kept.loan_tied(connection, work.id, customer.id, intent["core_id"], source, "approved")
        await self._books.hold(connection, _payout(work, "reserve", quote["net_cents"]), now)
        return Done({"msisdn": customer.msisdn, "quote": quote})

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The money reached the customer: book it, and say so. The core is told because the loan was paid out."""
        quote = work.data["quote"]
        standing = await self._portfolio.pay_out(connection, work.id, work.id, work.data["paid_at"], now)
        lines = tuple(paid_out_lines(standing, quote["net_cents"], chart.TRANSIT))
        paid, loan = _payout(work, "paid", quote["net_cents"]), Entry(work.id, "loan", f"Loan {work.reference}", lines)
        await self._books.locked(connection, work.id, [*paid.keys, *loan.keys])
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.post_held(connection, work.id, "reserve", "paid", now)
        else:  # released before the rail said that it had paid after all
            await self._books.post(connection, paid, now)
            await kept.loan_tied(
                connection, work.id, work.customer_id, work.intent["core_id"], self._line.ledger.name, "approved"
            )
        await self._books.post(connection, loan, now)
        values = {
            **say.price({**quote, "due": standing.loan.rows[-1].due_on}),
            "reference": work.reference,
            "phone": say.phone(work.data["msisdn"]),
            "at": say.clock(work.data["paid_at"]),
            "receipt": work.data["receipt"] or "-",
        }
        await self._teller.tell(connection, work, "borrow.paid", values)
        return Done()

    async def release(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing left: what was held is free again, and a person looks at why."""
        refusal = work.data["refusal"]
        if await self._books.is_held(connection, work.id, "reserve"):
            await self._books.void_held(connection, work.id, "reserve", "release", now)
            await self._portfolio.ended(connection, work.id, work.id, "cancelled", now, {"reason": refusal})
            await kept.loan_untied(connection, work.id)
            template = REFUSAL_TEMPLATES.get(refusal, "borrow.refused")
            net = say.ksh(work.data["quote"]["net_cents"])
            await self._teller.tell(connection, work, template, {"reference": work.reference, "net": net})
        if refusal == "safety":
            values = {
                "reference": work.reference,
                "principal": say.ksh(work.intent["amount_cents"]),
                "at": say.clock(work.data["opens_at"]),
            }
            await self._teller.tell(connection, work, "borrow.safety", values)
        identity = identity_of("approval", work.id)
        await cases.opened(
            connection, identity, reference("CS", identity), "core approval not paid",
            evidence={"reason": refusal, "core_id": work.intent["core_id"]}, operation_id=work.id,
            customer_id=work.customer_id or None, answer_by=now + DAY_MS, now=now,
        )  # fmt: skip
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """The rail takes long; said once."""
        values = {
            "reference": work.reference,
            "net": say.ksh(work.data["quote"]["net_cents"]),
            "by": say.clock(now + 2 * HOUR_MS),
        }
        await self._teller.tell(connection, work, "borrow.slow", values)

    async def _over(self, connection: AsyncConnection, work: Work) -> str | None:
        """Which limit it is over, if any. Those that came before it today count, whatever order they are worked in."""
        cents, product = work.intent["amount_cents"], self._portfolio.products[work.data["product"]]
        if not product.min_cents <= cents <= product.max_cents:
            return "not an amount of this product"
        if cents > self._bounds.most_cents:
            return "more than is paid out on the core's word"
        since = day_start(work.created_at)
        before = await kept.approved_cents(connection, KIND, since=since, before=work.number)
        return (
            "more than is paid out on the core's word in a day" if before + cents > self._bounds.a_day_cents else None
        )


def wanted(rail: str) -> Any:
    """What to ask of `rail`: the net amount, to the line that was confirmed."""
    return lambda work: Wanted(rail, "b2c", work.data["msisdn"], work.data["quote"]["net_cents"])


def _payout(work: Work, step: str, net_cents: int) -> Entry:
    lines = (BookLine(chart.TRANSIT, net_cents), BookLine(chart.PAYOUT, -net_cents))
    return Entry(work.id, step, f"Pay-out of loan {work.reference}", lines)
