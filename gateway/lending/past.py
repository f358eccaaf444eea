"""The loans of the organisation as they were known at the end of a day, by what was on record then.

What is back-dated is not in it before it was booked, so a report of a day is the same whenever it is made. Every loan's
row says how it stands now, so how it stood is played from its events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import EAT, milliseconds
from gateway.lending.portfolio import RUNNING_STATES, WRITTEN_OFF, Portfolio, events_of, record_of
from gateway.lending.standings import LoanRecord, Standing
from gateway.store.tables import loan_events, loans

CLOSED = "closed"
BEGINNINGS = ("paid_out", "booked")
LOST = "write_off"


async def known_open(
    connection: AsyncConnection, portfolio: Portfolio, on: date, *, after: str = "", limit: int
) -> tuple[list[Standing], str]:
    """The next loans after `after` that are open today, as of the end of `on`; and the last id that was looked at,
    empty when these were all."""
    query = select(loans).where(loans.c.closed_at.is_(None), loans.c.state.in_(RUNNING_STATES))
    return await _page(connection, portfolio, query, on, after, limit)


async def known_closed(
    connection: AsyncConnection, portfolio: Portfolio, on: date, since: date, *, after: str = "", limit: int
) -> tuple[list[Standing], str]:
    """The same of those that were closed on `since` or later. One that was closed earlier is not looked at."""
    query = select(loans).where(loans.c.closed_at >= begins(since), loans.c.state.in_((CLOSED, WRITTEN_OFF)))
    return await _page(connection, portfolio, query, on, after, limit)


async def _page(
    connection: AsyncConnection, portfolio: Portfolio, query: Any, on: date, after: str, limit: int
) -> tuple[list[Standing], str]:
    query = query.where(loans.c.id > after, loans.c.lender_id.is_(None))
    rows = (await connection.execute(query.order_by(loans.c.id).limit(limit))).all()
    standings = await _standings(connection, portfolio, [record_of(row) for row in rows], on)
    return standings, rows[-1].id if len(rows) == limit else ""


async def _standings(
    connection: AsyncConnection, portfolio: Portfolio, records: Iterable[LoanRecord], on: date
) -> list[Standing]:
    """Of those whose money had left us by then."""
    by_id = {record.id: record for record in records}
    ids, ends = list(by_id), begins(on + timedelta(days=1))
    if not ids:
        return []
    marks: dict[str, set[str]] = {}
    happened = select(loan_events.c.loan_id, loan_events.c.kind).where(
        loan_events.c.loan_id.in_(ids), loan_events.c.kind.in_((*BEGINNINGS, LOST)), loan_events.c.at < ends
    )
    for row in await connection.execute(happened):
        marks.setdefault(row.loan_id, set()).add(row.kind)
    events: dict[str, list[Mapping[str, Any]]] = {loan_id: [] for loan_id in ids}
    for row in await connection.execute(events_of(ids).where(loan_events.c.at < ends)):
        events[row.loan_id].append(row.detail)
    return [
        _as_it_was(portfolio.stands(by_id[loan_id], events[loan_id], on), marks[loan_id])
        for loan_id in ids
        if marks.get(loan_id, set()) & set(BEGINNINGS)
    ]


def _as_it_was(standing: Standing, marks: set[str]) -> Standing:
    state = WRITTEN_OFF if LOST in marks else "active" if standing.owed_cents else CLOSED
    return replace(standing, record=replace(standing.record, state=state))


def begins(day: date) -> int:
    """The first moment of a day in Nairobi."""
    return milliseconds(datetime.combine(day, time(), EAT))
