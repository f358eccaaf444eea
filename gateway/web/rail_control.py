"""Rails for operators: what holds them back, and the hand that pauses them.

GET  /api/rails
POST /api/rails/daraja/pause   {"direction": "disburse", "by": "jane", "why": "M-PESA says: maintenance until 14:00"}
POST /api/rails/daraja/resume  {"direction": "disburse", "by": "jane", "why": "maintenance is over"}
POST /api/rails/all/pause      {"direction": "disburse", ...}    no rail pays out: the global stop

Without a direction it is both. What is paused waits and is never in doubt; what was sent is asked about all the same.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway.accounts.audit import Deed
from gateway.clock import Clock, iso
from gateway.operations.outbox import Outbox
from gateway.rails.breakers import Breaker
from gateway.rails.hand import Hand
from gateway.rails.pauses import DIRECTIONS, Direction, Pause
from gateway.rails.standing import Standing, Way
from gateway.store.engine import Store
from gateway.web.problems import problem, validated


class Said(BaseModel):
    """Who pauses or resumes what, and why."""

    model_config = ConfigDict(extra="forbid")
    direction: Direction | None = None
    by: str = Field(min_length=1, max_length=40)
    why: str = Field(min_length=3, max_length=120)
    anyway: bool = False
    """Resume though a restore is not caught up with."""

    @property
    def directions(self) -> Sequence[Direction]:
        return (self.direction,) if self.direction else DIRECTIONS

    def deed(self, now: int) -> Deed:
        return Deed(self.by, self.by, self.why, "", now)


class RailControlRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, outbox: Outbox, hand: Hand, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._hand = hand
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/rails", self.show),
            web.post("/api/rails/{rail}/pause", self.pause),
            web.post("/api/rails/{rail}/resume", self.resume),
        )

    async def show(self, _request: web.Request) -> web.Response:
        return await self._shown()

    async def pause(self, request: web.Request) -> web.StreamResponse:
        return await self._moved(request, pauses=True)

    async def resume(self, request: web.Request) -> web.StreamResponse:
        return await self._moved(request, pauses=False)

    async def _moved(self, request: web.Request, *, pauses: bool) -> web.StreamResponse:
        rail = self._hand.named(request.match_info["rail"])
        if rail is None:
            return problem(404, "not-found", f"rails: all, {', '.join(self._hand.rails)}")

        async def handle(said: Said) -> web.Response:
            deed = said.deed(self._clock())
            async with self._store.begin() as connection:
                refused = (
                    await self._hand.pause(connection, rail, said.directions, deed)
                    if pauses
                    else await self._hand.resume(connection, rail, said.directions, deed, anyway=said.anyway)
                )
            if refused:
                return problem(409, refused.name, refused.words)
            self._outbox.news.set()
            return await self._shown()

        return await validated(request, Said, handle)

    async def _shown(self) -> web.Response:
        async with self._store.read() as connection:
            rails = await self._hand.standing(connection)
        return web.json_response({"rails": [_rail(each) for each in rails]})


def _rail(standing: Standing) -> dict[str, Any]:
    return {
        "rail": standing.rail,
        "directions": [_way(way) for way in standing.ways],
        "apis": [_api(each) for each in standing.breakers],
    }


def _way(way: Way) -> dict[str, Any]:
    return {"direction": way.direction, "pause": _pause(way.pause) if way.pause else None, "waiting": way.waiting}


def _pause(pause: Pause) -> dict[str, Any]:
    everywhere = pause.rail == "*"
    return {"reason": pause.reason, "by": pause.by, "since": iso(pause.since), "allRails": everywhere}


def _api(breaker: Breaker) -> dict[str, Any]:
    shown = {"api": breaker.api, "state": breaker.state, "since": iso(breaker.since), "reason": breaker.reason}
    return {**shown, "probeAt": iso(breaker.probe_at)} if breaker.is_open else shown
