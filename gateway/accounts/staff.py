"""What staff may do to somebody else's account, whoever asks: an officer on the phone or an operator over HTTP.

Every act and its record are one unit of work. Nobody learns or chooses a PIN, and no act moves money.
"""

import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.accounts import audit, linked, prompts, resets
from gateway.accounts.audit import Deed
from gateway.clock import HOUR_MS, MINUTE_MS, day_start, local_date
from gateway.config import Accounts as AccountSettings
from gateway.config import Staff as StaffSettings
from gateway.errors import Rejected
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outbox import NAMESPACE, Outbox, ReferenceTaken, unspoken
from gateway.store import customers
from gateway.store.customers import Customer

WALLET = "wallet"

Act = Literal[
    "activate", "deactivate", "reset_pin", "unlock", "tier", "look_up", "statement", "prompt", "line", "unlink"
]


@dataclass(frozen=True, slots=True)
class Ask:
    """A payment to ask a customer for: `about` is a loan's reference, or `wallet`."""

    about: str
    cents: int
    reference: str


class Staff:
    """All methods run in the caller's unit of work and raise Rejected, with a code, for what cannot be done now."""

    def __init__(self, outbox: Outbox, accounts: AccountSettings, staff: StaffSettings) -> None:
        self._outbox = outbox
        self._accounts = accounts
        self._staff = staff

    async def look_up(self, connection: AsyncConnection, deed: Deed, customer: Customer) -> None:
        """Keep that somebody was looked at."""
        await audit.noted(connection, deed, "look_up", customer.id)

    async def deactivate(self, connection: AsyncConnection, deed: Deed, customer_id: str) -> None:
        """Pause an account: its money is safe and may be paid in, its owner cannot use it."""
        await self._switched(connection, deed, customer_id, "active", "inactive", "deactivate", "account.paused")

    async def activate(self, connection: AsyncConnection, deed: Deed, customer_id: str) -> None:
        await self._switched(connection, deed, customer_id, "inactive", "active", "activate", "account.opened")

    async def reset_pin(self, connection: AsyncConnection, deed: Deed, customer_id: str) -> None:
        """Clear the PIN: its owner chooses another on their phone, and for some days no money leaves."""
        customer = await self._active(connection, deed, customer_id)
        opens = max(customer.outgoing_from, deed.now + self._accounts.cool_down_hours * HOUR_MS)
        await resets.opened(
            connection, customer.id, until=deed.now + self._accounts.reset_hours * HOUR_MS, now=deed.now
        )
        await customers.changed(
            connection, customer.id, pin_hash=None, pin_failures=0, pin_locks=0, pin_locked_until=0,
            outgoing_from=opens,
        )  # fmt: skip
        await audit.noted(connection, deed, "reset_pin", customer.id)
        await self._tell(connection, deed, customer, "pin.reset", {"opens": say.day(local_date(opens))})

    async def unlock(self, connection: AsyncConnection, deed: Deed, customer_id: str) -> None:
        """Let the PIN they know be tried again."""
        customer = await self._active(connection, deed, customer_id)
        if customer.pin_locked_until <= deed.now:
            raise Rejected("the PIN is not locked", "not-locked")
        await customers.changed(connection, customer.id, pin_failures=0, pin_locks=0, pin_locked_until=0)
        await audit.noted(connection, deed, "unlock", customer.id)
        await self._tell(connection, deed, customer, "pin.unlocked", {})

    async def tier(self, connection: AsyncConnection, deed: Deed, customer_id: str, tier: int) -> None:
        """Say how well we know somebody by now."""
        customer = await self._active(connection, deed, customer_id)
        await customers.changed(connection, customer.id, tier=tier)
        await audit.noted(connection, deed, "tier", customer.id, {"from": customer.tier, "to": tier})

    async def prompts_left(self, connection: AsyncConnection, by: str, customer_id: str, now: int) -> int:
        """How many more payments somebody of the staff may ask this customer for today."""
        today = day_start(now)
        mine = self._staff.prompts_a_day - await prompts.asked_by(connection, by, since=today)
        of_them = self._staff.prompts_a_day_each - await prompts.asked_of(connection, customer_id, since=today)
        return max(0, min(mine, of_them))

    async def unlink(self, connection: AsyncConnection, deed: Deed, customer_id: str, reference: str) -> None:
        """Take a phone away that pays for a customer, paused or not; they are told. What it has paid stays theirs."""
        customer = await customers.get(connection, customer_id, lock=True)
        _not_oneself(deed, customer)
        phone = await linked.removed(connection, customer.id, reference)
        if phone is None:
            raise Rejected("no line of theirs is linked under this reference", "no-line")
        await audit.noted(connection, deed, "unlink", customer.id, {"reference": reference, "phone": phone})
        await self._tell(connection, deed, customer, "account.unlinked", {"phone": say.phone(phone)})

    async def ask(self, connection: AsyncConnection, deed: Deed, customer_id: str, ask: Ask) -> None:
        """Ask a customer for a payment: an SMS that says who asks, then the prompt, and an end to it."""
        customer = await self._active(connection, deed, customer_id)
        if not await self.prompts_left(connection, deed.by, customer.id, deed.now):
            raise Rejected("payments were asked for often enough today", "limit")
        payment = self._payment(deed, customer, ask)
        if payment.exclusive and await queue.is_exclusive(connection, payment.exclusive):
            raise Rejected("a payment for this is under way", "under-way")
        if await queue.is_reference(connection, ask.reference):
            raise ReferenceTaken(ask.reference)
        await self._announced(connection, deed, customer, ask)
        await self._outbox.put(connection, payment, delay_ms=round(self._staff.prompt_notice_seconds * 1000))
        until = deed.now + self._staff.prompt_minutes * MINUTE_MS
        await prompts.noted(
            connection, operation_id=payment.id, reference=ask.reference, customer_id=customer.id, by=deed.by,
            by_name=deed.name, about=ask.about, amount_cents=ask.cents, until=until, created_at=deed.now,
        )  # fmt: skip
        await self._ends(connection, payment, until - deed.now)
        detail = {"about": ask.about, "amount_cents": ask.cents, "reference": ask.reference}
        await audit.noted(connection, deed, "prompt", customer.id, detail)

    def payment_id(self, asked_id: str) -> str:
        """The operation of the payment that was asked for under this id."""
        return str(uuid.uuid5(NAMESPACE, f"{asked_id}:prompt"))

    def _payment(self, deed: Deed, customer: Customer, ask: Ask) -> Operation:
        identity = self.payment_id(deed.operation_id)
        intent: dict[str, Any] = {"amount_cents": ask.cents, "asked_by": deed.name}
        if ask.about == WALLET:
            return Operation(identity, "wallet.deposit", ask.reference, customer.id, intent)
        intent["loan"] = ask.about
        return Operation(identity, "repay.stk", ask.reference, customer.id, intent, f"repay:{ask.about}")

    async def _announced(self, connection: AsyncConnection, deed: Deed, customer: Customer, ask: Ask) -> None:
        values = {"officer": say.short(deed.name), "amount": say.ksh(ask.cents), "reference": ask.reference}
        if ask.about == WALLET:
            await self._tell(connection, deed, customer, "prompt.asked_wallet", values)
        else:
            await self._tell(connection, deed, customer, "prompt.asked", {**values, "loan": ask.about})

    async def _ends(self, connection: AsyncConnection, payment: Operation, in_ms: int) -> None:
        identity = str(uuid.uuid5(NAMESPACE, f"{payment.id}:end"))
        name = unspoken("PE", identity)
        end = Operation(identity, "prompt.end", name, "", {"operation": payment.id})
        await self._outbox.put(connection, end, delay_ms=in_ms, is_ours=True)

    async def _switched(
        self, connection: AsyncConnection, deed: Deed, customer_id: str, before: str, after: str, act: Act,
        template: str,
    ) -> None:  # fmt: skip
        customer = await customers.get(connection, customer_id, lock=True)
        _not_oneself(deed, customer)
        if customer.state != before:
            raise Rejected(f"the account is {customer.state}", "state")
        await customers.changed(connection, customer.id, state=after)
        await audit.noted(connection, deed, act, customer.id)
        await self._tell(connection, deed, customer, template, {})

    async def _active(self, connection: AsyncConnection, deed: Deed, customer_id: str) -> Customer:
        customer = await customers.get(connection, customer_id, lock=True)
        _not_oneself(deed, customer)
        if customer.state != "active":
            raise Rejected(f"the account is {customer.state}", "state")
        return customer

    async def _tell(
        self, connection: AsyncConnection, deed: Deed, customer: Customer, template: str, values: dict[str, Any]
    ) -> None:
        cause = f"{deed.operation_id}:{template}:{customer.id}"
        await self._outbox.tell(connection, cause, customer.id, customer.msisdn, template, values)


def _not_oneself(deed: Deed, customer: Customer) -> None:
    """Nobody of the staff does any of this for themselves."""
    if deed.by == customer.id:
        raise Rejected("somebody else of the staff does that", "oneself")
