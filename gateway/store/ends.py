"""How sessions ended, as their carriers told: once each, however often it is told."""

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import insert_into
from gateway.store.tables import session_ends


async def recorded(connection: AsyncConnection, **values: object) -> bool:
    """Whether this is news."""
    statement = insert_into(connection, session_ends).values(**values).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def newest(connection: AsyncConnection, limit: int) -> list[Row[tuple[object, ...]]]:
    """The last ended sessions, the newest first."""
    return list(await connection.execute(select(session_ends).order_by(session_ends.c.id.desc()).limit(limit)))
