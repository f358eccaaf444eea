"""Finds what a reference stands for (an operation's, a case's, a rail's receipt) and reads its story."""

import hashlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.books.tables import accounts, journals, postings
from gateway.explain.story import Event, Story, told
from gateway.operations.outbox import NAMESPACE
from gateway.store.tables import attempts, callbacks, cases, messages, operations, payments, rail_requests

DIGEST_CHARACTERS = 12
REFERENCE_CHARACTERS_MAX = 40


async def story_of(connection: AsyncConnection, reference: str) -> Story | None:
    """None for a reference that is nobody's."""
    row = await _operation(connection, reference.strip().upper()[:REFERENCE_CHARACTERS_MAX])
    if row is None:
        return None
    events = [
        Event(row.created_at, "asked", {"kind": row.kind, "by": "a turn" if row.session_id else "itself"}),
        *[event async for event in _attempts(connection, row.id)],
        *[event async for event in _requests(connection, row.id)],
        *[event async for event in _callbacks(connection, row.id)],
        *[event async for event in _journals(connection, row.id)],
        *[event async for event in _messages(connection, row)],
        *[event async for event in _cases(connection, row.id)],
    ]
    return Story(row.reference, row.kind, row.state, row.step, row.reason or "", row.is_open, told(events))


async def _operation(connection: AsyncConnection, name: str) -> Row[Any] | None:
    columns = operations.c
    found = (await connection.execute(select(operations).where(columns.reference == name))).one_or_none()
    if found is not None:
        return found
    for query in (
        select(cases.c.operation_id).where(cases.c.reference == name),
        select(payments.c.operation_id).where(payments.c.receipt == name).order_by(payments.c.id).limit(1),
        select(rail_requests.c.operation_id).where(rail_requests.c.receipt == name).limit(1),
    ):
        identity = await connection.scalar(query)
        if identity is not None:
            return (await connection.execute(select(operations).where(columns.id == identity))).one_or_none()
    return None


async def _attempts(connection: AsyncConnection, identity: str) -> AsyncIterator[Event]:
    query = select(attempts).where(attempts.c.operation_id == identity).order_by(attempts.c.id)
    for row in await connection.execute(query):
        detail = {"step": row.step, "outcome": row.outcome, "reason": row.reason, "evidence": row.evidence}
        yield Event(row.at, "attempt", detail)


async def _requests(connection: AsyncConnection, identity: str) -> AsyncIterator[Event]:
    """What was asked of the rail and what came of it; the token of its callback path stays here."""
    for row in await connection.execute(select(rail_requests).where(rail_requests.c.operation_id == identity)):
        asked = {"rail": row.rail, "kind": row.kind, "id": row.id, "railId": row.rail_id, "questions": row.questions}
        if row.sent_at is not None:
            yield Event(row.sent_at, "sent", {**asked, "cents": row.amount_cents})
        if row.settled_at is not None:
            said = {"state": row.state, "by": row.settled_by, "code": row.result_code, "receipt": row.receipt}
            yield Event(row.settled_at, "settled", {**said, "cents": row.result_amount_cents})


async def _callbacks(connection: AsyncConnection, identity: str) -> AsyncIterator[Event]:
    """A body is named by its digest: it holds phones."""
    query = select(callbacks).where(callbacks.c.operation_id == identity).order_by(callbacks.c.id)
    for row in await connection.execute(query):
        digest = hashlib.sha256(row.body.encode()).hexdigest()[:DIGEST_CHARACTERS]
        detail = {"purpose": row.purpose, "verdict": row.verdict, "number": row.id, "sha256": digest}
        yield Event(row.received_at, "callback", detail)


async def _journals(connection: AsyncConnection, identity: str) -> AsyncIterator[Event]:
    query = select(journals).where(journals.c.operation_id == identity).order_by(journals.c.at, journals.c.id)
    for row in (await connection.execute(query)).all():
        lines = (
            select(accounts.c.key, postings.c.amount_cents)
            .join_from(postings, accounts, postings.c.account_id == accounts.c.id)
            .where(postings.c.journal_id == row.id)
            .order_by(postings.c.id)
        )
        moved = [{"account": key, "cents": cents} for key, cents in await connection.execute(lines)]
        yield Event(row.at, "journal", {"step": row.step, "phase": row.phase, "lines": moved})


async def _messages(connection: AsyncConnection, operation: Row[Any]) -> AsyncIterator[Event]:
    """Those that say what became of it: a message's id is computed from the operation and the template."""
    if not operation.customer_id:
        return
    query = select(messages).where(messages.c.customer_id == operation.customer_id).order_by(messages.c.created_at)
    for row in await connection.execute(query.where(messages.c.created_at >= operation.created_at)):
        if row.id == str(uuid.uuid5(NAMESPACE, f"{operation.id}:{row.template}")):
            yield Event(row.created_at, "message", {"template": row.template, "state": row.state, "reason": row.reason})


async def _cases(connection: AsyncConnection, identity: str) -> AsyncIterator[Event]:
    query = select(cases).where(cases.c.operation_id == identity).order_by(cases.c.created_at)
    for row in await connection.execute(query):
        yield Event(row.created_at, "case", {"number": row.reference, "topic": row.topic, "state": row.state})
