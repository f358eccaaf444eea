"""The register of duties: what each loan's price had of them, and what a month owes to the state."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.accounts import TAX_PAYABLE
from gateway.books.balances import total
from gateway.books.tables import POSTED, accounts, postings
from gateway.borrowing.tables import duties
from gateway.lending.taxes import Duty
from gateway.store.engine import insert_into


@dataclass(frozen=True, slots=True)
class Month:
    """What a month came to, by duty. `booked_cents` is what the books owe more than before, whatever caused it, and
    `remitted_cents` what was paid to the state."""

    rows: Sequence[Row[Any]]
    booked_cents: int
    remitted_cents: int

    @property
    def other_cents(self) -> int:
        """Owed for something else than loans: tax withheld from interest on savings."""
        return self.booked_cents - sum(int(row.duty_cents) for row in self.rows)


async def charged(connection: AsyncConnection, operation_id: str, found: Iterable[Duty], now: int) -> None:
    """Keep the duties of a loan in the unit of work that books them; once per operation."""
    for duty in found:
        statement = insert_into(connection, duties).values(
            operation_id=operation_id, name=duty.name, charge=duty.on, percent=duty.percent,
            base_cents=duty.base_cents, duty_cents=duty.cents, at=now,
        )  # fmt: skip
        await connection.execute(statement.on_conflict_do_nothing(index_elements=["operation_id", "name", "charge"]))


async def between(connection: AsyncConnection, start: int, end: int) -> Month:
    """What came up from one moment until before another, in milliseconds."""
    columns = duties.c
    same = columns.name, columns.charge, columns.percent
    query = (
        select(
            *same,
            func.count().label("loans"),
            total(columns.base_cents).label("base_cents"),
            total(columns.duty_cents).label("duty_cents"),
        )
        .where(columns.at >= start, columns.at < end)
        .group_by(*same)
        .order_by(*same)
    )
    rows = (await connection.execute(query)).all()
    moved = (
        select(total(postings.c.amount_cents))
        .join_from(accounts, postings, postings.c.account_id == accounts.c.id)
        .where(accounts.c.key == TAX_PAYABLE, postings.c.phase == POSTED)
        .where(postings.c.at >= start, postings.c.at < end)
    )
    owed = await connection.scalar(moved.where(postings.c.amount_cents < 0)) or 0
    remitted = await connection.scalar(moved.where(postings.c.amount_cents > 0)) or 0
    return Month(rows, -int(owed), int(remitted))
