"""Which accounts are open, by key, page by page, with their balances."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.balances import Balance, total
from gateway.books.tables import accounts, balances


@dataclass(frozen=True, slots=True)
class Listed:
    """An account as it is now."""

    key: str
    control: str
    kind: str
    currency: str
    balance: Balance


async def listed(connection: AsyncConnection, prefix: str, after: str, limit: int) -> list[Listed]:
    """In order of key: those that begin with `prefix` and come after the key `after`."""
    names = (accounts.c.key, accounts.c.control, accounts.c.kind, accounts.c.currency)
    query = (
        select(*names, total(balances.c.posted_cents), total(balances.c.held_cents))
        .join_from(accounts, balances)
        .where(accounts.c.key.startswith(prefix, autoescape=True), accounts.c.key > after)
        .group_by(*names)
        .order_by(accounts.c.key)
        .limit(limit)
    )
    control, colon, _ = prefix.partition(":")
    if colon:
        query = query.where(accounts.c.control == control)
    rows = await connection.execute(query)
    return [
        Listed(key, control, kind, currency, Balance(posted, held))
        for key, control, kind, currency, posted, held in rows
    ]
