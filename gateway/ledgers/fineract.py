"""Apache Fineract and Mifos X as the core.

    POST /fineract-provider/api/v1/loans/77/transactions?command=repayment
    Fineract-Platform-TenantId: default    Idempotency-Key: 9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d
    {"transactionDate": "2026-03-31", "transactionAmount": "3100.00", "externalId": "9b1deb4d-...", ...}
    200 {"officeId": 1, "clientId": 41, "loanId": 77, "resourceId": 912, "changes": {...}}

It compares neither body nor loan when a key comes again, so keys are those of operations and of nothing else.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from gateway.config import Section
from gateway.errors import Misconfigured, Rejected, Unavailable
from gateway.ledgers import fineract_answers as answers
from gateway.ledgers import fineract_bodies as bodies
from gateway.ledgers.contract import (
    Changes,
    Client,
    Core,
    CoreLoan,
    CoreSavings,
    Cost,
    Key,
    Movement,
    NewLoan,
    Person,
    Posted,
    Refusals,
)
from gateway.ledgers.fineract_bodies import CoreProduct
from gateway.ledgers.wire import Wire
from gateway.lending.fields import amount_text

WHOLE_LOAN = {"associations": "repaymentSchedule,transactions"}
SEARCH_MAX = 200


class Settings(Section):
    """Where it is, who we are there, and what it calls our products."""

    base_url: str = "https://fineract.example/fineract-provider/api/v1"
    tenant: str = "default"
    username: str = "mifos"
    password: SecretStr = SecretStr("")
    key_header: str = "Idempotency-Key"
    """The header in which the server takes idempotency keys; a setting of the server, too."""
    office: int = Field(1, ge=1)
    payment_type: int = Field(1, ge=1)
    """The payment type of M-PESA; see `GET /paymenttypes`."""
    products: dict[str, CoreProduct] = Field({})
    """Which of our products the core keeps, and as which of its own. A product that is not here stays ours alone."""
    savings: dict[Literal["savings", "wallet"], int] = Field({})
    """Which of people's accounts the core keeps, and as which of its savings products."""
    fee_charge: int = Field(0, ge=0)
    """The charge that our fees are put on a loan as; 0: fees that are added to a loan wait for a person."""
    penalty_charge: int = Field(0, ge=0)
    """The same for penalties that people put on a loan."""
    page: int = Field(100, ge=1, le=1000)
    """Loans looked at in one go when the core is asked for changes."""


def core(settings: Settings, timeout_seconds: float) -> Core:
    """Raises Misconfigured without a password."""
    if not settings.password.get_secret_value():
        raise Misconfigured("ledger.fineract.password: needed; set NYOTA_LEDGER__FINERACT__PASSWORD")
    products = {ours: str(theirs.id) for ours, theirs in settings.products.items()}
    return Core(FineractLedger(settings, timeout_seconds=timeout_seconds), products, tuple(settings.savings))


class FineractLedger:
    """One tenant, one office, by Basic authentication."""

    name = "fineract"

    def __init__(self, settings: Settings, *, timeout_seconds: float) -> None:
        self._settings = settings
        self._products = {product.id: key for key, product in settings.products.items()}
        self._savings = {product: account for account, product in settings.savings.items()}
        basic = base64.b64encode(f"{settings.username}:{settings.password.get_secret_value()}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Fineract-Platform-TenantId": settings.tenant}
        self._wire = Wire(settings.base_url, headers, timeout_seconds=timeout_seconds)

    async def client(self, client_id: str) -> Client:
        row = await self._read(f"/clients/{client_id}")
        if row is None:
            raise Rejected("the core has no such client", Refusals.UNKNOWN)
        return answers.client(row)

    async def find_client(self, person: Person) -> Client | None:
        row = await self._read(f"/clients/external-id/{quote(person.external_id, safe='')}")
        if row is not None:
            return answers.client(row)
        found = {each for form in _forms(person.msisdn) for each in await self._searched(form, person.msisdn)}
        if len(found) > 1:
            raise Rejected("two clients of the core have this phone", Refusals.AMBIGUOUS, clients=sorted(found))
        return await self.client(found.pop()) if found else None

    async def create_client(self, person: Person, on: date, key: Key) -> Posted:
        return await self._done("/clients", bodies.client(person, on, self._settings.office), key, ident="clientId")

    async def find_loan(self, external_id: str) -> CoreLoan | None:
        row = await self._read(f"/loans/external-id/{quote(external_id, safe='')}", WHOLE_LOAN)
        return answers.loan(row, self._products) if row is not None else None

    async def read_loan(self, loan_id: str) -> CoreLoan:
        row = await self._read(f"/loans/{quote(loan_id, safe='')}", WHOLE_LOAN)
        if row is None:
            raise Rejected("the core has no such loan", Refusals.UNKNOWN)
        return answers.loan(row, self._products)

    async def create_loan(self, loan: NewLoan, key: Key) -> Posted:
        product = self._settings.products[loan.product]
        return await self._done("/loans", bodies.application(loan, product), key, ident="loanId")

    async def approve_loan(self, loan_id: str, on: date, amount_cents: int, key: Key) -> Posted:
        return await self._done(f"/loans/{loan_id}", bodies.approval(on, amount_cents), key, command="approve")

    async def disburse_loan(self, loan_id: str, movement: Movement, key: Key) -> Posted:
        body = bodies.disbursement(movement, self._settings.payment_type)
        return await self._done(f"/loans/{loan_id}", body, key, command="disburse")

    async def repay_loan(self, loan_id: str, movement: Movement, key: Key) -> Posted:
        body = bodies.repayment(movement, self._settings.payment_type)
        return await self._done(f"/loans/{loan_id}/transactions", body, key, command="repayment")

    async def charge_loan(self, loan_id: str, cost: Cost, key: Key) -> Posted:
        charge = self._settings.fee_charge if cost.kind == "fee" else self._settings.penalty_charge
        if not charge:
            raise Rejected(f"no charge is configured for a {cost.kind}", "not.configured")
        return await self._done(f"/loans/{loan_id}/charges", bodies.charge(cost, charge), key)

    async def find_charge(self, loan_id: str, external_id: str) -> Posted | None:
        row = await self._read(f"/loans/{loan_id}/charges/external-id/{quote(external_id, safe='')}")
        return Posted(str(row["id"]), is_repeat=True) if row is not None else None

    async def undo(self, loan_id: str, booking_id: str, on: date, key: Key) -> Posted:
        path = f"/loans/{loan_id}/transactions/{booking_id}"
        return await self._done(path, bodies.undo(on), key, command="undo")

    async def savings_of(self, client_id: str) -> Sequence[CoreSavings]:
        row = await self._read(f"/clients/{client_id}/accounts") or {}
        return [answers.savings(each, client_id, self._savings) for each in row.get("savingsAccounts", [])]

    async def deposit(self, savings_id: str, movement: Movement, key: Key) -> Posted:
        return await self._moved(savings_id, movement, key, "deposit")

    async def withdraw(self, savings_id: str, movement: Movement, key: Key) -> Posted:
        return await self._moved(savings_id, movement, key, "withdrawal")

    async def find_movement(self, savings_id: str, movement: Movement) -> Posted | None:
        day, amount = movement.on.isoformat(), amount_text(movement.amount_cents)
        params = {
            "fromDate": day, "toDate": day, "fromAmount": amount, "toAmount": amount, "limit": str(SEARCH_MAX),
            "dateFormat": "yyyy-MM-dd", "locale": "en",
        }  # fmt: skip
        found = await self._read(f"/savingsaccounts/{savings_id}/transactions/search", params) or {}
        for row in found.get("content", found.get("pageItems", [])):
            detail = row.get("paymentDetailData") or {}
            if detail.get("receiptNumber") == movement.external_id and not row.get("reversed"):
                return Posted(str(row["id"]), is_repeat=True)
        return None

    async def changes(self, cursor: str) -> Changes:
        """A walk over all loans, page after page and again from the start: the server keeps no list of changes."""
        offset = int(cursor) if cursor.isdecimal() else 0
        params = {"offset": str(offset), "limit": str(self._settings.page), "orderBy": "id", "sortOrder": "ASC"}
        row = await self._read("/loans", params) or {}
        found = tuple(str(each["id"]) for each in row.get("pageItems", []))
        is_over = len(found) < self._settings.page
        return Changes(found, "0" if is_over else str(offset + len(found)), has_more=not is_over, is_walk=True)

    async def missing(self) -> Sequence[str]:
        """Raises Unavailable when the core cannot say."""
        settings = self._settings
        wanted = {
            ("ledger.fineract.office", "/offices"): {settings.office},
            ("ledger.fineract.payment_type", "/paymenttypes"): {settings.payment_type},
            ("ledger.fineract.products", "/loanproducts"): {product.id for product in settings.products.values()},
            ("ledger.fineract.savings", "/savingsproducts"): set(settings.savings.values()),
        }
        absent = []
        for (key, path), ids in wanted.items():
            there = {int(row["id"]) for row in await self._read(path) or []} if ids else set()
            absent += [f"{key}: {each}" for each in sorted(ids - there)]
        return absent

    async def close(self) -> None:
        await self._wire.close()

    async def _moved(self, savings_id: str, movement: Movement, key: Key, command: str) -> Posted:
        body = bodies.savings_movement(movement, self._settings.payment_type)
        return await self._done(f"/savingsaccounts/{savings_id}/transactions", body, key, command=command)

    async def _done(
        self, path: str, body: Mapping[str, Any], key: Key, *, command: str = "", ident: str = "resourceId"
    ) -> Posted:
        params = {"command": command} if command else None
        reply = await self._wire.post(path, body, {self._settings.key_header: str(key)}, params)
        return answers.posted(reply, ident)

    async def _read(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return answers.read(await self._wire.get(path, params))

    async def _searched(self, form: str, msisdn: str) -> list[str]:
        """By a number in one form. A page that is full may hide another of the same number."""
        params = {"query": form, "resource": "clients", "exactMatch": "true"}
        rows = await self._read("/search", params) or []
        if len(rows) >= SEARCH_MAX:
            raise Unavailable("too many clients fit a phone number")
        return answers.found_clients(rows, msisdn)


def _forms(msisdn: str) -> tuple[str, str]:
    """As we write a number, and as others may have written it."""
    return msisdn.removeprefix("+"), "0" + msisdn.removeprefix("+254")
