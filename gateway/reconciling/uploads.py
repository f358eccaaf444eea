"""Statements that were handed in: one row each by the hash of its content, which is kept packed until it is read."""

import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.reconciling.tables import statement_files, statement_pieces, statement_rejections
from gateway.statements.line import Rejected
from gateway.store.engine import Store, insert_into

PIECE_BYTES = 1 << 18
PACKED = 3

files = statement_files.c


class Overtaken(Exception):
    """Another worker has read on from here: what we have of it is void."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of rows. Each row is in one of them."""

    matched: int = 0
    gaps_filled: int = 0
    settled: int = 0
    mismatched: int = 0
    noted: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, field.name) for field in fields(self))

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Upload:
    """One row of `statement_files`."""

    id: str
    name: str
    form: str
    shortcode: str
    account: str
    since: int | None
    until: int | None
    state: str
    reason: str | None
    bytes: int
    rows_about: int | None
    rows_done: int
    matched: int
    gaps_filled: int
    settled: int
    mismatched: int
    noted: int
    rejected: int
    paid_in_cents: int
    withdrawn_cents: int
    findings: Sequence[str]
    created_at: int
    updated_at: int

    @property
    def counts(self) -> Counts:
        return Counts(*(getattr(self, field.name) for field in fields(Counts)))


async def find(connection: AsyncConnection, file_id: str) -> Upload | None:
    row = (await connection.execute(select(statement_files).where(files.id == file_id))).one_or_none()
    return _upload(row) if row else None


async def newest(connection: AsyncConnection, limit: int, offset: int) -> tuple[list[Upload], int]:
    """The latest first, and how many there are."""
    query = select(statement_files).order_by(files.created_at.desc(), files.id).limit(limit).offset(offset)
    found = [_upload(row) for row in await connection.execute(query)]
    return found, int(await connection.scalar(select(func.count()).select_from(statement_files)) or 0)


async def piece_kept(connection: AsyncConnection, file_id: str, number: int, content: bytes) -> None:
    """A piece of the content; the same one again changes nothing."""
    statement = insert_into(connection, statement_pieces).values(
        file_id=file_id, number=number, content=zlib.compress(content, PACKED)
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def pieces(store: Store, file_id: str) -> AsyncIterator[bytes]:
    """The content in order, a piece at a time."""
    number = 0
    while True:
        query = select(statement_pieces.c.content).where(
            statement_pieces.c.file_id == file_id, statement_pieces.c.number == number
        )
        async with store.read() as connection:
            packed = await connection.scalar(query)
        if packed is None:
            return
        yield zlib.decompress(packed)
        number += 1


async def accepted(connection: AsyncConnection, values: Mapping[str, Any], now: int) -> bool:
    """Whether this content is handed in for the first time."""
    statement = insert_into(connection, statement_files).values(
        **values, state="reading", findings=[], created_at=now, updated_at=now
    )
    return bool((await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))).rowcount)


async def went_on(
    connection: AsyncConnection, file_id: str, *, since_row: int, to_row: int, counts: Counts, now: int
) -> None:
    """Rows after `since_row` are taken. Raises Overtaken, so that nothing of its unit of work stands, when somebody
    was faster."""
    added = {field.name: files[field.name] + getattr(counts, field.name) for field in fields(Counts)}
    moved = await connection.execute(
        update(statement_files)
        .where(files.id == file_id, files.rows_done == since_row, files.state == "reading")
        .values(rows_done=to_row, updated_at=now, **added)
    )
    if moved.rowcount != 1:
        raise Overtaken(file_id)


async def ended(connection: AsyncConnection, file_id: str, values: Mapping[str, Any], now: int) -> None:
    """Read to its end, or as far as it could be: the content is not needed any more."""
    await connection.execute(update(statement_files).where(files.id == file_id).values(**values, updated_at=now))
    await connection.execute(delete(statement_pieces).where(statement_pieces.c.file_id == file_id))


async def rejections_kept(connection: AsyncConnection, file_id: str, rejected: Sequence[Rejected]) -> None:
    for each in rejected:
        statement = insert_into(connection, statement_rejections).values(
            file_id=file_id, row=each.number, column=each.column, reason=each.reason[:200]
        )
        await connection.execute(statement.on_conflict_do_nothing())


async def rejections(connection: AsyncConnection, file_id: str, limit: int, offset: int = 0) -> list[Rejected]:
    """In order of their rows."""
    table = statement_rejections.c
    query = select(table.row, table.column, table.reason).where(table.file_id == file_id).order_by(table.row)
    return [Rejected(*row) for row in await connection.execute(query.limit(limit).offset(offset))]


async def covered(connection: AsyncConnection, shortcode: str) -> list[tuple[int, int]]:
    """The stretches of time of which there are statements, joined where one follows the other within a second."""
    query = select(files.since, files.until).where(
        files.shortcode == shortcode, files.state == "done", files.since.is_not(None), files.until.is_not(None)
    )
    return joined([(row.since, row.until) for row in await connection.execute(query)])


def joined(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches that touch are one; both ends belong to them, in milliseconds."""
    whole: list[tuple[int, int]] = []
    for since, until in sorted(stretches):
        if whole and since <= whole[-1][1] + 1000:
            whole[-1] = (whole[-1][0], max(whole[-1][1], until))
        else:
            whole.append((since, until))
    return whole


def _upload(row: Any) -> Upload:
    return Upload(**{field.name: getattr(row, field.name) for field in fields(Upload)})
