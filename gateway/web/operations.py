"""The queue for operators: which operations there are, the whole story of one, and all of it as a table.

GET /api/operations?state=uncertain&kind=loan.disburse&phone=0711000001&since=2026-08-05&limit=50&cursor=1234
GET /api/operations/export?state=parked           CSV, with the same filters
GET /api/operations/LN7K2QD                       also by a case's number or a rail's receipt
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web
from sqlalchemy import Row

from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso
from gateway.desk.acting import Acting
from gateway.desk.exporting import HEAD, Filters, rows
from gateway.explain.reading import story_of
from gateway.operations import queue
from gateway.operations.acts import Verdict
from gateway.operations.settle import STATES
from gateway.papers import csv
from gateway.store.engine import Store
from gateway.web.files import streamed
from gateway.web.paging import cursor_of, limit_of, moment_of
from gateway.web.people import whose
from gateway.web.problems import problem

PAGE, PAGE_MAX = 50, 200


class OperationRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, acting: Acting, clock: Clock) -> None:
        self._store = store
        self._acting = acting
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/operations", self.listed),
            web.get("/api/operations/export", self.export),
            web.get("/api/operations/{reference}", self.story),
        )

    async def listed(self, request: web.Request) -> web.Response:
        """The newest first; `cursor` of the answer asks for the page after it."""
        try:
            limit, before = limit_of(request, PAGE, PAGE_MAX), cursor_of(request)
        except ValueError:
            return problem(422, "invalid", "limit and cursor are numbers")
        filters = await self._filters(request)
        if isinstance(filters, web.Response):
            return filters
        async with self._store.read() as connection:
            found = await queue.listed(
                connection, state=filters.state, kind=filters.kind, customer_id=filters.customer_id,
                since=filters.since, before=before, limit=limit + 1,
            )  # fmt: skip
        cursor = str(found[limit - 1].number) if len(found) > limit else None
        return web.json_response({"operations": [_shown(row) for row in found[:limit]], "cursor": cursor})

    async def export(self, request: web.Request) -> web.StreamResponse:
        """All that the filters leave, as CSV, written while it is read."""
        if request.query.get("format", "csv") != "csv":
            return problem(422, "invalid", "format: csv")
        filters = await self._filters(request)
        if isinstance(filters, web.Response):
            return filters
        return await streamed(request, "operations.csv", csv.streamed(HEAD, rows(self._store, filters, CURRENCY)))

    async def story(self, request: web.Request) -> web.Response:
        """What happened, in order of time, what we believe and why, and what may be done to it now."""
        async with self._store.read() as connection:
            story = await story_of(connection, request.match_info["reference"])
            row = await queue.named(connection, story.reference) if story else None
            may = await self._acting.may(connection, row.id, self._clock()) if row is not None else {}
        if story is None:
            return problem(404, "not-found", "no operation, case or receipt of this name")
        return web.json_response(
            {
                "reference": story.reference,
                "kind": story.kind,
                "state": story.state,
                "step": story.step,
                "reason": story.reason,
                "isOpen": story.is_open,
                "events": [{"at": iso(each.at), "what": each.what, **each.detail} for each in story.events],
                "belief": story.belief,
                "acts": {act: _answer(verdict) for act, verdict in may.items()},
            }
        )

    async def _filters(self, request: web.Request) -> Filters | web.Response:
        query = request.query
        try:
            since = moment_of(query["since"]) if query.get("since") else None
        except ValueError:
            return problem(422, "invalid", "since: a day, or a moment with its offset")
        if query.get("state") and query["state"] not in STATES:
            return problem(422, "invalid", f"state: one of {', '.join(STATES)}")
        async with self._store.read() as connection:
            person = await whose(connection, query)
        if isinstance(person, web.Response):
            return person
        return Filters(query.get("state") or None, query.get("kind") or None, person.id if person else None, since)


def _answer(verdict: Verdict) -> str:
    """`allowed`, `second` where two have to agree, or why not."""
    return verdict.words if verdict.answer == "refused" else verdict.answer


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "kind": row.kind,
        "state": row.state,
        "step": row.step,
        "reason": row.reason,
        "attemptsCount": row.attempts,
        "isOpen": row.is_open,
        "createdAt": iso(row.created_at),
        "dueAt": iso(row.due_at),
    }
