"""What one operation has posted, for whoever has to take part of it back."""

from itertools import groupby

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.entry import Entry, Line
from gateway.books.tables import POSTED, accounts, journals, postings


async def posted_by(connection: AsyncConnection, operation_id: str) -> list[Entry]:
    """The journals that an operation has posted, in the order of their steps' names."""
    query = (
        select(journals.c.step, journals.c.memo, accounts.c.key, postings.c.amount_cents)
        .join_from(journals, postings, postings.c.journal_id == journals.c.id)
        .join(accounts, accounts.c.id == postings.c.account_id)
        .where(journals.c.operation_id == operation_id, journals.c.phase == POSTED)
        .order_by(journals.c.step, postings.c.id)
    )
    rows = (await connection.execute(query)).all()
    return [
        Entry(operation_id, step, memo, tuple(Line(row.key, row.amount_cents) for row in lines))
        for (step, memo), lines in groupby(rows, key=lambda row: (row.step, row.memo))
    ]
