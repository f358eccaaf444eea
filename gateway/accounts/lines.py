"""Which line an account is on: moved to another one, or given up. What it was before is kept, with the reason.

The row of a closed account keeps its money's history and loses its line and identity number, which may join again at
once; both stay in `past_lines`, because the record of money outlives the account.
"""

from typing import Any, Literal

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Operation
from gateway.accounts.tables import past_lines
from gateway.errors import Rejected
from gateway.operations.outbox import Context
from gateway.store import customers
from gateway.texting import stops

Why = Literal["changed", "lost"]

NO_LINE = "closed-"
"""How the line of a closed account begins: no phone number does."""


async def is_free(connection: AsyncConnection, msisdn: str) -> bool:
    """Whether nobody has this line, not even somebody on the members' list."""
    return await customers.on_line(connection, msisdn) is None


async def moved(
    connection: AsyncConnection, customer_id: str, msisdn: str, *, why: Why, operation_id: str, now: int, cool_ms: int
) -> str:
    """Put the account on another line, with a pause for outgoing money. The line before.

    Raises Rejected with `taken` for a line that somebody has, `gone` for an account that is none any more.
    """
    customer = await customers.get(connection, customer_id, lock=True)
    if customer.state != "active":
        raise Rejected("the account is not active", "gone")
    if not await is_free(connection, msisdn):
        raise Rejected("the line has an account", "taken")
    await _remembered(connection, customer, why, operation_id, now)
    later = max(customer.outgoing_from, now + cool_ms)
    await customers.changed(connection, customer_id, msisdn=msisdn, outgoing_from=later)
    await stops.carried(connection, customer.msisdn, msisdn)
    return str(customer.msisdn)


async def given_up(connection: AsyncConnection, customer: customers.Customer, operation_id: str, now: int) -> None:
    """Close an account: nobody is behind its line any more."""
    await _remembered(connection, customer, "closed", operation_id, now)
    await customers.changed(
        connection, customer.id, state="closed", msisdn=f"{NO_LINE}{customer.id.replace('-', '')[:13]}",
        national_id=None, pin_hash=None, offers=False, email=None, email_verified_at=None, auto_repay_percent=0,
    )  # fmt: skip


async def joined(connection: AsyncConnection, _: Operation, customer_id: str, __: Context) -> None:
    """Somebody has a line that was another's, who may have stopped reminders: they themselves have not. Who comes back
    has."""
    customer = await customers.get(connection, customer_id)
    last = next(iter(await before(connection, customer.msisdn)), None)
    if last is not None and last.national_id != customer.national_id:
        await stops.left(connection, customer.msisdn, last.until)


async def before(connection: AsyncConnection, msisdn: str) -> list[Row[Any]]:
    """Whose line this has been, the newest first."""
    query = select(past_lines).where(past_lines.c.msisdn == msisdn).order_by(past_lines.c.id.desc())
    return list(await connection.execute(query))


async def _remembered(
    connection: AsyncConnection, customer: customers.Customer, why: str, operation_id: str, now: int
) -> None:
    await connection.execute(
        insert(past_lines).values(
            customer_id=customer.id, msisdn=customer.msisdn, why=why, operation_id=operation_id, until=now,
            national_id=customer.national_id if why == "closed" else None,
        )
    )  # fmt: skip
