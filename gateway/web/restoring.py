"""What became of a restore, for operators.

GET  /api/restore
POST /api/restore/catch-up {"by": "jane", "why": "the statement of the pay-out shortcode is in"}

Pay-outs are stopped from the restore on; `POST /api/rails/all/resume` lets them go once all is caught up.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso
from gateway.operations.outbox import Outbox
from gateway.restoring import records
from gateway.restoring.asking import asked
from gateway.restoring.records import Restore
from gateway.store.engine import Store
from gateway.web.problems import problem, validated


class Said(BaseModel):
    """Who wants it asked again, and why."""

    model_config = ConfigDict(extra="forbid")
    by: str = Field(min_length=1, max_length=40)
    why: str = Field(min_length=3, max_length=120)


class RestoreRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (web.get("/api/restore", self.show), web.post("/api/restore/catch-up", self.again))

    async def show(self, _request: web.Request) -> web.Response:
        async with self._store.read() as connection:
            restore = await records.latest(connection)
        if restore is None:
            return problem(404, "not-found", "this database was never restored")
        return web.json_response(_shown(restore))

    async def again(self, request: web.Request) -> web.StreamResponse:
        async def handle(said: Said) -> web.Response:
            now = self._clock()
            async with self._store.begin() as connection:
                restore = await records.latest(connection)
                if restore is None:
                    return problem(404, "not-found", "this database was never restored")
                await asked(connection, self._outbox, restore, str(uuid.uuid4()))
                await records.became(connection, restore.id, "catching_up", now)
                await audit.noted(connection, Deed(said.by, said.by, said.why, "", now), "catch_up", None)
                restore = await records.latest(connection)
            self._outbox.news.set()
            assert restore is not None
            return web.json_response(_shown(restore), status=202)

        return await validated(request, Said, handle)


def _shown(restore: Restore) -> dict[str, Any]:
    return {
        "point": iso(restore.point),
        "at": iso(restore.at),
        "by": restore.by,
        "why": restore.reason,
        "state": restore.state,
        "report": dict(restore.report) or None,
        "currency": CURRENCY,
        "updatedAt": iso(restore.updated_at),
    }
