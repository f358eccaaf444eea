"""The core of `docs/how-to/add-a-ledger.md`, served from another ledger, and the file of that page as a module."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp import web

from gateway.errors import Rejected
from gateway.ledgers.contract import Booking, Core, CoreLoan, Cost, Instalment, Ledger, Movement, NewLoan, Person
from gateway.lending.allocation import PARTS, Parts
from gateway.lending.terms import parse_terms
from tests.gateway.ledgers.cores import key_from, served
from tests.guides import instructions

API_KEY = "s3cret"
TIMEOUT_SECONDS = 3.0


@asynccontextmanager
async def ushirika_at(behind: Ledger, folder: Path) -> AsyncIterator[Ledger]:
    """What the page tells to write, in front of such a core."""
    module = written(folder / "ushirika.py")
    async with office_at(behind) as url:
        settings = module.Settings(
            base_url=url, api_key=API_KEY, products={"quick": "QCK"}, savings={"savings": "SAV"}
        )  # fmt: skip
        core: Core = module.core(settings, TIMEOUT_SECONDS)
        try:
            yield core.ledger
        finally:
            await core.ledger.close()


def written(path: Path) -> ModuleType:
    """The file of the page, written down and read."""
    (body,) = (each.body for each in instructions("add-a-ledger.md") if each.what == "gateway/ledgers/ushirika.py")
    path.write_text(body, encoding="utf-8")
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def office_at(behind: Ledger) -> AsyncIterator[str]:
    """Its address."""
    async with served(Office(behind).application()) as url:
        yield url


@dataclass
class Office:
    """The server's side."""

    behind: Ledger

    def application(self) -> web.Application:
        application = web.Application()
        application.add_routes([web.post("/do", self.do), web.get("/ask", self.ask)])
        return application

    async def do(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if request.headers.get("X-Api-Key") != API_KEY:
            return web.Response(status=401)
        try:
            posted = await self._done(body)
        except Rejected as error:
            return web.json_response({"no": error.code})
        return web.json_response({"id": posted.id, "again": posted.is_repeat})

    async def ask(self, request: web.Request) -> web.StreamResponse:
        try:
            found = await self._found(dict(request.query))
        except Rejected:
            found = None
        return web.json_response({"found": found})

    async def _done(self, body: dict[str, Any]) -> Any:
        key, core = key_from(body["key"]), self.behind
        match body["what"]:
            case "join":
                person = Person(body["ref"], body["phone"], body["name"])
                return await core.create_client(person, date.fromisoformat(body["on"]), key)
            case "apply":
                loan = NewLoan(body["ref"], body["client"], "quick", parse_terms(body["terms"]))
                return await core.create_loan(loan, key)
            case "approve":
                return await core.approve_loan(body["loan"], date.fromisoformat(body["on"]), body["cents"], key)
            case "undo":
                return await core.undo(body["loan"], body["move"], date.fromisoformat(body["on"]), key)
            case "charge":
                cost = Cost(body["ref"], date.fromisoformat(body["on"]), body["cents"], body["kind"])
                return await core.charge_loan(body["loan"], cost, key)
        moves = {
            "disburse": core.disburse_loan,
            "repay": core.repay_loan,
            "deposit": core.deposit,
            "withdraw": core.withdraw,
        }
        movement = Movement(body["ref"], date.fromisoformat(body["on"]), body["cents"], body["receipt"])
        return await moves[body["what"]](body.get("loan") or body["account"], movement, key)

    async def _found(self, asked: dict[str, str]) -> Any:
        core = self.behind
        match asked["what"]:
            case "client" if "id" in asked:
                return vars_of(await core.client(asked["id"]))
            case "client":
                return vars_of(await core.find_client(Person(asked["ref"], asked["phone"])))
            case "loan":
                loan = await (core.read_loan(asked["id"]) if "id" in asked else core.find_loan(asked["ref"]))
                return loan_of(loan) if loan else None
            case "charge":
                posted = await core.find_charge(asked["loan"], asked["ref"])
            case "movement":
                posted = await core.find_movement(asked["account"], Movement(asked["ref"], date(2026, 1, 1), 1))
            case "savings":
                return [
                    {"id": each.id, "product": "SAV", "cents": each.balance_cents, "open": each.is_active}
                    for each in await core.savings_of(asked["client"])
                ]
            case "changes":
                changes = await core.changes(asked["after"])
                return {"loans": changes.loan_ids, "cursor": changes.cursor, "more": changes.has_more}
            case "products":
                return ["QCK", "SAV"]
            case other:
                raise web.HTTPBadRequest(text=other)
        return posted.id if posted else None


def vars_of(client: Any) -> dict[str, Any] | None:
    if client is None:
        return None
    return {"id": client.id, "ref": client.external_id, "phone": client.msisdn, "name": client.name}


def loan_of(loan: CoreLoan) -> dict[str, Any]:
    return {
        "id": loan.id,
        "ref": loan.external_id,
        "client": loan.client_id,
        "product": "QCK",
        "status": loan.status,
        "cents": loan.principal_cents,
        "overpaid": loan.overpaid_cents,
        "rows": [row_of(each) for each in loan.schedule],
        "moves": [move_of(each) for each in loan.bookings],
    }


def row_of(row: Instalment) -> dict[str, Any]:
    def parts(each: Parts) -> list[int]:
        return [each.of(part) for part in PARTS]

    return {"number": row.number, "on": row.due_on.isoformat(), "due": parts(row.due), "paid": parts(row.paid)}


def move_of(each: Booking) -> dict[str, Any]:
    return {
        "id": each.id,
        "ref": each.external_id,
        "kind": each.kind,
        "on": each.on.isoformat(),
        "cents": each.amount_cents,
        "receipt": each.receipt,
        "undone": each.is_reversed,
    }
