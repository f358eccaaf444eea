"""What is kept of PINs: the verdict on each wrong one, and the hash of a new one between its two entries."""

from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.engine import insert_into
from gateway.store.tables import pin_attempts, pin_drafts


async def earlier_verdict(connection: AsyncConnection, session_id: str, turn: int) -> Row[Any] | None:
    """What was said to a wrong PIN in this very turn, if it was taken before."""
    query = select(pin_attempts).where(pin_attempts.c.session_id == session_id, pin_attempts.c.turn == turn)
    return (await connection.execute(query)).one_or_none()


async def noted(connection: AsyncConnection, **values: object) -> None:
    await connection.execute(insert(pin_attempts).values(**values))


async def drafted(connection: AsyncConnection, session_id: str, pin_hash: str, now: int, keep_ms: int) -> None:
    """Keep a new PIN's hash until it is typed again; drop what others left behind."""
    draft = insert_into(connection, pin_drafts).values(session_id=session_id, pin_hash=pin_hash, at=now)
    await connection.execute(
        draft.on_conflict_do_update(index_elements=["session_id"], set_={"pin_hash": pin_hash, "at": now})
    )
    await connection.execute(delete(pin_drafts).where(pin_drafts.c.at < now - keep_ms))


async def draft_of(connection: AsyncConnection, session_id: str) -> str | None:
    return await connection.scalar(select(pin_drafts.c.pin_hash).where(pin_drafts.c.session_id == session_id))


async def draft_used(connection: AsyncConnection, session_id: str) -> None:
    await connection.execute(delete(pin_drafts).where(pin_drafts.c.session_id == session_id))
