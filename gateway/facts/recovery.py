"""What the screens of a forgotten PIN ask: whether it may be tried, whether a code is on its way, what is right."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.forgot import PURPOSE
from flows.known import Forgot
from gateway.accounts.codes import Codes
from gateway.approvals.decisions import CUSTOMER
from gateway.clock import Clock, day_start
from gateway.facts.source import Reader, customer_on
from gateway.operations import queue

MISS = "pin.miss"
WITH_PIN = (
    "wallet.withdraw", "wallet.send", "repay.wallet", "repay.for_wallet", "savings.save", "savings.move",
    "loan.disburse",
)  # fmt: skip
"""What nobody but the owner of a PIN can have done; what comes in, others can make come in."""


class RecoveryFacts:
    """As of now."""

    def __init__(self, codes: Codes, clock: Clock, *, tries_a_day: int) -> None:
        self._codes = codes
        self._clock = clock
        self._tries_a_day = tries_a_day

    def readers(self) -> Mapping[str, Reader]:
        return {"forgot": self.forgot, "forgot_matches": self.matches}

    async def forgot(self, connection: AsyncConnection, msisdn: str) -> Forgot:
        """Staff have no tries: what they may do is too much for two answers and a line."""
        customer = await customer_on(connection, msisdn)
        if customer.role != CUSTOMER:
            return Forgot(is_pending=False, tries_left=0)
        missed = await queue.asked(connection, customer.id, MISS, since=day_start(self._clock()))
        codes_left = await self._codes.left(connection, customer.id, PURPOSE)
        return Forgot(
            is_pending=await self._codes.is_pending(connection, customer.id, PURPOSE, bound(msisdn)),
            tries_left=max(0, min(self._tries_a_day - missed, codes_left)),
        )

    async def matches(self, connection: AsyncConnection, msisdn: str, national_id: str, cents: int) -> bool:
        """Whether this is their ID number, and what they last moved or borrowed with their PIN, to the shilling."""
        customer = await customer_on(connection, msisdn)
        row = await queue.newest_done(connection, customer.id, WITH_PIN)
        return customer.national_id == national_id and row is not None and cents in _amounts(row.intent)


def bound(msisdn: str) -> dict[str, str]:
    """What a code of this purpose is good for: the line it went to."""
    return {"line": msisdn}


def _amounts(intent: Mapping[str, Any]) -> set[int]:
    """Of a loan, what was agreed to and what was received."""
    quote = intent.get("quote")
    known = (quote["principal_cents"], quote["net_cents"]) if quote else (intent["amount_cents"],)
    return {cents // 100 * 100 for cents in known}
