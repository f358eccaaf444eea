"""Finds what a reference stands for (an operation's, a case's, a rail's receipt) and reads its story."""

import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.tables import staff_actions
from gateway.books.tables import accounts, journals, postings
from gateway.desk.tables import ENDED, case_notes
from gateway.explain.story import Event, Story, told
from gateway.operations.outbox import NAMESPACE
from gateway.reconciling.tables import statement_lines
from gateway.store.tables import attempts, callbacks, cases, messages, operations, payments, rail_requests

DIGEST_CHARACTERS = 12
REFERENCE_CHARACTERS_MAX = 40
RECEIPT = re.compile(r"[A-Z0-9]{8,16}")
CALLBACKS_MAX = 100


async def story_of(connection: AsyncConnection, reference: str) -> Story | None:
    """None for a reference that is nobody's."""
    name = reference.strip().upper()[:REFERENCE_CHARACTERS_MAX]
    row = await _operation(connection, name)
    if row is not None:
        return await _of_operation(connection, row)
    return await _of_case(connection, name) or await _of_receipt(connection, name)


async def _of_operation(connection: AsyncConnection, row: Row[Any]) -> Story:
    events = [
        Event(row.created_at, "asked", {"kind": row.kind, "by": "a turn" if row.session_id else "itself"}),
        *[event async for event in _attempts(connection, row.id)],
        *[event async for event in _requests(connection, row.id)],
        *[event async for event in _callbacks(connection, callbacks.c.operation_id == row.id)],
        *[event async for event in _journals(connection, row.id)],
        *[event async for event in _messages(connection, row)],
        *[event async for event in _acts(connection, row.id)],
        *[event async for event in _cases(connection, cases.c.operation_id == row.id)],
    ]
    return Story(row.reference, row.kind, row.state, row.step, row.reason or "", row.is_open, told(events))


async def _of_case(connection: AsyncConnection, name: str) -> Story | None:
    """A case that belongs to no operation: a complaint, a payment that nobody asked for."""
    row = (await connection.execute(select(cases).where(cases.c.reference == name))).one_or_none()
    if row is None:
        return None
    events = [event async for event in _cases(connection, cases.c.id == row.id)]
    is_open = row.state not in ENDED
    return Story(row.reference, "case", row.state, "", row.topic, is_open, told(events))


async def _of_receipt(connection: AsyncConnection, name: str) -> Story | None:
    """A receipt that no operation of ours has: what statements and callbacks say of it."""
    if not RECEIPT.fullmatch(name):
        return None
    events = [
        *[event async for event in _lines(connection, name)],
        *[event async for event in _callbacks(connection, callbacks.c.body.contains(name, autoescape=True))],
    ]
    return Story(name, "receipt", "unknown", "", "", False, told(events)) if events else None


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


async def _callbacks(connection: AsyncConnection, which: ColumnElement[bool]) -> AsyncIterator[Event]:
    """A body is named by its digest: it holds phones."""
    query = select(callbacks).where(which).order_by(callbacks.c.id).limit(CALLBACKS_MAX)
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


async def _acts(connection: AsyncConnection, identity: str) -> AsyncIterator[Event]:
    """What people did to it, by the record of staff."""
    columns = staff_actions.c
    query = select(staff_actions).where(columns.operation_id == identity).order_by(columns.id)
    for row in await connection.execute(query):
        told = {key: row.detail.get(key) for key in ("act", "proposal", "state", "receipt", "evidence", "verdict")}
        yield Event(row.at, "person", {"by": row.by, "action": row.action, "why": row.reason, **told})


async def _lines(connection: AsyncConnection, receipt: str) -> AsyncIterator[Event]:
    """What the rail's own statements have of a receipt."""
    query = select(statement_lines).where(statement_lines.c.receipt == receipt).order_by(statement_lines.c.id)
    for row in await connection.execute(query):
        detail = {"shortcode": row.shortcode, "kind": row.kind, "cents": row.cents, "verdict": row.verdict}
        yield Event(row.at, "line", detail)


async def _cases(connection: AsyncConnection, which: ColumnElement[bool]) -> AsyncIterator[Event]:
    """Cases, and what people have written to them."""
    for row in (await connection.execute(select(cases).where(which).order_by(cases.c.created_at))).all():
        detail = {"number": row.reference, "topic": row.topic, "state": row.state, "owner": row.owner}
        yield Event(row.created_at, "case", detail)
        notes = select(case_notes).where(case_notes.c.case_id == row.id).order_by(case_notes.c.id)
        for note in await connection.execute(notes):
            yield Event(note.at, "note", {"number": row.reference, "by": note.by, "act": note.act, "said": note.text})
