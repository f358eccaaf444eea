"""People: who is behind a line, what they agreed to, in which language they are told."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.errors import BrokenInvariant
from gateway.store.tables import consents, customers

Customer = Row[Any]
"""One row of `customers`."""

_BY_ID = select(customers).where(customers.c.id == bindparam("customer_id"))
_ON_LINE = select(customers).where(customers.c.msisdn == bindparam("line"))
_ON_LINES = select(customers).where(customers.c.msisdn.in_(bindparam("lines", expanding=True)))
_CONSENTED = (
    select(consents.c.id)
    .where(consents.c.customer_id == bindparam("customer_id"), consents.c.kind == bindparam("kind"))
    .limit(1)
)
_LANGUAGES = select(customers.c.id, customers.c.language).where(customers.c.id.in_(bindparam("ids", expanding=True)))


async def find(connection: AsyncConnection, customer_id: str, *, lock: bool = False) -> Customer | None:
    query = _BY_ID.with_for_update(key_share=True) if lock else _BY_ID
    return (await connection.execute(query, {"customer_id": customer_id})).one_or_none()


async def get(connection: AsyncConnection, customer_id: str, *, lock: bool = False) -> Customer:
    """Raises BrokenInvariant when there is nobody of this id."""
    customer = await find(connection, customer_id, lock=lock)
    if customer is None:
        raise BrokenInvariant("no such customer", customer=customer_id)
    return customer


async def locked(connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, Customer]:
    """Several, by id: locked in the order of everybody."""
    query = select(customers).where(customers.c.id.in_(sorted(set(ids)))).order_by(customers.c.id)
    return {row.id: row for row in await connection.execute(query.with_for_update(key_share=True))}


async def on_line(connection: AsyncConnection, msisdn: str) -> Customer | None:
    """Whoever this line belongs to (E.164), members and listed people alike."""
    return (await connection.execute(_ON_LINE, {"line": msisdn})).one_or_none()


async def on_lines(connection: AsyncConnection, lines: Collection[str]) -> Mapping[str, Customer]:
    """The same for many, by line; lines of nobody are left out."""
    return {row.msisdn: row for row in await connection.execute(_ON_LINES, {"lines": list(lines)})}


async def languages(connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, str]:
    """In which language each of these people is told."""
    return {row.id: row.language for row in await connection.execute(_LANGUAGES, {"ids": list(ids)})}


async def without_offers(connection: AsyncConnection, ids: Collection[str]) -> frozenset[str]:
    """Those of these people who have not chosen to get offers, as of now."""
    query = select(customers.c.id).where(customers.c.id.in_(ids), ~customers.c.offers)
    return frozenset(await connection.scalars(query))


async def with_national_id(connection: AsyncConnection, national_id: str) -> Customer | None:
    query = select(customers).where(customers.c.national_id == national_id)
    return (await connection.execute(query)).one_or_none()


async def is_anybody(connection: AsyncConnection) -> bool:
    return await connection.scalar(select(customers.c.id).limit(1)) is not None


async def added(connection: AsyncConnection, customer_id: str, **values: object) -> None:
    await connection.execute(insert(customers).values(id=customer_id, **values))


async def changed(connection: AsyncConnection, customer_id: str, **values: object) -> None:
    await connection.execute(update(customers).where(customers.c.id == customer_id).values(**values))


async def has_verified_email(connection: AsyncConnection, customer_id: str) -> bool:
    columns = customers.c
    query = select(columns.id).where(columns.id == customer_id, columns.email_verified_at.is_not(None))
    return await connection.scalar(query) is not None


async def has_consented(connection: AsyncConnection, customer_id: str, kind: str) -> bool:
    """Whether they have said yes to it, in whatever wording."""
    return await connection.scalar(_CONSENTED, {"customer_id": customer_id, "kind": kind}) is not None


async def consented(
    connection: AsyncConnection, customer_id: str, kind: str, *, version: str, language: str, at: int
) -> None:
    """Keep a yes with the version and language of what was agreed to."""
    values = {"customer_id": customer_id, "kind": kind, "version": version, "language": language, "at": at}
    await connection.execute(insert(consents).values(**values))
