"""`loan.remind`: once a day, whoever has an instalment to pay soon, today, or some days ago is reminded, once for each.

What is paid by then, is being paid, or is promised for a day to come is not spoken of: also when the message leaves
later than it was written.
"""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.clock import HOUR_MS, day_start, local_date
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import Standing, next_cents, next_due
from gateway.notices import values as say
from gateway.operations import queue
from gateway.operations.outbox import NAMESPACE, Outbox, unspoken
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.servicing import promises
from gateway.servicing.reminders import Kind, Reminders
from gateway.store import customers

DAILY = "loan.remind"
ABOUT = "about"
AT_ONCE = 200
"""How many loans are looked at in one unit of work."""


class Reminding:
    """Nobody is told anything before `hour`, in Nairobi."""

    def __init__(self, portfolio: Portfolio, outbox: Outbox, reminders: Reminders, *, hour: int) -> None:
        self._portfolio = portfolio
        self._outbox = outbox
        self._reminders = reminders
        self._hour_ms = hour * HOUR_MS

    def daily(self) -> Playbook:
        return Playbook(DAILY, (Local("look", self.look),), lambda _customer, _intent: DAILY)

    async def look(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Some loans at a time, in order of id; what is left is an operation of its own."""
        opens = day_start(now) + self._hour_ms
        if now < opens:
            return Later(opens - now, "too early to remind anybody")
        day = date.fromisoformat(work.intent["day"])
        if day < local_date(now):
            return Done(reason="another day has come")  # what is said today is not so any more
        page = await self._portfolio.running(connection, day, after=work.intent.get("after", ""), limit=AT_ONCE)
        promised = await promises.open_of(connection, [standing.record.id for standing in page])
        for standing in page:
            kind = self._reminders.due(next_due(standing.loan), day)
            if kind is None or standing.record.id in promised or await self._is_moot(connection, standing):
                continue
            await self._tell(connection, standing, kind)
        if len(page) == AT_ONCE:
            await self._go_on(connection, work, page[-1].record.id)
        return Done()

    async def is_moot(self, connection: AsyncConnection, about: Mapping[str, Any], now: int) -> bool:
        """Whether a reminder that waits to be sent has nothing to remind of any more, or speaks of a day that is over
        as if it were not."""
        standing = await self._portfolio.standing(connection, about["loan"], local_date(now))
        is_another = next_due(standing.loan).isoformat() != about["due"]
        is_untrue = about.get("kind", "late") != "late" and about["due"] < local_date(now).isoformat()
        return is_another or is_untrue or await self._is_moot(connection, standing)

    async def _is_moot(self, connection: AsyncConnection, standing: Standing) -> bool:
        """Nothing is owed, or a payment is under way."""
        is_paid = not next_cents(standing.loan)
        return is_paid or await queue.is_exclusive(connection, f"repay:{standing.record.reference}")

    async def _tell(self, connection: AsyncConnection, standing: Standing, kind: Kind) -> None:
        """Once for each loan, instalment and kind."""
        record, due_on = standing.record, next_due(standing.loan)
        customer = await customers.get(connection, record.customer_id)
        values = {
            "first_name": say.first(customer.name),
            "next": say.ksh(next_cents(standing.loan)),
            "loan": record.reference,
            "due": say.day(due_on),
            "account": f"0{customer.msisdn.removeprefix('+254')}",
        }
        cause = f"remind:{record.id}:{due_on}:{kind}"
        about = {"loan": record.id, "due": due_on.isoformat(), "kind": kind}
        await self._outbox.tell(connection, cause, customer.id, customer.msisdn, f"remind.{kind}", values, about=about)

    async def _go_on(self, connection: AsyncConnection, work: Work, after: str) -> None:
        identity = str(uuid.uuid5(NAMESPACE, f"{DAILY}:{work.intent['day']}:{after}"))
        name = unspoken("RM", identity)
        await self._outbox.put(connection, Operation(identity, DAILY, name, "", {**work.intent, "after": after}))
