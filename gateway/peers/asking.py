"""Who may be asked for a loan by whom. Whoever may not is told from nobody: there is one answer for all reasons."""

from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.peers.tables import peer_blocks, peer_refusals
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import insert_into
from gateway.store.tables import customers as people

KIND = "peer.ask"


async def person_to_ask(connection: AsyncConnection, asker_id: str, msisdn: str) -> Customer | None:
    """Whoever is on this line, if the asker may ask them: another member who has not shut out all or this one."""
    person = await customers.on_line(connection, msisdn)
    return person if person is not None and await may_ask(connection, asker_id, person) else None


async def may_ask(connection: AsyncConnection, asker_id: str, person: Customer) -> bool:
    if person.state != "active" or person.id == asker_id or await refuses_all(connection, person.id):
        return False
    columns = peer_blocks.c
    blocked = select(columns.at).where(columns.lender_id == person.id, columns.blocked_id == asker_id)
    return await connection.scalar(blocked) is None


async def block(connection: AsyncConnection, lender_id: str, blocked_id: str, now: int) -> None:
    """From now on this one cannot ask that one; harmless to repeat."""
    values = {"lender_id": lender_id, "blocked_id": blocked_id, "at": now}
    await connection.execute(insert_into(connection, peer_blocks).values(**values).on_conflict_do_nothing())


async def unblock(connection: AsyncConnection, lender_id: str, blocked_id: str) -> None:
    columns = peer_blocks.c
    await connection.execute(
        delete(peer_blocks).where(columns.lender_id == lender_id, columns.blocked_id == blocked_id)
    )


async def blocked_by(connection: AsyncConnection, lender_id: str) -> list[Row[Any]]:
    """Whom somebody has shut out, the newest first: id and name."""
    columns = peer_blocks.c
    query = (
        select(people.c.id, people.c.name)
        .join_from(peer_blocks, people, people.c.id == columns.blocked_id)
        .where(columns.lender_id == lender_id)
        .order_by(columns.at.desc(), people.c.id)
    )
    return list(await connection.execute(query))


async def refuses_all(connection: AsyncConnection, customer_id: str) -> bool:
    query = select(peer_refusals.c.at).where(peer_refusals.c.customer_id == customer_id)
    return await connection.scalar(query) is not None


async def refuse_all(connection: AsyncConnection, customer_id: str, now: int) -> None:
    """Nobody can ask this one any more; harmless to repeat."""
    values = {"customer_id": customer_id, "at": now}
    await connection.execute(insert_into(connection, peer_refusals).values(**values).on_conflict_do_nothing())


async def allow_all(connection: AsyncConnection, customer_id: str) -> None:
    await connection.execute(delete(peer_refusals).where(peer_refusals.c.customer_id == customer_id))
