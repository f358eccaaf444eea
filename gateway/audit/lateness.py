"""How far sealing is behind, for health."""

from typing import Any

from sqlalchemy import select

from gateway.audit import chain
from gateway.audit.streams import START
from gateway.books.tables import postings
from gateway.clock import Clock, iso
from gateway.store.engine import Store


class Lateness:
    """Degraded once the oldest posting that is not sealed is older than `most_ms`."""

    def __init__(self, store: Store, clock: Clock, *, most_ms: int) -> None:
        self._store = store
        self._clock = clock
        self._most_ms = most_ms

    async def check(self) -> dict[str, Any]:
        async with self._store.read() as connection:
            newest = await chain.newest(connection)
            through = await chain.through(connection, postings.name)
            first = START if through is None else through + 1
            query = select(postings.c.at).where(postings.c.id >= first).order_by(postings.c.id).limit(1)
            oldest: int | None = await connection.scalar(query)
        waits_ms = 0 if oldest is None else max(0, self._clock() - oldest)
        status = "degraded" if waits_ms > self._most_ms else "ok"
        return {
            "status": status,
            "seal": newest.number,
            "at": iso(newest.at) if newest.number else None,
            "waitsSeconds": waits_ms // 1000,
        }
