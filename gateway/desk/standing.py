"""Where an operation stands, as acts are judged by it: read under the locks that the act itself then holds."""

from dataclasses import fields
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.approvals import decisions
from gateway.books.tables import POSTED, journals
from gateway.operations import queue
from gateway.operations.acts import Money, Situation, StepKind
from gateway.operations.playbook import Local, Playbook, Work
from gateway.rails import requests
from gateway.rails.requests import RailRequest
from gateway.rails.steps import CollectStep, DisburseStep, RailStep
from gateway.reconciling.tables import statement_lines

MESSAGES = frozenset({"sms.send"})
MONEY_LINES = ("paid_in", "paid_out")
"""Lines of a statement that are a payment itself, not its charge."""


async def found(connection: AsyncConnection, operation_id: str, *, lock: bool) -> tuple[Row[Any], RailRequest | None]:
    """The operation and what it asked of the rail, if anything; locked in the order in which callbacks lock them."""
    request = await requests.of_operation(connection, operation_id, lock=lock)
    return await queue.find(connection, operation_id, lock=lock), request


async def situation_of(
    connection: AsyncConnection, row: Row[Any], request: RailRequest | None, playbook: Playbook | None, now: int, *,
    ripe_ms: int,
) -> Situation:  # fmt: skip
    """`ripe_ms`: after so long without an answer people may say that there was no payment."""
    sent_at = request.sent_at if request else None
    return Situation(
        state=row.state,
        step=kind_of(row, playbook),
        money=_money(request),
        is_busy=row.is_open and row.lease_until > now,
        is_tried=row.state == "queued" and row.attempts > 0,
        is_booked=await _is_booked(connection, row.id),
        has_way_back=bool(row.customer_id and playbook and playbook.refused),
        is_ripe=sent_at is not None and now - sent_at >= ripe_ms,
    )


async def is_contradicted(connection: AsyncConnection, receipt: str, cents: int) -> bool:
    """Whether the rail's own statements, as far as they are read, have this receipt with another amount."""
    lines = statement_lines.c
    query = select(lines.cents).where(lines.receipt == receipt, lines.kind.in_(MONEY_LINES))
    listed = [abs(each) for each in await connection.scalars(query)]
    return bool(listed) and cents not in listed


def kind_of(row: Row[Any], playbook: Playbook | None) -> StepKind:
    """What its present step is. A kind that nobody works any more has taken nothing on here: `local`."""
    if playbook is None:
        return "local"
    if row.kind in MESSAGES:
        return "message"
    if playbook.refused is not None and row.step == playbook.refused.name:
        return "refused"
    step = next((each for each in playbook.steps if each.name == row.step), None)
    if isinstance(step, CollectStep):
        return "prompt"
    if isinstance(step, DisburseStep):
        return "disburse"
    if step is None or isinstance(step, Local):
        return "decision" if isinstance(step, Local) and step.run is decisions.decision else "local"
    return "other"


def rail_step_of(playbook: Playbook | None, name: str) -> RailStep | None:
    """The step that speaks to the rail, if it is the one of this name."""
    steps = playbook.steps if playbook else ()
    return next((each for each in steps if isinstance(each, RailStep) and each.name == name), None)


def work_of(row: Row[Any]) -> Work:
    return Work(**{each.name: getattr(row, each.name) for each in fields(Work)})


def _money(request: RailRequest | None) -> Money:
    if request is None:
        return "none"
    if request.is_settled:
        return "paid" if request.state == "completed" else "refused"
    return "unsent" if request.sent_at is None else "asked"


async def _is_booked(connection: AsyncConnection, operation_id: str) -> bool:
    query = select(journals.c.id).where(journals.c.operation_id == operation_id, journals.c.phase == POSTED)
    return await connection.scalar(query.limit(1)) is not None
