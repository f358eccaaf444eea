"""Payments received: one row each, unique by receipt and by operation, whatever door they came through."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import insert_into, is_duplicate
from gateway.store.tables import operations, payments

RECEIVED = "payment.received"
PROMPTED, UNASKED = "prompt", "confirmation"
"""The `source` of a payment: a prompt of ours, or none."""

ARRIVALS_LOCK = 3_830_035
"""Whoever takes payments on the rail's word shares this advisory lock, whoever takes one on the word of people has it
alone; SQLite has a single writer anyway."""


async def arriving(connection: AsyncConnection) -> None:
    """Before anything else is locked: what people say meanwhile of the same money waits, and then sees this."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock_shared(ARRIVALS_LOCK)))


async def vouching(connection: AsyncConnection) -> None:
    """The other side: what has arrived by now is there to be seen, what arrives from now on waits and sees this."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(ARRIVALS_LOCK)))


async def credited(
    connection: AsyncConnection, operation_id: str, *, shortcode: str, receipt: str | None, amount_cents: int,
    source: str, at: int,
) -> bool:  # fmt: skip
    """Whether this payment is seen for the first time. The row is written with its money, or not at all."""
    statement = insert_into(connection, payments).values(
        operation_id=operation_id, shortcode=shortcode, receipt=receipt, amount_cents=amount_cents, source=source, at=at
    )
    return bool((await connection.execute(statement.on_conflict_do_nothing())).rowcount)


async def is_of(connection: AsyncConnection, operation_id: str) -> bool:
    """Whether this operation has credited a payment."""
    query = select(payments.c.id).where(payments.c.operation_id == operation_id)
    return await connection.scalar(query) is not None


async def is_known(connection: AsyncConnection, shortcode: str, receipt: str) -> bool:
    query = select(payments.c.id).where(payments.c.shortcode == shortcode, payments.c.receipt == receipt)
    return await connection.scalar(query) is not None


async def by_receipt(connection: AsyncConnection, shortcode: str, receipt: str) -> Row[Any] | None:
    query = select(payments).where(payments.c.shortcode == shortcode, payments.c.receipt == receipt)
    return (await connection.execute(query)).one_or_none()


async def by_themselves(
    connection: AsyncConnection, cents: tuple[int, int], at: tuple[int, int]
) -> Sequence[Mapping[str, Any]]:
    """Payments that nobody was asked for, from one amount to another and from one moment to another: the intents of
    what has booked them, or is just about to."""
    columns = operations.c
    booked = (
        select(columns.intent)
        .join(payments, payments.c.operation_id == columns.id)
        .where(columns.kind == RECEIVED)
        .where(payments.c.amount_cents.between(*cents), payments.c.at.between(*at))
        .order_by(columns.number)
    )
    under_way = select(columns.intent).where(columns.is_open, columns.kind == RECEIVED).order_by(columns.number)
    found = [*(await connection.scalars(booked)), *(await connection.scalars(under_way))]
    return [each for each in found if cents[0] <= each["amount_cents"] <= cents[1] and at[0] <= each["at"] <= at[1]]


async def joined(connection: AsyncConnection, operation_id: str, receipt: str) -> None:
    """What two operations have counted is one payment: this one's, under the receipt that was the other's."""
    columns = payments.c
    await connection.execute(delete(payments).where(columns.receipt == receipt, columns.operation_id != operation_id))
    await connection.execute(update(payments).where(columns.operation_id == operation_id).values(receipt=receipt))


async def taken_over(
    connection: AsyncConnection, shortcode: str, receipt: str, operation_id: str, amount_cents: int
) -> None:
    """What was booked for itself is the payment that this operation had asked for, and of this sum."""
    columns = payments.c
    await connection.execute(
        update(payments)
        .where(columns.shortcode == shortcode, columns.receipt == receipt)
        .values(operation_id=operation_id, amount_cents=amount_cents, source=PROMPTED)
    )


async def receipt_filled(connection: AsyncConnection, operation_id: str, receipt: str) -> bool:
    """A payment booked on the word of a query had no receipt yet. False where another operation has booked that
    receipt, so that one payment is counted twice."""
    unnamed = (payments.c.operation_id == operation_id, payments.c.receipt.is_(None))
    try:
        async with connection.begin_nested():
            await connection.execute(update(payments).where(*unnamed).values(receipt=receipt))
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return False
    return True
