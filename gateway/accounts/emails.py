"""An address for statements: kept when it is typed, used once its owner has typed the code that was sent there."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import customers

PURPOSE = "email"
CHARACTERS_MAX = 24


async def kept(connection: AsyncConnection, customer_id: str, address: str) -> None:
    await customers.changed(connection, customer_id, email=address, email_verified_at=None)


async def verified(connection: AsyncConnection, customer_id: str, now: int) -> None:
    await customers.changed(connection, customer_id, email_verified_at=now)


def masked(address: str) -> str:
    """`amina@post.example` as `a***@post.example`, for a phone that others may look at."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"[:CHARACTERS_MAX]
