"""The payments in suspense: put there once, taken by one assignment at a time, given back when that comes to nothing.

held -> asked -> assigned | refunded        asked -> held when it is declined, too late or cannot be done
held -> assigned, when the rail has said since which prompt it paid
                                            assigned -> held when the loan that it repaid gives it back
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.text import msisdn as phone_of
from gateway.store.engine import insert_into
from gateway.suspense.tables import suspense

State = Literal["held", "asked", "assigned", "refunded"]
STATES: tuple[State, ...] = ("held", "asked", "assigned", "refunded")
CHARACTERS_MAX = 100

columns = suspense.c


@dataclass(frozen=True, slots=True)
class Held:
    """One payment in suspense; `at` in milliseconds. `payer` is who paid as the rail shows it: plain,
    masked, hashed, or not at all."""

    operation_id: str
    reference: str
    shortcode: str
    receipt: str
    amount_cents: int
    account: str
    payer: str
    at: int
    state: State = "held"
    assignment_id: str | None = None

    @property
    def phone(self) -> str:
        """Whoever paid, where the rail says so plainly; else empty."""
        return phone_of(self.payer) or ""


async def put(connection: AsyncConnection, held: Held, now: int) -> None:
    """Keep it, in the unit of work that books it to suspense. The same one again changes nothing."""
    values = {name: getattr(held, name) for name in Held.__slots__}
    values |= {"account": held.account[:CHARACTERS_MAX], "payer": held.payer[:CHARACTERS_MAX], "updated_at": now}
    await connection.execute(insert_into(connection, suspense).values(**values).on_conflict_do_nothing())


async def put_back(connection: AsyncConnection, held: Held, now: int) -> None:
    """It waits here, as it may have done before: what it had repaid was taken back, or nobody can have it."""
    await put(connection, held, now)
    await connection.execute(
        update(suspense)
        .where(columns.shortcode == held.shortcode, columns.receipt == held.receipt, columns.state == "assigned")
        .values(state="held", assignment_id=None, updated_at=now)
    )


async def by_receipt(connection: AsyncConnection, receipt: str, *, lock: bool = False) -> Held | None:
    """The one with this receipt, of whichever shortcode: M-PESA gives a receipt once."""
    query = select(suspense).where(columns.receipt == receipt).order_by(columns.at).limit(1)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return _held(row) if row else None


async def waiting(connection: AsyncConnection, shortcode: str, receipts: Sequence[str]) -> set[str]:
    """Which of these receipts wait here untouched."""
    query = select(columns.receipt).where(
        columns.shortcode == shortcode, columns.receipt.in_(receipts), columns.state == "held"
    )
    return set(await connection.scalars(query))


async def taken(connection: AsyncConnection, held: Held, assignment_id: str, now: int) -> bool:
    """Whether this assignment has it from now on; False when it is not there to be taken any more."""
    return await _moved(connection, held.operation_id, ("held", None), ("asked", assignment_id), now)


async def released(connection: AsyncConnection, operation_id: str, assignment_id: str, now: int) -> bool:
    """Nothing came of the assignment: the payment waits as before."""
    return await _moved(connection, operation_id, ("asked", assignment_id), ("held", None), now)


async def settled(
    connection: AsyncConnection, operation_id: str, assignment_id: str, state: Literal["assigned", "refunded"], now: int
) -> bool:
    """The money has gone where the assignment said; False when the assignment does not have it."""
    return await _moved(connection, operation_id, ("asked", assignment_id), (state, assignment_id), now)


async def joined(connection: AsyncConnection, operation_id: str, same_id: str, cents: int, now: int) -> bool:
    """It is what the operation `same_id` was paid with, and this is the sum; False when it does not wait untouched."""
    changed = await connection.execute(
        update(suspense)
        .where(columns.operation_id == operation_id, columns.operation_id != same_id, columns.state == "held")
        .values(state="assigned", assignment_id=same_id, amount_cents=cents, updated_at=now)
    )
    return bool(changed.rowcount)


async def gone(connection: AsyncConnection, operation_id: str, assignment_id: str, now: int) -> bool:
    """The rail has paid it back though it had refused to; False when it went to somebody else in between."""
    return await _moved(connection, operation_id, ("held", None), ("refunded", assignment_id), now)


async def page(
    connection: AsyncConnection, state: str | None, *, before: tuple[int, str] | None, limit: int
) -> list[Held]:
    """The newest first, of one state or all. `before` is where the last page ended: moment and operation."""
    query = select(suspense)
    if state is not None:
        query = query.where(columns.state == state)
    if before is not None:
        at, last = before
        query = query.where(or_(columns.at < at, and_(columns.at == at, columns.operation_id < last)))
    query = query.order_by(columns.at.desc(), columns.operation_id.desc()).limit(limit)
    return [_held(row) for row in await connection.execute(query)]


async def waiting_cents(connection: AsyncConnection) -> int:
    """What is still in suspense by these rows."""
    query = select(func.coalesce(func.sum(columns.amount_cents), 0)).where(columns.state.in_(("held", "asked")))
    return int(await connection.scalar(query) or 0)


async def _moved(
    connection: AsyncConnection, operation_id: str, before: tuple[State, str | None], after: tuple[State, str | None],
    now: int,
) -> bool:  # fmt: skip
    state, assignment_id = before
    changed = await connection.execute(
        update(suspense)
        .where(
            columns.operation_id == operation_id,
            columns.state == state,
            columns.assignment_id.is_(None) if assignment_id is None else columns.assignment_id == assignment_id,
        )
        .values(state=after[0], assignment_id=after[1], updated_at=now)
    )
    return bool(changed.rowcount)


def _held(row: Row[Any]) -> Held:
    return Held(**{name: getattr(row, name) for name in Held.__slots__})
