"""Reads the figures of a period: what happened in it by an index, and the loans that ran in it page by page.

A loan that was closed before the period is never looked at. Everything is as it was known at the end of one day.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.lending.past import begins
from gateway.lending.portfolio import WRITTEN_OFF, Portfolio
from gateway.lending.standings import Standing
from gateway.loanbook.figures import Figures, Period, fell_due
from gateway.loanbook.reading import PAGE, ran
from gateway.store import customers
from gateway.store.engine import Store
from gateway.store.tables import loan_events, loans

EVENTS_PAGE = 1_000
NOBODY = "none"
"""Whoever decided on a loan that no officer did."""

Split = Literal["product", "officer"]
KINDS = ("paid_out", "booked", "repayment", "recovery", "reverse_repayment", "write_off")


@dataclass(frozen=True, slots=True)
class Part:
    """What one loan adds to the figures."""

    loan_id: str
    product: str
    figures: Figures


async def measured(
    store: Store, portfolio: Portfolio, period: Period, on: date, split: Split, *, size: int = PAGE
) -> dict[str, Figures]:
    """The figures of each product or officer, as of the end of `on`. Only what the organisation itself has lent."""
    found: dict[str, Figures] = {}
    async for parts in _pages(store, portfolio, period, on, size):
        names = await _names(store, parts, split)
        for part in parts:
            name = names[part.loan_id]
            found[name] = found.get(name, Figures()).plus(part.figures)
    return dict(sorted(found.items()))


async def _pages(store: Store, portfolio: Portfolio, period: Period, on: date, size: int) -> AsyncIterator[list[Part]]:
    async for page in _happened(store, period):
        yield page
    async for standings in _ran(store, portfolio, period, on, size):
        yield [
            Part(each.record.id, each.record.product, fell_due(each.loan.rows, period).plus(_stands(each)))
            for each in standings
        ]


def _stands(standing: Standing) -> Figures:
    principal = standing.loan.outstanding.principal
    if standing.record.state != "active":
        return Figures()
    return Figures(outstanding_loans=1, outstanding=principal)


async def _happened(store: Store, period: Period) -> AsyncIterator[list[Part]]:
    """What was booked in the period, in the order of it."""
    first, ends = _moments(period)
    brought: dict[str, int] = {}
    after = 0
    while True:
        query = (
            select(loan_events, loans.c.product, loans.c.principal_cents)
            .join(loans, loans.c.id == loan_events.c.loan_id)
            .where(loan_events.c.kind.in_(KINDS), loan_events.c.at >= first, loan_events.c.at < ends)
            .where(loan_events.c.id > after, loans.c.lender_id.is_(None))
            .order_by(loan_events.c.id)
            .limit(EVENTS_PAGE)
        )
        parts: list[Part] = []
        async with store.read() as connection:
            rows = list(await connection.execute(query))
            for row in rows:
                if row.kind == "booked":
                    brought[row.loan_id] = row.at
                elif brought.get(row.loan_id) != row.at:
                    parts.append(Part(row.loan_id, row.product, await _figures(connection, row)))
        yield parts
        if len(rows) < EVENTS_PAGE:
            return
        after = rows[-1].id


async def _figures(connection: AsyncConnection, row: Row[Any]) -> Figures:
    match row.kind:
        case "paid_out":
            return Figures(disbursed_loans=1, disbursed=row.principal_cents)
        case "repayment":
            return Figures(collected=_cents(row.detail))
        case "recovery":
            return Figures(recovered=_cents(row.detail))
        case "write_off":
            return Figures(written_off=row.detail["principal_cents"])
        case _:
            return await _taken_back(connection, row)


async def _taken_back(connection: AsyncConnection, row: Row[Any]) -> Figures:
    """The repayment that a reversal names, the other way round."""
    query = (
        select(loan_events.c.kind, loan_events.c.detail)
        .where(loan_events.c.loan_id == row.loan_id, loan_events.c.id < row.id)
        .where(loan_events.c.kind.in_(("repayment", "recovery")))
        .order_by(loan_events.c.id.desc())
    )
    for paid in await connection.execute(query):
        if not row.detail.get("reference") or paid.detail.get("reference") == row.detail["reference"]:
            cents = -_cents(paid.detail)
            return Figures(recovered=cents) if paid.kind == "recovery" else Figures(collected=cents)
    return Figures()


async def _ran(
    store: Store, portfolio: Portfolio, period: Period, on: date, size: int
) -> AsyncIterator[list[Standing]]:
    """The loans that ran in the period, as of `on`."""
    first, _ = _moments(period)
    async for page in ran(store, portfolio, period.since, on, size=size):
        async with store.read() as connection:
            lost = await _lost_before(connection, page, first)
        yield [each for each in page if each.record.id not in lost]


async def _lost_before(connection: AsyncConnection, page: Iterable[Standing], first: int) -> set[str]:
    """Which of them were written off before the period: nothing was expected of them in it."""
    written_off = [each.record.id for each in page if each.record.state == WRITTEN_OFF]
    query = select(loan_events.c.loan_id).where(
        loan_events.c.loan_id.in_(written_off), loan_events.c.kind == "write_off", loan_events.c.at < first
    )
    return set(await connection.scalars(query)) if written_off else set()


async def _names(store: Store, parts: Iterable[Part], split: Split) -> Mapping[str, str]:
    """What each loan counts under."""
    if split == "product":
        return {part.loan_id: part.product for part in parts}
    ids = sorted({part.loan_id for part in parts})
    names = dict.fromkeys(ids, NOBODY)
    query = (
        select(loan_events.c.loan_id, loan_events.c.detail)
        .where(loan_events.c.loan_id.in_(ids), loan_events.c.kind.in_(("approved", "booked")))
        .order_by(loan_events.c.id)
    )
    async with store.read() as connection:
        for row in await connection.execute(query) if ids else ():
            names[row.loan_id] = await _officer(connection, row.detail.get("by"))
    return names


async def _officer(connection: AsyncConnection, by: Any) -> str:
    """Who decided, or the first of several: an officer's name, or an operator's as it was given."""
    first = by[0] if isinstance(by, list) and by else by
    if not isinstance(first, str) or not first:
        return NOBODY
    officer = await customers.find(connection, first)
    return str(officer.name) if officer is not None else first


def _moments(period: Period) -> tuple[int, int]:
    """From the first moment of the period to the first after it."""
    return begins(period.since), begins(period.until + timedelta(days=1))


def _cents(detail: Mapping[str, Any]) -> int:
    return int(Decimal(detail["amount"]) * 100)
