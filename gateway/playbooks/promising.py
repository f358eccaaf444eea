"""`loan.promise`, a day somebody promises to pay by; and `loan.daily`, what a new day brought to the loans.

A promise stops no penalty by itself. Its day passes: it was kept if nothing is late, else it is broken, said once. A
loan that falls late has an event and one message for each time it does.
"""

import uuid
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.clock import HOUR_MS, day_start, local_date
from gateway.errors import BrokenInvariant
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import Standing, next_cents, next_due
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Context, Outbox, unspoken
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.servicing import promises
from gateway.store import customers

DAILY = "loan.daily"
AT_ONCE = 200
"""How many loans are looked at in one unit of work."""


class Promising:
    """`days_most`: how far away a promised day may be. Nobody is told anything before `hour`, in Nairobi."""

    def __init__(self, portfolio: Portfolio, outbox: Outbox, *, days_most: int, hour: int) -> None:
        self._portfolio = portfolio
        self._outbox = outbox
        self._days_most = days_most
        self._hour_ms = hour * HOUR_MS

    def daily(self) -> Playbook:
        return Playbook(DAILY, (Local("look", self.look),), lambda _customer, _intent: DAILY)

    async def promise(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Keep the day. A second promise for the same loan changes nothing while the first is open."""
        record = await self._portfolio.by_reference(connection, operation.intent["loan"])
        pay_on, today = date.fromisoformat(operation.intent["pay_on"]), local_date(context.now)
        if record is None or record.customer_id != operation.customer:
            raise BrokenInvariant("a promise for somebody else's loan")
        if not today < pay_on <= today + timedelta(days=self._days_most + 1):
            raise BrokenInvariant("a promise for another day than was offered")
        standing = await self._portfolio.standing(connection, record.id, today, lock=True)
        if not standing.loan.days_late or await promises.open_of(connection, [record.id]):
            return
        cents = next_cents(standing.loan)
        await promises.made(
            connection, operation.id, loan_id=record.id, customer_id=record.customer_id, amount_cents=cents,
            pay_on=pay_on, now=context.now,
        )  # fmt: skip
        detail = {"pay_on": pay_on.isoformat(), "amount_cents": cents}
        await self._portfolio.noted(connection, record.id, "promised", detail, operation.id, context.now)
        values = {"loan": record.reference, "next": say.ksh(cents), "due": say.day(pay_on)}
        cause = f"{operation.id}:promised"
        await self._outbox.tell(connection, cause, record.customer_id, context.msisdn, "loan.promised", values)

    async def look(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Some loans at a time, in order of id; what is left is an operation of its own."""
        opens = day_start(now) + self._hour_ms
        if now < opens:
            return Later(opens - now, "too early to tell anybody")
        day = date.fromisoformat(work.intent["day"])
        if "after" not in work.intent and await self._promises_over(connection, work, day, now):
            return Later(0, "some promises more")
        page = await self._portfolio.running(connection, day, after=work.intent.get("after", ""), limit=AT_ONCE)
        for standing in page:
            if standing.loan.days_late and standing.record.lender_id is None:
                await self._fell_late(connection, work, standing, now)
        if len(page) == AT_ONCE:
            await self._go_on(connection, work, page[-1].record.id)
        return Done()

    async def _go_on(self, connection: AsyncConnection, work: Work, after: str) -> None:
        identity = str(uuid.uuid5(NAMESPACE, f"{DAILY}:{work.intent['day']}:{after}"))
        name = unspoken("DL", identity)
        await self._outbox.put(
            connection, Operation(identity, DAILY, name, "", {**work.intent, "after": after}), is_ours=True
        )

    async def _fell_late(self, connection: AsyncConnection, work: Work, standing: Standing, now: int) -> None:
        """Once for each due date that passed with something unpaid while nothing else was late."""
        since = next_due(standing.loan).isoformat()
        happened = await self._portfolio.happenings(connection, standing.record.id)
        if any(each.kind == "in_arrears" and each.detail["since"] == since for each in happened):
            return
        detail = {"since": since, "cents": next_cents(standing.loan)}
        await self._portfolio.noted(connection, standing.record.id, "in_arrears", detail, work.id, now)
        await self._tell(connection, work, standing, "loan.late")

    async def _promises_over(self, connection: AsyncConnection, work: Work, day: date, now: int) -> int:
        """What became of some of them; how many."""
        found = await promises.over(connection, day, AT_ONCE)
        for promise in found:
            standing = await self._portfolio.standing(connection, promise.loan_id, day)
            is_kept = not standing.loan.days_late
            await promises.ended(connection, promise.id, "kept" if is_kept else "broken", now)
            kind = "promise_kept" if is_kept else "promise_broken"
            detail = {"pay_on": promise.pay_on}
            await self._portfolio.noted(connection, promise.loan_id, kind, detail, work.id, now)
            if not is_kept:
                await self._tell(connection, work, standing, "loan.broken")
        return len(found)

    async def _tell(self, connection: AsyncConnection, work: Work, standing: Standing, template: str) -> None:
        """One message for each loan, however many of one person's are late."""
        customer = await customers.get(connection, standing.record.customer_id)
        cause = f"{work.id}:{template}:{standing.record.id}"
        await self._outbox.tell(connection, cause, customer.id, customer.msisdn, template, _values(standing))


def _values(standing: Standing) -> Mapping[str, Any]:
    return {
        "loan": standing.record.reference,
        "next": say.ksh(next_cents(standing.loan)),
        "due": say.day(next_due(standing.loan)),
    }
