"""Money that nobody knows the owner of, for operators.

    GET  /api/mpesa/suspense?state=held&limit=50&cursor=...
    POST /api/mpesa/suspense/UA12BC34DE/assign   {"to": "loan", "loan": "LN7K2QD", "by": "jane", "why": "they called"}
    POST /api/mpesa/suspense/UA12BC34DE/assign   {"to": "wallet", "phone": "0711000001", "by": ..., "why": ...}
    POST /api/mpesa/suspense/UA12BC34DE/assign   {"to": "refund", "by": "jane", "why": "meant for another paybill"}
    POST /api/mpesa/suspense/UA12BC34DE/assign   {"to": "same", "by": "jane", "why": "typed wrongly, case CS6R2KD"}
    POST /api/mpesa/suspense/UA12BC34DE/confirm  {"by": "omar", "why": "saw the SMS of M-PESA"}     and .../decline

A refund goes back to the phone that paid; it is named only where M-PESA hides which that was. `same`: its money is
booked already, as a prompt that was settled without its receipt or with one that was typed wrongly; it may also be in
the wallet that its confirmation named.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, StringConstraints, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.operations.outbox import Outbox
from gateway.playbooks.suspense import Assignment, Suspense
from gateway.store.engine import Store
from gateway.suspense import held as kept
from gateway.suspense.held import STATES, Held
from gateway.web.paging import page_of
from gateway.web.problems import problem, validated
from gateway.web.said import Said

PAGE, PAGE_MAX = 50, 200
NOT_FOUND = frozenset({"unknown"})
INVALID = frozenset({"no-such-loan", "no-such-customer", "other-phone", "no-phone", "cents", "state", "not-booked"})

Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class Assign(Said):
    to: Literal["loan", "wallet", "refund", "same"]
    loan: Annotated[Text, Field(max_length=16)] = ""
    phone: Annotated[Text, Field(max_length=20)] = ""

    @model_validator(mode="after")
    def _complete(self) -> "Assign":
        if (self.to == "loan") != bool(self.loan):
            raise ValueError("loan: needed for a loan, and for nothing else")
        if self.to == "wallet" and not self.phone:
            raise ValueError("phone: needed for a wallet")
        if self.to in {"loan", "same"} and self.phone:
            raise ValueError("phone: only of a wallet or a refund")
        if self.phone and kenyan(self.phone) is None:
            raise ValueError("phone: not a Kenyan mobile number")
        return self

    def wish(self) -> Assignment:
        return Assignment(self.to, self.loan.upper() if self.to == "loan" else kenyan(self.phone) or "")


class SuspenseRoutes:
    """Thin: what may go where is decided by `gateway.playbooks.suspense`."""

    def __init__(self, store: Store, suspense: Suspense, outbox: Outbox, clock: Clock) -> None:
        self._store = store
        self._suspense = suspense
        self._outbox = outbox
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/mpesa/suspense", self.listed),
            web.get("/api/mpesa/suspense/{receipt}", self.shown),
            web.post("/api/mpesa/suspense/{receipt}/assign", self.assign),
            web.post("/api/mpesa/suspense/{receipt}/confirm", self.confirm),
            web.post("/api/mpesa/suspense/{receipt}/decline", self.decline),
        )

    async def listed(self, request: web.Request) -> web.Response:
        """A page, the newest first; `cursor` of the answer asks for the next one, null is the end."""
        state = request.query.get("state") or None
        if state not in {None, *STATES}:
            return problem(422, "invalid", f"state: one of {', '.join(STATES)}")
        page = page_of(request, PAGE, PAGE_MAX)
        if isinstance(page, web.Response):
            return page
        async with self._store.read() as connection:
            found = await kept.page(connection, state, before=page.before, limit=page.read)
            shown = [await _shown(connection, each) for each in found[: page.limit]]
            total = await kept.waiting_cents(connection)
        cursor = f"{found[page.limit - 1].at}:{found[page.limit - 1].operation_id}" if len(found) > page.limit else None
        return web.json_response(
            {"payments": shown, "waiting": amount_text(total), "currency": CURRENCY, "cursor": cursor}
        )

    async def shown(self, request: web.Request) -> web.Response:
        async with self._store.read() as connection:
            held = await kept.by_receipt(connection, _receipt(request))
            if held is None:
                return problem(404, "not-found", "no payment with this receipt is in suspense")
            return web.json_response(await _shown(connection, held))

    async def assign(self, request: web.Request) -> web.StreamResponse:
        async def handle(said: Assign) -> web.Response:
            try:
                async with self._store.begin() as connection:
                    wish, receipt = said.wish(), _receipt(request)
                    named = await self._suspense.propose(connection, receipt, wish, self._deed(said))
            except Rejected as error:
                return _refused(error)
            self._outbox.news.set()
            return web.json_response({"receipt": receipt, "reference": named, "state": "asked"}, status=202)

        return await validated(request, Assign, handle)

    async def confirm(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._decided(request, said, is_yes=True))

    async def decline(self, request: web.Request) -> web.StreamResponse:
        return await validated(request, Said, lambda said: self._decided(request, said, is_yes=False))

    async def _decided(self, request: web.Request, said: Said, *, is_yes: bool) -> web.Response:
        receipt = _receipt(request)
        try:
            async with self._store.begin() as connection:
                named = await self._suspense.decided(connection, receipt, self._deed(said), is_yes=is_yes)
        except Rejected as error:
            return _refused(error)
        self._outbox.news.set()
        state = "confirmed" if is_yes else "declined"
        return web.json_response({"receipt": receipt, "reference": named, "state": state})

    def _deed(self, said: Said) -> Deed:
        return Deed(said.by, said.by, said.why, "", self._clock())


async def _shown(connection: AsyncConnection, held: Held) -> dict[str, Any]:
    return {
        "receipt": held.receipt,
        "reference": held.reference,
        "shortcode": held.shortcode,
        "amount": amount_text(held.amount_cents),
        "currency": CURRENCY,
        "account": held.account,
        "phone": held.phone or None,
        "payer": _shown_payer(held),
        "at": iso(held.at),
        "state": held.state,
        "assignment": await _assignment(connection, held),
    }


async def _assignment(connection: AsyncConnection, held: Held) -> dict[str, Any] | None:
    """Where it shall go or has gone, and who says so."""
    rows = await decisions.of_operation(connection, held.assignment_id) if held.assignment_id else []
    row = next((row for row in rows if "target" in row.detail), None)  # a guard may have asked about it, too
    if row is None:
        return None
    asked = {name: row.detail[name] for name in ("to", "target", "by", "why")}
    return {**asked, "reference": row.reference, "until": iso(row.expires_at), "confirmedBy": row.decided_by}


def _shown_payer(held: Held) -> str | None:
    """As M-PESA shows who paid: a masked phone as it is; a hash only as such, for it is soon undone."""
    if held.phone:
        return held.phone
    return held.payer if "*" in held.payer else "hashed" if held.payer else None


def _receipt(request: web.Request) -> str:
    return request.match_info["receipt"].strip().upper()


def _refused(error: Rejected) -> web.Response:
    if error.code in NOT_FOUND:
        return problem(404, "not-found", f"{error}")
    if error.code in INVALID:
        return problem(422, error.code, f"{error}")
    return problem(409, error.code, f"{error}")
