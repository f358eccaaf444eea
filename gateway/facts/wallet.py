"""What the screens of the wallet ask: what may move, who is behind a number, what is unclaimed, what has moved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Allowed, Movement, Payee, Statement, Unclaimed
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import DAY_MS, MINUTE_MS, Clock, local, local_date
from gateway.config import Wallet
from gateway.errors import BrokenInvariant
from gateway.facts.numbers import LOOKUP
from gateway.facts.repaying import with_initial
from gateway.facts.source import Computed, Reader, customer_on
from gateway.operations import queue
from gateway.store import customers
from gateway.wallet import labels, transfers
from gateway.wallet.limits import Kind, Limits

SEND = "wallet.send"
STATES = {"active": "active", "closed": "closed", "inactive": "locked"}


class WalletFacts:
    """As of now."""

    def __init__(self, settings: Wallet, books: Books, limits: Limits, clock: Clock) -> None:
        self._settings = settings
        self._books = books
        self._limits = limits
        self._clock = clock

    def readers(self) -> Mapping[str, Reader]:
        return {
            "wallet_allowed": self.allowed,
            "outgoing_from": self.outgoing_from,
            "payee": self.payee,
            "looked_up": self.looked_up,
            "sent_before": self.sent_before,
            "unclaimed": self.unclaimed,
            "movements": self.movements,
        }

    def computed(self) -> Mapping[str, Computed]:
        return {"wallet_fee": self._limits.fee_cents, "claim_by": self.claim_by}

    def claim_by(self) -> datetime | None:
        """Until when money for a phone without an account can be claimed; None when none is taken."""
        if not self._settings.send_to_strangers:
            return None
        return local(self._clock() + self._settings.claim_days * DAY_MS)

    async def allowed(self, connection: AsyncConnection, msisdn: str, kind: Kind) -> Allowed:
        return await self._limits.allowed(connection, await customer_on(connection, msisdn), kind, self._clock())

    async def outgoing_from(self, connection: AsyncConnection, msisdn: str) -> datetime | None:
        """Until when no money leaves; None when it may."""
        customer = await customer_on(connection, msisdn)
        return local(customer.outgoing_from) if customer.outgoing_from > self._clock() else None

    async def payee(self, connection: AsyncConnection, msisdn: str, phone: str) -> Payee:
        """Who is on another line, as far as somebody who typed its number may know."""
        person = await customers.on_line(connection, phone)
        state = STATES.get(person.state) if person else None
        if person is None or state is None:
            return Payee(phone, "stranger")
        return Payee(phone, state, person.id, with_initial(person.name))

    async def looked_up(self, connection: AsyncConnection, msisdn: str, reference: str) -> Payee:
        """Whom a look-up of this customer's own was about, as they are now."""
        customer = await customer_on(connection, msisdn)
        row = await queue.named(connection, reference)
        if row is None or row.customer_id != customer.id or row.kind != LOOKUP:
            raise BrokenInvariant("no such look-up", reference=reference)
        return await self.payee(connection, msisdn, row.intent["phone"])

    async def sent_before(self, connection: AsyncConnection, msisdn: str, phone: str, cents: int) -> datetime | None:
        """When the same sum was last sent to the same phone, if that was a moment ago."""
        customer = await customer_on(connection, msisdn)
        since = self._clock() - self._settings.again_minutes * MINUTE_MS
        rows = await queue.recent(connection, customer.id, SEND, since=since)
        moments = [row.created_at for row in rows if _is_same(row, phone, cents)]
        return local(max(moments)) if moments else None

    async def unclaimed(self, connection: AsyncConnection, msisdn: str) -> tuple[Unclaimed, ...]:
        customer = await customer_on(connection, msisdn)
        waiting = await transfers.waiting_of(connection, customer.id)
        return tuple(Unclaimed(each.reference, each.msisdn, each.amount_cents) for each in waiting)

    async def movements(self, connection: AsyncConnection, msisdn: str, account: str) -> Statement:
        """Of the own `wallet` or `savings`."""
        customer = await customer_on(connection, msisdn)
        key = {"wallet": chart.wallet, "savings": chart.savings}[account](customer.id)
        page = await self._books.statement(connection, key, limit=self._settings.mini_statement)
        balance = await self._books.balance(connection, key)
        found = await labels.labelled(connection, page.movements, account)
        lines = tuple(
            Movement(local_date(moved.at), moved.amount_cents, label.kind, label.about) for moved, label in found
        )
        return Statement(balance.posted_cents, lines)


def _is_same(row: Any, phone: str, cents: int) -> bool:
    return bool(row.state != "rejected" and (row.intent["to"], row.intent["amount_cents"]) == (phone, cents))
