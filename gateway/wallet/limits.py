"""What somebody may move, by how well we know them: per transaction, per day, and how much a wallet may hold.

Pure rules over the settings; what has been used is told by the caller. Amounts are cents of whole shillings.
"""

from collections.abc import Mapping
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Allowed
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import day_start
from gateway.config import Wallet, WalletTier
from gateway.rails.charges import Charges
from gateway.store.customers import Customer
from gateway.wallet import usage

Kind = Literal["deposit", "withdraw", "send"]

DIRECTIONS: Mapping[str, usage.Direction] = {"deposit": "in", "withdraw": "out", "send": "out"}


class Limits:
    """By the settings of the wallet. A tier that is not in the table has the lowest one's."""

    def __init__(self, settings: Wallet, books: Books) -> None:
        self._settings = settings
        self._books = books
        self._fees = {"withdraw": Charges(settings.withdraw_fees), "send": Charges(settings.send_fees)}

    def tier(self, number: int) -> WalletTier:
        tiers = self._settings.tiers
        return tiers.get(number) or tiers[min(tiers)]

    def most_held_cents(self, tier: int) -> int:
        """How much a wallet may hold."""
        return self.tier(tier).most * 100

    def fee_cents(self, kind: str, cents: int) -> int:
        """What we take for it; a deposit is free."""
        return self._fees[kind].payer_cents(cents) if kind in self._fees else 0

    async def allowed(self, connection: AsyncConnection, customer: Customer, kind: Kind, now: int) -> Allowed:
        """What may move now, as far as it is booked."""
        spent = await usage.used_cents(connection, customer.id, DIRECTIONS[kind], day_start(now))
        wallet = await self._books.balance(connection, chart.wallet(customer.id))
        return allowed(self.tier(customer.tier), kind, spent, wallet.posted_cents, self._settings.least)


def allowed(tier: WalletTier, kind: Kind, used_cents: int, held_cents: int, least: int) -> Allowed:
    """The least of what one transaction, the rest of the day and the room in the wallet allow.

    `held_cents` is what the wallet holds. Only what comes in needs room.
    """
    a_day = tier.in_a_day if kind == "deposit" else tier.out_a_day
    bounds = {"transaction": getattr(tier, kind) * 100, "day": a_day * 100 - used_cents}
    if kind == "deposit":
        bounds["room"] = tier.most * 100 - held_cents
    bound = min(bounds, key=bounds.__getitem__)
    return Allowed(least * 100, max(0, bounds[bound]) // 100 * 100, bound)
