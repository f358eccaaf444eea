"""What our shortcodes hold, for operators.

GET  /api/mpesa/float
POST /api/mpesa/float    asks M-PESA now, as after a top-up; 202, and the answer is there in a moment
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso, local_date
from gateway.lending.fields import amount_text
from gateway.operations.outbox import Outbox
from gateway.payouts.standing import Paying, Standing
from gateway.playbooks.floating import KIND, asked_now
from gateway.store.engine import Store
from gateway.web.problems import problem


class FloatRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, outbox: Outbox, paying: Paying, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._paying = paying
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return web.get("/api/mpesa/float", self.show), web.post("/api/mpesa/float", self.ask)

    async def show(self, request: web.Request) -> web.Response:
        async with self._store.read() as connection:
            found = await self._paying.standing(connection, self._clock())
        settings = self._paying.settings
        body = {
            "currency": CURRENCY,
            "floats": [_shown(each) for each in found],
            "marks": {
                name: amount_text(shillings * 100)
                for name, shillings in (
                    ("low", settings.low), ("critical", settings.critical), ("least", settings.least)
                )
            },
        }  # fmt: skip
        return web.json_response(body)

    async def ask(self, request: web.Request) -> web.Response:
        if not self._outbox.knows(KIND):
            return problem(409, "nobody-to-ask", "This rail does not tell what the shortcodes hold.")
        now = self._clock()
        question = asked_now(local_date(now).isoformat())
        async with self._store.begin() as connection:
            await self._outbox.put(connection, question, is_ours=True)
        self._outbox.news.set()
        return web.json_response({"state": "queued", "askedAt": iso(now)}, status=202)


def _shown(standing: Standing) -> dict[str, Any]:
    known = standing.known
    shown: dict[str, Any] = {
        "shortcode": known.shortcode,
        "account": known.account,
        "available": amount_text(known.available_cents),
        "current": amount_text(known.current_cents),
        "askedAt": iso(known.asked_at),
        "at": iso(known.at),
        "isStale": standing.is_stale,
        "paysOut": standing.pays_out,
    }
    if standing.pays_out:
        hours = standing.hours_left
        shown |= {
            "level": known.level,
            "inFlight": amount_text(standing.in_flight_cents),
            "hoursLeft": None if hours is None else round(hours, 1),
        }
    return shown
