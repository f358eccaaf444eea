"""`repay.stk` and `repay.wallet`: an own loan repaid from the own phone or wallet, booked once, told once.

However a payment reaches us (callback, query, confirmation, the rail's list), it is one row of `payments`, unique by
receipt and by operation: whoever comes second changes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.repay import PART_MIN_CENTS
from gateway.accounts import linked
from gateway.books import accounts as chart
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.clock import HOUR_MS, local_date
from gateway.lending.portfolio import RUNNING_STATES, Portfolio
from gateway.lending.standings import LoanRecord
from gateway.notices import values as say
from gateway.operations.outcome import BY_STAFF, Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.collected import Collected
from gateway.playbooks.receipts import Receipts
from gateway.playbooks.repaying import Money, Repaying
from gateway.playbooks.telling import Teller
from gateway.playbooks.unowned import Unowned
from gateway.rails.requests import Wanted
from gateway.rails.steps import UNSENT, CollectStep
from gateway.store import customers

TRY_AGAIN_MS = HOUR_MS

REFUSAL_TEMPLATES = {
    "cancelled": "repay.cancelled",
    "wrong_pin": "repay.wrong_pin",
    "timeout": "repay.timeout",
    "low": "repay.low",
    "busy": "repay.busy",
    BY_STAFF: "repay.stopped",
    "unlinked": "repay.stopped",
}


def wanted(rail: str) -> Callable[[Work], Wanted]:
    """What to ask of `rail` for a repayment: whole shillings, from the line that the first step has chosen."""
    return lambda work: Wanted(rail, "stk", work.data["msisdn"], work.intent["amount_cents"])


class Repayments:
    """The local steps of repaying an own loan."""

    def __init__(self, books: Books, portfolio: Portfolio, teller: Teller, *, shortcode: str) -> None:
        self._portfolio = portfolio
        self._teller = teller
        self._repaying = Repaying(books, portfolio)
        self._collected = Collected(books, shortcode)
        self._receipts = Receipts(books, teller)
        self._unowned = Unowned(books, teller, shortcode=shortcode)

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

    async def address(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Which phone to ask: their own, or another that pays for them. `account` is what they may name by hand."""
        customer = await customers.get(connection, work.customer_id)
        line = await linked.asked_line(connection, customer, work.intent)
        data = {"msisdn": line or customer.msisdn, "account": customer.msisdn}
        return Done(data) if line else Refused("unlinked", "that phone pays for them no more", data=data)

    async def post_prompted(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The prompt was paid: the loan gets it, and what is too much goes to the wallet; late, when loan and account
        are over, it waits for people."""
        money = await self._collected.prompted(connection, work, now)
        if not isinstance(money, Money):
            return money
        record = await self._portfolio.by_reference(connection, work.intent["loan"])
        assert record is not None
        if record.state not in RUNNING_STATES and (held := await self._left(connection, work, record, money, now)):
            return held
        repaid = await self._repaying.apply(connection, work, record, money, now)
        await self._receipts.paid(connection, work, money, repaid)
        return Done()

    async def _left(
        self, connection: AsyncConnection, work: Work, record: LoanRecord, money: Money, now: int
    ) -> Outcome | None:
        """Nothing is owed; None where the loan's owner has a wallet still."""
        owner = await customers.get(connection, record.customer_id, lock=True)
        if owner.state != "closed":
            return None
        phone = work.data["msisdn"]
        return await self._unowned.hold(
            connection, work, money, now, account=record.reference, payer=phone, told=phone, language=owner.language
        )

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
                repaid = await self._repaying.apply(connection, work, record, money, now)
        except Overdraft:
            return Refused("short", "the wallet has too little")
        await self._receipts.paid(connection, work, money, repaid)
        return Done()

    async def tell_unpaid(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing was paid as far as anyone knows; said in the words of the reason, with another way to pay."""
        template = REFUSAL_TEMPLATES.get(work.data["refusal"], "repay.refused")
        values = {
            **self._about(work),
            "account": "0" + work.data.get("account", work.data["msisdn"])[4:],
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
        """Nobody knows yet whether it was paid, or it could not even be asked; each said once, never to pay again."""
        if work.data.get(UNSENT):
            await self._teller.tell(connection, work, "repay.unsent", self._about(work))
            return
        values = {**self._about(work), "by": say.clock(now + 2 * TRY_AGAIN_MS)}
        await self._teller.tell(connection, work, "repay.uncertain", values)

    def _about(self, work: Work) -> Mapping[str, Any]:
        return {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "loan": work.intent["loan"],
        }
