"""`wallet.deposit`: money from the own M-PESA into the wallet, by prompt; booked once, told once.

An officer may have asked for it (`asked_by` in the intent): the prompt goes to the customer's own phone all the same.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import linked
from gateway.books import accounts as chart
from gateway.books.entry import Entry, Line
from gateway.books.ledger import Books
from gateway.notices import values as say
from gateway.operations.outcome import BY_STAFF, Done, Outcome, Refused
from gateway.operations.playbook import Local, Playbook, Work
from gateway.playbooks.autorepay import AutoRepay
from gateway.playbooks.collected import Collected
from gateway.playbooks.repay import TRY_AGAIN_MS
from gateway.playbooks.repaying import Money
from gateway.playbooks.telling import Teller
from gateway.playbooks.unowned import Unowned
from gateway.rails.steps import UNSENT, CollectStep
from gateway.store import customers
from gateway.wallet import usage
from gateway.wallet.limits import Limits

KIND = "wallet.deposit"

REFUSAL_TEMPLATES = {
    "limit": "wallet.deposit_limit",
    "cancelled": "wallet.deposit_cancelled",
    "wrong_pin": "wallet.deposit_wrong_pin",
    "timeout": "wallet.deposit_timeout",
    "low": "wallet.deposit_low",
    "busy": "wallet.deposit_busy",
    BY_STAFF: "wallet.deposit_stopped",
    "unlinked": "wallet.deposit_stopped",
}


class Deposits:
    """The local steps."""

    def __init__(self, books: Books, teller: Teller, limits: Limits, auto: AutoRepay, *, shortcode: str) -> None:
        self._books = books
        self._teller = teller
        self._limits = limits
        self._auto = auto
        self._collected = Collected(books, shortcode)
        self._unowned = Unowned(books, teller, shortcode=shortcode)

    def playbook(self, prompt: CollectStep, *, delay_ms: int) -> Playbook:
        return Playbook(
            kind=KIND,
            steps=(Local("address", self.address), prompt, Local("post", self.post)),
            lane=lambda customer, _: f"deposit:{customer}",
            refused=Local("tell", self.tell_unpaid),
            delay_ms=delay_ms,
        )

    async def address(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Which phone to ask, their own or another that pays for them, if the limits still allow it."""
        customer = await customers.get(connection, work.customer_id, lock=True)
        line = await linked.asked_line(connection, customer, work.intent)
        data = {"msisdn": line or customer.msisdn, "account": customer.msisdn}
        if line is None:
            return Refused("unlinked", "that phone pays for them no more", data=data)
        allowed = await self._limits.allowed(connection, customer, "deposit", now)
        if work.intent["amount_cents"] > allowed.most_cents:
            return Refused("limit", f"over the limit of the {allowed.bound}", data={**data, "most": allowed.most_cents})
        return Done(data)

    async def post(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """The prompt was paid: the wallet gets it, and what is agreed of it goes on to what is due.

        Money that comes late, after the account was closed, waits for people.
        """
        money = await self._collected.prompted(connection, work, now)
        if not isinstance(money, Money):
            return money
        customer = await customers.get(connection, work.customer_id, lock=True)
        if customer.state == "closed":
            phone = work.data["msisdn"]
            return await self._unowned.hold(
                connection, work, money, now, account=f"0{work.data['account'][4:]}", payer=phone, told=phone,
                language=customer.language,
            )  # fmt: skip
        account = chart.wallet(work.customer_id)
        lines = (Line(money.account, money.cents), Line(account, -money.cents))
        entry = Entry(work.id, "post", "Deposit", lines)
        await self._auto.ready(connection, work, work.customer_id, entry)
        await self._books.post(connection, entry, now)
        await usage.used(connection, work.id, work.customer_id, "in", money.cents, now)
        await self._tell_paid(connection, work, money, now)
        return Done()

    async def _tell_paid(self, connection: AsyncConnection, work: Work, money: Money, now: int) -> None:
        share = await self._auto.share(connection, work, work.customer_id, money.cents, now)
        wallet = await self._books.balance(connection, chart.wallet(work.customer_id))
        values = {**deposited(work, money, wallet.available_cents), "phone": say.phone(work.data["msisdn"])}
        template = "wallet.deposited"
        if share is not None:
            template, values = share.template("auto.receipt"), {**values, **share.values()}
        await self._teller.tell(connection, work, template, values)

    async def tell_unpaid(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Nothing was paid as far as anyone knows; said in the words of the reason, with another way to pay."""
        template = REFUSAL_TEMPLATES.get(work.data["refusal"], "wallet.deposit_refused")
        values = {
            **self._about(work),
            "account": "0" + work.data.get("account", work.data["msisdn"])[4:],
            "by": say.clock(now + TRY_AGAIN_MS),
            "max": say.ksh(work.data.get("most", 0)),
        }
        await self._teller.tell(connection, work, template, values)
        return Done()

    async def slow(self, connection: AsyncConnection, work: Work, now: int) -> None:
        """Nobody knows yet whether it was paid, or it could not even be asked; each said once, never to pay again."""
        template = "wallet.deposit_unsent" if work.data.get(UNSENT) else "wallet.deposit_uncertain"
        values = {**self._about(work), "by": say.clock(now + 2 * TRY_AGAIN_MS)}
        await self._teller.tell(connection, work, template, values)

    def _about(self, work: Work) -> Mapping[str, Any]:
        return {"reference": work.reference, "amount": say.ksh(work.intent["amount_cents"])}


def deposited(work: Work, money: Money, wallet_cents: int) -> dict[str, Any]:
    """What the receipt of money in a wallet says: `wallet.deposited` with the `phone` that paid, else
    `paybill.received`."""
    return {
        "reference": work.reference,
        "amount": say.ksh(money.cents),
        "at": say.clock(money.at),
        "receipt": money.receipt or "-",
        "fee": say.ksh(0),
        "wallet": say.ksh(wallet_cents),
    }
