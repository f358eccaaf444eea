"""The queue for operators: which operations there are, and the whole story of one.

GET /api/operations?state=uncertain&kind=loan.disburse&phone=0711000001&limit=50&cursor=1234
GET /api/operations/LN7K2QD        also by a case's number or a rail's receipt
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web
from sqlalchemy import Row

from flows.text import msisdn as kenyan
from gateway.clock import iso
from gateway.explain.reading import story_of
from gateway.operations import queue
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.problems import problem

PAGE, PAGE_MAX = 50, 200


class OperationRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/operations", self.listed),
            web.get("/api/operations/{reference}", self.story),
        )

    async def listed(self, request: web.Request) -> web.Response:
        """The newest first; `cursor` of the answer asks for the page after it."""
        query = request.query
        try:
            limit = min(PAGE_MAX, max(1, int(query.get("limit", str(PAGE)))))
            before = int(query["cursor"]) if query.get("cursor") else None
        except ValueError:
            return problem(422, "invalid", "limit and cursor are numbers")
        phone = kenyan(query["phone"]) if "phone" in query else None
        if "phone" in query and phone is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        async with self._store.read() as connection:
            person = await customers.on_line(connection, phone) if phone else None
            if phone and person is None:
                return problem(404, "not-found", "no customer on this line")
            rows = await queue.listed(
                connection, state=query.get("state"), kind=query.get("kind"),
                customer_id=person.id if person else None, before=before, limit=limit + 1,
            )  # fmt: skip
        cursor = str(rows[limit - 1].number) if len(rows) > limit else None
        return web.json_response({"operations": [_shown(row) for row in rows[:limit]], "cursor": cursor})

    async def story(self, request: web.Request) -> web.Response:
        """What happened, in order of time, and what we believe and why."""
        async with self._store.read() as connection:
            story = await story_of(connection, request.match_info["reference"])
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
            }
        )


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
