"""Cores for tests: the pretend Fineract on a clock that the test turns, our REST dialect served from our own books, and
those books themselves."""

import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from gateway.books.ledger import Books
from gateway.errors import Rejected
from gateway.ledgers.contract import (
    Booking,
    Client,
    CoreLoan,
    Cost,
    Instalment,
    Key,
    Ledger,
    Movement,
    NewLoan,
    Person,
    Posted,
    Refusals,
)
from gateway.ledgers.embedded import EmbeddedLedger
from gateway.ledgers.fineract import FineractLedger
from gateway.ledgers.fineract import Settings as FineractSettings
from gateway.ledgers.fineract_bodies import CoreProduct
from gateway.ledgers.http import HttpLedger
from gateway.ledgers.http import Settings as HttpSettings
from gateway.lending.allocation import PARTS, Parts
from gateway.lending.fields import Fields, amount_text
from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.lending.portfolio import Portfolio
from gateway.lending.terms import parse_terms
from gateway.store.engine import Store
from simulator.standins.app import build_app
from simulator.standins.settings import Settings

Clock = Callable[[], int]
TIMEOUT_SECONDS = 3.0
FORMATS = {"dateFormat": "yyyy-MM-dd", "locale": "en"}


def fineract_config(url: str, **changes: Any) -> FineractSettings:
    """The demo products as the pretend one has them."""
    values: dict[str, Any] = {
        "base_url": f"{url}/fineract/fineract-provider/api/v1",
        "password": "password",
        "payment_type": 2,
        "products": {"quick": CoreProduct(id=1, rate_per="term")},
        "savings": {"savings": 1},
        "fee_charge": 2,
        "penalty_charge": 3,
    }
    return FineractSettings(**(values | changes))


@dataclass(frozen=True)
class Bank:
    """A running pretend Fineract and its control side."""

    url: str
    http: aiohttp.ClientSession

    async def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        async with self.http.request(method, f"{self.url}/control/{path}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def fault(self, kind: str, rate: float = 1.0, *, api: str = "fineract", seed: int = 1) -> None:
        await self.control("POST", "faults", {"api": api, "fault": kind, "rate": rate, "seed": seed})

    async def well(self) -> None:
        await self.control("DELETE", "faults")

    async def truth(self) -> Any:
        return await self.control("GET", "core")

    async def post(self, path: str, **fields: Any) -> Any:
        """What somebody at the core enters by hand."""
        login = aiohttp.encode_basic_auth("mifos", "password")
        headers = {"Fineract-Platform-TenantId": "default", "Authorization": login}
        url = f"{self.url}/fineract/fineract-provider/api/v1/{path}"
        async with self.http.post(url, json={**fields, **FORMATS}, headers=headers) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def savings_account(self, client_id: str, on: date) -> str:
        """An account that is in use, opened by somebody at the core."""
        day = on.isoformat()
        made = await self.post("savingsaccounts", clientId=int(client_id), productId=1, submittedOnDate=day)
        account = made["savingsId"]
        await self.post(f"savingsaccounts/{account}?command=approve", approvedOnDate=day)
        await self.post(f"savingsaccounts/{account}?command=activate", activatedOnDate=day)
        return str(account)


@asynccontextmanager
async def bank_at(data: Path, clock: Clock, **settings: Any) -> AsyncIterator[Bank]:
    """The stand-ins on a free port of the loopback; their clock is ours."""
    application = build_app(Settings(data=data, auto_answer=False, **settings), now=lambda: clock() / 1000)
    async with served(application) as url, aiohttp.ClientSession() as http:
        yield Bank(url, http)


@asynccontextmanager
async def fineract_at(data: Path, clock: Clock) -> AsyncIterator[tuple[Ledger, Bank]]:
    async with bank_at(data, clock) as bank:
        ledger = FineractLedger(fineract_config(bank.url), timeout_seconds=TIMEOUT_SECONDS)
        try:
            yield ledger, bank
        finally:
            await ledger.close()


@asynccontextmanager
async def embedded_at(database: str, clock: Clock) -> AsyncIterator[Ledger]:
    store = Store(database, busy_seconds=30)
    try:
        yield EmbeddedLedger(store, Portfolio(parse_products(dict(DEMO_PRODUCTS))), Books(), clock)
    finally:
        await store.close()


@asynccontextmanager
async def http_at(behind: Ledger) -> AsyncIterator[Ledger]:
    """Our REST dialect, served from another ledger."""
    async with served(Dialect(behind).application()) as url:
        config = HttpSettings(base_url=url, token="t0ken", products={"quick": "QCK"}, savings={"savings": "SAV"})
        ledger = HttpLedger(config, timeout_seconds=TIMEOUT_SECONDS)
        try:
            yield ledger
        finally:
            await ledger.close()


class Dialect:
    """The server's side of `gateway.ledgers.http`, as small as its description."""

    def __init__(self, behind: Ledger) -> None:
        self._behind = behind

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._edge])
        application.add_routes(
            [
                web.get("/clients/{id}", self.client),
                web.get("/clients/{id}/savings", self.savings),
                web.get("/clients", self.clients),
                web.post("/clients", self.create_client),
                web.get("/loans/{id}/charges", self.nothing),
                web.get("/loans/{id}", self.loan),
                web.get("/loans", self.loans),
                web.post("/loans", self.create_loan),
                web.post("/loans/{id}/{command}", self.command),
                web.post("/loans/{id}/repayments/{booking}/reversal", self.reversal),
                web.post("/savings/{id}/{command}", self.save),
                web.get("/savings/{id}/movements", self.movements),
                web.get("/changes", self.changes),
                web.get("/catalogue", self.catalogue),
            ]
        )
        return application

    @web.middleware
    async def _edge(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != "Bearer t0ken":
            return web.json_response({"type": "urn:core:problem:unauthorized"}, status=401)
        try:
            answer: web.StreamResponse = await handler(request)
        except Rejected as error:
            status = 404 if error.code == Refusals.UNKNOWN else 409 if error.code == Refusals.DUPLICATE else 422
            return web.json_response({"type": f"urn:core:problem:{error.code}"}, status=status)
        return answer

    async def client(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(_client(await self._behind.client(request.match_info["id"])))

    async def clients(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        person = Person(asked.get("externalId", "-"), asked.get("phoneNumber", "-"))
        found = await self._behind.find_client(person)
        return web.json_response({"clients": [_client(found)] if found else []})

    async def create_client(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        person = Person(body["externalId"], body["phoneNumber"], body["name"])
        return _posted(await self._behind.create_client(person, date.fromisoformat(body["on"]), _key(request)))

    async def loan(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(_loan(await self._behind.read_loan(request.match_info["id"])))

    async def loans(self, request: web.Request) -> web.StreamResponse:
        found = await self._behind.find_loan(request.query["externalId"])
        return web.json_response({"loans": [_loan(found)] if found else []})

    async def create_loan(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        assert body["product"] == "QCK"
        loan = NewLoan(body["externalId"], body["clientId"], "quick", parse_terms(body["terms"]))
        return _posted(await self._behind.create_loan(loan, _key(request)))

    async def command(self, request: web.Request) -> web.StreamResponse:
        loan_id, body, key = request.match_info["id"], await request.json(), _key(request)
        movement = _movement(body)
        match request.match_info["command"]:
            case "approval":
                return _posted(await self._behind.approve_loan(loan_id, movement.on, movement.amount_cents, key))
            case "disbursement":
                return _posted(await self._behind.disburse_loan(loan_id, movement, key))
            case "repayments":
                return _posted(await self._behind.repay_loan(loan_id, movement, key))
            case "charges":
                cost = Cost(movement.external_id, movement.on, movement.amount_cents, body["kind"])
                return _posted(await self._behind.charge_loan(loan_id, cost, key))
        raise web.HTTPNotFound

    async def reversal(self, request: web.Request) -> web.StreamResponse:
        on = date.fromisoformat((await request.json())["on"])
        refs = request.match_info
        return _posted(await self._behind.undo(refs["id"], refs["booking"], on, _key(request)))

    async def savings(self, request: web.Request) -> web.StreamResponse:
        rows = [
            {"id": each.id, "product": "SAV", "balance": amount_text(each.balance_cents), "status": "active"}
            for each in await self._behind.savings_of(request.match_info["id"])
        ]
        return web.json_response({"savings": rows})

    async def save(self, request: web.Request) -> web.StreamResponse:
        move = self._behind.deposit if request.match_info["command"] == "deposits" else self._behind.withdraw
        return _posted(await move(request.match_info["id"], _movement(await request.json()), _key(request)))

    async def movements(self, request: web.Request) -> web.StreamResponse:
        wanted = Movement(request.query["externalId"], date(2026, 1, 1), 1)
        found = await self._behind.find_movement(request.match_info["id"], wanted)
        return web.json_response({"found": [{"id": found.id}] if found else []})

    async def changes(self, request: web.Request) -> web.StreamResponse:
        found = await self._behind.changes(request.query.get("cursor", ""))
        body = {"loans": list(found.loan_ids), "cursor": found.cursor, "hasMore": found.has_more}
        return web.json_response(body)

    async def catalogue(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"products": ["QCK"], "savings": ["SAV"]})

    async def nothing(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"found": []})


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _key(request: web.Request) -> Key:
    return key_from(request.headers["Idempotency-Key"])


def key_from(text: str) -> Key:
    plain, _, generation = text.partition("-")
    return Key(str(uuid.UUID(plain)), int(generation or 0))


def _posted(posted: Posted) -> web.Response:
    return web.json_response({"id": posted.id}, status=200 if posted.is_repeat else 201)


def _movement(body: Mapping[str, Any]) -> Movement:
    return Movement(
        body.get("externalId", ""), date.fromisoformat(body["on"]), Fields(body).cents("amount"),
        body.get("receipt", ""), body.get("note", ""),
    )  # fmt: skip


def _client(client: Client) -> dict[str, Any]:
    return {"id": client.id, "externalId": client.external_id, "phoneNumber": client.msisdn, "name": client.name}


def _loan(loan: CoreLoan) -> dict[str, Any]:
    return {
        "id": loan.id,
        "externalId": loan.external_id,
        "clientId": loan.client_id,
        "product": "QCK",
        "status": loan.status,
        "principal": amount_text(loan.principal_cents),
        "overpaid": amount_text(loan.overpaid_cents),
        "schedule": [_instalment(row) for row in loan.schedule],
        "bookings": [_booking(each) for each in loan.bookings],
    }


def _instalment(row: Instalment) -> dict[str, Any]:
    def parts(each: Parts) -> dict[str, str]:
        return {part: amount_text(each.of(part)) for part in PARTS}

    return {"number": row.number, "dueOn": row.due_on.isoformat(), "due": parts(row.due), "paid": parts(row.paid)}


def _booking(each: Booking) -> dict[str, Any]:
    return {
        "id": each.id,
        "externalId": each.external_id,
        "kind": each.kind,
        "on": each.on.isoformat(),
        "amount": amount_text(each.amount_cents),
        "receipt": each.receipt,
        "isReversed": each.is_reversed,
    }
