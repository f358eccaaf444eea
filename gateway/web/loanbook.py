"""Reports of the loan book, for operators. `format` is json, csv or xlsx.

GET /api/loans/reports/ageing?format=csv
GET /api/loans/reports/par?on=2026-07-31
GET /api/loans/reports/kpis?from=2026-08-01&to=2026-08-31&by=officer
GET /api/loans/reports/collections?most=200&officer=jane        with a name, phones are shown whole, on record

Ageing, portfolio at risk and KPIs are as of the end of `on`, by what was on record then; without it, as of today. The
list for collectors is always today's.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime
from typing import Literal

from aiohttp import web

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.clock import Clock, iso, local, local_date
from gateway.lending.portfolio import Portfolio
from gateway.loanbook import report
from gateway.loanbook.figures import Period
from gateway.loanbook.late import Call, late
from gateway.loanbook.measuring import Split, measured
from gateway.loanbook.reading import aged
from gateway.loanbook.report import Report
from gateway.loanbook.workdays import Workdays
from gateway.papers.desk import MIME
from gateway.papers.paper import Letterhead, Money, Row
from gateway.store.engine import Store
from gateway.web.problems import problem
from menus.values import masked

FORMS = ("json", "csv", "xlsx")
MOST = 500
MOST_MAX = 5_000
OFFICER_CHARACTERS_MAX = 36


class Wrong(Exception):
    """What was asked for cannot be answered; the message says why."""


class LoanBookRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(
        self, store: Store, portfolio: Portfolio, clock: Clock, letterhead: Letterhead, workdays: Workdays
    ) -> None:
        self._store = store
        self._portfolio = portfolio
        self._clock = clock
        self._letterhead = letterhead
        self._workdays = workdays

    def table(self) -> Iterable[web.RouteDef]:
        made = {"ageing": self.ageing, "par": self.par, "kpis": self.kpis, "collections": self.collections}
        return [web.get(f"/api/loans/reports/{name}", self._answering(name, make)) for name, make in made.items()]

    async def ageing(self, request: web.Request, on: date) -> Report:
        return report.ageing(on.isoformat(), await aged(self._store, self._portfolio, on))

    async def par(self, request: web.Request, on: date) -> Report:
        return report.par(on.isoformat(), await aged(self._store, self._portfolio, on))

    async def kpis(self, request: web.Request, on: date) -> Report:
        """Of that month until the day of the report, or of the days that are given."""
        until = _day(request, "to", on)
        period = Period(_day(request, "from", until.replace(day=1)), until)
        if not period.since <= until <= on:
            raise Wrong("from, to: two days in order, the second not after the day of the report")
        split = _split(request.query.get("by", "product"))
        found = await measured(self._store, self._portfolio, period, on, split)
        facts = {"on": on.isoformat(), "from": period.since.isoformat(), "to": until.isoformat()}
        return report.kpis(facts, split, found)

    async def collections(self, request: web.Request, on: date) -> Report:
        """The latest loans first. Whoever wants whole phones says who they are, and that is kept."""
        today = local_date(self._clock())
        if on != today:
            raise Wrong("on: whom to call is of today only")
        most = request.query.get("most", str(MOST))
        if not (most.isascii() and most.isdigit() and len(most) < 6 and 1 <= int(most) <= MOST_MAX):
            raise Wrong(f"most: how many, 1 to {MOST_MAX}")
        officer = request.query.get("officer", "").strip()
        if len(officer) > OFFICER_CHARACTERS_MAX:
            raise Wrong(f"officer: at most {OFFICER_CHARACTERS_MAX} characters")
        calls = await late(self._store, self._portfolio, today, most=int(most))
        if officer:
            await self._noted(officer, len(calls.calls))
        now = local(self._clock())
        rows = [
            _call(each, each.msisdn if officer else masked(each.msisdn), self._call_from(each, now))
            for each in calls.calls
        ]
        return report.collections(today.isoformat(), rows, calls)

    def _call_from(self, call: Call, now: datetime) -> str:
        """Collectors call in hours of contact, and nobody whose promised day is not over."""
        found = self._workdays.after(call.promised, now) if call.promised else self._workdays.contact_from(now)
        return found.isoformat(timespec="seconds")

    async def _noted(self, officer: str, count: int) -> None:
        deed = Deed(officer, officer, "", "", self._clock())
        async with self._store.begin() as connection:
            await audit.noted(connection, deed, "collections", None, {"loans": count})

    def _answering(
        self, name: str, make: Callable[[web.Request, date], Awaitable[Report]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            form, today = request.query.get("format", "json"), local_date(self._clock())
            try:
                on = _check(request, form, today)
                made = await make(request, on)
            except Wrong as error:
                return problem(422, "invalid", str(error))
            if form == "json":
                return web.json_response(made.as_json())
            content = made.as_csv().encode() if form == "csv" else made.as_xlsx(self._letterhead)
            named = {"Content-Disposition": f'attachment; filename="{name}-{on}.{form}"'}
            return web.Response(body=content, content_type=MIME[form], headers=named)

        return answer


def _check(request: web.Request, form: str, today: date) -> date:
    """The day that the report is of."""
    if form not in FORMS:
        raise Wrong("format: json, csv or xlsx")
    on = _day(request, "on", today)
    if on > today:
        raise Wrong("on: not after today")
    return on


def _call(call: Call, phone: str, call_from: str) -> Row:
    late_ = call.late
    return (
        late_.reference, late_.product, call.name, phone, late_.days_late, Money(late_.overdue_cents),
        Money(late_.owed_cents), call.promised.isoformat() if call.promised else None,
        iso(call.reached_at) if call.reached_at else None, call_from,
    )  # fmt: skip


def _split(text: str) -> Split:
    found: dict[str, Literal["product", "officer"]] = {"product": "product", "officer": "officer"}
    if text not in found:
        raise Wrong("by: product or officer")
    return found[text]


def _day(request: web.Request, name: str, otherwise: date) -> date:
    text = request.query.get(name)
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError as error:
        raise Wrong(f"{name}: a day like 2026-09-01") from error
