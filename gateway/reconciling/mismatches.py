"""What does not agree, each named once: found, worked by people, or healed where that is provable.

Kinds: `missing_ledger` the rail has money that our books do not; `missing_callback` the same, and it was put right;
`missing_statement` our books have money that the statement does not; `amount_mismatch`; `status_mismatch`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import SALTS_MAX, reference
from gateway.desk import cases as desk
from gateway.operations.outbox import NAMESPACE
from gateway.reconciling.tables import mismatches
from gateway.store import cases
from gateway.store.engine import insert_into

Kind = Literal["missing_ledger", "missing_callback", "missing_statement", "amount_mismatch", "status_mismatch"]
State = Literal["pending", "resolved", "ignored"]
KINDS = ("missing_ledger", "missing_callback", "missing_statement", "amount_mismatch", "status_mismatch")
STATES = ("pending", "resolved", "ignored")
SYSTEM = "system"
PREFIX = "MM"
TOPIC = "reconciliation"

table = mismatches.c


@dataclass(frozen=True, slots=True)
class Found:
    """Something that does not agree. `about` makes it one: a receipt, or an operation without one. Amounts in cents,
    `at` in milliseconds."""

    kind: Kind
    shortcode: str
    about: str
    why: str
    at: int
    receipt: str | None = None
    operation_id: str | None = None
    ours_cents: int | None = None
    theirs_cents: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(uuid.uuid5(NAMESPACE, f"mismatch:{self.kind}:{self.shortcode}:{self.about}"))


async def opened(connection: AsyncConnection, found: Found, now: int, *, answer_ms: int) -> bool:
    """Whether it is new. A new one opens a case, to be answered within `answer_ms`; one that people have settled stays
    settled."""
    named = await _kept(connection, found, "pending", None, now)
    if named is None:
        return False
    await cases.opened(
        connection, found.id, named, TOPIC,
        evidence={"kind": found.kind, "receipt": found.receipt, "why": found.why},
        operation_id=found.operation_id, answer_by=now + answer_ms, now=now,
    )  # fmt: skip
    return True


async def healed(connection: AsyncConnection, found: Found, note: str, now: int) -> bool:
    """Keep that something was put right, and why that was certain. Whether it is new."""
    return await _kept(connection, found, "resolved", note, now) is not None


async def settled(
    connection: AsyncConnection, named: str, state: State, *, note: str, by: str, now: int
) -> Literal["settled", "unknown", "settled_before"]:
    """What a person has found out about a pending one."""
    moved = await connection.execute(
        update(mismatches)
        .where(table.reference == named, table.state == "pending")
        .values(state=state, note=note, by=by, updated_at=now)
    )
    if moved.rowcount:
        identity = await connection.scalar(select(table.id).where(table.reference == named))
        await desk.settled(connection, str(identity), f"{state}: {note}", now, by=by)
        return "settled"
    is_there = await connection.scalar(select(table.id).where(table.reference == named))
    return "settled_before" if is_there else "unknown"


async def proven(connection: AsyncConnection, mismatch_id: str, note: str, now: int) -> None:
    """What stood open agrees by now."""
    await desk.settled(connection, mismatch_id, note, now)
    await connection.execute(
        update(mismatches)
        .where(table.id == mismatch_id, table.state == "pending")
        .values(state="resolved", note=note, by=SYSTEM, updated_at=now)
    )


async def pending(connection: AsyncConnection, shortcode: str, since: int, until: int) -> Sequence[Any]:
    """Those of a stretch of time, both ends included."""
    query = select(mismatches).where(
        table.state == "pending", table.shortcode == shortcode, table.at >= since, table.at <= until
    )
    return (await connection.execute(query.order_by(table.at))).all()


async def listed(
    connection: AsyncConnection, *, states: Sequence[str], kinds: Sequence[str], limit: int, offset: int
) -> tuple[Sequence[Any], int]:
    """Rows with the latest money first, and how many there are."""
    query: Select[Any] = select(mismatches).where(table.state.in_(states), table.kind.in_(kinds))
    count = await connection.scalar(select(func.count()).select_from(query.subquery()))
    rows = await connection.execute(query.order_by(table.at.desc(), table.id).limit(limit).offset(offset))
    return rows.all(), int(count or 0)


async def by_reference(connection: AsyncConnection, named: str) -> Any:
    return (await connection.execute(select(mismatches).where(table.reference == named))).one_or_none()


async def counted(connection: AsyncConnection, shortcode: str, since: int, until: int) -> dict[str, int]:
    """How many of a stretch of time are in each state."""
    query = (
        select(table.state, func.count())
        .where(table.shortcode == shortcode, table.at >= since, table.at <= until)
        .group_by(table.state)
    )
    return {**dict.fromkeys(STATES, 0), **{row[0]: row[1] for row in await connection.execute(query)}}


async def _kept(connection: AsyncConnection, found: Found, state: State, note: str | None, now: int) -> str | None:
    """Its name, if it is new. Two may draw one name: the second draws again."""
    for salt in range(SALTS_MAX):
        named = reference(PREFIX, found.id, salt)
        statement = insert_into(connection, mismatches).values(
            id=found.id, reference=named, kind=found.kind, shortcode=found.shortcode, receipt=found.receipt,
            operation_id=found.operation_id, ours_cents=found.ours_cents, theirs_cents=found.theirs_cents,
            why=found.why[:200], evidence=dict(found.evidence), state=state, note=note, by=SYSTEM if note else None,
            at=found.at, created_at=now, updated_at=now,
        )  # fmt: skip
        if (await connection.execute(statement.on_conflict_do_nothing())).rowcount:
            return named
        if await connection.scalar(select(table.id).where(table.id == found.id)) is not None:
            return None
    return None
