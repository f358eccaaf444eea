"""A core that speaks our own small REST dialect, described in `docs/how-to/add-a-ledger.md`.

    POST /loans/77/repayments    Authorization: Bearer ...    Idempotency-Key: 9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d
    {"externalId": "9b1deb4d-...", "on": "2026-03-31", "amount": "3100.00", "currency": "KES", "receipt": "SCV1AB2CD3"}
    201 {"id": "912"}

Whoever writes such a core needs no more than this: commands that are carried out once for each key, and readings.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from gateway.config import Section
from gateway.errors import Misconfigured, Rejected, Unavailable, Uncertain
from gateway.ledgers.contract import (
    Booking,
    Busy,
    Changes,
    Client,
    Core,
    CoreLoan,
    CoreSavings,
    Cost,
    Instalment,
    Key,
    Movement,
    NewLoan,
    Person,
    Posted,
    Refusals,
    Waiting,
)
from gateway.ledgers.wire import AWAY_STATUSES, Reply, Wire, cents
from gateway.lending.allocation import PARTS, Parts
from gateway.lending.fields import amount_text
from gateway.lending.terms import terms_mapping

KEY_HEADER = "Idempotency-Key"
CURRENCY = "KES"
PROBLEMS: Mapping[str, str] = {"duplicate": Refusals.DUPLICATE, "failed-before": Refusals.STORED}
RUNNING = "in-progress"
TYPE_CHARACTERS_MAX = 40


class Settings(Section):
    """Where it is, and what it calls our products."""

    base_url: str = "https://core.example/nyota/v1"
    token: SecretStr = SecretStr("")
    """Bearer token of our calls."""
    products: dict[str, str] = Field({})
    """Which of our products the core keeps, and what it calls them."""
    savings: dict[Literal["savings", "wallet"], str] = Field({})
    """The same for people's accounts."""


def core(settings: Settings, timeout_seconds: float) -> Core:
    """Raises Misconfigured without a token."""
    if not settings.token.get_secret_value():
        raise Misconfigured("ledger.http.token: needed; set NYOTA_LEDGER__HTTP__TOKEN")
    return Core(HttpLedger(settings, timeout_seconds=timeout_seconds), settings.products, tuple(settings.savings))


class HttpLedger:
    """One core, by bearer token."""

    name = "http"

    def __init__(self, settings: Settings, *, timeout_seconds: float) -> None:
        self._settings = settings
        self._products = {theirs: ours for ours, theirs in settings.products.items()}
        self._savings = {theirs: ours for ours, theirs in settings.savings.items()}
        headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._wire = Wire(settings.base_url, headers, timeout_seconds=timeout_seconds)

    async def client(self, client_id: str) -> Client:
        return _client(await self._known(f"/clients/{_plain(client_id)}"))

    async def find_client(self, person: Person) -> Client | None:
        for params in ({"externalId": person.external_id}, {"phoneNumber": person.msisdn}):
            found = (await self._known("/clients", params)).get("clients", [])
            if len(found) > 1:
                raise Rejected("the core has two such clients", Refusals.AMBIGUOUS)
            if found:
                return _client(found[0])
        return None

    async def create_client(self, person: Person, on: date, key: Key) -> Posted:
        body = {"externalId": person.external_id, "phoneNumber": person.msisdn, "name": person.name}
        return await self._done("/clients", {**body, "on": on.isoformat()}, key)

    async def find_loan(self, external_id: str) -> CoreLoan | None:
        found = (await self._known("/loans", {"externalId": external_id})).get("loans", [])
        return self._loan(found[0]) if found else None

    async def read_loan(self, loan_id: str) -> CoreLoan:
        return self._loan(await self._known(f"/loans/{_plain(loan_id)}"))

    async def create_loan(self, loan: NewLoan, key: Key) -> Posted:
        body = {
            "externalId": loan.external_id,
            "clientId": loan.client_id,
            "product": self._settings.products[loan.product],
            "terms": terms_mapping(loan.terms),
        }
        return await self._done("/loans", body, key)

    async def approve_loan(self, loan_id: str, on: date, amount_cents: int, key: Key) -> Posted:
        body = {"on": on.isoformat(), "amount": amount_text(amount_cents), "currency": CURRENCY}
        return await self._done(f"/loans/{_plain(loan_id)}/approval", body, key)

    async def disburse_loan(self, loan_id: str, movement: Movement, key: Key) -> Posted:
        return await self._done(f"/loans/{_plain(loan_id)}/disbursement", _moved(movement), key)

    async def repay_loan(self, loan_id: str, movement: Movement, key: Key) -> Posted:
        return await self._done(f"/loans/{_plain(loan_id)}/repayments", _moved(movement), key)

    async def charge_loan(self, loan_id: str, cost: Cost, key: Key) -> Posted:
        body = _moved(Movement(cost.external_id, cost.on, cost.amount_cents))
        return await self._done(f"/loans/{_plain(loan_id)}/charges", {**body, "kind": cost.kind}, key)

    async def find_charge(self, loan_id: str, external_id: str) -> Posted | None:
        return await self._found(f"/loans/{_plain(loan_id)}/charges", external_id)

    async def undo(self, loan_id: str, booking_id: str, on: date, key: Key) -> Posted:
        path = f"/loans/{_plain(loan_id)}/repayments/{_plain(booking_id)}/reversal"
        return await self._done(path, {"on": on.isoformat()}, key)

    async def savings_of(self, client_id: str) -> Sequence[CoreSavings]:
        rows = (await self._known(f"/clients/{_plain(client_id)}/savings")).get("savings", [])
        return [
            CoreSavings(
                str(row["id"]), client_id, self._savings.get(row["product"], ""), _cents(row, "balance"),
                is_active=row["status"] == "active",
            )
            for row in rows
        ]  # fmt: skip

    async def deposit(self, savings_id: str, movement: Movement, key: Key) -> Posted:
        return await self._done(f"/savings/{_plain(savings_id)}/deposits", _moved(movement), key)

    async def withdraw(self, savings_id: str, movement: Movement, key: Key) -> Posted:
        return await self._done(f"/savings/{_plain(savings_id)}/withdrawals", _moved(movement), key)

    async def find_movement(self, savings_id: str, movement: Movement) -> Posted | None:
        return await self._found(f"/savings/{_plain(savings_id)}/movements", movement.external_id)

    async def changes(self, cursor: str) -> Changes:
        row = await self._known("/changes", {"cursor": cursor} if cursor else None)
        loans = tuple(str(each) for each in row["loans"])
        return Changes(loans, str(row["cursor"]), has_more=bool(row.get("hasMore")))

    async def missing(self) -> Sequence[str]:
        there = await self._known("/catalogue")
        wanted: dict[str, list[str]] = {
            "products": list(self._settings.products.values()),
            "savings": list(self._settings.savings.values()),
        }
        return [
            f"ledger.http.{key}: {theirs}"
            for key, names in wanted.items()
            for theirs in sorted(set(names) - set(there.get(key, [])))
        ]

    async def close(self) -> None:
        await self._wire.close()

    async def _found(self, path: str, external_id: str) -> Posted | None:
        found = (await self._known(path, {"externalId": external_id})).get("found", [])
        return Posted(str(found[0]["id"]), is_repeat=True) if found else None

    async def _known(self, path: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        reply = await self._wire.get(path, params)
        if reply.status == 404:
            raise Rejected("the core does not know this", Refusals.UNKNOWN)
        if not reply.is_good or not isinstance(reply.body, dict):
            raise Unavailable("the core does not let us read", status=reply.status)
        return reply.fields

    async def _done(self, path: str, body: Mapping[str, Any], key: Key) -> Posted:
        return _posted(await self._wire.post(path, body, {KEY_HEADER: str(key)}))

    def _loan(self, row: Mapping[str, Any]) -> CoreLoan:
        try:
            return CoreLoan(
                id=str(row["id"]),
                external_id=str(row.get("externalId") or ""),
                client_id=str(row["clientId"]),
                product=self._products.get(row["product"], ""),
                status=row["status"],
                principal_cents=_cents(row, "principal"),
                overpaid_cents=_cents(row, "overpaid"),
                schedule=tuple(_instalment(each) for each in row.get("schedule", [])),
                bookings=tuple(_booking(each) for each in row.get("bookings", [])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Uncertain("a loan of the core could not be understood") from error


def _posted(reply: Reply) -> Posted:
    """What a command came to. 202: a second person decides; 200: it was carried out before."""
    kind = str(reply.fields.get("type", ""))[-TYPE_CHARACTERS_MAX:].rpartition(":")[2]
    evidence: dict[str, object] = {"status": reply.status, "problem": kind}
    if reply.status == 202:
        raise Waiting("the core waits for a second person")
    if reply.is_good and "id" in reply.fields:
        return Posted(str(reply.fields["id"]), is_repeat=reply.status == 200)
    if reply.status == 401:
        raise Unavailable("the core refuses our token", **evidence)
    if reply.status == 503:
        raise Unavailable("the core does not take commands now", **evidence)
    if kind in PROBLEMS:
        raise Rejected("the core has something under this id or key", PROBLEMS[kind], **evidence)
    if kind == RUNNING:
        raise Busy("the core is still working on this very command", **evidence)
    if reply.status in AWAY_STATUSES or not 400 <= reply.status < 500:
        raise Uncertain("the core does not say what became of the command", **evidence)
    if reply.status == 404:
        raise Rejected("the core does not know this", Refusals.UNKNOWN, **evidence)
    raise Rejected(f"the core refuses: {kind or reply.status}", kind or str(reply.status), **evidence)


def _moved(movement: Movement) -> dict[str, Any]:
    named = {"receipt": movement.receipt, "note": movement.note}
    return {
        "externalId": movement.external_id,
        "on": movement.on.isoformat(),
        "amount": amount_text(movement.amount_cents),
        "currency": CURRENCY,
        **{name: text for name, text in named.items() if text},
    }


def _client(row: Mapping[str, Any]) -> Client:
    return Client(str(row["id"]), str(row.get("externalId") or ""), str(row["phoneNumber"]), str(row.get("name") or ""))


def _instalment(row: Mapping[str, Any]) -> Instalment:
    due, paid = (_parts(row[name]) for name in ("due", "paid"))
    return Instalment(int(row["number"]), date.fromisoformat(row["dueOn"]), due, paid)


def _parts(row: Mapping[str, Any]) -> Parts:
    return Parts(*(_cents(row, part) for part in PARTS))


def _booking(row: Mapping[str, Any]) -> Booking:
    return Booking(
        id=str(row["id"]),
        external_id=str(row.get("externalId") or ""),
        kind=row["kind"],
        on=date.fromisoformat(row["on"]),
        amount_cents=_cents(row, "amount"),
        receipt=str(row.get("receipt") or ""),
        is_reversed=bool(row.get("isReversed")),
    )


def _cents(row: Mapping[str, Any], name: str) -> int:
    return cents(row.get(name))


def _plain(ident: str) -> str:
    return quote(ident, safe="")
