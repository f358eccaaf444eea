"""What moved on one account, newest first, page by page, with the balance after each movement."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.accounts import nature_of
from gateway.books.balances import total
from gateway.books.tables import POSTED, accounts, balances, journals, postings

LIMIT = 20


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a movement in its account's history; the next page begins after it."""

    at: int
    id: int


@dataclass(frozen=True, slots=True)
class Movement:
    """`amount_cents` is positive where it raises the account's balance; `balance_cents` is that balance."""

    cursor: Cursor
    journal_id: str
    operation_id: str
    step: str
    memo: str
    amount_cents: int
    balance_cents: int

    @property
    def at(self) -> int:
        return self.cursor.at


@dataclass(frozen=True, slots=True)
class Page:
    """`next` continues it; None where the history begins."""

    movements: tuple[Movement, ...]
    next: Cursor | None


async def statement(connection: AsyncConnection, key: str, *, before: Cursor | None = None, limit: int = LIMIT) -> Page:
    """The newest `limit` movements, or those before a cursor. Raises UnknownAccount."""
    nature_of(key)
    rows = (await connection.execute(_query(key, before).limit(limit + 1))).all()
    movements: list[Movement] = []
    for row in rows[:limit]:
        running = movements[-1].balance_cents - movements[-1].amount_cents if movements else row.top
        movements.append(movement_of(row, running))
    return Page(tuple(movements), movements[-1].cursor if len(rows) > limit else None)


def moved_on(key: str, phase: str = POSTED) -> Select[Any]:
    """What moved on an account, the oldest first; a row of it becomes a Movement by `movement_of`."""
    return (
        select(
            postings.c.at,
            postings.c.id,
            (postings.c.amount_cents * accounts.c.sign).label("amount"),
            journals.c.id.label("journal_id"),
            journals.c.operation_id,
            journals.c.step,
            journals.c.memo,
        )
        .join_from(accounts, postings, postings.c.account_id == accounts.c.id)
        .join(journals, journals.c.id == postings.c.journal_id)
        .where(accounts.c.key == key, postings.c.phase == phase)
        .order_by(postings.c.at, postings.c.id)
    )


def movement_of(row: Row[Any], balance_cents: int) -> Movement:
    """`row` is one of `moved_on`."""
    return Movement(
        Cursor(row.at, row.id), row.journal_id, row.operation_id, row.step, row.memo, row.amount, balance_cents
    )


def _query(key: str, before: Cursor | None) -> Select[Any]:
    query = (
        moved_on(key)
        .add_columns((_posted(key) - _from(key, before)).label("top"))
        .order_by(None)
        .order_by(postings.c.at.desc(), postings.c.id.desc())
    )
    return query if before is None else query.where(tuple_(postings.c.at, postings.c.id) < _place(before))


def _posted(key: str) -> ColumnElement[int]:
    owner = accounts.alias()
    own = select(total(balances.c.posted_cents)).join_from(balances, owner).where(owner.c.key == key)
    return own.scalar_subquery()


def _from(key: str, cursor: Cursor | None) -> ColumnElement[int]:
    """What moved from the cursor on, in the account's own direction: nothing when there is none."""
    if cursor is None:
        return literal(0)
    owner, newer = accounts.alias(), postings.alias()
    moved = (
        select(total(newer.c.amount_cents * owner.c.sign))
        .join_from(owner, newer, newer.c.account_id == owner.c.id)
        .where(
            owner.c.key == key,
            newer.c.phase == POSTED,
            tuple_(newer.c.at, newer.c.id) >= _place(cursor),
        )
    )
    return moved.scalar_subquery()


def _place(cursor: Cursor) -> ColumnElement[Any]:
    return tuple_(literal(cursor.at, BigInteger), literal(cursor.id, BigInteger))
