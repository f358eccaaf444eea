"""Loans over HTTP: what they are, where they stand, what closes them.

GET /api/loans?phone=0711000001&state=active, /api/loans/LN7K2QD, /api/loans/LN7K2QD/payoff?on=2026-09-01
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as kenyan
from gateway.books.accounts import CURRENCY
from gateway.clock import Clock, iso, local_date
from gateway.lending.fields import amount_text
from gateway.lending.loan import Row
from gateway.lending.payoff import payoff
from gateway.lending.portfolio import RUNNING_STATES, Portfolio
from gateway.lending.standings import Happening, LoanRecord, Standing
from gateway.servicing import promises
from gateway.store import customers
from gateway.store.engine import Store
from gateway.web.problems import problem

AHEAD_YEARS_MAX = 60
STANDING_STATES = frozenset({*RUNNING_STATES, "closed"})


class LoanRoutes:
    """They only read: what staff do to loans is in `gateway.web.loan_acts`."""

    def __init__(self, store: Store, portfolio: Portfolio, clock: Clock) -> None:
        self._store = store
        self._portfolio = portfolio
        self._clock = clock

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/loans", self.listed),
            web.get("/api/loans/{reference}", self.show),
            web.get("/api/loans/{reference}/payoff", self.payoff),
        )

    async def listed(self, request: web.Request) -> web.StreamResponse:
        """Somebody's loans, the newest first."""
        line, state = kenyan(request.query.get("phone", "")), request.query.get("state", "")
        if line is None:
            return problem(422, "invalid", "phone: not a Kenyan mobile number")
        async with self._store.read() as connection:
            customer = await customers.on_line(connection, line)
            if customer is None:
                return problem(404, "not-found", "No customer is on this line.")
            found = await self._portfolio.of_customer(connection, customer.id, state)
            loans = [await self._described(connection, record) for record in found]
        return web.json_response({"loans": loans})

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Terms, schedule, promises, and all that happened: who, when, why."""
        async with self._store.read() as connection:
            record = await named(connection, self._portfolio, request)
            if record is None:
                return no_loan()
            body = await self._described(connection, record)
            body["terms"] = record.terms
            if record.state in STANDING_STATES:
                standing = await self._portfolio.standing(connection, record.id, local_date(self._clock()))
                body["schedule"] = [_instalment(row) for row in standing.loan.rows]
            body["events"] = [_event(each) for each in await self._portfolio.happenings(connection, record.id)]
            body["promises"] = [_promise(row) for row in await promises.of_loan(connection, record.id)]
        return web.json_response(body)

    async def payoff(self, request: web.Request) -> web.StreamResponse:
        """What closes a loan on a day; today without `on`."""
        today = local_date(self._clock())
        try:
            on = date.fromisoformat(request.query.get("on") or today.isoformat())
        except ValueError:
            return problem(422, "invalid", "on: a date like 2026-09-01")
        if on < today or on.year > today.year + AHEAD_YEARS_MAX:
            return problem(422, "invalid", "on: today or later")
        async with self._store.read() as connection:
            record = await named(connection, self._portfolio, request)
            if record is None:
                return no_loan()
            if record.state not in STANDING_STATES:
                return problem(409, "state", f"The loan is {record.state}.")
            standing = await self._portfolio.standing(connection, record.id, on)
        price = payoff(standing.loan, on, self._portfolio.products[record.product].rebate)
        return web.json_response(
            {
                "reference": record.reference,
                "on": on.isoformat(),
                "currency": CURRENCY,
                "total": amount_text(price.total_cents),
                "principal": amount_text(price.principal_cents),
                "interest": amount_text(price.interest_cents),
                "fees": amount_text(price.fee_cents),
                "penalties": amount_text(price.penalty_cents),
                "saved": amount_text(price.saved_cents),
            }
        )

    async def _described(self, connection: AsyncConnection, record: LoanRecord) -> dict[str, Any]:
        customer = await customers.get(connection, record.customer_id)
        body = {
            "reference": record.reference,
            "phone": customer.msisdn,
            "product": record.product,
            "state": record.state,
            "currency": CURRENCY,
            "principal": amount_text(record.principal_cents),
        }
        if record.state not in STANDING_STATES:
            return body
        standing = await self._portfolio.standing(connection, record.id, local_date(self._clock()))
        return body | _standing(standing)


async def named(connection: AsyncConnection, portfolio: Portfolio, request: web.Request) -> LoanRecord | None:
    """The loan that the address names."""
    return await portfolio.by_reference(connection, request.match_info["reference"].upper())


def no_loan() -> web.Response:
    return problem(404, "not-found", "No loan has this reference.")


def _standing(standing: Standing) -> dict[str, Any]:
    owed = standing.loan.outstanding
    return {
        "owed": amount_text(owed.total),
        "outstanding": {
            "principal": amount_text(owed.principal),
            "interest": amount_text(owed.interest),
            "fees": amount_text(owed.fee),
            "penalties": amount_text(owed.penalty),
        },
        "daysLate": standing.loan.days_late,
        "capped": standing.loan.is_capped,
    }


def _instalment(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "dueOn": row.due_on.isoformat(),
        "amount": amount_text(row.owed.total),
        "paid": amount_text(row.paid.total),
        "outstanding": amount_text(row.outstanding.total),
    }


def _event(each: Happening) -> dict[str, Any]:
    return {"kind": each.kind, "at": iso(each.at), "operation": each.operation_id, "detail": dict(each.detail)}


def _promise(row: promises.Promise) -> dict[str, Any]:
    return {
        "payOn": row.pay_on,
        "amount": amount_text(row.amount_cents),
        "state": row.state,
        "madeAt": iso(row.created_at),
    }
