"""What we know of receipts, and the lines of statements that we keep: without names, phones and details."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.rails.requests import RailRequest
from gateway.reconciling.matching import Known, Ours
from gateway.reconciling.tables import statement_lines
from gateway.statements.line import Line
from gateway.store.engine import insert_into
from gateway.store.tables import payments, rail_requests
from gateway.suspense.held import waiting

lines = statement_lines.c
requests = rail_requests.c


async def known_of(connection: AsyncConnection, shortcode: str, receipts: Iterable[str]) -> Known:
    """Of these receipts: lines and payments of this shortcode, and what our requests have been told."""
    wanted = sorted(set(receipts))
    kept = select(lines.receipt, lines.kind, lines.cents).where(lines.shortcode == shortcode, lines.receipt.in_(wanted))
    asked = select(rail_requests).where(requests.receipt.in_(wanted), requests.state == "completed")
    received = select(payments.c.receipt, payments.c.amount_cents, payments.c.operation_id).where(
        payments.c.shortcode == shortcode, payments.c.receipt.in_(wanted)
    )
    held = await waiting(connection, shortcode, wanted)
    ours_in: dict[str, Ours] = {}
    ours_out: dict[str, Ours] = {}
    for row in await connection.execute(asked):
        told = row.amount_cents if row.result_amount_cents is None else row.result_amount_cents
        (ours_in if row.kind == "stk" else ours_out)[row.receipt] = Ours(told, row.operation_id)
    for row in await connection.execute(received):
        ours_in[row.receipt] = Ours(row.amount_cents, row.operation_id, row.receipt in held)
    return Known(
        {(row.receipt, row.kind): row.cents for row in await connection.execute(kept)}, ours_in, ours_out
    )  # fmt: skip


async def kept(connection: AsyncConnection, shortcode: str, file_id: str, judged: Sequence[tuple[Line, str]]) -> None:
    """Lines that were not kept before, each with what it came to."""
    if judged:
        rows = [_row(line, verdict, shortcode, file_id) for line, verdict in judged]
        await connection.execute(insert_into(connection, statement_lines).on_conflict_do_nothing(), rows)


async def unnamed_payouts(connection: AsyncConnection, cents: int, since: int, until: int) -> list[RailRequest]:
    """Pay-outs of an amount, sent in this time, whose receipt we do not know: whatever we think became of them."""
    query = select(rail_requests).where(
        requests.kind == "b2c", requests.amount_cents == cents, requests.receipt.is_(None),
        requests.sent_at >= since, requests.sent_at <= until,
    )  # fmt: skip
    return [
        RailRequest(**{name: getattr(row, name) for name in RailRequest.__slots__})
        for row in await connection.execute(query.order_by(requests.sent_at))
    ]


async def payments_absent(connection: AsyncConnection, shortcode: str, since: int, until: int) -> Sequence[Any]:
    """Payments by our books in this time that are on no statement line, or whose receipt nobody knows."""
    line = exists().where(lines.shortcode == shortcode, lines.receipt == payments.c.receipt, lines.kind == "paid_in")
    query = select(payments).where(
        payments.c.shortcode == shortcode, payments.c.at >= since, payments.c.at <= until, ~line
    )
    return (await connection.execute(query.order_by(payments.c.id))).all()


async def payouts_absent(connection: AsyncConnection, shortcode: str, since: int, until: int) -> Sequence[Any]:
    """Pay-outs that we call done in this time and that are on no statement line."""
    line = exists().where(lines.shortcode == shortcode, lines.receipt == requests.receipt, lines.kind == "paid_out")
    query = select(rail_requests).where(
        requests.kind == "b2c", requests.state == "completed", requests.settled_at >= since,
        requests.settled_at <= until, or_(requests.receipt.is_(None), ~line),
    )  # fmt: skip
    return (await connection.execute(query.order_by(requests.settled_at))).all()


async def lines_between(connection: AsyncConnection, shortcode: str, since: int, until: int) -> Sequence[Any]:
    """`kind`, `cents`, `balance_cents` and `at` of each line, both ends included."""
    query = select(lines.kind, lines.cents, lines.balance_cents, lines.at).where(
        and_(lines.shortcode == shortcode, lines.at >= since, lines.at <= until)
    )
    return (await connection.execute(query.order_by(lines.at))).all()


async def ours_between(connection: AsyncConnection, shortcode: str, since: int, until: int) -> list[int]:
    """Payments of a shortcode by our books, in cents."""
    query = select(payments.c.amount_cents).where(
        payments.c.shortcode == shortcode, payments.c.at >= since, payments.c.at <= until
    )
    return [row[0] for row in await connection.execute(query)]


async def payouts_between(connection: AsyncConnection, since: int, until: int) -> list[int]:
    """Pay-outs that we call done, in cents."""
    query = select(requests.amount_cents).where(
        requests.kind == "b2c", requests.state == "completed", requests.settled_at >= since,
        requests.settled_at <= until,
    )  # fmt: skip
    return [row[0] for row in await connection.execute(query)]


def _row(line: Line, verdict: str, shortcode: str, file_id: str) -> dict[str, Any]:
    return {
        "shortcode": shortcode, "receipt": line.receipt, "kind": line.kind, "cents": line.cents,
        "balance_cents": line.balance_cents, "account": line.account[:40], "reason": line.reason[:60],
        "verdict": verdict, "file_id": file_id, "row": line.number, "at": line.at,
    }  # fmt: skip
