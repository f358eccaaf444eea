"""What somebody has scheduled, how many more they may, and how much each may be."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import Allowed, Scheduled
from flows.repay import PART_MIN_CENTS
from gateway.facts.repaying import with_initial
from gateway.facts.source import Reader, customer_on
from gateway.schedules import kept
from gateway.schedules.kept import Schedule
from gateway.store import customers
from gateway.wallet.limits import Limits

SHILLING = 100


class ScheduleFacts:
    """`least_cents` is the least of each kind, `most` how many one person may have at once."""

    def __init__(self, limits: Limits, least_cents: Mapping[str, int], *, most: int) -> None:
        self._limits = limits
        self._least_cents = least_cents
        self._most = most

    def readers(self) -> Mapping[str, Reader]:
        return {"scheduled": self.scheduled, "schedules_left": self.left, "schedule_allowed": self.allowed}

    async def scheduled(self, connection: AsyncConnection, msisdn: str) -> tuple[Scheduled, ...]:
        customer = await customer_on(connection, msisdn)
        return tuple([await _known(connection, one) for one in await kept.active_of(connection, customer.id)])

    async def left(self, connection: AsyncConnection, msisdn: str) -> int:
        customer = await customer_on(connection, msisdn)
        return self._most - await kept.count_of(connection, customer.id)

    async def allowed(self, connection: AsyncConnection, msisdn: str, kind: str) -> Allowed:
        """By what one transfer, or a wallet, may be: what is there today says nothing of the days to come."""
        tier = self._limits.tier((await customer_on(connection, msisdn)).tier)
        most = min(tier.send, tier.out_a_day) if kind == "send" else tier.most
        return Allowed(self._least_cents[kind], most * SHILLING)


def least_cents(wallet_least: int, savings_least_cents: int) -> Mapping[str, int]:
    """The least of each kind, as where it is paid by hand; whole shillings."""
    return {
        "send": wallet_least * SHILLING,
        "save": -(-savings_least_cents // SHILLING) * SHILLING,
        "repay": PART_MIN_CENTS,
    }


async def _known(connection: AsyncConnection, one: Schedule) -> Scheduled:
    person = await customers.find(connection, one.person_id) if one.person_id else None
    return Scheduled(
        reference=one.reference, kind=one.kind, amount_cents=one.amount_cents, every=one.every, day=one.day,
        next_on=date.fromisoformat(one.next_on), person=with_initial(person.name) if person else "",
        loan=one.loan or "",
    )  # fmt: skip
