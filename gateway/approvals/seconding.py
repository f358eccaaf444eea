"""A second person's word about what one of the staff asked for: never the first one's own."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import audit
from gateway.accounts.audit import Deed
from gateway.approvals import decisions
from gateway.approvals.decisions import Approval
from gateway.errors import Rejected
from gateway.operations import queue


async def proposed(
    connection: AsyncConnection, operation_id: str, kind: str, shown: Mapping[str, Any], deed: Deed, *, cents: int,
    until: int,
) -> str:  # fmt: skip
    """Put an operation that was queued just now to a second person, and on record; its reference. `kind` is that of
    the question and of the record, `shown` what they see."""
    row = await queue.find(connection, operation_id)
    ask = decisions.Ask(question_of(operation_id, kind), kind, kind, cents, until, shown)
    await decisions.asked_at_once(connection, row, ask, deed.now)
    noted = {**shown, "reference": row.reference}
    await audit.noted(connection, replace(deed, operation_id=row.id), kind, row.customer_id or None, noted)
    return str(row.reference)


async def demand_another(connection: AsyncConnection, by: str, people: Collection[str | None]) -> None:
    """Raises Rejected (`oneself`) where whoever decides has asked for it, or is whom it is about: under their name at
    the desk or as the officer and customer that they are."""
    if await audit.is_one_of(connection, by, people):
        raise Rejected("a second person decides", "oneself")


def question_of(operation_id: str, kind: str) -> str:
    """The id of the question that was put about an operation."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{operation_id}:{kind}"))


async def seconded(connection: AsyncConnection, question_id: str, deed: Deed, *, is_yes: bool) -> Approval:
    """The question, answered and on record. Raises Rejected when it is not theirs to say, or was said."""
    row = await decisions.get(connection, question_id)
    if row is None:
        raise Rejected("nobody asked for this", "unknown")
    if is_yes:
        await demand_another(connection, deed.by, (row.detail["by"], row.requester_id))
    state = "approved" if is_yes else "declined"
    if not await decisions.decided(
        connection, row.id, by=deed.by[:36], state=state, reason=deed.reason[:40], now=deed.now
    ):
        raise Rejected("it was answered already, or it is too late", "answered")
    told = {name: row.detail[name] for name in ("receipt",) if name in row.detail}
    noted = {**told, "reference": row.reference, "state": state}
    about = replace(deed, operation_id=row.operation_id)
    await audit.noted(connection, about, row.kind, row.requester_id or None, noted)
    return row
