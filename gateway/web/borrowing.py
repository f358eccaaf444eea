"""Limits, what stands against people, collateral and duties, as operators see and set them.

GET  /api/loans/limits/0711000001
PUT  /api/loans/limits/0711000001 {"amount": "5000.00", "by": "jane", "why": "payslip seen"}
POST /api/loans/blocked/0711000001 {"by": "jane", "why": "fraud, case CS6R2QD"}   and   .../clear
POST /api/loans/named/0711000001/clear {"by": "jane", "why": "it is her husband's line"}
POST /api/loans/LN5G8QD/collateral {"description": "...", "value": "30000.00", "by": "jane"}   and   GET
GET  /api/books/taxes?month=2026-08
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from gateway.books.accounts import CURRENCY
from gateway.borrowing import collateral, duties, records
from gateway.borrowing.credit import Credit
from gateway.borrowing.duties import Month
from gateway.borrowing.limits import Change
from gateway.borrowing.records import Flag
from gateway.clock import EAT, Clock, iso, local_date, milliseconds
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import Portfolio
from gateway.operations import queue
from gateway.operations.outbox import Outbox
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.problems import problem, validated
from gateway.web.said import By

Amount = Annotated[Decimal, Field(ge=0, le=10_000_000, decimal_places=2)]


class Said(By):
    why: str = Field(min_length=1, max_length=200)


class NewLimit(Said):
    amount: Amount


class Thing(By):
    description: str = Field(min_length=1, max_length=200)
    value: Amount


class BorrowingRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, portfolio: Portfolio, credit: Credit, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._portfolio = portfolio
        self._credit = credit
        self._outbox = outbox
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/loans/limits/{phone}", self.limit),
            web.put("/api/loans/limits/{phone}", self.set_limit),
            web.post("/api/loans/blocked/{phone}", self.block),
            web.post("/api/loans/blocked/{phone}/clear", self.unblock),
            web.post("/api/loans/named/{phone}/clear", self.accept_name),
            web.get("/api/loans/{reference}/collateral", self.collateral),
            web.post("/api/loans/{reference}/collateral", self.add_collateral),
            web.get("/api/books/taxes", self.taxes),
        )

    async def limit(self, request: web.Request) -> web.Response:
        """What somebody may owe, why, and how that came about."""
        async with self._store.read() as connection:
            person = await _person(connection, request)
            return await self._shown(connection, person) if person else _nobody()

    async def set_limit(self, request: web.Request) -> web.StreamResponse:
        """Staff set the ceiling; repaying goes on from there."""

        async def change(body: NewLimit) -> web.Response:
            async with self._store.begin() as connection:
                person = await _person(connection, request)
                if person is None:
                    return _nobody()
                moved = Change(int(body.amount * 100), "staff")
                await records.limit_changed(
                    connection, records.change_id(), person.id, moved, self._clock(), by=body.by, why=body.why
                )
                return await self._shown(connection, await customers.get(connection, person.id))

        return await validated(request, NewLimit, change)

    async def block(self, request: web.Request) -> web.StreamResponse:
        """No loan for somebody until it is cleared."""

        async def put(connection: AsyncConnection, person: Customer, body: Said) -> None:
            identity, why = records.change_id(), {"why": body.why}
            await records.flag(connection, identity, person.id, "blocked", why, self._clock(), by=body.by)

        return await validated(request, Said, lambda body: self._done(request, body, put))

    async def unblock(self, request: web.Request) -> web.StreamResponse:
        return await self._cleared(request, "blocked")

    async def accept_name(self, request: web.Request) -> web.StreamResponse:
        """The name that M-PESA gave has been looked into: it may have the money."""
        return await self._cleared(request, "name")

    async def _cleared(self, request: web.Request, kind: Flag) -> web.StreamResponse:
        async def clear(connection: AsyncConnection, person: Customer, body: Said) -> None:
            await records.cleared(connection, person.id, kind, body.by, self._clock())

        return await validated(request, Said, lambda body: self._done(request, body, clear))

    async def _done(self, request: web.Request, body: Said, act: Any) -> web.Response:
        async with self._store.begin() as connection:
            person = await _person(connection, request)
            if person is None:
                return _nobody()
            await act(connection, person, body)
            return await self._shown(connection, person)

    async def collateral(self, request: web.Request) -> web.Response:
        async with self._store.read() as connection:
            loan = await self._portfolio.by_reference(connection, request.match_info["reference"])
            if loan is None:
                return _no_loan()
            rows = await collateral.of_loan(connection, loan.id)
        return web.json_response({"collateral": [_thing(row) for row in rows]})

    async def add_collateral(self, request: web.Request) -> web.StreamResponse:
        """Put something on record for a loan; one that waits for it goes on at once."""

        async def add(body: Thing) -> web.Response:
            async with self._store.begin() as connection:
                loan = await self._portfolio.by_reference(connection, request.match_info["reference"])
                if loan is None:
                    return _no_loan()
                cents, now = int(body.value * 100), self._clock()
                await collateral.recorded(
                    connection, records.change_id(), loan.id, body.description, cents, body.by, now
                )
                await queue.wake(connection, loan.id, now)
                rows = await collateral.of_loan(connection, loan.id)
            self._outbox.news.set()
            return web.json_response({"collateral": [_thing(row) for row in rows]}, status=201)

        return await validated(request, Thing, add)

    async def taxes(self, request: web.Request) -> web.Response:
        """What a month owes to the state, by duty; in East Africa Time."""
        try:
            first = date.fromisoformat(f"{request.query.get('month', '')}-01")
        except ValueError:
            return problem(422, "invalid", "month: expected one like 2026-08")
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        async with self._store.read() as connection:
            month = await duties.between(connection, _start(first), _start(after))
        return web.json_response({"month": f"{first:%Y-%m}", "currency": CURRENCY, **_month(month)})

    async def _shown(self, connection: AsyncConnection, person: Customer) -> web.Response:
        now = self._clock()
        held = await self._portfolio.held(connection, person.id, local_date(now))
        found = await self._credit.assessed(connection, person, held, now)
        changes = await records.changes(connection, person.id)
        flags = await records.flags(connection, person.id)
        return web.json_response(
            {
                "phone": person.msisdn,
                "name": person.name,
                "currency": CURRENCY,
                "ceiling": amount_text(found.history.ceiling_cents),
                "limit": amount_text(0 if found.is_refused else found.limit.cents),
                "inUse": amount_text(held.in_use_cents),
                "score": found.score.points,
                "officerDecides": found.is_reviewed,
                "refused": found.is_refused,
                "reasons": [{"code": reason.code, "value": reason.value} for reason in found.reasons],
                "changes": [_change(row) for row in changes],
                "flags": [_flag(row) for row in flags],
            }
        )


async def _person(connection: AsyncConnection, request: web.Request) -> Customer | None:
    line = kenyan(request.match_info["phone"])
    return await customers.on_line(connection, line) if line else None


def _nobody() -> web.Response:
    return problem(404, "not-found", "no customer on this line")


def _no_loan() -> web.Response:
    return problem(404, "not-found", "no such loan")


def _start(day: date) -> int:
    return milliseconds(datetime.combine(day, time(), EAT).astimezone(UTC))


def _month(month: Month) -> dict[str, Any]:
    return {
        "duties": [
            {
                "name": row.name,
                "on": row.charge,
                "percent": row.percent,
                "loans": row.loans,
                "base": amount_text(row.base_cents),
                "duty": amount_text(row.duty_cents),
            }
            for row in month.rows
        ],
        "other": amount_text(month.other_cents),
        "owed": amount_text(month.booked_cents),
        "remitted": amount_text(month.remitted_cents),
    }


def _change(row: Row[Any]) -> dict[str, Any]:
    return {
        "from": amount_text(row.from_cents),
        "to": amount_text(row.to_cents),
        "reason": row.reason,
        "by": row.by,
        "why": row.why,
        "at": iso(row.at),
    }


def _flag(row: Row[Any]) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "detail": row.detail,
        "by": row.by,
        "createdAt": iso(row.created_at),
        "clearedBy": row.cleared_by,
        "clearedAt": iso(row.cleared_at) if row.cleared_at else None,
    }


def _thing(row: Row[Any]) -> dict[str, Any]:
    return {
        "description": row.description,
        "value": amount_text(row.value_cents),
        "currency": CURRENCY,
        "by": row.by,
        "at": iso(row.created_at),
    }
