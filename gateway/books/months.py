"""What each account held when a month ended, kept once the month is over: so that the past is read from near by.

A balance at any moment is the next month end that is kept, less what moved in between. Only accounts on which something
moved are kept; the others have nothing in between. The proof of the books computes every one anew.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.balances import posted_at
from gateway.books.moments import end_of
from gateway.books.tables import POSTED, accounts, month_balances, month_ends, postings
from gateway.clock import local_date
from gateway.store.engine import insert_into

ACCOUNTS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What one go came to: `accounts` of the month that ended at `at`."""

    at: int
    accounts: int


async def keep_next(connection: AsyncConnection, today: date) -> Kept | None:
    """Some accounts more of the newest month that is not kept whole; None when all are, back to the first posting.

    A month is over when the day after its last is: by then nothing can be written that belongs into it.
    """
    first = await connection.scalar(select(postings.c.at).order_by(postings.c.id).limit(1))
    at = newest_end(today)
    while first is not None and first <= at:
        if not await connection.scalar(select(month_ends.c.is_whole).where(month_ends.c.at == at)):
            return await _keep(connection, at)
        at = end_before(at)
    return None


def newest_end(today: date) -> int:
    """When the last month ended that is over for a whole day."""
    yesterday = today - timedelta(days=1)
    return end_of(yesterday.replace(day=1) - timedelta(days=1))


def end_before(at: int) -> int:
    """The end of the month before the one that ended at `at`."""
    return end_of(local_date(at).replace(day=1) - timedelta(days=1))


async def _keep(connection: AsyncConnection, at: int) -> Kept:
    begun = insert_into(connection, month_ends).values(at=at, through_account=0, is_whole=False)
    await connection.execute(begun.on_conflict_do_nothing())
    after = await connection.scalar(select(month_ends.c.through_account).where(month_ends.c.at == at).with_for_update())
    ids = select(accounts.c.id).where(accounts.c.id > after).order_by(accounts.c.id).limit(ACCOUNTS_AT_ONCE)
    last = await connection.scalar(select(func.max(ids.subquery().c.id)))
    if last is None:
        await connection.execute(update(month_ends).where(month_ends.c.at == at).values(is_whole=True))
        return Kept(at, 0)
    moved = select(postings.c.id).where(
        postings.c.account_id == accounts.c.id, postings.c.phase == POSTED, postings.c.at > end_before(at),
        postings.c.at <= at,
    )  # fmt: skip
    rows = select(accounts.c.id, literal(at), posted_at(at)).where(
        accounts.c.id > after, accounts.c.id <= last, moved.exists()
    )
    done = await connection.execute(insert(month_balances).from_select(["account_id", "at", "posted_cents"], rows))
    await connection.execute(update(month_ends).where(month_ends.c.at == at).values(through_account=last))
    return Kept(at, done.rowcount)
