"""Many operations of a kind as one: attempted together, settled in one unit of work.

What one operation costs by itself, three units of work and their syncs to disk, is what a full batch costs here. The
promises are the same: a claim that was lost meanwhile stores nothing, every attempt is kept, and when a batch cannot
be stored as one, each of it is stored by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.operations.outcome import Outcome
from gateway.operations.playbook import ManyStep, Work
from gateway.operations.settle import Decision, Policy, Position, settle
from gateway.store.tables import attempts, operations

Settled = Sequence[tuple[Work, Decision]]

_NEW = ("state", "due_at", "attempts", "data", "reason", "is_open", "waiting_since", "updated_at")
_SETTLE = (
    update(operations)
    .where(operations.c.id == bindparam("new_id"))
    .values({name: bindparam(f"new_{name}", type_=operations.c[name].type) for name in _NEW})
    .values(lease_until=0)
)


async def stored(
    connection: AsyncConnection, step: ManyStep, outcomes: Sequence[tuple[Work, Outcome]], now: int, took_ms: int,
    policy: Policy,
) -> Settled:  # fmt: skip
    """Settle what is still ours; what came of it, without what was lost."""
    held = await _held(connection, step, [work for work, _ in outcomes])
    ours = [(work, outcome) for work, outcome in outcomes if held.get(work.id) == work.fence]
    if not ours:
        return []
    known = await step.reconsider_many(connection, ours, now)
    settled = [
        (work, settle(_position(work), outcome, now, policy)) for (work, _), outcome in zip(ours, known, strict=True)
    ]
    await connection.execute(_SETTLE, [_columns(work, decision, now) for work, decision in settled])
    closed = [work.id for work, decision in settled if not decision.is_open]
    if closed:
        await connection.execute(update(operations).where(operations.c.id.in_(closed)).values(exclusive=None))
    await connection.execute(insert(attempts), [_attempt(work, decision, now, took_ms) for work, decision in settled])
    return settled


async def _held(connection: AsyncConnection, step: ManyStep, works: Sequence[Work]) -> Mapping[str, int]:
    """Lock the rows, in one order for everybody, and say under which claim each stands."""
    columns = operations.c
    query = (
        select(columns.id, columns.fence)
        .where(columns.id.in_([work.id for work in works]), columns.step == step.name, columns.is_open)
        .order_by(columns.number)
        .with_for_update()
    )
    return {row.id: row.fence for row in await connection.execute(query)}


def _position(work: Work) -> Position:
    """The step is the only one."""
    return Position(work.id, work.step, None, None, work.attempts)


def _columns(work: Work, decision: Decision, now: int) -> dict[str, Any]:
    waits = decision.state in {"waiting", "uncertain"}
    return {
        "new_id": work.id,
        "new_state": decision.state,
        "new_due_at": decision.due_at,
        "new_attempts": decision.attempts,
        "new_data": {**work.data, **decision.data},
        "new_reason": decision.reason or None,
        "new_is_open": decision.is_open,
        "new_waiting_since": (work.waiting_since or now) if waits else None,
        "new_updated_at": now,
    }


def _attempt(work: Work, decision: Decision, now: int, took_ms: int) -> dict[str, Any]:
    return {
        "operation_id": work.id, "step": work.step, "fence": work.fence, "outcome": decision.name,
        "reason": decision.reason, "evidence": dict(decision.evidence), "at": now, "took_ms": took_ms,
    }  # fmt: skip
