"""Campaigns as they are kept, and what became of everybody, counted from the messages themselves."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, case, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.campaigns import letters
from gateway.campaigns.people import Person
from gateway.campaigns.tables import campaign_people, campaigns
from gateway.operations.queue import MOVING
from gateway.store.engine import insert_into
from gateway.store.tables import customers, messages, operations
from gateway.texting.tables import stops

Campaign = Row[Any]
"""One row of `campaigns`."""
Waiting = Row[Any]
"""One row of `campaign_people`, with the `customer_id` of whose line it is."""

KIND = "sms.send"
ROWS_AT_ONCE = 500
COUNTED_AT_ONCE = 5000
"""So many rows are counted before others have their turn: on SQLite reading takes the time of everybody who waits."""
ENDED = ("rejected", "parked", "dead")
"""A message that nobody works on any more, and that has not left us."""
people = campaign_people.c

_OUTCOME = case(
    (people.state == "pending", "pending"),
    (people.state == "skipped", "skipped"),
    (operations.c.state == "cancelled", "skipped"),
    (and_(operations.c.state == "rejected", operations.c.reason.like("they want no%")), "skipped"),
    (messages.c.state.in_(("delivered", "failed", "uncertain", "sent")), messages.c.state),
    (operations.c.state.in_(ENDED), "failed"),
    else_="queued",
)
_REASON = case(
    (people.state == "skipped", people.reason),
    (operations.c.state == "cancelled", "cancelled"),
    (and_(operations.c.state == "rejected", operations.c.reason.like("they want no%")), "stopped"),
    (messages.c.reason.is_not(None), messages.c.reason),
    (operations.c.state.in_(ENDED), func.coalesce(operations.c.reason, "")),
    else_="",
)
_JOINED = campaign_people.outerjoin(operations, operations.c.id == people.operation_id).outerjoin(
    messages, messages.c.id == people.operation_id
)


@dataclass(frozen=True, slots=True)
class Count:
    """So many people came to the same end, for the same reason. `parts` were paid for, at `cost` as carriers write."""

    state: str
    reason: str
    cost: str
    people: int
    parts: int


async def made(connection: AsyncConnection, **values: object) -> None:
    """Keep a new one; one of the same id stays as it is."""
    await connection.execute(insert_into(connection, campaigns).values(**values).on_conflict_do_nothing())


async def find(connection: AsyncConnection, identity: str, *, lock: bool = False) -> Campaign | None:
    query = select(campaigns).where(campaigns.c.id == identity)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def named(connection: AsyncConnection, reference: str, *, lock: bool = False) -> Campaign | None:
    query = select(campaigns).where(campaigns.c.reference == reference)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def newest(connection: AsyncConnection, limit: int) -> Sequence[Campaign]:
    query = select(campaigns).order_by(campaigns.c.created_at.desc(), campaigns.c.id.desc()).limit(limit)
    return (await connection.execute(query)).all()


async def changed(connection: AsyncConnection, identity: str, **values: object) -> None:
    await connection.execute(update(campaigns).where(campaigns.c.id == identity).values(**values))


async def filled(connection: AsyncConnection, identity: str, table: Iterable[Person]) -> None:
    """Put this table in place of whatever there was."""
    await connection.execute(delete(campaign_people).where(people.campaign_id == identity))
    rows = [
        {
            "campaign_id": identity, "row": person.row, "msisdn": person.phone, "language": person.language,
            "text": person.text, "parts": person.parts, "state": "skipped" if person.reason else "pending",
            "reason": person.reason,
        }
        for person in table
    ]  # fmt: skip
    for start in range(0, len(rows), ROWS_AT_ONCE):
        await connection.execute(insert(campaign_people), rows[start : start + ROWS_AT_ONCE])


async def next_row(connection: AsyncConnection, identity: str, limit: int) -> int | None:
    """The last row of the next so many that nothing was done for; None: there are none."""
    query = select(people.row).where(people.campaign_id == identity, people.state == "pending")
    some = query.order_by(people.row).limit(limit).subquery()
    last: int | None = await connection.scalar(select(func.max(some.c.row)))
    return last


async def unreachable(connection: AsyncConnection, identity: str, purpose: str, last: int | None = None) -> None:
    """Skip whom nothing may be sent to, up to a row: no member's line, no wish for it, or a STOP. To offers that is no
    more than the no which it brings: there may be a yes after it."""
    mine = and_(people.campaign_id == identity, people.state == "pending")
    if last is not None:
        mine = and_(mine, people.row <= last)
    on_line = select(customers.c.id).where(customers.c.msisdn == people.msisdn, customers.c.state != "closed")
    stopped = select(stops.c.msisdn).where(stops.c.msisdn == people.msisdn).exists()
    unwanted = (
        ("no offers", ~on_line.where(customers.c.offers).exists()) if purpose == "offer" else ("stopped", stopped)
    )
    for reason, speaks_against in (("no customer", ~on_line.exists()), unwanted):
        await connection.execute(
            update(campaign_people).where(mine, speaks_against).values(state="skipped", reason=reason)
        )


async def waiting(connection: AsyncConnection, identity: str, last: int) -> Sequence[Waiting]:
    """Those up to a row that nothing was done for, with whose line it is."""
    query = (
        select(campaign_people, customers.c.id.label("customer_id"))
        .join(customers, customers.c.msisdn == people.msisdn)
        .where(people.campaign_id == identity, people.state == "pending", people.row <= last)
        .order_by(people.row)
    )
    return (await connection.execute(query)).all()


async def queued(connection: AsyncConnection, identity: str, row: int, operation_id: str) -> None:
    await connection.execute(
        update(campaign_people)
        .where(people.campaign_id == identity, people.row == row)
        .values(state="queued", operation_id=operation_id)
    )


async def under_way(connection: AsyncConnection, identity: str) -> int:
    """How many of it are in the queue and move by themselves: looked for among what is open, for a hundred thousand of
    it may be over."""
    columns = operations.c
    mine = columns.kind == KIND, columns.intent["campaign"].as_string() == identity
    query = select(func.count()).where(columns.is_open, columns.state.in_(MOVING), *mine)
    return int(await connection.scalar(query) or 0)


async def given_up(connection: AsyncConnection, identity: str, now: int) -> None:
    """Nothing more of it leaves but what a worker has in hand."""
    await connection.execute(
        update(campaign_people)
        .where(people.campaign_id == identity, people.state == "pending")
        .values(state="skipped", reason="cancelled")
    )
    columns = operations.c
    its = select(people.operation_id).where(people.campaign_id == identity, people.state == "queued")
    await connection.execute(
        update(operations)
        .where(columns.id.in_(its), columns.is_open, columns.lease_until <= now)
        .where(or_(columns.state == "queued", columns.state == "dead"))
        .values(state="cancelled", is_open=False, exclusive=None, updated_at=now, fence=columns.fence + 1)
    )


async def counts(connection: AsyncConnection, identity: str, *, at_once: int = COUNTED_AT_ONCE) -> Sequence[Count]:
    """Everybody, by what they came to: the sum is the number of rows."""
    last = await connection.scalar(select(func.max(people.row)).where(people.campaign_id == identity)) or 0
    summed, parts = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for after in range(0, last, at_once):
        for count in await _counted(connection, identity, after, after + at_once):
            alike = count.state, count.reason, count.cost
            summed[alike] += count.people
            parts[alike] += count.parts
        await asyncio.sleep(0)  # a turn on a phone is not behind a hundred thousand rows
    return [Count(*alike, summed[alike], parts[alike]) for alike in sorted(summed)]


async def _counted(connection: AsyncConnection, identity: str, after: int, last: int) -> Sequence[Count]:
    """Those of some rows."""
    state, reason = _OUTCOME.label("outcome"), _REASON.label("why")
    cost = func.coalesce(messages.c.cost, "").label("cost")
    query = (
        select(state, reason, cost, func.count(), func.coalesce(func.sum(people.parts), 0))
        .select_from(_JOINED)
        .where(people.campaign_id == identity, people.row > after, people.row <= last)
        .group_by(state, reason, cost)
    )
    return [Count(*row) for row in await connection.execute(query)]


async def outcomes(connection: AsyncConnection, identity: str, after: int, limit: int) -> Sequence[Any]:
    """A page of the report: row, phone, language, parts, what became of it and why, cost, when, and of the letter."""
    query = (
        select(
            people.row, people.msisdn, people.language, people.parts, _OUTCOME.label("outcome"), _REASON.label("why"),
            messages.c.cost, messages.c.updated_at, letters.OUTCOME.label("email"),
        )
        .select_from(letters.beside(_JOINED))
        .where(people.campaign_id == identity, people.row > after)
        .order_by(people.row)
        .limit(limit)
    )  # fmt: skip
    return list(await connection.execute(query))


async def samples(connection: AsyncConnection, identity: str, limit: int) -> Sequence[Row[Any]]:
    """The first that would be sent."""
    query = select(campaign_people).where(people.campaign_id == identity, people.state == "pending")
    return (await connection.execute(query.order_by(people.row).limit(limit))).all()


async def sending(connection: AsyncConnection, identity: str) -> tuple[int, int]:
    """How many people are still to be written to, and in how many parts."""
    query = select(func.count(), func.coalesce(func.sum(people.parts), 0)).where(
        people.campaign_id == identity, people.state == "pending"
    )
    row = (await connection.execute(query)).one()
    return int(row[0]), int(row[1])
