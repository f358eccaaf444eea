"""`penalty.let_off`: penalties that fell on a day on which nobody could pay, and are owed still, are owed no more.

    {"day": "2026-08-05"}                             comes up daily
    {"day": "2026-08-05", "outage": "2026-08-03"}     an operator has given a day of outage

Each is a waiver of today on the loan's record, once for each instalment and day. What of it has been paid stays paid:
the waiver then takes another penalty of the loan that is not.
"""

import uuid
from collections.abc import Callable
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.clock import EAT, local, local_date, milliseconds
from gateway.lending.events import Charge, Waiver
from gateway.lending.portfolio import Portfolio
from gateway.lending.standings import Standing, next_cents, next_due
from gateway.loanbook import outages
from gateway.loanbook.workdays import Workdays
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Outbox, unspoken
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.store import customers

DAILY = "penalty.let_off"
AT_ONCE = 200
"""How many loans are looked at in one unit of work."""
BY = "calendar"
WHY = "nobody could pay on {day}"


class LettingOff:
    """`on_closed_days`: days that are not worked are free of penalties too, not only those of an outage."""

    def __init__(self, portfolio: Portfolio, outbox: Outbox, workdays: Workdays, *, on_closed_days: bool) -> None:
        self._portfolio = portfolio
        self._outbox = outbox
        self._workdays = workdays
        self._on_closed_days = on_closed_days

    def playbook(self) -> Playbook:
        return Playbook(DAILY, (Local("look", self.look),), lambda _customer, _intent: DAILY)

    async def after_outage(self, connection: AsyncConnection, outage: date, today: date) -> None:
        """Look at once, in the unit of work that keeps the day."""
        identity = str(uuid.uuid5(NAMESPACE, f"{DAILY}:outage:{outage}"))
        await self._put(connection, identity, {"day": today.isoformat(), "outage": outage.isoformat()})

    async def look(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Some loans at a time, in order of id; what is left is an operation of its own."""
        opens = milliseconds(self._workdays.contact_from(local(now)).astimezone(EAT))
        if now < opens:
            return Later(opens - now, "not an hour to tell anybody")
        is_free = await self._freedom(connection)
        today = local_date(now)
        page = await self._portfolio.running(connection, today, after=work.intent.get("after", ""), limit=AT_ONCE)
        for standing in page:
            if standing.record.state == "active" and standing.record.lender_id is None:
                await self._let_off(connection, work, standing, is_free, now)
        if len(page) == AT_ONCE:
            after = page[-1].record.id
            identity = str(uuid.uuid5(NAMESPACE, f"{work.id}:{after}"))
            await self._put(connection, identity, {**work.intent, "after": after})
        return Done()

    async def _freedom(self, connection: AsyncConnection) -> Callable[[date], bool]:
        down = await outages.days(connection)
        return lambda day: day in down or (self._on_closed_days and self._workdays.is_closed(day))

    async def _let_off(
        self, connection: AsyncConnection, work: Work, standing: Standing, is_free: Callable[[date], bool], now: int
    ) -> None:
        record = standing.record
        unpaid = standing.loan.outstanding.penalty
        wrong = [each for each in standing.loan.late_penalties if is_free(each.on)] if unpaid else []
        if not wrong:
            return
        happened = await self._portfolio.happenings(connection, record.id)
        known = {each.operation_id for each in happened if each.kind == "waiver"}
        waived = 0
        for charge in wrong:
            identity = _identity(record.id, charge)
            cents = min(charge.amount_cents, unpaid - waived)
            if identity in known or not cents:
                continue
            notes = {"by": BY, "why": WHY.format(day=charge.on)}
            event = Waiver(local_date(now), cents)
            changed = await self._portfolio.change(connection, record.id, event, identity, now, notes)
            standing, waived = changed.after, waived + cents
        if waived:
            await self._tell(connection, work, standing, waived)

    async def _tell(self, connection: AsyncConnection, work: Work, standing: Standing, cents: int) -> None:
        customer = await customers.get(connection, standing.record.customer_id)
        values = {
            "amount": say.ksh(cents),
            "loan": standing.record.reference,
            "owed": say.ksh(standing.owed_cents),
            "next": say.ksh(next_cents(standing.loan)),
            "due": say.day(next_due(standing.loan)),
        }
        cause = f"{work.id}:{standing.record.id}"
        await self._outbox.tell(connection, cause, customer.id, customer.msisdn, "loan.waived", values)

    async def _put(self, connection: AsyncConnection, identity: str, intent: dict[str, str]) -> None:
        name = unspoken("LO", identity)
        await self._outbox.put(connection, Operation(identity, DAILY, name, "", intent), is_ours=True)


def _identity(loan_id: str, charge: Charge) -> str:
    """The same penalty is let off once, whoever looks."""
    return str(uuid.uuid5(NAMESPACE, f"{DAILY}:{loan_id}:{charge.instalment}:{charge.on}"))
