"""The core's side of the control API: what it knows itself, what it is to refuse, and a checker's word.

GET  /control/core                        everything; `?loan=<external id>` only that loan, `?only=counts` no lists
POST /control/core/poison                 {"externalId": "op-91c2"} or {"keyPrefix": "91c2"} or {"loan": 77}
DELETE /control/core/poison               nothing is refused for good any more
POST /control/core/commands/{id}          {"answer": "approve"} or "reject", with maker-checker on
"""

import json
from collections.abc import Mapping
from sqlite3 import Row
from typing import Any

from aiohttp import web

from simulator.standins import money, stamps
from simulator.standins.book import Rows
from simulator.standins.control import PREFIX, ProblemError, read_body, read_text, route
from simulator.standins.core import wire
from simulator.standins.core.calls import Write
from simulator.standins.core.commands import POISONS, decide
from simulator.standins.core.server import CORE, ROUTES
from simulator.standins.world import World


def routes() -> list[web.RouteDef]:
    return [
        route("GET", f"{PREFIX}/core", show),
        route("POST", f"{PREFIX}/core/poison", poison),
        route("DELETE", f"{PREFIX}/core/poison", cure),
        route("POST", f"{PREFIX}/core/commands/{{id}}", check),
    ]


async def show(_world: World, request: web.Request) -> Mapping[str, Any]:
    """The core's own truth: everybody, every loan with what was applied to it in order, every account."""
    core = request.app[CORE]
    await core.store.settled()
    rows = core.store.seen
    counts = {"counts": _counts(rows)}
    if request.query.get("only") == "counts":
        return counts
    if (external := request.query.get("loan")) is not None:
        return {"loans": _loans(rows, external)} | counts
    return {
        "clients": [_client(row) for row in rows.all("SELECT * FROM clients ORDER BY id")],
        "loans": _loans(rows, None),
        "savings": _savings(rows),
        "waiting": [_command(row) for row in rows.all("SELECT * FROM commands WHERE state = 'waiting' ORDER BY id")],
        "running": [_command(row) for row in rows.all("SELECT * FROM commands WHERE state = 'running' ORDER BY id")],
        "poison": _poison(rows),
    } | counts


async def poison(_world: World, request: web.Request) -> Mapping[str, Any]:
    """From now on the core refuses this item, whatever is tried with it."""
    body, core = await read_body(request), request.app[CORE]
    named = [kind for kind in POISONS if kind in body]
    if len(named) != 1 or len(body) != 1:
        raise ProblemError(422, "invalid-poison", f"exactly one of {', '.join(POISONS)}")
    kind = named[0]
    value = str(body[kind]) if kind == "loan" and type(body[kind]) is int else read_text(body, kind)
    with core.store.change() as rows:
        rows.execute("INSERT INTO poison (kind, value) VALUES (?, ?) ON CONFLICT DO NOTHING", kind, value)
    await core.store.settled()
    return {"poison": _poison(core.store.seen)}


async def cure(_world: World, request: web.Request) -> Mapping[str, Any]:
    core = request.app[CORE]
    with core.store.change() as rows:
        rows.execute("DELETE FROM poison")
    await core.store.settled()
    return {"poison": []}


async def check(_world: World, request: web.Request) -> Mapping[str, Any]:
    """A second person looks at a command that waits."""
    core, answer = request.app[CORE], read_text(await read_body(request), "answer")
    if answer not in ("approve", "reject"):
        raise ProblemError(422, "unknown-answer", "answer is approve or reject")
    row = _waiting(core.store.rows, request.match_info["id"])
    write = next(one for one in ROUTES if isinstance(one, Write) and (one.action, one.entity, one.path) == _name(row))
    given = decide(core, row, write, approve=answer == "approve")
    await core.store.settled()
    return {"status": given.status, "body": json.loads(given.body)}


def _waiting(rows: Rows, number: str) -> Row:
    wanted = int(number) if number.isdecimal() and len(number) < 19 else -1
    row = rows.one("SELECT * FROM commands WHERE id = ? AND state = 'waiting'", wanted)
    if row is None:
        raise ProblemError(404, "unknown-command", "no command with this id waits for a checker")
    return row


def _name(row: Row) -> tuple[str, str, str]:
    return row["action"], row["entity"], json.loads(row["request"])["write"]


def _counts(rows: Rows) -> dict[str, Any]:
    applied = "SELECT COUNT(*) FROM transactions WHERE is_reversed = 0"
    states = rows.all("SELECT state, COUNT(*) AS number FROM commands GROUP BY state")
    return {
        "clients": rows.value("SELECT COUNT(*) FROM clients"),
        "loans": rows.value("SELECT COUNT(*) FROM loans"),
        "transactions": rows.value(applied),
        "repayments": rows.value(f"{applied} AND type = 2"),
        "savings": rows.value("SELECT COUNT(*) FROM savings"),
        "savingsTransactions": rows.value("SELECT COUNT(*) FROM savings_transactions WHERE is_reversed = 0"),
        "commands": {row["state"]: row["number"] for row in states},
    }


def _client(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "externalId": row["external_id"],
        "mobileNo": row["mobile_no"],
        "name": row["display_name"],
        "status": row["status"],
    }


def _loans(rows: Rows, external: str | None) -> list[dict[str, Any]]:
    """Every loan, or the one with this external id, with what was applied to it in order."""
    applied: dict[int, list[dict[str, Any]]] = {}
    for row in rows.all(
        "SELECT * FROM transactions WHERE replaced_by IS NULL"
        " AND (?1 IS NULL OR loan_id = (SELECT id FROM loans WHERE external_id = ?1)) ORDER BY at, id",
        external,
    ):
        applied.setdefault(row["loan_id"], []).append(_transaction(row, wire.TRANSACTION_TYPES))
    return [
        {
            "id": row["id"],
            "externalId": row["external_id"],
            "clientId": row["client_id"],
            "productId": row["product_id"],
            "status": row["status"],
            "principal": money.shillings(row["principal_cents"]),
            "overpaid": money.shillings(row["overpaid_cents"]),
            "outstanding": money.shillings(row["outstanding"]),
            "currency": money.CURRENCY,
            "disbursedOn": row["disbursed_on"],
            "transactions": applied.get(row["id"], []),
        }
        for row in rows.all(
            "SELECT loans.*, (SELECT CAST(TOTAL(principal + interest + fee + penalty - principal_paid - interest_paid"
            " - fee_paid - penalty_paid - principal_off - interest_off - fee_off - penalty_off) AS INTEGER)"
            " FROM instalments WHERE loan_id = loans.id) AS outstanding FROM loans"
            " WHERE ?1 IS NULL OR external_id = ?1 ORDER BY id",
            external,
        )
    ]


def _savings(rows: Rows) -> list[dict[str, Any]]:
    applied: dict[int, list[dict[str, Any]]] = {}
    for row in rows.all("SELECT *, NULL AS external_id FROM savings_transactions ORDER BY id"):
        applied.setdefault(row["savings_id"], []).append(_transaction(row, wire.SAVINGS_TRANSACTION_TYPES))
    return [
        {
            "id": row["id"],
            "externalId": row["external_id"],
            "clientId": row["client_id"],
            "status": row["status"],
            "balance": money.shillings(row["balance_cents"]),
            "currency": money.CURRENCY,
            "transactions": applied.get(row["id"], []),
        }
        for row in rows.all("SELECT * FROM savings ORDER BY id")
    ]


def _transaction(row: Row, types: Mapping[int, tuple[str, str, str]]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "type": types[row["type"]][0],
        "externalId": row["external_id"],
        "receiptNumber": row["receipt"],
        "amount": money.shillings(row["amount_cents"]),
        "currency": money.CURRENCY,
        "date": row["happened_on"],
        "key": row["idempotency_key"],
        "reversed": bool(row["is_reversed"]),
        "at": stamps.iso(row["at"]),
    }


def _command(row: Row) -> dict[str, Any]:
    return {
        "commandId": row["id"],
        "action": row["action"],
        "entity": row["entity"],
        "key": row["key"],
        "at": stamps.iso(row["at"]),
    }


def _poison(rows: Rows) -> list[dict[str, Any]]:
    return [{row["kind"]: row["value"]} for row in rows.all("SELECT * FROM poison ORDER BY kind, value")]
