"""`desk.watch`: every so often it is looked what has been in doubt for too long, what has settled, and what is overdue.

It comes up once a day and looks until its day is over. Each finding is told once: a case that is opened by itself to
its customer, cases that are overdue to whoever looks after the desk.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation, reference
from gateway.clock import local_date
from gateway.desk import cases, doubts
from gateway.notices import values as say
from gateway.operations.outbox import NAMESPACE, Outbox
from gateway.operations.outcome import Done, Later, Outcome
from gateway.operations.playbook import Local, Playbook, Work
from gateway.rails import requests
from gateway.store import customers

KIND = "desk.watch"
LETTER = "desk.mail"
AT_ONCE = 200
"""So many of each are seen to at a look; the rest at the next one."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to look, how long doubt is left to the rail, and how long people have for an answer; ms."""

    look_ms: int
    doubt_ms: int
    answer_ms: int


@dataclass(frozen=True, slots=True)
class Told:
    """Who looks after the desk; empty: nobody. `language` is theirs."""

    phone: str
    email: str
    language: str


class Watching:
    """Looks, and writes down and tells what it sees. Customers hear of what they know of; see `doubts.is_theirs`."""

    def __init__(self, outbox: Outbox, patience: Patience, told: Told, *, kinds: Collection[str]) -> None:
        self._kinds = frozenset(kinds)
        self._outbox = outbox
        self._patience = patience
        self._told = told

    def playbook(self) -> Playbook:
        return Playbook(
            kind=KIND, steps=(Local("look", self.look),), lane=lambda _customer, _intent: KIND, priority=8
        )  # fmt: skip

    async def look(self, connection: AsyncConnection, work: Work, now: int) -> Outcome:
        await self._close(connection, now)
        await self._open(connection, now)
        await self._escalate(connection, now)
        if local_date(now).isoformat() > work.intent["day"]:
            return Done(reason="its day is over")
        return Later(self._patience.look_ms, "looks again")

    async def _open(self, connection: AsyncConnection, now: int) -> None:
        answer_by = now + self._patience.answer_ms
        for row in await doubts.old(connection, before=now - self._patience.doubt_ms, limit=AT_ONCE):
            number = await doubts.opened(connection, row, answer_by=answer_by, now=now)
            values = {"reference": row.reference, "case": number, "by": say.clock(answer_by)}
            if doubts.is_theirs(row, self._kinds):
                template = "desk.doubt" if await _is_at_the_rail(connection, row.id) else "desk.looks"
                await self._tell(connection, f"{row.id}:{template}", row.customer_id, template, values)

    async def _close(self, connection: AsyncConnection, now: int) -> None:
        """The operation's own message has said how it ended."""
        for row in await doubts.over(connection, AT_ONCE):
            text = f"{row.operation} is {row.came_to}{f': {row.reason}' if row.reason else ''}"
            if await cases.settled(connection, row.id, text, now) and doubts.is_theirs(row, self._kinds):
                values = {"case": row.reference, "reference": row.operation}
                await self._tell(connection, f"{row.id}:desk.settled", row.customer_id, "desk.settled", values)

    async def _escalate(self, connection: AsyncConnection, now: int) -> None:
        rows = await cases.overdue(connection, now, AT_ONCE)
        if not rows:
            return
        await cases.escalated(connection, [row.id for row in rows], now)
        count, oldest = await cases.count_overdue(connection, now), rows[0]
        values = {"count": count, "case": oldest.reference, "by": say.clock(oldest.answer_by)}
        cause = f"overdue:{oldest.id}:{now}"
        if self._told.phone:
            await self._outbox.tell(
                connection, cause, "", self._told.phone, "desk.overdue", values, self._told.language
            )  # fmt: skip
        if self._told.email and self._outbox.knows(LETTER):
            identity = str(uuid.uuid5(NAMESPACE, f"{cause}:mail"))
            letter = Operation(identity, LETTER, reference("ML", identity), "", {"values": values})
            await self._outbox.put(connection, letter, is_ours=True)

    async def _tell(
        self, connection: AsyncConnection, cause: str, customer_id: str | None, template: str, values: dict[str, object]
    ) -> None:
        customer = await customers.find(connection, customer_id) if customer_id else None
        if customer is not None and customer.state != "closed":
            await self._outbox.tell(connection, cause, customer.id, customer.msisdn, template, values)


async def _is_at_the_rail(connection: AsyncConnection, operation_id: str) -> bool:
    """Whether it is M-PESA that has not answered; else it stands still with us."""
    request = await requests.of_operation(connection, operation_id)
    return request is not None and request.sent_at is not None and not request.is_settled
