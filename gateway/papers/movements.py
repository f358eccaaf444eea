"""The lines of a wallet or of savings over some days, the oldest first, some at a time: memory does not grow with them.

What has been posted comes in the order of the books; what is on hold now comes after it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, Select, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.balances import balance_at
from gateway.books.statement import Cursor, Movement, moved_on, movement_of
from gateway.books.tables import PENDING, POSTED, journals, postings
from gateway.papers.days import Days
from gateway.papers.statement import Account, Line
from gateway.store.engine import Store
from gateway.store.tables import operations, payments, rail_requests
from gateway.wallet import labels
from menus.values import ShortName, masked

CHUNK = 500
ABOUT_CHARACTERS = 40
KEYS: Mapping[Account, Callable[[str], str]] = {"wallet": chart.wallet, "savings": chart.savings}


class Movements:
    """Reads an account of `customer_id`: `account` is wallet or savings."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def opening_cents(self, account: Account, customer_id: str, days: Days) -> int:
        """The balance at the end of the day before. Costs as much as has moved since."""
        async with self._store.read() as connection:
            return await balance_at(connection, KEYS[account](customer_id), days.begins - 1)

    async def lines(self, account: Account, customer_id: str, days: Days, opening_cents: int) -> AsyncIterator[Line]:
        """All of them, each with the balance after it. No connection is kept while others work."""
        key, balance = KEYS[account](customer_id), opening_cents
        place: Cursor | None = Cursor(days.begins, 0)
        while place is not None:
            async with self._store.read() as connection:
                moved, place = await _posted(connection, key, place, days.ends, balance)
                found = await told(connection, moved, account)
            for line in found:
                balance = line.balance_cents
                yield line
            await asyncio.sleep(0)  # on SQLite nothing above waits: a long statement lets others go on
        async with self._store.read() as connection:
            held = [movement_of(row, balance) for row in await connection.execute(_held(key, days))]
            for line in await told(connection, held, account, is_held=True):
                yield line


async def _posted(
    connection: AsyncConnection, key: str, place: Cursor, ends: int, balance_cents: int
) -> tuple[list[Movement], Cursor | None]:
    """Some movements from a place on, and the place after them; None at the end. No journal is cut in two."""
    query = moved_on(key, POSTED).where(
        tuple_(postings.c.at, postings.c.id) > tuple_(literal(place.at, BigInteger), literal(place.id, BigInteger)),
        postings.c.at < ends,
    )
    rows = list(await connection.execute(query.limit(CHUNK)))
    is_last = len(rows) < CHUNK
    if not is_last:
        rows = _whole_journals(rows)
    moved = list[Movement]()
    for row in rows:
        balance_cents += row.amount
        moved.append(movement_of(row, balance_cents))
    return moved, None if is_last else moved[-1].cursor


def _whole_journals(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Without the last journal, which may go on; all of it where there is only that one."""
    kept = [row for row in rows if row.journal_id != rows[-1].journal_id]
    return kept or list(rows)


async def told(
    connection: AsyncConnection, moved: Iterable[Movement], account: Account, *, is_held: bool = False
) -> list[Line]:
    newest_first = list(moved)[::-1]
    labelled = (await labels.labelled(connection, newest_first, account))[::-1]
    known = await references(connection, {movement.operation_id for movement in newest_first})
    return [
        Line(
            at=movement.at,
            kind=label.kind,
            cents=movement.amount_cents,
            balance_cents=movement.balance_cents,
            about=_about(label),
            reference=known.get(movement.operation_id, ("", ""))[0],
            receipt=known.get(movement.operation_id, ("", ""))[1],
            status="held" if is_held else "posted",
        )
        for movement, label in labelled
    ]


def _about(label: labels.Label) -> str:
    """Other people as the phone names them: papers are handed on."""
    if label.kind == "person":
        return ShortName(label.about).written(_NOBODY, "")
    if label.kind == "phone":
        return masked(label.about)
    return label.about[:ABOUT_CHARACTERS]


class _Nobody:
    """A name is written the same in every language."""

    months: tuple[str, ...] = ()
    days: tuple[str, str] = ("", "")


_NOBODY = _Nobody()


async def references(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Our reference of each operation, and the rail's receipt, which the request or the payment has."""
    wanted = sorted(ids)
    sent = select(rail_requests.c.operation_id, rail_requests.c.receipt).where(
        rail_requests.c.operation_id.in_(wanted), rail_requests.c.receipt.is_not(None)
    )
    came = select(payments.c.operation_id, payments.c.receipt).where(
        payments.c.operation_id.in_(wanted), payments.c.receipt.is_not(None)
    )
    receipts = {row.operation_id: row.receipt for query in (sent, came) for row in await connection.execute(query)}
    named = select(operations.c.id, operations.c.reference).where(operations.c.id.in_(wanted))
    return {row.id: (row.reference, receipts.get(row.id, "")) for row in await connection.execute(named)}


def _held(key: str, days: Days) -> Select[Any]:
    """Holds of these days that nothing has resolved yet. An account has few at a time."""
    after = journals.alias()
    resolved = select(after.c.id).where(after.c.pending_id == journals.c.id).exists()
    return moved_on(key, PENDING).where(~resolved, postings.c.at >= days.begins, postings.c.at < days.ends)
