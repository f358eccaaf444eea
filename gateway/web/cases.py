"""The case desk for operators.

GET  /api/cases?state=open&owner=jane&topic=fraud&phone=0711000001&overdue=true&limit=50&cursor=...
GET  /api/cases/CS2B4K7
POST /api/cases/CS2B4K7/take    {"by": "jane"}
POST /api/cases/CS2B4K7/note    {"by": "jane", "text": "asked M-PESA, ticket 4711", "waits": true}
POST /api/cases/CS2B4K7/resolve {"by": "jane", "answer": "The 500 reached your loan on 5 Aug"}    the customer gets it
POST /api/cases/CS2B4K7/ignore  {"by": "jane", "text": "the same as CS3C5L8"}
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.audit import Deed
from gateway.clock import Clock, iso
from gateway.desk import cases as kept
from gateway.desk.cases import Cases, Wanted
from gateway.desk.tables import ENDED, STATES
from gateway.errors import Rejected
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.paging import following, page_of
from gateway.web.people import whose
from gateway.web.problems import problem, validated
from menus.gsm import septets, to_gsm
from menus.slots import ANSWER_LETTERS

PAGE, PAGE_MAX = 50, 200

Act = Callable[[AsyncConnection, Deed, str, str], Awaitable[None]]


class By(BaseModel):
    """Who does it, as the record shall name them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    by: str = Field(min_length=2, max_length=60)
    text: str = Field("", max_length=500)


class Said(By):
    text: str = Field(min_length=3, max_length=500)


class Note(Said):
    waits: bool = False
    """Whether it waits for somebody else from now on."""


class Answer(BaseModel):
    """In words for the customer, as part of one message."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    by: str = Field(min_length=2, max_length=60)
    answer: str = Field(min_length=3)

    @field_validator("answer")
    @classmethod
    def _fits(cls, value: str) -> str:
        text = to_gsm(" ".join(value.split()))
        if septets(text) > ANSWER_LETTERS:
            raise ValueError(f"at most {ANSWER_LETTERS} characters")
        return text


class CaseRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, cases: Cases, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._cases = cases
        self._outbox = outbox
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        at = "/api/cases/{reference}"
        return (
            web.get("/api/cases", self.listed),
            web.get(at, self.show),
            web.post(f"{at}/take", self.take),
            web.post(f"{at}/note", self.note),
            web.post(f"{at}/resolve", self.resolve),
            web.post(f"{at}/ignore", self.ignore),
        )

    async def listed(self, request: web.Request) -> web.Response:
        """A page, the newest first; `cursor` of the answer asks for the next one, null is the end."""
        query = request.query
        page = page_of(request, PAGE, PAGE_MAX)
        if isinstance(page, web.Response):
            return page
        if query.get("state") and query["state"] not in STATES:
            return problem(422, "invalid", f"state: one of {', '.join(STATES)}")
        now = self._clock()
        async with self._store.read() as connection:
            person = await whose(connection, query)
            if isinstance(person, web.Response):
                return person
            wanted = Wanted(
                query.get("state") or None, query.get("owner") or None, query.get("topic") or None,
                person.id if person else None, now if query.get("overdue") == "true" else None, page.before,
                page.read,
            )  # fmt: skip
            rows = await kept.listed(connection, wanted)
            shown = [await _shown(connection, row, now) for row in rows[: page.limit]]
        cursor = following(rows, page.limit)
        return web.json_response({"cases": shown, "cursor": cursor})

    async def show(self, request: web.Request) -> web.Response:
        """One, with its evidence and all that was written to it."""
        async with self._store.read() as connection:
            row = await kept.find(connection, request.match_info["reference"].upper())
            if row is None:
                return problem(404, "not-found", "no case of this number")
            return web.json_response(await self._whole(connection, row))

    async def take(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, By, lambda said: self._done(request, said.by, said.text, self._cases.take))

    async def note(self, request: web.Request) -> web.StreamResponse:
        async def noted(said: Note) -> web.StreamResponse:
            act = self._cases.wait if said.waits else self._cases.note
            return await self._done(request, said.by, said.text, act)

        return await validated(request, Note, noted)

    async def resolve(self, request: web.Request) -> web.StreamResponse:
        return await validated(
            request, Answer, lambda said: self._done(request, said.by, said.answer, self._cases.resolve)
        )

    async def ignore(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._done(request, said.by, said.text, self._cases.ignore))

    async def _done(self, request: web.Request, by: str, text: str, act: Act) -> web.StreamResponse:
        """One act in one unit of work, and the case as it is after it."""
        named = request.match_info["reference"].upper()
        deed = Deed(by, by, text, "", self._clock())
        try:
            async with self._store.begin() as connection:
                await act(connection, deed, named, text)
                row = await kept.find(connection, named)
                assert row is not None
                body = await self._whole(connection, row)
        except Rejected as error:
            return problem(404 if error.code == "unknown" else 409, error.code, f"Refused: {error}.")
        self._outbox.news.set()
        return web.json_response(body)

    async def _whole(self, connection: AsyncConnection, row: Row[Any]) -> dict[str, Any]:
        written = await kept.notes(connection, row.id)
        notes = [{"act": each.act, "by": each.by, "text": each.text, "at": iso(each.at)} for each in written]
        return {**await _shown(connection, row, self._clock()), "evidence": row.evidence, "notes": notes}


async def _shown(connection: AsyncConnection, row: Row[Any], now: int) -> dict[str, Any]:
    person = await customers.find(connection, row.customer_id) if row.customer_id else None
    operation = await queue.with_id(connection, row.operation_id) if row.operation_id else None
    return {
        "reference": row.reference,
        "topic": row.topic,
        "state": row.state,
        "owner": row.owner,
        "phone": person.msisdn if person else None,
        "operation": operation.reference if operation else None,
        "answerBy": iso(row.answer_by),
        "isOverdue": row.state not in ENDED and row.answer_by < now,
        "escalatedAt": iso(row.escalated_at) if row.escalated_at else None,
        "createdAt": iso(row.created_at),
        "closedAt": iso(row.closed_at) if row.closed_at else None,
    }
