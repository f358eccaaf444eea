"""What is kept about people as borrowers: how loans ended, how limits moved, what stands against them."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books import accounts as chart
from gateway.books.balances import total
from gateway.books.tables import POSTED, accounts, balances, postings
from gateway.borrowing.limits import Change, Outcome
from gateway.borrowing.score import History
from gateway.borrowing.tables import credit_flags, credit_history, limit_changes
from gateway.clock import local_date
from gateway.lending.standings import Held
from gateway.store import customers
from gateway.store.customers import Customer
from gateway.store.engine import insert_into

Flag = Literal["blocked", "name"]
"""What may stand against somebody: no loan at all, or none without an officer, because M-PESA names somebody else."""


def _ended(*, late: bool) -> ColumnElement[int]:
    columns = credit_history.c
    mine = columns.customer_id == bindparam("customer"), columns.is_late.is_(late)
    return select(func.count()).select_from(credit_history).where(*mine).scalar_subquery()


def _flagged(kind: Flag) -> ColumnElement[bool]:
    columns = credit_flags.c
    return exists().where(
        columns.customer_id == bindparam("customer"), columns.kind == kind, columns.cleared_at.is_(None)
    )


_FIRST_SAVED = (
    select(func.min(postings.c.at))
    .join_from(accounts, postings, postings.c.account_id == accounts.c.id)
    .where(accounts.c.key == bindparam("savings"), postings.c.phase == POSTED)
    .scalar_subquery()
)
_SAVED = (
    select(total(balances.c.posted_cents))
    .join_from(accounts, balances)
    .where(accounts.c.key == bindparam("savings"))
    .scalar_subquery()
)
_KNOWN = select(
    _ended(late=False).label("on_time"),
    _ended(late=True).label("late"),
    _flagged("blocked").label("is_blocked"),
    _flagged("name").label("name_differs"),
    _FIRST_SAVED.label("saving_since"),
    _SAVED.label("savings_cents"),
)


async def history(connection: AsyncConnection, customer: Customer, held: Held, now: int) -> History:
    """What is known of somebody now; one statement, whatever they have done before."""
    whose = {"customer": customer.id, "savings": chart.savings(customer.id)}
    known = (await connection.execute(_KNOWN, whose)).one()
    return History(
        today=local_date(now),
        since=local_date(customer.created_at),
        ceiling_cents=customer.limit_cents,
        on_time=known.on_time,
        late=known.late,
        days_late_now=max((standing.loan.days_late for standing in held.running), default=0),
        savings_cents=known.savings_cents,
        saving_since=local_date(known.saving_since) if known.saving_since is not None else None,
        is_blocked=bool(known.is_blocked),
        name_differs=bool(known.name_differs),
    )


async def repaid(
    connection: AsyncConnection, loan_id: str, customer_id: str, outcome: Outcome, now: int, *, is_late: bool
) -> bool:
    """Keep how a loan ended, once; False when it was kept before."""
    values = {
        "loan_id": loan_id, "customer_id": customer_id, "principal_cents": outcome.principal_cents,
        "days_late": outcome.days_late, "is_late": is_late, "closed_at": now,
    }  # fmt: skip
    statement = insert_into(connection, credit_history).values(**values)
    return bool((await connection.execute(statement.on_conflict_do_nothing(index_elements=["loan_id"]))).rowcount)


async def limit_changed(
    connection: AsyncConnection, change_id: str, customer_id: str, change: Change, now: int,
    *, by: str | None = None, why: str | None = None,
) -> None:  # fmt: skip
    """Move somebody's ceiling and keep from what to what, why and by whom; once per id."""
    person = await customers.get(connection, customer_id, lock=True)
    values = {
        "id": change_id, "customer_id": customer_id, "from_cents": person.limit_cents, "to_cents": change.cents,
        "reason": change.reason, "by": by, "why": why, "at": now,
    }  # fmt: skip
    statement = insert_into(connection, limit_changes).values(**values)
    if (await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))).rowcount:
        await customers.changed(connection, customer_id, limit_cents=change.cents)


async def changes(connection: AsyncConnection, customer_id: str, *, most: int = 50) -> Sequence[Row[Any]]:
    """How somebody's ceiling moved, the newest first."""
    columns = limit_changes.c
    query = select(limit_changes).where(columns.customer_id == customer_id)
    return (await connection.execute(query.order_by(columns.at.desc(), columns.id).limit(most))).all()


async def flag(
    connection: AsyncConnection, flag_id: str, customer_id: str, kind: Flag, detail: Mapping[str, Any], now: int,
    *, by: str | None = None,
) -> None:  # fmt: skip
    """Something stands against somebody from now on; once per id."""
    values = {
        "id": flag_id, "customer_id": customer_id, "kind": kind, "detail": dict(detail), "by": by, "created_at": now,
    }  # fmt: skip
    statement = insert_into(connection, credit_flags).values(**values)
    await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))


async def cleared(connection: AsyncConnection, customer_id: str, kind: Flag, by: str, now: int) -> int:
    """Nothing of this kind stands against them any more; how much did."""
    columns = credit_flags.c
    cleared = await connection.execute(
        update(credit_flags)
        .where(columns.customer_id == customer_id, columns.kind == kind, columns.cleared_at.is_(None))
        .values(cleared_by=by, cleared_at=now)
    )
    return cleared.rowcount


async def flags(connection: AsyncConnection, customer_id: str) -> Sequence[Row[Any]]:
    """All that ever stood against somebody, the newest first."""
    columns = credit_flags.c
    query = select(credit_flags).where(columns.customer_id == customer_id)
    return (await connection.execute(query.order_by(columns.created_at.desc(), columns.id))).all()


async def accepted_names(connection: AsyncConnection, customer_id: str) -> list[str]:
    """M-PESA names that differ from somebody's own and that staff have looked at."""
    seen = [row for row in await flags(connection, customer_id) if row.kind == "name" and row.cleared_at is not None]
    return [str(row.detail["name"]) for row in seen]


def change_id() -> str:
    """For a change that nothing but a person's decision causes."""
    return str(uuid.uuid4())
