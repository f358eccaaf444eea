"""The books for operators: accounts, what each held at any moment, what moved on it, and the trial balance of any day.

GET /api/books/accounts?prefix=wallet:&limit=50&cursor=...
GET /api/books/accounts/mpesa.payout/balance?at=2026-08-05T10:00:00+03:00
GET /api/books/accounts/wallet:9f2b.../entries?from=2026-08-01&to=2026-08-05&limit=50&cursor=...
GET /api/books/trial-balance?on=2026-08-05

{"account": "mpesa.payout", "at": "2026-08-05T10:00:00+03:00", "balance": "-4200.00", "currency": "KES"}

A day is Nairobi's and means its end. A balance is in the account's own direction: what a wallet holds, what a loan
owes.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from aiohttp import web

from gateway.books.accounts import CURRENCY, nature_of
from gateway.books.balances import TrialRow
from gateway.books.errors import UnknownAccount
from gateway.books.ledger import Books
from gateway.books.listing import Listed, listed
from gateway.books.moments import end_of, moment_of, start_of
from gateway.books.statement import Cursor, Movement
from gateway.clock import Clock, iso, local_date
from gateway.lending.fields import amount_text
from gateway.store.engine import Store
from gateway.web.paging import limit_of, number_of
from gateway.web.problems import problem

PAGE, PAGE_MAX = 50, 200


class BooksRoutes:
    """The composition root puts them behind the operators' token. They only read."""

    def __init__(self, store: Store, books: Books, clock: Clock) -> None:
        self._store = store
        self._books = books
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/books/accounts", self.accounts),
            web.get("/api/books/accounts/{key}/balance", self.balance),
            web.get("/api/books/accounts/{key}/entries", self.entries),
            web.get("/api/books/trial-balance", self.trial_balance),
        )

    async def accounts(self, request: web.Request) -> web.StreamResponse:
        """By key; `cursor` of the answer asks for the page after it."""
        query = request.query
        try:
            limit = limit_of(request, PAGE, PAGE_MAX)
        except ValueError:
            return problem(422, "invalid", "limit: a number")
        async with self._store.read() as connection:
            found = await listed(connection, query.get("prefix", ""), query.get("cursor", ""), limit + 1)
        page = found[:limit]
        body = {"accounts": [_account(each) for each in page], "cursor": page[-1].key if len(found) > limit else None}
        return web.json_response(body)

    async def balance(self, request: web.Request) -> web.StreamResponse:
        """Of now with what is held, or of any moment."""
        key, text = request.match_info["key"], request.query.get("at")
        if not _is_known(key):
            return _unknown(key)
        try:
            at = None if text is None else moment_of(text)
        except ValueError:
            return problem(422, "invalid", "at: a day, or a time with its offset, as 2026-08-05T10:00:00+03:00")
        async with self._store.read() as connection:
            if at is None:
                now = await self._books.balance(connection, key)
                held = {"held": amount_text(now.held_cents), "available": amount_text(now.available_cents)}
                cents = now.posted_cents
            else:
                held, cents = {}, await self._books.balance_at(connection, key, at)
        at = self._clock() if at is None else at
        body = {"account": key, "at": iso(at), "balance": amount_text(cents), **held, "currency": CURRENCY}
        return web.json_response(body)

    async def entries(self, request: web.Request) -> web.StreamResponse:
        """The newest first, each with the balance after it."""
        key = request.match_info["key"]
        if not _is_known(key):
            return _unknown(key)
        try:
            before, since, limit = _before(request), _since(request), limit_of(request, PAGE, PAGE_MAX)
        except ValueError:
            return problem(422, "invalid", "limit is a number, from and to are days, cursor is that of the page before")
        async with self._store.read() as connection:
            page = await self._books.statement(connection, key, before=before, limit=limit)
        wanted = [movement for movement in page.movements if movement.at >= since]
        more = page.next if len(wanted) == len(page.movements) else None
        body = {
            "account": key,
            "currency": CURRENCY,
            "entries": [_entry(movement) for movement in wanted],
            "cursor": f"{more.at}-{more.id}" if more else None,
        }
        return web.json_response(body)

    async def trial_balance(self, request: web.Request) -> web.StreamResponse:
        """Of now, or of the end of a day."""
        text = request.query.get("on")
        try:
            day = None if text is None else date.fromisoformat(text)
        except ValueError:
            return problem(422, "invalid", "on: a day, as 2026-08-05")
        async with self._store.read() as connection:
            rows = await self._books.trial_balance(connection, None if day is None else end_of(day))
        return web.json_response(_trial(rows, day or local_date(self._clock())))


def _trial(rows: list[TrialRow], day: date) -> dict[str, Any]:
    debits, credits_ = sum(row.debit_cents for row in rows), sum(row.credit_cents for row in rows)
    return {
        "on": day.isoformat(),
        "currency": CURRENCY,
        "accounts": [
            {
                "account": row.control,
                "kind": row.kind,
                "debit": amount_text(row.debit_cents),
                "credit": amount_text(row.credit_cents),
            }
            for row in rows
        ],
        "debit": amount_text(debits),
        "credit": amount_text(credits_),
        "difference": amount_text(debits - credits_),
    }


def _account(each: Listed) -> dict[str, Any]:
    return {
        "account": each.key,
        "control": each.control,
        "kind": each.kind,
        "currency": each.currency,
        "balance": amount_text(each.balance.posted_cents),
        "held": amount_text(each.balance.held_cents),
    }


def _entry(movement: Movement) -> dict[str, Any]:
    return {
        "id": movement.journal_id,
        "operation": movement.operation_id,
        "step": movement.step,
        "memo": movement.memo,
        "at": iso(movement.at),
        "amount": amount_text(movement.amount_cents),
        "balance": amount_text(movement.balance_cents),
    }


def _is_known(key: str) -> bool:
    try:
        nature_of(key)
    except UnknownAccount:
        return False
    return True


def _unknown(key: str) -> web.Response:
    return problem(404, "not-found", f"{key}: no such account in the chart")


def _before(request: web.Request) -> Cursor | None:
    """Where the page begins: after the cursor, or with the last entry of the day `to`."""
    if text := request.query.get("cursor"):
        at, _, number = text.partition("-")
        return Cursor(number_of(at), number_of(number))
    to = request.query.get("to")
    return Cursor(end_of(date.fromisoformat(to)) + 1, 0) if to else None


def _since(request: web.Request) -> int:
    text = request.query.get("from")
    return start_of(date.fromisoformat(text)) if text else 0
