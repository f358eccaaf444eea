"""Other lines that pay for a customer: what they send to the paybill counts as theirs. Nothing goes out to them.

A line that is a member's own links nothing: whoever joins on a linked line, or moves there, takes it out of use. So it
stays when they leave it: whoever has that phone then has agreed to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.tables import linked_lines, past_lines
from gateway.errors import Rejected
from gateway.rails.matching import hashed
from gateway.store.customers import Customer
from gateway.store.tables import customers

columns = linked_lines.c
_OWN = customers.alias()
_IN_USE = and_(
    ~exists().where(_OWN.c.msisdn == columns.msisdn),
    ~exists().where(past_lines.c.msisdn == columns.msisdn, past_lines.c.until >= columns.created_at),
)


@dataclass(frozen=True, slots=True)
class Linked:
    """One row; `reference` is that of the operation that linked it, `since` when it did (ms)."""

    reference: str
    msisdn: str
    since: int = 0


async def put(connection: AsyncConnection, customer_id: str, line: Linked, *, most: int, now: int) -> None:
    """By whoever has the customer's row locked. Raises Rejected: `taken` for a member's line or one that pays for
    somebody, `full` when as many as may be are linked."""
    if not await is_linkable(connection, line.msisdn):
        raise Rejected("the line has an account, or pays for somebody", "taken")
    if await count_of(connection, customer_id) >= most:
        raise Rejected("enough lines", "full")
    await connection.execute(delete(linked_lines).where(columns.msisdn == line.msisdn, ~_IN_USE))
    await connection.execute(
        insert(linked_lines).values(
            msisdn=line.msisdn,
            hashed=hashed(line.msisdn),
            customer_id=customer_id,
            reference=line.reference,
            created_at=now,
        )
    )


async def is_linkable(connection: AsyncConnection, msisdn: str) -> bool:
    """Nobody has it, not even somebody on the members' list, and it pays for nobody."""
    own = select(customers.c.id).where(customers.c.msisdn == msisdn)
    linked = select(columns.reference).where(columns.msisdn == msisdn, _IN_USE)
    return await connection.scalar(own) is None and await connection.scalar(linked) is None


async def of_customer(connection: AsyncConnection, customer_id: str) -> list[Linked]:
    """Those in use, the oldest first."""
    query = _of(customer_id).order_by(columns.created_at, columns.reference)
    return [Linked(row.reference, row.msisdn, row.created_at) for row in await connection.execute(query)]


async def count_of(connection: AsyncConnection, customer_id: str) -> int:
    """How many are in use."""
    query = select(func.count()).select_from(_of(customer_id).subquery())
    return int(await connection.scalar(query) or 0)


async def owner_of(connection: AsyncConnection, shown: str) -> str | None:
    """The customer a line pays for, shown as E.164 or as the rail's hash of it.

    None for a member's own line, for one that is linked to nobody active, and for one that is shown in part only.
    """
    query = (
        select(columns.customer_id)
        .join(customers, customers.c.id == columns.customer_id)
        .where(or_(columns.msisdn == shown, columns.hashed == shown.lower()), customers.c.state == "active", _IN_USE)
    )
    found: str | None = await connection.scalar(query)
    return found


async def asked_line(connection: AsyncConnection, customer: Customer, intent: Mapping[str, Any]) -> str | None:
    """The phone that a customer wants to be asked for money: their own, or the one that `line` of the intent names.

    None when that one pays for them no more.
    """
    if "line" not in intent:
        return str(customer.msisdn)
    lines = await of_customer(connection, customer.id)
    return next((line.msisdn for line in lines if line.reference == intent["line"]), None)


async def removed(connection: AsyncConnection, customer_id: str, reference: str) -> str | None:
    """The line that pays for them no more; None when there was none of this reference."""
    mine = (columns.customer_id == customer_id) & (columns.reference == reference)
    msisdn: str | None = await connection.scalar(select(columns.msisdn).where(mine))
    await connection.execute(delete(linked_lines).where(mine))
    return msisdn


async def forgotten(connection: AsyncConnection, customer_id: str) -> None:
    """All of a closed account's."""
    await connection.execute(delete(linked_lines).where(columns.customer_id == customer_id))


def _of(customer_id: str) -> Select[tuple[str, str, int]]:
    return select(columns.reference, columns.msisdn, columns.created_at).where(
        columns.customer_id == customer_id, _IN_USE
    )
