"""How late the loan book is today, for operators. `format` is json or csv.

GET /api/loans/reports/ageing?format=csv
GET /api/loans/reports/par
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from aiohttp import web

from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, local_date
from gateway.lending.fields import amount_text
from gateway.lending.portfolio import Portfolio
from gateway.loanbook.ageing import AT_RISK_DAYS, Ageing
from gateway.loanbook.reading import aged
from gateway.papers.csv import START, written
from gateway.store.engine import Store
from gateway.web.problems import problem

AGEING = ("product", "band", "loans", "principal", "owed")
PAR = ("product", "days", "atRisk", "outstanding", "percent")


class LoanBookRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, store: Store, portfolio: Portfolio, clock: Clock) -> None:
        self._store = store
        self._portfolio = portfolio
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/loans/reports/ageing", self.ageing),
            web.get("/api/loans/reports/par", self.par),
        )

    async def ageing(self, request: web.Request) -> web.Response:
        today, books = await self._aged()
        return _answer(request, today, AGEING, [row for name, book in books.items() for row in _bands(name, book)])

    async def par(self, request: web.Request) -> web.Response:
        today, books = await self._aged()
        return _answer(request, today, PAR, [row for name, book in books.items() for row in _risks(name, book)])

    async def _aged(self) -> tuple[date, dict[str, Ageing]]:
        today = local_date(self._clock())
        return today, await aged(self._store, self._portfolio, today)


def _bands(product: str, book: Ageing) -> list[tuple[Any, ...]]:
    return [
        (product, name, band.loans, amount_text(band.principal_cents), amount_text(band.owed_cents))
        for name, band in book.bands.items()
    ]


def _risks(product: str, book: Ageing) -> list[tuple[Any, ...]]:
    gross = amount_text(book.principal_cents)
    return [
        (product, days, amount_text(book.at_risk[days]), gross, amount_text(book.par_basis_points(days)))
        for days in AT_RISK_DAYS
    ]


def _answer(request: web.Request, today: date, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> web.Response:
    form = request.query.get("format", "json")
    if form == "csv":
        text = START + "".join(written(row) for row in (tuple(names), *rows))
        return web.Response(text=text, content_type="text/csv", headers={"Cache-Control": "no-store"})
    if form != "json":
        return problem(422, "invalid", "format: json or csv")
    body = {
        "on": today.isoformat(),
        "currency": CURRENCY,
        "rows": [dict(zip(names, row, strict=True)) for row in rows],
    }
    return web.json_response(body, headers={"Cache-Control": "no-store"})
