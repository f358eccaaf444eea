"""Lines that want no reminders and no offers; receipts, codes and legal notices still come."""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import customers
from gateway.store.engine import insert_into
from gateway.texting.tables import stops

WITHDRAWN = "offers.stop"
CONSENT_VERSION = "sms"

_AMONG = select(stops.c.msisdn).where(stops.c.msisdn.in_(bindparam("lines", expanding=True)))


async def is_stopped(connection: AsyncConnection, msisdn: str) -> bool:
    return await connection.scalar(select(stops.c.msisdn).where(stops.c.msisdn == msisdn)) is not None


async def among(connection: AsyncConnection, msisdns: Collection[str]) -> frozenset[str]:
    """Those of these lines that want none."""
    return frozenset(await connection.scalars(_AMONG, {"lines": list(msisdns)}))


async def stopped(connection: AsyncConnection, msisdn: str, why: str, now: int) -> None:
    """No reminders to this line from now on, and no offers to whoever it belongs to: a yes to them is taken back.

    `why`: word, carrier. Said again it changes nothing.
    """
    row = insert_into(connection, stops).values(msisdn=msisdn, why=why, at=now)
    await connection.execute(row.on_conflict_do_nothing())
    customer = await customers.on_line(connection, msisdn)
    if customer is not None and customer.offers:
        await customers.changed(connection, customer.id, offers=False)
        await customers.consented(
            connection, customer.id, WITHDRAWN, version=CONSENT_VERSION, language=customer.language, at=now
        )


async def carried(connection: AsyncConnection, before: str, after: str) -> None:
    """Somebody's account has moved from one line to another: their stop goes with them, and does not stay with whoever
    has the line before next."""
    row = (await connection.execute(select(stops).where(stops.c.msisdn == before))).one_or_none()
    if row is not None:
        moved = insert_into(connection, stops).values(msisdn=after, why=row.why, at=row.at)
        await connection.execute(moved.on_conflict_do_nothing())
        await started(connection, before)


async def started(connection: AsyncConnection, msisdn: str) -> None:
    """Reminders again; offers need a new yes."""
    await connection.execute(delete(stops).where(stops.c.msisdn == msisdn))
