"""The mirror: the core's figures of clients, loans and savings, as of when we read them.

The version of a row counts the readings that changed it. A reading that is older than the one we have changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledgers.contract import CoreLoan, CoreSavings, Instalment
from gateway.lending.allocation import PARTS, Parts
from gateway.mirror.tables import core_clients, core_cursors, core_loans, core_savings
from gateway.store.engine import insert_into
from gateway.store.tables import operations, payments

NEVER = 0
"""As of when a row is whose figures nobody has read yet."""

AWAY = "the core is away"
"""The reason on every operation that waits for the core to come back."""


@dataclass(frozen=True, slots=True)
class MirroredLoan:
    """One loan's row; `as_of` in milliseconds."""

    loan_id: str
    customer_id: str
    core_id: str
    status: str
    owed_cents: int
    overpaid_cents: int
    schedule: tuple[Instalment, ...]
    source: str
    version: int
    as_of: int


async def client_of(connection: AsyncConnection, customer_id: str) -> str | None:
    """The core's id of a customer."""
    return await connection.scalar(select(core_clients.c.core_id).where(core_clients.c.customer_id == customer_id))


async def client_kept(connection: AsyncConnection, customer_id: str, core_id: str, source: str, now: int) -> None:
    await _kept(connection, core_clients, {"customer_id": customer_id}, {"core_id": core_id}, source, now)


async def loan(connection: AsyncConnection, loan_id: str) -> MirroredLoan | None:
    return await _loan(connection, core_loans.c.loan_id == loan_id)


async def loan_at_core(connection: AsyncConnection, core_id: str) -> MirroredLoan | None:
    return await _loan(connection, core_loans.c.core_id == core_id)


async def loans_of(connection: AsyncConnection, customer_id: str) -> dict[str, MirroredLoan]:
    """A customer's loans, by our id."""
    rows = await connection.execute(select(core_loans).where(core_loans.c.customer_id == customer_id))
    return {row.loan_id: _mirrored(row) for row in rows}


async def loan_tied(
    connection: AsyncConnection, loan_id: str, customer_id: str, core_id: str, source: str, status: str
) -> None:
    """From now on we know which loan of the core is ours; its figures nobody has read yet."""
    values = {
        "customer_id": customer_id, "core_id": core_id, "status": status, "owed_cents": 0, "overpaid_cents": 0,
        "schedule": [],
    }  # fmt: skip
    await _kept(connection, core_loans, {"loan_id": loan_id}, values, source, NEVER)


async def loan_untied(connection: AsyncConnection, loan_id: str) -> None:
    await connection.execute(delete(core_loans).where(core_loans.c.loan_id == loan_id))


async def loan_kept(
    connection: AsyncConnection, loan_id: str, customer_id: str, read: CoreLoan, source: str, as_of: int
) -> None:
    values = {
        "customer_id": customer_id,
        "core_id": read.id,
        "status": read.status,
        "owed_cents": read.owed_cents if read.status == "active" else 0,
        "overpaid_cents": read.overpaid_cents,
        "schedule": [_row(each) for each in read.schedule],
    }
    await _kept(connection, core_loans, {"loan_id": loan_id}, values, source, as_of)


async def savings_of(connection: AsyncConnection, customer_id: str, account: str) -> Any | None:
    """The row of one account of a customer, as the core has it."""
    columns = core_savings.c
    query = select(core_savings).where(columns.customer_id == customer_id, columns.account == account)
    return (await connection.execute(query)).one_or_none()


async def savings_kept(
    connection: AsyncConnection, customer_id: str, read: CoreSavings, source: str, as_of: int
) -> None:
    keys = {"customer_id": customer_id, "account": read.account}
    await _kept(
        connection, core_savings, keys, {"core_id": read.id, "balance_cents": read.balance_cents}, source, as_of
    )


async def cursor(connection: AsyncConnection, source: str) -> str:
    """Where the next question for changes begins; empty at first."""
    return await connection.scalar(select(core_cursors.c.cursor).where(core_cursors.c.source == source)) or ""


async def cursor_moved(connection: AsyncConnection, source: str, to: str, now: int) -> None:
    statement = insert_into(connection, core_cursors).values(source=source, cursor=to, at=now)
    await connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_={"cursor": to, "at": now}))


async def has_untold(connection: AsyncConnection, lane: str, *, after: int = 0) -> bool:
    """Whether commands to the core are still on their way in this lane, of those later than operation `after`."""
    columns = operations.c
    query = select(columns.number).where(columns.lane == lane, columns.is_open, columns.number > after)
    return await connection.scalar(query.limit(1)) is not None


async def receipt_of(connection: AsyncConnection, operation_id: str) -> str:
    """The rail's receipt of a payment that an operation booked; empty for none."""
    return await connection.scalar(select(payments.c.receipt).where(payments.c.operation_id == operation_id)) or ""


async def approved_cents(connection: AsyncConnection, kind: str, *, since: int, before: int) -> int:
    """The amounts of operations of a kind since a moment (ms) and before operation `before`, but for refused ones."""
    columns = operations.c
    query = select(columns.intent).where(
        columns.kind == kind, columns.created_at >= since, columns.number < before, columns.state != "rejected"
    )
    return sum(intent["amount_cents"] for intent in await connection.scalars(query))


async def woken(connection: AsyncConnection, now: int, spread_ms: int) -> None:
    """The core is back: all that waits for it comes within `spread_ms`, in the order in which it was queued."""
    columns = operations.c
    waiting = (columns.reason == AWAY, columns.is_open, columns.state == "queued", columns.due_at > now)
    bounds = (
        await connection.execute(select(func.min(columns.number), func.max(columns.number)).where(*waiting))
    ).one()
    if bounds[0] is None:
        return
    span = bounds[1] - bounds[0] + 1
    due = now + (columns.number - bounds[0]) * spread_ms // span
    sooner = case((columns.due_at < due, columns.due_at), else_=due)
    await connection.execute(update(operations).where(*waiting).values(due_at=sooner))


async def _loan(connection: AsyncConnection, condition: Any) -> MirroredLoan | None:
    row = (await connection.execute(select(core_loans).where(condition))).one_or_none()
    return _mirrored(row) if row else None


async def _kept(
    connection: AsyncConnection, table: Table, keys: Mapping[str, str], values: Mapping[str, Any], source: str,
    as_of: int,
) -> None:  # fmt: skip
    """Insert, or update unless what is there is younger; the version moves when the values do."""
    statement = insert_into(connection, table).values(**keys, **values, source=source, version=1, as_of=as_of)
    changed = or_(*(table.c[name] != value for name, value in values.items() if name != "schedule"))
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(keys),
            set_={
                **values,
                "source": source,
                "version": case((changed, table.c.version + 1), else_=table.c.version),
                "as_of": as_of,
            },
            where=table.c.as_of <= as_of,
        )
    )


def _mirrored(row: Any) -> MirroredLoan:
    schedule = tuple(_instalment(each) for each in row.schedule)
    values = {name: getattr(row, name) for name in MirroredLoan.__slots__}
    return MirroredLoan(**{**values, "schedule": schedule})


def _row(instalment: Instalment) -> list[Any]:
    return [
        instalment.number,
        instalment.due_on.isoformat(),
        [instalment.due.of(part) for part in PARTS],
        [instalment.paid.of(part) for part in PARTS],
    ]


def _instalment(row: Sequence[Any]) -> Instalment:
    return Instalment(row[0], date.fromisoformat(row[1]), Parts(*row[2]), Parts(*row[3]))
