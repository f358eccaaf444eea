"""What staff did: who, what, whom, why, when. Rows are only ever added; the database refuses anything else."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.tables import staff_actions
from gateway.store.tables import customers

columns = staff_actions.c


@dataclass(frozen=True, slots=True)
class Deed:
    """One act of one member of staff: `by` is an officer's id or an operator's name, `name` as others are told."""

    by: str
    name: str
    reason: str
    operation_id: str
    now: int


def is_same(one: str, other: str) -> bool:
    """Whether two names are one person's: in capitals or not, with dots and blanks or without, with accents or without.
    Two people whose names are that close need a third one."""
    return _bare(one) == _bare(other)


async def is_one_of(connection: AsyncConnection, by: str, people: Collection[str | None]) -> bool:
    """Whether whoever acts is one of these. Each is a name at the desk or somebody's id: an officer with a phone has
    both, and is one person."""
    others = {each for each in people if each}
    found = await connection.execute(select(customers.c.id, customers.c.name).where(customers.c.id.in_({by, *others})))
    names = {row.id: row.name for row in found}
    known = {*others, *(names[each] for each in others if each in names)}
    return any(is_same(mine, other) for mine in (by, names.get(by, by)) for other in known)


def _bare(name: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", name).casefold() if each.isalnum())


async def noted(
    connection: AsyncConnection, deed: Deed, action: str, customer_id: str | None,
    detail: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """In the unit of work of what was done."""
    await connection.execute(
        insert(staff_actions).values(
            by=deed.by, action=action, customer_id=customer_id, reason=deed.reason[:120], detail=dict(detail or {}),
            operation_id=deed.operation_id or None, at=deed.now,
        )
    )  # fmt: skip


async def done(connection: AsyncConnection, by: str, action: str, *, since: int) -> int:
    """How often somebody has done something since a moment."""
    query = select(func.count()).where(columns.by == by, columns.action == action, columns.at >= since)
    return int(await connection.scalar(query) or 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the record: all of it, or of one person on either side; `before` an id, for the next page."""

    by: str | None = None
    customer_id: str | None = None
    before: int | None = None
    limit: int = field(default=100)


async def listed(connection: AsyncConnection, wanted: Wanted) -> list[Row[Any]]:
    """The newest first, each with the customer's line as it is now (`msisdn`) and an officer's name (`by_name`)."""
    officers = customers.alias()
    query = (
        select(staff_actions, customers.c.msisdn, officers.c.name.label("by_name"))
        .outerjoin(customers, customers.c.id == columns.customer_id)
        .outerjoin(officers, officers.c.id == columns.by)
    )
    if wanted.by is not None:
        query = query.where(columns.by == wanted.by)
    if wanted.customer_id is not None:
        query = query.where(columns.customer_id == wanted.customer_id)
    if wanted.before is not None:
        query = query.where(columns.id < wanted.before)
    return list(await connection.execute(query.order_by(columns.id.desc()).limit(wanted.limit)))
