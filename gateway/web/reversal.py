"""A payment given back, by two people.

POST /api/mpesa/reversal                  {"receipt": "UA12BC34DE", "by": "jane", "why": "paid twice, case CS6R2KD"}
POST /api/mpesa/reversal/RV7K2QD/confirm  {"by": "omar", "why": "seen both SMS"}            and .../decline
GET  /api/mpesa/query/RV7K2QD             what M-PESA has said to it
"""

from collections.abc import Iterable
from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from gateway.accounts.audit import Deed
from gateway.clock import Clock
from gateway.errors import Rejected
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.playbooks.reversing import KIND, Reversing
from gateway.store.engine import Store
from gateway.web.problems import problem, validated
from gateway.web.said import Said


class Reverse(Said):
    receipt: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9]{6,40}$")]


class ReversalRoutes:
    """Thin: what may be given back is decided by `gateway.playbooks.reversing`."""

    def __init__(self, store: Store, outbox: Outbox, reversing: Reversing, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._reversing = reversing
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/mpesa/reversal", self.propose),
            web.post("/api/mpesa/reversal/{reference}/confirm", self.confirm),
            web.post("/api/mpesa/reversal/{reference}/decline", self.decline),
        )

    async def propose(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Reverse, self._proposed)

    async def confirm(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._decided(request, said, is_yes=True))

    async def decline(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._decided(request, said, is_yes=False))

    async def _proposed(self, body: Reverse) -> web.Response:
        if not self._outbox.knows(KIND):
            return problem(409, "no-reversals", "This rail gives nothing back.")
        try:
            async with self._store.begin() as connection:
                named = await self._reversing.propose(connection, body.receipt, self._deed(body))
        except Rejected as error:
            return problem(404 if error.code == "unknown" else 409, error.code, f"{error}")
        self._outbox.news.set()
        return web.json_response({"receipt": body.receipt, "reference": named, "state": "asked"}, status=202)

    async def _decided(self, request: web.Request, said: Said, *, is_yes: bool) -> web.Response:
        named = request.match_info["reference"].upper()
        try:
            async with self._store.begin() as connection:
                row = await queue.named(connection, named)
                if row is None or row.kind != KIND:
                    return problem(404, "not-found", "no reversal has this reference")
                await self._reversing.decided(connection, row.id, self._deed(said), is_yes=is_yes)
        except Rejected as error:
            return problem(409, error.code, f"{error}")
        self._outbox.news.set()
        return web.json_response({"reference": named, "state": "confirmed" if is_yes else "declined"})

    def _deed(self, said: Said) -> Deed:
        return Deed(said.by, said.by, said.why, "", self._clock())
