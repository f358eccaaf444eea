"""`mpesa.reconcile`: days that are over against statements and the rail's own list; by itself once a day, or asked for.

Its intent names the day that has begun, `{"day": "2026-08-06"}`: then the days before it are compared, after the
grace in which a statement may come. With `on` it is that day alone, at once.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.clock import HOUR_MS, Clock, local_date
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Outbox
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.rails.contract import Rail
from gateway.reconciling import days
from gateway.reconciling.comparing import Compared, Comparing, stretch
from gateway.reconciling.taking import Taking
from gateway.store.engine import Store

KIND = "mpesa.reconcile"
LETTER = "reconcile.mail"
LIST_MS = 47 * HOUR_MS
"""The rail's list goes back 48 hours; some of it goes by while we ask."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of a day's result; empty: nobody. `language` is theirs."""

    email: str
    phone: str
    language: str


class PullStep:
    """Reads the rail's own list of payments of these days, where it may be read; without it the statement decides."""

    name = "pull"

    def __init__(self, rail: Rail, store: Store, taking: Taking, clock: Clock, *, days_back: int) -> None:
        self._rail = rail
        self._store = store
        self._taking = taking
        self._clock = clock
        self._days_back = days_back

    async def attempt(self, work: Work) -> Outcome:
        """Credits what nothing else has brought. A rail that does not answer holds up nothing."""
        now = self._clock()
        since = max(now - LIST_MS, stretch(min(days_of(work, self._days_back)))[0])
        until = min(now, stretch(max(days_of(work, self._days_back)))[1])
        if since >= until:
            return Done({"pulled": 0})
        try:
            listed = await self._rail.received_between(since, until)
        except (Unavailable, Rejected, Uncertain) as error:
            return Done({"pulled": 0}, f"the list could not be read: {error}")
        credited = 0
        for news in listed:
            async with self._store.begin() as connection:
                credited += await self._taking.listed(connection, news, self._clock())
        return Done({"pulled": credited})

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        return outcome


class Reconcile:
    """The local steps."""

    def __init__(self, comparing: Comparing, outbox: Outbox, told: Told, *, days_back: int, grace_ms: int) -> None:
        self._comparing = comparing
        self._outbox = outbox
        self._told = told
        self._days_back = days_back
        self._grace_ms = grace_ms

    def playbook(self, pull: PullStep | None) -> Playbook:
        """`pull` only where the rail's list may be read."""
        compare = Local("compare", self.compare)
        return Playbook(
            kind=KIND,
            steps=(Local("wait", self.wait), pull, compare) if pull else (Local("wait", self.wait), compare),
            lane=_lane,
            priority=8,
        )

    async def wait(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Until the grace after the last of its days is over; who asked for a day has it at once."""
        over = stretch(max(days_of(work, self._days_back)))[1] + self._grace_ms
        if "on" in work.intent or now >= over:
            return Done()
        return Later(over - now, "statements may still come")

    async def compare(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        """Each day, oldest first; finance is told of what it was not told before."""
        pending = 0
        for day in days_of(work, self._days_back):
            compared = await self._comparing.compared(connection, day, now)
            pending += sum(each.pending for each in compared)
            told = await days.kept(connection, day, compared, now)
            if told is not None and is_worth_telling(compared):
                await self._tell(connection, day, compared, told)
        return Done({"pending": pending})

    async def _tell(self, connection: AsyncConnection, day: date, compared: Sequence[Compared], told: str) -> None:
        cause = f"reconciled:{day}:{told}"
        if self._told.phone:
            values = {
                "day": say.day(day),
                "theirs": say.ksh(sum(each.theirs_in.cents for each in compared)),
                "ours": say.ksh(sum(each.ours_in.cents for each in compared)),
                "theirs_out": say.ksh(sum(each.theirs_out.cents for each in compared)),
                "ours_out": say.ksh(sum(each.ours_out.cents for each in compared)),
                "count": sum(each.pending for each in compared),
            }
            await self._outbox.tell(
                connection, cause, "", self._told.phone, "reconcile.summary", values, self._told.language
            )
        if self._told.email and self._outbox.knows(LETTER):
            identity = str(uuid.uuid5(NAMESPACE, f"{cause}:mail"))
            operation = Operation(identity, LETTER, reference("ML", identity), "", {"day": day.isoformat()})
            await self._outbox.put(connection, operation, is_ours=True)


def _lane(_customer: str, intent: Mapping[str, Any]) -> str:
    """Who asks for a day does not stand behind the one that waits for statements from midnight until the grace ends."""
    return f"{KIND}:asked" if "on" in intent else KIND


def days_of(work: Work, days_back: int) -> list[date]:
    """The days to compare, oldest first."""
    if "on" in work.intent:
        return [date.fromisoformat(work.intent["on"])]
    begun = date.fromisoformat(work.intent["day"])
    return [begun - timedelta(days=back) for back in range(days_back, 0, -1)]


def is_worth_telling(compared: Sequence[Compared]) -> bool:
    """A day without statement, money and mismatch says nothing."""
    return any(
        each.pending or each.theirs_in.count or each.theirs_out.count or each.ours_in.count or each.ours_out.count
        for each in compared
    )


def is_over(day: date, now: int) -> bool:
    """Whether a business day has ended."""
    return day < local_date(now)
