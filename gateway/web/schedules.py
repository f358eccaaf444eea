"""Scheduled payments for operators: who has agreed to what, what became of each day, and stopping one.

    GET  /api/schedules?phone=0711000001&state=active&limit=50&cursor=...
    GET  /api/schedules/SC4B7KN
    200  {"reference": "SC4B7KN", "kind": "save", "amount": "500.00", "currency": "KES", "every": "month", "day": 31,
          "nextOn": "2026-08-31", "state": "active", ..., "runs": [{"dueOn": "2026-07-31", "state": "paid", ...}]}
    POST /api/schedules/SC4B7KN/stop   {"by": "jane", "reason": "asked for it at the desk"}

Only customers make them, on their phones. Stopping one takes nothing back that was asked for already.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.audit import Deed, noted
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso
from gateway.lending.fields import amount_text
from gateway.playbooks.scheduling import Scheduling
from gateway.schedules import kept, runs
from gateway.schedules.kept import Schedule
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.paging import following, page_of
from gateway.web.people import whose
from gateway.web.problems import problem, validated

PAGE, PAGE_MAX = 50, 200
RUNS_MAX = 24
STATES = ("active", "done", "stopped")


class Stopped(BaseModel):
    """Who stops it, and why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    by: Annotated[str, StringConstraints(min_length=2, max_length=60)]
    reason: Annotated[str, StringConstraints(min_length=3, max_length=120)]


class ScheduleRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, scheduling: Scheduling, clock: Clock) -> None:
        self._store = store
        self._scheduling = scheduling
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/schedules", self.all),
            web.get("/api/schedules/{reference}", self.one),
            web.post("/api/schedules/{reference}/stop", self.stop),
        )

    async def all(self, request: web.Request) -> web.StreamResponse:
        """The newest first; `cursor` of the answer asks for the page after it."""
        query = request.query
        page = page_of(request, PAGE, PAGE_MAX)
        if isinstance(page, web.Response):
            return page
        if query.get("state", STATES[0]) not in STATES:
            return problem(422, "invalid", f"state: {', '.join(STATES)}")
        async with self._store.read() as connection:
            customer = await whose(connection, query)
            if isinstance(customer, web.Response):
                return customer
            found = await kept.listed(
                connection, customer_id=customer.id if customer else None, state=query.get("state"), before=page.before,
                limit=page.read,
            )  # fmt: skip
            shown = [await _described(connection, each) for each in found[: page.limit]]
        cursor = following(found, page.limit)
        return web.json_response({"schedules": shown, "cursor": cursor})

    async def one(self, request: web.Request) -> web.StreamResponse:
        """With its newest days."""
        async with self._store.read() as connection:
            schedule = await kept.by_reference(connection, request.match_info["reference"].upper())
            if schedule is None:
                return problem(404, "not-found", "no such schedule")
            days = await runs.of_schedule(connection, schedule.id, RUNS_MAX)
            body = {**await _described(connection, schedule), "runs": [_run(day) for day in days]}
        return web.json_response(body)

    async def stop(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Stopped, lambda said: self._stop(request.match_info["reference"].upper(), said))

    async def _stop(self, reference: str, said: Stopped) -> web.StreamResponse:
        """On record; the customer is told."""
        now = self._clock()
        async with self._store.begin() as connection:
            schedule = await kept.by_reference(connection, reference, lock=True)
            if schedule is None:
                return problem(404, "not-found", "no such schedule")
            if not await self._scheduling.stopped(connection, schedule, "staff", now):
                return problem(409, "over", f"it is {schedule.state} already")
            deed = Deed(said.by, said.by, said.reason, "", now)
            await noted(connection, deed, "schedule.stopped", schedule.customer_id, {"schedule": reference})
            stopped = await kept.by_reference(connection, reference)
            assert stopped is not None
            body = await _described(connection, stopped)
        return web.json_response(body)


async def _described(connection: AsyncConnection, one: Schedule) -> dict[str, Any]:
    """A schedule as the wire has it."""
    owner = await customers.get(connection, one.customer_id)
    return {
        "reference": one.reference,
        "phoneNumber": owner.msisdn,
        "kind": one.kind,
        "amount": amount_text(one.amount_cents),
        "fee": amount_text(one.fee_cents),
        "currency": CURRENCY,
        "every": one.every,
        "day": one.day or None,
        "to": one.to_msisdn,
        "loan": one.loan,
        "state": one.state,
        "why": one.why,
        "nextOn": one.next_on if one.state == "active" else None,
        "failures": one.failures,
        "createdAt": iso(one.created_at),
        "updatedAt": iso(one.updated_at),
    }


def _run(day: Row[Any]) -> dict[str, Any]:
    return {
        "dueOn": day.due_on,
        "state": day.state,
        "reason": day.reason,
        "payment": day.payment,
        "updatedAt": iso(day.updated_at),
    }
