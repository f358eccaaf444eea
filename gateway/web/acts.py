"""What operators do to operations, each on record with who and why.

POST /api/operations/LN7K2QD/retry    {"by": "jane", "why": "M-PESA is back"}
POST /api/operations/LN7K2QD/cancel   {"by": "jane", "why": "asked twice by mistake"}
POST /api/operations/LN7K2QD/resolve  {"by": "jane", "why": "...", "outcome": "paid", "receipt": "UKL19069E5",
                                       "evidence": "statement of 5 Aug, line 12"}        -> OA7K2QD, for a second person
GET  /api/operations/acts
POST /api/operations/acts/OA7K2QD/confirm {"by": "omar"}      and .../decline

Which act is allowed where is one table: `gateway.operations.acts`.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.audit import Deed
from gateway.clock import Clock, iso
from gateway.desk import proposals
from gateway.desk.acting import Acting
from gateway.desk.proposals import Evidence
from gateway.errors import Rejected
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.store.engine import Store
from gateway.web.problems import problem, validated

PAGE_MAX = 200

Done = Callable[[AsyncConnection, Deed], Awaitable[dict[str, Any]]]


class By(BaseModel):
    """Who does it, as the record shall name them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    by: str = Field(min_length=2, max_length=60)
    why: str = Field("", max_length=120)


class Said(By):
    why: str = Field(min_length=3, max_length=120)


class Resolved(Said):
    """What became of the money, and what proves it."""

    outcome: Literal["paid", "unpaid"]
    receipt: str | None = Field(None, pattern=r"^[A-Za-z0-9]{8,20}$")
    evidence: str = Field(min_length=5, max_length=200)


class ActRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, outbox: Outbox, acting: Acting, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._acting = acting
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/operations/acts", self.waiting),
            web.post("/api/operations/acts/{reference}/confirm", self.confirm),
            web.post("/api/operations/acts/{reference}/decline", self.decline),
            web.post("/api/operations/{reference}/retry", self.retry),
            web.post("/api/operations/{reference}/cancel", self.cancel),
            web.post("/api/operations/{reference}/resolve", self.resolve),
        )

    async def waiting(self, _request: web.Request) -> web.Response:
        """What waits for a second person, the oldest first."""
        async with self._store.read() as connection:
            rows = await proposals.waiting(connection, self._clock(), PAGE_MAX)
            shown = [_shown(row, await queue.find(connection, row.operation_id)) for row in rows]
        return web.json_response({"acts": shown})

    async def retry(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._acted(request, said, self._acting.retry))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._acted(request, said, self._acting.cancel))

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        """The first person's part: nothing changes before another one agrees."""

        async def propose(said: Resolved) -> web.StreamResponse:
            evidence = Evidence(said.evidence, said.receipt.upper() if said.receipt else None)

            async def act(connection: AsyncConnection, deed: Deed, operation_id: str) -> str:
                return await self._acting.propose(connection, deed, operation_id, said.outcome, evidence)

            return await self._acted(request, said, act, status=202)

        return await validated(request, Resolved, propose)

    async def confirm(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, By, lambda said: self._answered(request, said, self._acting.confirm))

    async def decline(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, By, lambda said: self._answered(request, said, self._acting.decline))

    async def _acted(
        self, request: web.Request, said: By, act: Callable[[AsyncConnection, Deed, str], Awaitable[str]], *,
        status: int = 200,
    ) -> web.StreamResponse:  # fmt: skip
        reference = request.match_info["reference"].upper()

        async def done(connection: AsyncConnection, deed: Deed) -> dict[str, Any]:
            row = await queue.named(connection, reference)
            if row is None:
                raise Rejected("no operation of this name", "unknown")
            came_to = await act(connection, deed, row.id)
            after = await queue.find(connection, row.id)
            key = "act" if status == 202 else "done"
            return {"reference": after.reference, key: came_to, "state": after.state, "step": after.step}

        return await self._done(said, done, status=status)

    async def _answered(
        self, request: web.Request, said: By, answer: Callable[[AsyncConnection, Deed, str], Awaitable[str]]
    ) -> web.StreamResponse:
        named = request.match_info["reference"].upper()

        async def done(connection: AsyncConnection, deed: Deed) -> dict[str, Any]:
            came_to = await answer(connection, deed, named)
            asked = await proposals.named_so(connection, named)
            assert asked is not None
            return {"done": came_to, **_shown(asked, await queue.find(connection, asked.operation_id))}

        return await self._done(said, done)

    async def _done(self, said: By, done: Done, *, status: int = 200) -> web.StreamResponse:
        """One act in one unit of work."""
        deed = Deed(said.by, said.by, said.why, "", self._clock())
        try:
            async with self._store.begin() as connection:
                shown = await done(connection, deed)
        except Rejected as error:
            return problem(404 if error.code == "unknown" else 409, error.code, f"Refused: {error}.")
        self._outbox.news.set()
        return web.json_response(shown, status=status)


def _shown(asked: Row[Any], operation: Row[Any]) -> dict[str, Any]:
    return {
        "act": asked.reference,
        "reference": operation.reference,
        "kind": operation.kind,
        "outcome": asked.act,
        "receipt": asked.receipt,
        "evidence": asked.evidence,
        "by": asked.by,
        "why": asked.why,
        "second": asked.second,
        "state": asked.state,
        "at": iso(asked.created_at),
        "until": iso(asked.expires_at),
    }
