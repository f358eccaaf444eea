"""Statements and receipts for operators.

    GET /api/wallet/0711000001/statement?format=pdf&from=2026-08-01&to=2026-08-31
    GET /api/savings/0711000001/statement?format=csv&type=interest,in&status=all
    GET /api/loans/LN7K2QD/statement?format=json&page=2
    GET /api/papers/receipt/DP2H6QD?phone=0711000001
    GET /api/papers/7K2Q-M4ZX-9TDB

`format` is json (page by page), pdf, csv or xlsx; without days it is the last three months. `type` is any of the kinds
that the JSON answers, or `in` and `out`; `status` is posted, held or all. A file is refused with `too-many-lines` when
it would be too long for its kind; CSV is as long as it needs to be.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiohttp import hdrs, web

from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso, local, local_date
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import Portfolio
from gateway.papers import receipt, records
from gateway.papers.days import Days, days_of
from gateway.papers.desk import Desk, File, Form
from gateway.papers.loans import Instalment
from gateway.papers.reader import LoanStatement, TooManyLines
from gateway.papers.statement import Account, Choice, Line, Statement, page_of, pages_in
from gateway.papers.writing import Voice, described
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import Store
from gateway.web.files import streamed
from gateway.web.pages import PRIVATE
from gateway.web.people import customer_on
from gateway.web.problems import problem

FORMS = ("json", "pdf", "csv", "xlsx")
STATUSES = ("posted", "held", "all")
KINDS = frozenset(
    {
        "in", "out", "mpesa", "person", "phone", "loan", "savings", "wallet", "fee", "interest", "opening", "other",
        "paid_out", "interest_agreed", "penalty", "repaid", "waived", "adjusted",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a statement is wanted. Without `days` those that the statement has by itself."""

    form: str
    days: Days | None
    choice: Choice
    page: int


class PapersRoutes:
    """For operators only: whoever holds a link is answered by `gateway.web.paper_links`."""

    def __init__(self, desk: Desk, store: Store, portfolio: Portfolio, clock: Clock) -> None:
        self._desk = desk
        self._store = store
        self._portfolio = portfolio
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/wallet/{phone}/statement", self.wallet),
            web.get("/api/savings/{phone}/statement", self.savings),
            web.get("/api/loans/{reference}/statement", self.loan),
            web.get("/api/papers/receipt/{reference}", self.receipt),
            web.get("/api/papers/{code}", self.checked),
        )

    async def wallet(self, request: web.Request) -> web.StreamResponse:
        return await self._account(request, "wallet")

    async def savings(self, request: web.Request) -> web.StreamResponse:
        return await self._account(request, "savings")

    async def _account(self, request: web.Request, account: Account) -> web.StreamResponse:
        asked = self._asked(request)
        if isinstance(asked, web.Response):
            return asked
        customer = await self._customer(request.match_info["phone"])
        if isinstance(customer, web.Response):
            return customer
        days = asked.days or days_of("quarter", local_date(self._clock()))
        if asked.form == "json":
            return await self._account_page(customer, account, days, asked)
        if asked.form == "csv":
            walk = await self._desk.reader.walk(account, customer.id, days, asked.choice)
            pieces = self._desk.table(customer, account, days, walk, "api")
            return await streamed(request, f"{account}-{days.since}-{days.until}.csv", pieces, PRIVATE)
        form: Form = "pdf" if asked.form == "pdf" else "xlsx"
        return await filed(lambda: self._desk.account(customer, account, days, asked.choice, form, "api"))

    async def _account_page(self, customer: Customer, account: Account, days: Days, asked: Asked) -> web.Response:
        size = self._desk.settings.page
        statement, count = await self._desk.reader.page(
            account, customer.id, days, asked.choice, number=asked.page, size=size
        )
        voice = self._desk.voice(customer.language)
        return web.json_response(
            {
                "phoneNumber": customer.msisdn,
                **_described(voice, statement, days, statement.lines),
                **_paged(count, asked.page, size),
            },
            headers=PRIVATE,
        )

    async def loan(self, request: web.Request) -> web.StreamResponse:
        """What a loan was charged and paid, part by part, and its schedule."""
        asked = self._asked(request)
        if isinstance(asked, web.Response):
            return asked
        async with self._store.read() as connection:
            record = await self._portfolio.by_reference(connection, request.match_info["reference"])
            owner = await customers.find(connection, record.customer_id) if record else None
        if record is None or owner is None:
            return problem(404, "not-found", "no such loan")
        days = asked.days or await self._desk.reader.began(record)
        found = await self._desk.reader.loan(record, days, asked.choice)
        if found is None:
            return problem(409, "not-paid-out", "this loan was not paid out by the end of these days")
        if asked.form == "json":
            return self._loan_page(owner, found, days, asked.page)
        if asked.form == "csv":
            pieces = self._desk.loan_table(owner, found, days, "api")
            return await streamed(request, f"{record.reference}-{days.since}-{days.until}.csv", pieces, PRIVATE)
        form: Form = "pdf" if asked.form == "pdf" else "xlsx"
        return await filed(lambda: self._desk.loan(owner, found, days, form, "api"))

    def _loan_page(self, owner: Customer, found: LoanStatement, days: Days, number: int) -> web.Response:
        size, statement = self._desk.settings.page, found.statement
        voice = self._desk.voice(owner.language)
        lines = page_of(statement.lines, number, size)
        return web.json_response(
            {
                "phoneNumber": owner.msisdn,
                "loan": found.lent.reference,
                "product": found.lent.product,
                "state": found.lent.state,
                "paidOutOn": found.lent.paid_out_on.isoformat(),
                "owed": amount_text(found.lent.left_cents),
                **_described(voice, statement, days, lines),
                "schedule": [_instalment(each) for each in found.schedule],
                **_paged(len(statement.lines), number, size),
            },
            headers=PRIVATE,
        )

    async def receipt(self, request: web.Request) -> web.StreamResponse:
        """One operation's receipt as PDF; with `phone` for somebody else whom it moved money for."""
        reference, phone = request.match_info["reference"], request.query.get("phone")
        person = await self._customer(phone) if phone else None
        if isinstance(person, web.Response):
            return person
        async with self._store.read() as connection:
            found = await receipt.found(connection, reference, person.id if person else None)
            if found is None:
                return problem(404, "no-receipt", "no such operation, or it moved no money for them")
            owner = person or await customers.find(connection, found.customer_id)
        if owner is None:
            return problem(404, "no-receipt", "this operation belongs to nobody here")
        return await filed(lambda: self._desk.receipt(owner, found, "api"))

    async def checked(self, request: web.Request) -> web.StreamResponse:
        """What the paper with this code must show."""
        async with self._store.read() as connection:
            row = await records.with_code(connection, request.match_info["code"])
        if row is None:
            return problem(404, "no-such-paper", "we made no paper with this code")
        cents = {"opening": row.opening_cents, "closing": row.closing_cents}
        return web.json_response(
            {
                "code": row.code,
                "kind": row.kind,
                "about": row.about or None,
                "format": row.form,
                "holder": row.name,
                "from": row.since.isoformat() if row.since else None,
                "to": row.until.isoformat() if row.until else None,
                **{name: None if value is None else amount_text(value) for name, value in cents.items()},
                "currency": CURRENCY,
                "lines": row.lines,
                "channel": row.channel,
                "madeAt": iso(row.made_at),
            },
            headers=PRIVATE,
        )

    def _asked(self, request: web.Request) -> Asked | web.Response:
        try:
            return asked_of(request.query, local_date(self._clock()), self._desk.settings.days_most)
        except ValueError as error:
            return problem(422, "invalid", str(error))

    async def _customer(self, text: str) -> Customer | web.Response:
        async with self._store.read() as connection:
            return await customer_on(connection, text)


def asked_of(query: Mapping[str, str], today: date, days_most: int) -> Asked:
    """What a query asks for. Raises ValueError that names the field."""
    form, status = query.get("format", "json"), query.get("status", "posted")
    if form not in FORMS:
        raise ValueError(f"format: expected one of {', '.join(FORMS)}")
    if status not in STATUSES:
        raise ValueError(f"status: expected one of {', '.join(STATUSES)}")
    kinds = frozenset(filter(None, query.get("type", "").split(",")))
    if unknown := sorted(kinds - KINDS):
        raise ValueError(f"type: {unknown[0][:20]} is none; expected some of {', '.join(sorted(KINDS))}")
    number = query.get("page", "1")
    if not number.isascii() or not number.isdigit() or not int(number[:9]):
        raise ValueError("page: expected a number from 1")
    choice = Choice(kinds, None if status == "all" else "held" if status == "held" else "posted")
    return Asked(form, _days(query, today, days_most), choice, int(number[:9]))


def _days(query: Mapping[str, str], today: date, days_most: int) -> Days | None:
    if not query.get("from") and not query.get("to"):
        return None
    until = _day(query, "to") or today
    since = _day(query, "from") or until.replace(day=1)
    if since > until:
        raise ValueError("from: is after to")
    if (until - since).days >= days_most:
        raise ValueError(f"from: a statement is about {days_most} days at most")
    return Days(since, until)


def _day(query: Mapping[str, str], name: str) -> date | None:
    try:
        day = date.fromisoformat(query[name]) if query.get(name) else None
    except ValueError as error:
        raise ValueError(f"{name}: expected a day like 2026-08-31") from error
    if day is not None and not 2000 <= day.year < 2200:
        raise ValueError(f"{name}: expected a day of this century")
    return day


async def filed(make: Callable[[], Awaitable[File]], place: str = "attachment") -> web.StreamResponse:
    """The file, or why there is none."""
    try:
        file = await make()
    except TooManyLines as error:
        return problem(
            422, "too-many-lines", f"more than {error.most} transactions: ask for fewer days, or for format=csv"
        )
    headers = {**PRIVATE, hdrs.CONTENT_DISPOSITION: f'{place}; filename="{file.name}"'}
    return web.Response(body=file.content, content_type=file.mime, headers=headers)


def _described(voice: Voice, statement: Statement, days: Days, lines: Iterable[Line]) -> dict[str, Any]:
    totals = statement.totals
    return {
        "account": statement.account,
        "currency": CURRENCY,
        "from": days.since.isoformat(),
        "to": days.until.isoformat(),
        "opening": amount_text(totals.opening_cents),
        "in": amount_text(totals.came_cents),
        "out": amount_text(totals.went_cents),
        "closing": amount_text(totals.closing_cents),
        "transactions": [_line(voice, line) for line in lines],
    }


def _line(voice: Voice, line: Line) -> dict[str, Any]:
    described_parts = {}
    if line.parts is not None:
        names = ("principal", "interest", "fee", "penalty")
        described_parts = {"parts": {name: amount_text(getattr(line.parts, name)) for name in names}}
    return {
        "at": iso(line.at) if line.parts is None else local(line.at).date().isoformat(),
        "kind": line.kind,
        "about": line.about or None,
        "description": described(voice, line),
        "reference": line.reference or None,
        "receipt": line.receipt or None,
        "amount": amount_text(line.cents),
        "balance": amount_text(line.balance_cents),
        "status": line.status,
        **described_parts,
    }


def _instalment(each: Instalment) -> dict[str, Any]:
    return {
        "number": each.number,
        "dueOn": each.due_on.isoformat(),
        "principal": amount_text(each.owed.principal),
        "interest": amount_text(each.owed.interest),
        "fees": amount_text(each.owed.fee),
        "penalties": amount_text(each.owed.penalty),
        "due": amount_text(each.owed.total),
        "paid": amount_text(each.paid_cents),
        "outstanding": amount_text(each.left_cents),
    }


def _paged(count: int, number: int, size: int) -> dict[str, int]:
    return {"count": count, "page": number, "pages": pages_in(count, size)}
