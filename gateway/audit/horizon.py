"""Up to which id of a stream no row can come any more.

Ids are given before their rows can be seen. On SQLite one writes at a time, so a unit of work sees all there are. On
PostgreSQL another unit of work may have a lower id and commit later. But whoever inserts holds a lock on the table
from before the id is given until the commit: once those who hold it now are gone, every id up to the highest that is
seen now is settled.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit.streams import START, Stream, newest_id

_WRITERS = text(
    "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE relation = CAST(:name AS regclass)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode IN"
    " ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
).bindparams(bindparam("name"))


@dataclass(frozen=True, slots=True)
class Horizon:
    """Once `writers` are gone, every id through `id` is settled."""

    id: int = START
    writers: frozenset[str] = frozenset()


async def horizon(connection: AsyncConnection, stream: Stream) -> Horizon:
    """As it is now. The order of the two questions is what makes the answer true."""
    seen = await newest_id(connection, stream)
    return Horizon() if seen is None else Horizon(seen, await writers(connection, stream))


async def writers(connection: AsyncConnection, stream: Stream) -> frozenset[str]:
    """Units of work that have written to the stream's table and have not ended."""
    if connection.dialect.name == "sqlite":
        return frozenset()
    return frozenset((await connection.scalars(_WRITERS, {"name": stream.name})).all())
