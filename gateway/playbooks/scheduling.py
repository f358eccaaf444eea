"""`schedule.create`, `schedule.stop`, `schedule.daily` and `schedule.look`: payments that go out of wallets by
themselves.

A schedule moves no money. On its day it asks for the ordinary payment (`savings.save`, `wallet.send`,
`repay.wallet`), which keeps its own rules and gives its own receipt. What cannot be paid is not asked for: it is
looked at again on the days that follow, and skipped whole when they are over.

Each schedule is looked at by an operation of its own: one that is broken stands still alone.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.clock import HOUR_MS, day_start, local_date
from gateway.lending.portfolio import RUNNING_STATES, Portfolio
from gateway.notices import values as say
from gateway.operations.outbox import Context, Outbox
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.schedules import kept, runs
from gateway.schedules.kept import Schedule
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.wallet.limits import Limits

DAILY, LOOK = "schedule.daily", "schedule.look"
NAMESPACE = uuid.UUID("9d7a53c2-0f36-5a0e-8b8f-7363686c6f6f")
PREFIX = "SL"
PAYMENTS = {"save": ("savings.save", "SV"), "send": ("wallet.send", "SN"), "repay": ("repay.wallet", "PY")}
"""The ordinary payment of each kind, and what its reference begins with."""

FROM_WALLET = ("savings.save", "wallet.send", "repay.wallet", "repay.for_wallet")
AT_ONCE = 50
"""How many schedules one unit of work queues a look at."""


@dataclass(frozen=True, slots=True)
class Patience:
    """From which hour payments are made, for how many days they are tried again, how many may fail in a row."""

    hour: int
    tries_days: int
    failures_most: int


class Scheduling:
    """The instants, and the daily look."""

    def __init__(self, books: Books, portfolio: Portfolio, limits: Limits, outbox: Outbox, patience: Patience) -> None:
        self._books = books
        self._portfolio = portfolio
        self._limits = limits
        self._outbox = outbox
        self._patience = patience

    def daily(self) -> Playbook:
        return Playbook(DAILY, (Local("look", self.daily_look),), lambda _customer, _intent: DAILY, priority=6)

    def looking(self) -> Playbook:
        return Playbook(
            LOOK, (Local("look", self.look),), lambda _, intent: kept.lane_of(intent["schedule"]), priority=6
        )

    async def create(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """Takes effect with its turn; its owner is told, in case it was somebody else."""
        intent = operation.intent
        schedule = Schedule(
            id=operation.id, reference=operation.reference, customer_id=operation.customer, kind=intent["kind"],
            amount_cents=intent["amount_cents"], fee_cents=intent["fee_cents"], every=intent["every"],
            day=intent["day"], next_on=intent["first"], person_id=intent.get("person"), to_msisdn=intent.get("to"),
            loan=intent.get("loan"), created_at=context.now, updated_at=context.now,
        )  # fmt: skip
        await kept.put(connection, schedule)
        person = await customers.find(connection, schedule.person_id) if schedule.person_id else None
        values = {"person": say.short(person.name if person else ""), "loan": schedule.loan or ""}
        await self._tell(connection, schedule, f"schedule.set_{schedule.kind}", schedule.next_on, values)

    async def stop(self, connection: AsyncConnection, operation: Operation, context: Context) -> None:
        """By its owner; what has been asked for already goes on."""
        schedule = await kept.by_reference(connection, operation.intent["schedule"], lock=True)
        if schedule is not None and schedule.customer_id == operation.customer:
            await self.stopped(connection, schedule, "customer", context.now)

    async def stopped(self, connection: AsyncConnection, schedule: Schedule, why: str, now: int) -> bool:
        """By its owner or by the staff, who are told the one or the other; False when it was over."""
        done = await kept.ended(connection, schedule.id, "stopped", why, now)
        if done:
            template = "schedule.stopped" if why == "customer" else "schedule.stopped_staff"
            await self._tell(connection, schedule, template, schedule.next_on)
        return done

    async def daily_look(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Queue a look at each schedule that is due, or whose last payment has ended; some at a time.

        Not at one that waits to be looked at: where that stands still, its days are made up for afterwards.
        """
        if (early_ms := self._early_ms(now)) > 0:
            return Later(early_ms, "too early to pay")
        today = local_date(now).isoformat()
        ended = await runs.ended(connection, AT_ONCE)
        due = await kept.due(connection, local_date(now), AT_ONCE)
        wanted = [_look(run.schedule_id, run.customer_id, f"{today}:{run.due_on}:ended") for run in ended]
        wanted += [_look(each.id, each.customer_id, today) for each in due]
        queued = [await self._outbox.put(connection, operation, is_ours=True) for operation in wanted]
        return Later(0, f"{len(queued)} to look at") if any(queued) else Done()

    async def look(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """What became of payments that a schedule asked for before, then whether it is due.

        Days that nobody looked on are made up for with one payment. Its owner is locked first, so that of two
        schedules of one person the second knows what the first will take.
        """
        if (early_ms := self._early_ms(now)) > 0:
            return Later(early_ms, "too early to pay")
        await customers.get(connection, work.intent["owner"], lock=True)
        for run in await runs.ended_of(connection, work.intent["schedule"]):
            await self._settled(connection, run, now)
        schedule = await kept.get(connection, work.intent["schedule"])
        if schedule.state == "active" and schedule.next_on <= local_date(now).isoformat():
            await self._looked_at(connection, schedule, now)
        return Done()

    def _early_ms(self, now: int) -> int:
        """How long it is until payments are made."""
        return day_start(now) + self._patience.hour * HOUR_MS - now

    async def _settled(self, connection: AsyncConnection, run: runs.Ended, now: int) -> None:
        await runs.settled(connection, run, now)
        schedule = await kept.get(connection, run.schedule_id)
        if run.is_paid:
            await kept.changed(connection, schedule.id, now, failures=0)
        else:
            await self._failed(connection, schedule, run.due_on, now)

    async def _looked_at(self, connection: AsyncConnection, schedule: Schedule, now: int) -> None:
        today = local_date(now)
        due_on = schedule.rhythm.newest(date.fromisoformat(schedule.next_on), today)
        await runs.passed_over(connection, schedule.id, due_on.isoformat(), now)
        owner = await customers.get(connection, schedule.customer_id)
        owed_cents = await self._owed_cents(connection, schedule, today)
        if owner.state == "closed":
            await kept.ended(connection, schedule.id, "stopped", "closed", now)
        elif owed_cents == 0:
            await kept.ended(connection, schedule.id, "done", "loan", now)
            await self._tell(connection, schedule, "schedule.over", schedule.next_on, {"loan": schedule.loan})
        elif obstacle := await self._obstacle(connection, schedule, owner, owed_cents, now):
            await self._put_off(connection, schedule, due_on, obstacle, now)
        else:
            await self.ask(connection, schedule, due_on, now)

    async def _owed_cents(self, connection: AsyncConnection, schedule: Schedule, today: date) -> int | None:
        """What the loan it repays owes, nothing once it is over; None where it repays none. One that was written off is
        owed as before."""
        if schedule.loan is None:
            return None
        record = await self._portfolio.by_reference(connection, schedule.loan)
        if record is None or record.state not in RUNNING_STATES:
            return 0
        return (await self._portfolio.standing(connection, record.id, today)).owed_cents

    async def _obstacle(
        self, connection: AsyncConnection, schedule: Schedule, owner: Customer, owed_cents: int | None, now: int
    ) -> str | None:
        """Why it cannot be paid now: paused, safety, limit, short; None when it can, as far as is booked."""
        if owner.state != "active":
            return "paused"
        if schedule.kind == "send":
            if owner.outgoing_from > now:
                return "safety"
            allowed = await self._limits.allowed(connection, owner, "send", now)
            if schedule.amount_cents > allowed.most_cents:
                return "limit"
        cents = schedule.amount_cents if owed_cents is None else min(schedule.amount_cents, owed_cents)
        wallet = await self._books.balance(connection, chart.wallet(owner.id))
        promised = await runs.promised_cents(connection, owner.id, FROM_WALLET)
        return "short" if cents + schedule.fee_cents > wallet.available_cents - promised else None

    async def ask(self, connection: AsyncConnection, schedule: Schedule, due_on: date, now: int) -> None:
        """For the ordinary payment, once for each day that is due, by an id that says which."""
        kind, prefix = PAYMENTS[schedule.kind]
        identity = runs.payment_id(schedule.id, due_on.isoformat())
        operation = Operation(identity, kind, reference(prefix, identity), schedule.customer_id, _intent(schedule))
        await self._outbox.put(connection, operation, is_ours=True)
        await runs.noted(connection, schedule.id, due_on.isoformat(), "asked", now, operation_id=identity)
        await self._go_on(connection, schedule, due_on, now)

    async def _put_off(
        self, connection: AsyncConnection, schedule: Schedule, due_on: date, obstacle: str, now: int
    ) -> None:
        """To the next day, as long as there are days left; of too little money its owner is told, once."""
        today, last = local_date(now), due_on + timedelta(days=self._patience.tries_days)
        name = due_on.isoformat()
        if today >= last:
            await runs.noted(connection, schedule.id, name, "failed", now, reason=obstacle)
            await self._go_on(connection, schedule, due_on, now)
            if not await self._failed(connection, schedule, name, now):
                await self._tell(connection, schedule, "schedule.skipped", name)
            return
        await runs.noted(connection, schedule.id, name, "waiting", now, reason=obstacle)
        await kept.changed(connection, schedule.id, now, next_on=name, looked_on=today.isoformat())
        if obstacle == "short":
            await self._tell(connection, schedule, "schedule.short", name, {"due": say.day(last)})

    async def _go_on(self, connection: AsyncConnection, schedule: Schedule, due_on: date, now: int) -> None:
        """To the next day it comes up on; one that came up once is done."""
        following = schedule.rhythm.after(due_on)
        if following is None:
            await kept.ended(connection, schedule.id, "done", "over", now)
        else:
            await kept.changed(connection, schedule.id, now, next_on=following.isoformat(), looked_on=None)

    async def _failed(self, connection: AsyncConnection, schedule: Schedule, due_on: str, now: int) -> bool:
        """Count it; whether that stops the schedule."""
        failures = schedule.failures + 1
        await kept.changed(connection, schedule.id, now, failures=failures)
        if failures < self._patience.failures_most:
            return False
        if not await kept.ended(connection, schedule.id, "stopped", "failing", now):
            return False
        await self._tell(connection, schedule, "schedule.failing", due_on, {"count": failures})
        return True

    async def _tell(
        self, connection: AsyncConnection, schedule: Schedule, template: str, day: str,
        more: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Once for each schedule, day and sentence."""
        owner = await customers.get(connection, schedule.customer_id)
        values = {
            "schedule": schedule.reference,
            "amount": say.ksh(schedule.amount_cents),
            "day": say.day(date.fromisoformat(day)),
            **(more or {}),
        }
        await self._outbox.tell(
            connection, f"{schedule.id}:{template}:{day}", owner.id, owner.msisdn, template, values
        )  # fmt: skip


def _look(schedule_id: str, customer_id: str, why: str) -> Operation:
    """One a day for each schedule and reason: it is due, or a payment of it has ended. It is the house's own: its
    customer has never heard of it."""
    identity = str(uuid.uuid5(NAMESPACE, f"{schedule_id}:{why}"))
    intent = {"schedule": schedule_id, "owner": customer_id}
    return Operation(identity, LOOK, reference(PREFIX, identity), "", intent)


def _intent(schedule: Schedule) -> dict[str, Any]:
    """As the phone would have asked for it, and which schedule did."""
    intent: dict[str, Any] = {"amount_cents": schedule.amount_cents, "schedule": schedule.reference}
    if schedule.kind == "send":
        intent |= {"to": schedule.to_msisdn, "person": schedule.person_id, "fee_cents": schedule.fee_cents}
    elif schedule.kind == "repay":
        intent["loan"] = schedule.loan
    return intent
