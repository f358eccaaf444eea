"""What moved and what is there, for somebody who asked: a text of one part, or a table for an e-mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.ledger import Books
from gateway.books.statement import Movement
from gateway.clock import local_date
from gateway.lending.portfolio import Portfolio
from gateway.notices import values as say
from menus.values import Ksh, Speaker

Period = Literal["month", "before", "quarter"]

LAST = 3
PAGE = 100
ROWS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a statement, both included."""

    since: date
    until: date


def days_of(period: Period, today: date) -> Days:
    """This month so far, the whole month before, or three months up to today."""
    first = today.replace(day=1)
    if period == "month":
        return Days(first, today)
    before = (first - timedelta(days=1)).replace(day=1)
    if period == "before":
        return Days(before, first - timedelta(days=1))
    start = (before - timedelta(days=1)).replace(day=1)
    return Days(start, today)


async def short(
    connection: AsyncConnection, books: Books, portfolio: Portfolio, customer_id: str, now: int
) -> dict[str, Any]:
    """The slots of the SMS: balances as of now and the last movements of the wallet."""
    wallet, savings = [
        await books.balance(connection, key) for key in (chart.wallet(customer_id), chart.savings(customer_id))
    ]
    running = await portfolio.active(connection, customer_id, local_date(now))
    page = await books.statement(connection, chart.wallet(customer_id), limit=LAST)
    return {
        "at": say.clock(now),
        "wallet": say.ksh(wallet.available_cents),
        "savings": say.ksh(savings.available_cents),
        "loans": say.ksh(sum(standing.owed_cents for standing in running)),
        "moves": say.moves((local_date(move.at), move.amount_cents) for move in page.movements),
    }


async def moved(connection: AsyncConnection, books: Books, key: str, days: Days) -> list[Movement]:
    """The movements of an account within some days, the oldest first; of very many the newest."""
    found: list[Movement] = []
    cursor = None
    while len(found) < ROWS_MAX:
        page = await books.statement(connection, key, before=cursor, limit=PAGE)
        found += [move for move in page.movements if days.since <= local_date(move.at) <= days.until]
        cursor = page.next
        if cursor is None or local_date(page.movements[-1].at) < days.since:
            break
    return found[::-1]


def table(moves: Iterable[Movement], speaker: Speaker) -> str:
    """One line each: day, amount, balance after it, what it was. Plain text that any reader aligns."""
    return "\n".join(
        f"{local_date(move.at):%d.%m.%Y}  {_bare(move.amount_cents, speaker):>13}"
        f"  {_bare(move.balance_cents, speaker):>13}  {move.memo}"
        for move in moves
    )


def _bare(cents: int, speaker: Speaker) -> str:
    return Ksh(cents).written(speaker, "bare")
