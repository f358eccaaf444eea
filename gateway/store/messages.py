"""Texts sent and what became of them. Reports come late, twice and out of order; a final state stays."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import deliveries, messages

FINAL_STATES = ("delivered", "failed")


async def text_of(connection: AsyncConnection, message_id: str) -> str | None:
    return await connection.scalar(select(messages.c.text).where(messages.c.id == message_id))


async def written(connection: AsyncConnection, **values: object) -> None:
    await connection.execute(insert(messages).values(state="queued", **values))


async def noted(connection: AsyncConnection, message_id: str, **values: object) -> None:
    await connection.execute(update(messages).where(messages.c.id == message_id).values(**values))


def cursor_of(text: str) -> tuple[int, str]:
    """Where a page ended: moment and id. Raises ValueError."""
    at, _, identity = text.partition("-")
    if not identity or not 0 <= int(at) < 2**63:
        raise ValueError("not a cursor")
    return int(at), identity


async def listed(
    connection: AsyncConnection, *, msisdn: str | None, state: str | None, before: tuple[int, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Messages, the newest first, those of one phone or in one state where that is asked for."""
    columns = messages.c
    query = select(messages).order_by(columns.created_at.desc(), columns.id.desc()).limit(limit)
    if msisdn is not None:
        query = query.where(columns.msisdn == msisdn)
    if state:
        query = query.where(columns.state == state)
    if before is not None:
        query = query.where(tuple_(columns.created_at, columns.id) < tuple_(*before))
    return (await connection.execute(query)).all()


async def reported(
    connection: AsyncConnection, provider: str, provider_id: str, *, status: str, state: str, reason: str, now: int
) -> None:
    """Keep a delivery report and move its message on, if it is known by now."""
    values = {"provider": provider, "provider_id": provider_id, "status": status, "state": state, "reason": reason}
    await connection.execute(insert(deliveries).values(at=now, **values))
    await _moved(connection, provider, provider_id, state, reason, now)


async def catch_up(connection: AsyncConnection, provider: str, provider_id: str, now: int) -> None:
    """Apply reports that came before the send call returned, when there was no message to move yet."""
    mine = deliveries.c.provider == provider, deliveries.c.provider_id == provider_id
    for row in await connection.execute(select(deliveries).where(*mine).order_by(deliveries.c.id)):
        await _moved(connection, provider, provider_id, row.state, row.reason, now)


async def _moved(
    connection: AsyncConnection, provider: str, provider_id: str, state: str, reason: str, now: int
) -> None:
    columns = messages.c
    await connection.execute(
        update(messages)
        .where(columns.provider == provider, columns.provider_id == provider_id)
        .where(columns.state.not_in(FINAL_STATES))
        .values(state=state, reason=reason or None, updated_at=now)
    )
