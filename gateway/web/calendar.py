"""The calendar, for operators: which days are worked, and days on which our own channel was down.

GET  /api/calendar?from=2026-12-20&to=2026-12-31
POST /api/calendar/outages {"day": "2026-08-03", "reason": "USSD was down from 9 to 17", "by": "jane"}
GET  /api/calendar/outages
"""

from collections.abc import Iterable
from datetime import date, timedelta

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.clock import Clock, iso, local, local_date
from gateway.loanbook import outages
from gateway.loanbook.workdays import Workdays
from gateway.operations.outbox import Outbox
from gateway.playbooks.letting_off import LettingOff
from gateway.store.engine import Store
from gateway.web.problems import problem, validated

DAYS_MAX = 400
DAYS = 31
BACK_DAYS_MAX = 366


class Outage(BaseModel):
    """`by` is who gives it, as the record shall name them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    day: date
    reason: str = Field(min_length=3, max_length=120)
    by: str = Field(min_length=2, max_length=36)


class CalendarRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, outbox: Outbox, letting_off: LettingOff, workdays: Workdays, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._letting_off = letting_off
        self._workdays = workdays
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/calendar", self.show),
            web.get("/api/calendar/outages", self.listed),
            web.post("/api/calendar/outages", self.give),
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The closed days of a month from today, or of the days that are given, and when people may be called."""
        now = local(self._clock())
        try:
            since = date.fromisoformat(request.query.get("from") or now.date().isoformat())
            until = date.fromisoformat(request.query.get("to") or (since + timedelta(days=DAYS)).isoformat())
        except (ValueError, OverflowError):
            return problem(422, "invalid", "from, to: days like 2026-12-20")
        if not 0 <= (until - since).days <= DAYS_MAX:
            return problem(422, "invalid", f"from, to: in order, and not more than {DAYS_MAX} days")
        days = (since + timedelta(days=ahead) for ahead in range((until - since).days + 1))
        body = {
            "from": since.isoformat(),
            "to": until.isoformat(),
            "closed": [day.isoformat() for day in days if self._workdays.is_closed(day)],
            "contactFrom": self._workdays.since.isoformat("minutes"),
            "contactUntil": self._workdays.until.isoformat("minutes"),
            "nextContact": self._workdays.contact_from(now).isoformat(timespec="seconds"),
        }
        return web.json_response(body)

    async def listed(self, request: web.Request) -> web.StreamResponse:
        async with self._store.read() as connection:
            rows = await outages.listed(connection)
        found = [
            {"day": row.day, "reason": row.reason, "by": row.given_by, "givenAt": iso(row.created_at)} for row in rows
        ]
        return web.json_response({"outages": found})

    async def give(self, request: web.Request) -> web.StreamResponse:
        """Penalties that fell on the day are let off. The same day again changes nothing."""

        async def handle(body: Outage) -> web.StreamResponse:
            now = self._clock()
            today = local_date(now)
            if not today - timedelta(days=BACK_DAYS_MAX) <= body.day <= today:
                return problem(422, "invalid", f"day: today, or one of the {BACK_DAYS_MAX} days before")
            async with self._store.begin() as connection:
                is_new = await outages.given(connection, body.day, reason=body.reason, by=body.by, now=now)
                if is_new:
                    deed = Deed(body.by, body.by, body.reason, "", now)
                    await audit.noted(connection, deed, "outage", None, {"day": body.day.isoformat()})
                    await self._letting_off.after_outage(connection, body.day, today)
            self._outbox.news.set()
            return web.json_response({"day": body.day.isoformat()}, status=201 if is_new else 200)

        return await validated(request, Outage, handle)
