"""Reads balances, now and at any moment, and the trial balance.

Each answer is one statement and so true of one moment, whatever is written meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.accounts import nature_of
from gateway.books.tables import POSTED, accounts, month_balances, postings
from gateway.books.tables import balances as balance_rows

LAST = (1 << 63) - 1
"""A moment after all others."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Cents, in the account's own direction: what a wallet holds, what a loan owes, what was earned."""

    posted_cents: int = 0
    held_cents: int = 0

    @property
    def available_cents(self) -> int:
        return self.posted_cents - self.held_cents


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One control account. Only one side is not zero."""

    control: str
    kind: str
    currency: str
    debit_cents: int
    credit_cents: int


def total(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum as an integer on every engine; of nothing it is zero."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


_NOW = (
    select(accounts.c.key, total(balance_rows.c.posted_cents), total(balance_rows.c.held_cents))
    .join_from(accounts, balance_rows)
    .where(accounts.c.key.in_(bindparam("keys", expanding=True)))
    .group_by(accounts.c.key)
)


async def balance(connection: AsyncConnection, key: str) -> Balance:
    """Zero for an account that nobody has used yet. Raises UnknownAccount for a key outside the chart."""
    return (await balances(connection, [key]))[key]


async def balances(connection: AsyncConnection, keys: Iterable[str]) -> dict[str, Balance]:
    """The same for many at once."""
    found = {key: Balance() for key in keys if nature_of(key)}
    rows = await connection.execute(_NOW, {"keys": list(found)})
    return found | {key: Balance(posted, held) for key, posted, held in rows}


async def not_settled(
    connection: AsyncConnection, control: str, *, after: str, limit: int
) -> list[tuple[str, int]]:  # fmt: skip
    """Accounts under a control account that hold something, and what (cents), by key after `after`."""
    posted = total(balance_rows.c.posted_cents)
    query = (
        select(accounts.c.key, posted)
        .join_from(accounts, balance_rows)
        .where(accounts.c.control == control, accounts.c.key > after)
        .group_by(accounts.c.key)
        .having(posted != 0)
        .order_by(accounts.c.key)
        .limit(limit)
    )
    return [(key, cents) for key, cents in await connection.execute(query)]


async def balance_at(connection: AsyncConnection, key: str, at: int) -> int:
    """What was posted until `at` inclusive, in cents. Costs as much as was posted on it in the month after at most."""
    nature_of(key)
    found = await connection.execute(select(posted_at(at)).where(accounts.c.key == key))
    return found.scalar_one_or_none() or 0


async def trial_balance(connection: AsyncConnection, at: int | None = None) -> list[TrialRow]:
    """Every control account that is open, by name; debits and credits are equal or the books are broken."""
    posted = _posted() if at is None else posted_at(at)
    each = select(
        accounts.c.control, accounts.c.kind, accounts.c.currency, (posted * accounts.c.sign).label("debit")
    ).subquery()
    rows = await connection.execute(_by_control(each))
    return [TrialRow(control, kind, currency, max(0, debit), max(0, -debit)) for control, kind, currency, debit in rows]


def _by_control(each: Any) -> Select[Any]:
    names = (each.c.control, each.c.kind, each.c.currency)
    return select(*names, total(each.c.debit)).group_by(*names).order_by(*names)


def _posted() -> ColumnElement[int]:
    own = select(total(balance_rows.c.posted_cents)).where(balance_rows.c.account_id == accounts.c.id)
    return own.correlate(accounts).scalar_subquery()


def posted_at(at: int) -> ColumnElement[int]:
    """What an account of `accounts` held at a moment: the next month end that is kept of it, or now, less what moved
    in between."""
    kept = month_balances.alias()
    mine = (kept.c.account_id == accounts.c.id, kept.c.at >= at)
    following = select(func.min(kept.c.at)).where(*mine).correlate(accounts).scalar_subquery()
    top = select(kept.c.posted_cents).where(*mine).order_by(kept.c.at).limit(1).correlate(accounts).scalar_subquery()
    return func.coalesce(top, _posted()) - _moved(at, following)


def _moved(after: int, until: ColumnElement[Any]) -> ColumnElement[int]:
    """What has moved on the account after a moment and until another, if there is one, in its own direction."""
    later = select(total(postings.c.amount_cents * accounts.c.sign)).where(
        postings.c.account_id == accounts.c.id,
        postings.c.phase == POSTED,
        postings.c.at > after,
        postings.c.at <= func.coalesce(until, LAST),
    )
    return later.correlate(accounts).scalar_subquery()
