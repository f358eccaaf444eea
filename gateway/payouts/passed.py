"""Pay-outs that were let through, and what a day has paid out: kept until the rail refuses, and then given back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import HOUR_MS, local_date
from gateway.payouts.rules import Earlier
from gateway.payouts.tables import payout_days, payout_gates, payouts
from gateway.store.engine import insert_into
from gateway.store.tables import operations, rail_requests

GATE = "b2c"
columns = payouts.c


@dataclass(frozen=True, slots=True)
class Payout:
    """One pay-out; `names` are what it counts as in a day: its kind, and its kind and product."""

    operation_id: str
    reference: str
    kind: str
    customer_id: str
    msisdn: str
    amount_cents: int
    is_own: bool
    names: tuple[str, ...]


async def locked(connection: AsyncConnection, now: int) -> None:
    """One at a time looks at what was let through and is let through itself, until its unit of work ends."""
    statement = insert_into(connection, payout_gates).values(name=GATE, at=now)
    await connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


async def alike(connection: AsyncConnection, msisdn: str, cents: int, *, since: int) -> list[Earlier]:
    """Of the same amount to the same phone, since a moment (ms)."""
    query = select(columns.reference, columns.kind, columns.at).where(
        columns.msisdn == msisdn, columns.amount_cents == cents, columns.at >= since
    )
    return [Earlier(row.reference, row.kind, row.at) for row in await connection.execute(query)]


async def newest_alike(
    connection: AsyncConnection, msisdn: str, kind: str, cents: int, *, since: int
) -> Earlier | None:
    """The last one of a kind, for the screen that asks whether it is meant again."""
    found = [each for each in await alike(connection, msisdn, cents, since=since) if each.kind == kind]
    return max(found, key=lambda each: each.at, default=None)


async def counted(connection: AsyncConnection, payout: Payout, now: int) -> None:
    """Let it through, once: from now on others are compared with it."""
    statement = insert_into(connection, payouts).values(
        operation_id=payout.operation_id, reference=payout.reference, kind=payout.kind,
        customer_id=payout.customer_id, msisdn=payout.msisdn, amount_cents=payout.amount_cents,
        is_own=payout.is_own, at=now,
    )  # fmt: skip
    if not (await connection.execute(statement.on_conflict_do_nothing())).rowcount:
        return
    for name in payout.names:
        day = insert_into(connection, payout_days).values(day=local_date(now), name=name, cents=payout.amount_cents)
        more = {"cents": payout_days.c.cents + payout.amount_cents}
        await connection.execute(day.on_conflict_do_update(index_elements=["day", "name"], set_=more))


async def given_back(connection: AsyncConnection, operation_id: str, names: Sequence[str]) -> None:
    """It moved nothing after all."""
    query = select(columns.amount_cents, columns.at).where(columns.operation_id == operation_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return
    await connection.execute(delete(payouts).where(columns.operation_id == operation_id))
    await connection.execute(
        update(payout_days)
        .where(payout_days.c.day == local_date(row.at), payout_days.c.name.in_(names))
        .values(cents=payout_days.c.cents - row.amount_cents)
    )


async def paid_on(connection: AsyncConnection, day: date) -> Mapping[str, int]:
    """What a day has paid out so far, in cents by name."""
    rows = await connection.execute(select(payout_days.c.name, payout_days.c.cents).where(payout_days.c.day == day))
    return {row.name: row.cents for row in rows}


async def in_flight_cents(connection: AsyncConnection, *, since: int) -> int:
    """What a balance asked for at `since` (ms) may not show yet: let through and open, or paid from then on."""
    requests = rail_requests.c
    paid = select(func.coalesce(func.sum(requests.amount_cents), 0)).where(
        requests.kind == "b2c", requests.state == "completed", requests.settled_at >= since
    )
    settled = select(requests.id).where(
        requests.operation_id == columns.operation_id, requests.kind == "b2c", requests.state != "pending"
    )
    still_open = (
        select(func.coalesce(func.sum(columns.amount_cents), 0))
        .select_from(payouts.join(operations, operations.c.id == columns.operation_id))
        .where(operations.c.is_open, ~settled.exists())
    )
    return int(await connection.scalar(paid) or 0) + int(await connection.scalar(still_open) or 0)


async def by_hour(connection: AsyncConnection, *, since: int) -> Mapping[int, int]:
    """What was let through since a moment: cents by the beginning (ms) of the hour it falls in."""
    hour = columns.at - columns.at % HOUR_MS
    query = select(hour.label("hour"), func.sum(columns.amount_cents)).where(columns.at >= since).group_by(hour)
    return {int(row[0]): int(row[1]) for row in await connection.execute(query)}
