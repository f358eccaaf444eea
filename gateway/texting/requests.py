"""Requests by SMS that wait for their code: the conversation just before its yes, and what the yes is for."""

from typing import Any

import msgspec
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flows.turn import Session
from gateway.store.engine import insert_into
from gateway.texting.tables import requests

Request = Row[Any]
"""One row of `texts_requests`."""

columns = requests.c
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Session)


async def kept(connection: AsyncConnection, session: Session, **values: object) -> None:
    """Keep the conversation as it stands before the yes."""
    row = {"session_id": session.id, "customer_id": session.customer, "snapshot": _encoder.encode(session), **values}
    await connection.execute(insert(requests).values(row))


async def noted(connection: AsyncConnection, session: Session, **values: object) -> None:
    """Keep what has no code yet; the same again changes nothing."""
    row = {"session_id": session.id, "customer_id": session.customer, "snapshot": _encoder.encode(session), **values}
    await connection.execute(insert_into(connection, requests).values(row).on_conflict_do_nothing())


async def armed(connection: AsyncConnection, session_id: str, **values: object) -> None:
    """Give it its code."""
    await connection.execute(update(requests).where(columns.session_id == session_id).values(**values))


async def emptied(connection: AsyncConnection, session_id: str) -> None:
    """Forget what was said in it."""
    snapshot = _encoder.encode(Session(session_id))
    await connection.execute(update(requests).where(columns.session_id == session_id).values(snapshot=snapshot))


def session_of(request: Request) -> Session:
    return _decoder.decode(request.snapshot)


async def get(connection: AsyncConnection, session_id: str, *, lock: bool = False) -> Request | None:
    query = select(requests).where(columns.session_id == session_id)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def newest(connection: AsyncConnection, customer_id: str, since: int) -> Request | None:
    """The last one of a person after `since` that got a code, whatever has become of it: only its code can be good."""
    query = (
        select(requests)
        .where(columns.customer_id == customer_id, columns.created_at > since, columns.code_id != "")
        .order_by(columns.created_at.desc())
        .limit(1)
    )
    return (await connection.execute(query)).one_or_none()


async def used(connection: AsyncConnection, session_id: str, now: int) -> None:
    await connection.execute(update(requests).where(columns.session_id == session_id).values(used_at=now))


async def moved_cents(connection: AsyncConnection, customer_id: str, since: int) -> int:
    """How much somebody has moved by SMS since then."""
    query = select(func.coalesce(func.sum(columns.amount_cents), 0)).where(
        columns.customer_id == customer_id, columns.used_at >= since
    )
    return int(await connection.scalar(query) or 0)


async def tidied(connection: AsyncConnection, before: int) -> None:
    """Forget what is old."""
    await connection.execute(delete(requests).where(columns.created_at < before))
