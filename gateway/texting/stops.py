"""Lines that want no reminders and no offers; receipts, codes and legal notices still come.

A STOP in words is a person's: it goes with their account to another line, and not to whoever has the line next. What a
carrier has told is the line's: it holds, whoever has the line, until that line says START.
"""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import customers
from gateway.store.engine import insert_into
from gateway.texting.tables import stops

WITHDRAWN = "offers.stop"
CONSENT_VERSION = "sms"
WORD, CARRIER = "word", "carrier"
"""Who has said it: whoever writes from the line, or the carrier."""

_AMONG = select(stops.c.msisdn).where(stops.c.msisdn.in_(bindparam("lines", expanding=True)))


async def is_stopped(connection: AsyncConnection, msisdn: str) -> bool:
    return await connection.scalar(select(stops.c.msisdn).where(stops.c.msisdn == msisdn)) is not None


async def among(connection: AsyncConnection, msisdns: Collection[str]) -> frozenset[str]:
    """Those of these lines that want none."""
    return frozenset(await connection.scalars(_AMONG, {"lines": list(msisdns)}))


async def stopped(connection: AsyncConnection, msisdn: str, why: str, now: int) -> None:
    """No reminders to this line from now on, and no offers to whoever it belongs to: a yes to them is taken back.

    `why`: WORD, CARRIER. Said again it changes nothing, but that the carrier's word stands above the other.
    """
    await _noted(connection, msisdn, why, now)
    customer = await customers.on_line(connection, msisdn)
    if customer is not None and customer.offers:
        await customers.changed(connection, customer.id, offers=False)
        await customers.consented(
            connection, customer.id, WITHDRAWN, version=CONSENT_VERSION, language=customer.language, at=now
        )


async def carried(connection: AsyncConnection, before: str, after: str) -> None:
    """Somebody's account has moved from one line to another: they want none on that one either."""
    row = (await connection.execute(select(stops).where(stops.c.msisdn == before))).one_or_none()
    if row is not None:
        await _noted(connection, after, WORD, row.at)
        await left(connection, before, row.at)


async def left(connection: AsyncConnection, msisdn: str, until: int) -> None:
    """Whoever had a line until a moment (ms) has it no more: what they have said is not said by whoever has it next."""
    columns = stops.c
    await connection.execute(delete(stops).where(columns.msisdn == msisdn, columns.why == WORD, columns.at <= until))


async def started(connection: AsyncConnection, msisdn: str) -> None:
    """Reminders again; offers need a new yes."""
    await connection.execute(delete(stops).where(stops.c.msisdn == msisdn))


async def _noted(connection: AsyncConnection, msisdn: str, why: str, at: int) -> None:
    """What a carrier tells holds longer than words: it takes their place, and stays."""
    row = insert_into(connection, stops).values(msisdn=msisdn, why=why, at=at)
    if why == CARRIER:
        row = row.on_conflict_do_update(index_elements=["msisdn"], set_={"why": CARRIER})
    else:
        row = row.on_conflict_do_nothing()
    await connection.execute(row)
