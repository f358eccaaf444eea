"""Texts sent and what became of them. Reports come late, twice and out of order; a final state stays."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import DAY_MS
from gateway.providers.contract import Delivery
from gateway.store.pages import newest
from gateway.store.tables import deliveries, messages, operations

FINAL_STATES = ("delivered", "failed")
EARLY_MS = DAY_MS
"""No report is earlier than the end of its hand-over by more than this."""

SENDING = "sending"
"""Being handed over, or cut off while it was: nobody knows whether it went out."""


REPORTS_LOCK = 3_830_032
"""Whoever notes ids of sent messages or reports on them holds this advisory lock; SQLite has a single writer anyway."""


_IDS = bindparam("ids", type_=messages.c.id.type, expanding=True)
_KNOWN = select(messages.c.id, messages.c.text, messages.c.state).where(messages.c.id.in_(_IDS))
_NOTED = (
    update(messages)
    .where(messages.c.id == bindparam("new_id"))
    .values(
        {
            name: bindparam(f"new_{name}", type_=messages.c[name].type)
            for name in ("state", "provider", "provider_id", "cost", "reason", "updated_at")
        }
    )
)
_MOVED = (
    update(messages)
    .where(messages.c.provider == bindparam("by"), messages.c.provider_id == bindparam("its_id"))
    .where(*(messages.c.state != final for final in FINAL_STATES))  # many at once take no list of values
    .values(state=bindparam("new_state"), reason=bindparam("new_reason"), updated_at=bindparam("at"))
)
_REPORTS = (
    select(deliveries)
    .where(deliveries.c.provider_id.in_(_IDS), deliveries.c.at > bindparam("since"))
    .order_by(deliveries.c.id)
)


async def _in_turn(connection: AsyncConnection) -> None:
    """A report and the noting of the id it is about must see each other: else it moves nothing, and nobody looks
    again."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(REPORTS_LOCK)))


async def known(connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, tuple[str, str]]:
    """Text and state of those of these messages that were written before."""
    return {row.id: (row.text, row.state) for row in await connection.execute(_KNOWN, {"ids": list(ids)})}


async def written(connection: AsyncConnection, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        await connection.execute(insert(messages), list(rows))


async def leaving(connection: AsyncConnection, ids: Collection[str], now: int) -> None:
    """From now on nobody can say whether they went out, until it is noted."""
    if ids:
        await connection.execute(update(messages).where(messages.c.id.in_(ids)).values(state=SENDING, updated_at=now))


async def noted(connection: AsyncConnection, message_id: str, **values: object) -> None:
    await connection.execute(update(messages).where(messages.c.id == message_id).values(**values))


async def noted_all(connection: AsyncConnection, rows: Iterable[Mapping[str, object]]) -> None:
    """As `noted`, for many: each with its `id`, `state`, `provider`, `provider_id`, `cost`, `reason`, `updated_at`."""
    await _in_turn(connection)
    if found := [{f"new_{name}": value for name, value in row.items()} for row in rows]:
        await connection.execute(_NOTED, found)


async def listed(
    connection: AsyncConnection, *, msisdn: str | None, state: str | None, before: tuple[int, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Messages, the newest first, those of one phone or in one state where that is asked for. `sender` is whom the
    carrier was told to name; None before it was, empty where its account says who speaks."""
    columns = messages.c
    sender = operations.c.data["sender"].as_string().label("sender")
    query = select(messages, sender).outerjoin(operations, operations.c.id == columns.id)
    if msisdn is not None:
        query = query.where(columns.msisdn == msisdn)
    if state:
        query = query.where(columns.state == state)
    return (await connection.execute(newest(query, messages, before, limit))).all()


async def reported(connection: AsyncConnection, provider: str, report: Delivery, now: int) -> None:
    """Keep a delivery report and move its message on, if it is known by now."""
    await reported_all(connection, [(provider, report)], now)


async def reported_all(connection: AsyncConnection, reports: Sequence[tuple[str, Delivery]], now: int) -> None:
    """The same for many, in their order."""
    rows = [
        {
            "provider": provider, "provider_id": report.provider_id, "status": report.status, "state": report.state,
            "reason": report.reason, "at": now,
        }
        for provider, report in reports
    ]  # fmt: skip
    await _in_turn(connection)
    await connection.execute(insert(deliveries), rows)
    await _moved(connection, rows, now)


async def catch_up(connection: AsyncConnection, sent: Collection[tuple[str, str]], now: int) -> None:
    """Apply reports that came before the send call returned, when there was no message to move yet. One that is older
    is about another message: centres count their ids from the beginning again.

    `sent`: carrier and its id of each."""
    wanted = {identity for _, identity in sent if identity}
    if not wanted:
        return
    early = {"ids": list(wanted), "since": now - EARLY_MS}
    rows = [row._asdict() for row in await connection.execute(_REPORTS, early)]
    await _moved(connection, [row for row in rows if (row["provider"], row["provider_id"]) in sent], now)


async def failed_by(connection: AsyncConnection, sent: Collection[tuple[str, str]], reason: str) -> Sequence[Row[Any]]:
    """Those of these, by carrier and its id, that have failed for a reason: `id`, `customer_id` and what was wanted."""
    if not sent:
        return []
    columns = messages.c
    query = (
        select(columns.id, operations.c.customer_id, operations.c.intent)
        .join(operations, operations.c.id == columns.id)
        .where(tuple_(columns.provider, columns.provider_id).in_(sorted(sent)))
        .where(columns.state == "failed", columns.reason == reason)
        .order_by(columns.id)
    )
    return list(await connection.execute(query))


async def _moved(connection: AsyncConnection, reports: Sequence[Mapping[str, Any]], now: int) -> None:
    """In one order for everybody: reports of the same messages may be written by two processes at once."""
    moves = [
        {
            "by": report["provider"], "its_id": report["provider_id"], "new_state": report["state"],
            "new_reason": report["reason"] or None, "at": now,
        }
        for report in sorted(reports, key=lambda report: str(report["provider_id"]))
    ]  # fmt: skip
    if moves:
        await connection.execute(_MOVED, moves)
