"""What rails told us, word for word, and what we made of it."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import callbacks


async def recorded(connection: AsyncConnection, **values: object) -> None:
    await connection.execute(insert(callbacks).values(**values))
