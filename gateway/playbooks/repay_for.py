"""`repay.for_wallet` and `repay.for_stk`: somebody pays for another person's loan.

The oldest due loan of that person gets the money, what is too much is theirs in the wallet; without a loan by then,
all of it. Both are told; the payer learns nothing of the debt, not even whether there is one.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.errors import Overdraft
from gateway.books.ledger import Books
from gateway.clock import local_date
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import Repaid
from gateway.notices import values as say
from gateway.operations.outcome import Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.collected import Collected
from gateway.playbooks.deposit import deposited
from gateway.playbooks.repay import TRY_AGAIN_MS
from gateway.playbooks.repaying import Money, Repaying
from gateway.playbooks.safety import LineStep, Safety
from gateway.playbooks.telling import Teller
from gateway.rails.steps import UNSENT, CollectStep
from gateway.store import customers

REFUSAL_TEMPLATES = {"short": "repay.gave_short", "safety": "wallet.safety"}


class PaidForOthers:
    """The local steps of both ways. `person` of the intent is whose loan it is, the operation's customer pays."""

    def __init__(
        self, books: Books, portfolio: Portfolio, teller: Teller, *, shortcode: str, safety: Safety | None = None
    ) -> None:
        self._books = books
        self._portfolio = portfolio
        self._teller = teller
        self._repaying = Repaying(books, portfolio)
        self._collected = Collected(books, shortcode)
        self._safety = safety or Safety()

    def from_wallet(self, line: LineStep | None = None) -> Playbook:
        """`line` asks first whether the SIM is still theirs, where somebody knows."""
        post = Local("post", self.post_from_wallet)
        return Playbook(
            kind="repay.for_wallet",
            steps=(line, post) if line else (post,),
            lane=lambda customer, _: f"wallet:{customer}",
            refused=Local("tell", self.tell_unpaid),
        )

    def by_prompt(self, prompt: CollectStep, *, delay_ms: int) -> Playbook:
        return Playbook(
            kind="repay.for_stk",
            steps=(Local("address", self.address), prompt, Local("post", self.post_prompted)),
            lane=lambda customer, intent: f"repay.for:{customer}",
            refused=Local("tell", self.tell_unpaid),
            delay_ms=delay_ms,
        )

    async def address(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The payer's own phone is asked."""
        return Done({"msisdn": (await customers.get(connection, work.customer_id)).msisdn})

    async def post_from_wallet(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """All of it, or nothing when the wallet has too little."""
        people = await customers.locked(connection, (work.customer_id, work.intent["person"]))
        if refusal := await self._safety.refusal(connection, people[work.customer_id], work, now):
            return refusal
        if people[work.intent["person"]].state == "closed":
            return Refused("gone", "their account was closed")
        money = Money(work.intent["amount_cents"], chart.wallet(work.customer_id), None, now)
        try:
            async with connection.begin_nested():
                repaid = await self._given(connection, work, money, now)
        except Overdraft:
            return Refused("short", "the wallet has too little")
        await self._tell(connection, work, money, repaid, "repay.gave_wallet")
        return Done()

    async def post_prompted(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The payer has paid the prompt. It is the payer's own where that person has closed their account meanwhile."""
        money = await self._collected.prompted(connection, work, now)
        if not isinstance(money, Money):
            return money
        if (await customers.get(connection, work.intent["person"], lock=True)).state == "closed":
            return await self._kept_for_payer(connection, work, money, now)
        repaid = await self._given(connection, work, money, now)
        await self._tell(connection, work, money, repaid, "repay.gave")
        return Done()

    async def tell_unpaid(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing was paid as far as anyone knows."""
        template = REFUSAL_TEMPLATES.get(work.data["refusal"], "repay.gave_unpaid")
        values = {**await self._about(connection, work), "at": say.clock(work.data.get("opens_at", now))}
        await self._teller.tell(connection, work, template, values)
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """Nobody knows yet whether it was paid, or it could not even be asked; each said once."""
        values = {**await self._about(connection, work), "by": say.clock(now + 2 * TRY_AGAIN_MS)}
        template = "repay.gave_unsent" if work.data.get(UNSENT) else "repay.gave_uncertain"
        await self._teller.tell(connection, work, template, values)

    async def _kept_for_payer(self, connection: AsyncConnection, work: Work, money: Money, now: int) -> Outcome:
        account = chart.wallet(work.customer_id)
        lines = (Line(money.account, money.cents), Line(account, -money.cents))
        await self._books.post(connection, Entry(work.id, "post", f"Received {work.reference}", lines), now)
        wallet = await self._books.balance(connection, account)
        values = {**deposited(work, money, wallet.available_cents), "phone": say.phone(work.data["msisdn"])}
        await self._teller.tell(connection, work, "wallet.deposited", values)
        return Done()

    async def _given(self, connection: AsyncConnection, work: Work, money: Money, now: int) -> Repaid | None:
        """To the oldest due loan; None when there is none, and their wallet has got it."""
        person = work.intent["person"]
        running = await self._portfolio.active(connection, person, local_date(now))
        if running:
            return await self._repaying.apply(connection, work, running[0].record, money, now)
        lines = (Line(money.account, money.cents), Line(chart.wallet(person), -money.cents))
        await self._books.post(connection, Entry(work.id, "post", f"Received {work.reference}", lines), now)
        return None

    async def _tell(
        self, connection: AsyncConnection, work: Work, money: Money, repaid: Repaid | None, receipt: str
    ) -> None:
        """The payer gets `receipt`, whose loan it is another with what is owed."""
        person, payer = work.intent["person"], await customers.get(connection, work.customer_id)
        wallets = [chart.wallet(work.customer_id), chart.wallet(person)]
        own, theirs = (await self._books.balances(connection, wallets)).values()
        about = {
            **await self._about(connection, work),
            "amount": say.ksh(money.cents),
            "at": say.clock(money.at),
            "fee": say.ksh(0),
            "receipt": money.receipt or "-",
        }
        await self._teller.tell(connection, work, receipt, {**about, "wallet": say.ksh(own.available_cents)})
        values: dict[str, Any] = {
            **about,
            "person": say.short(payer.name),
            "wallet": say.ksh(theirs.available_cents),
            "loan": repaid.standing.record.reference if repaid else "-",
            "owed": say.ksh(repaid.standing.owed_cents if repaid else 0),
            "extra": say.ksh(repaid.extra_cents if repaid else money.cents),
        }
        await self._teller.tell_other(connection, work, person, _told(repaid), values)

    async def _about(self, connection: AsyncConnection, work: Work) -> Mapping[str, Any]:
        person = await customers.get(connection, work.intent["person"])
        return {
            "reference": work.reference,
            "amount": say.ksh(work.intent["amount_cents"]),
            "person": say.short(person.name),
        }


def _told(repaid: Repaid | None) -> str:
    if repaid is None:
        return "repay.by_other_wallet"
    return "repay.by_other_extra" if repaid.extra_cents else "repay.by_other"
