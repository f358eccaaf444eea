"""What is sealed: tables that only grow, each row by what never changes in it.

A posting stands with its journal, because ids of journals are in no order. What is filled in later (a payment's
receipt) or may still turn round (a settled request to a rail) is in no digest: callbacks, word for word, are.
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, Boolean, ColumnElement, FromClause, Integer, Select, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.tables import staff_actions
from gateway.books.tables import accounts, journals, postings
from gateway.store.tables import callbacks, loan_events, payments

START = -(1 << 63)
"""No id is smaller."""

DIGEST_BYTES = 16
_PLACE = struct.Struct(f">q{DIGEST_BYTES}s")


@dataclass(frozen=True, slots=True)
class Stream:
    """`name` is the table's, `columns` what a row says for good, `source` where it is read from."""

    name: str
    id: ColumnElement[Any]
    columns: tuple[ColumnElement[Any], ...]
    source: FromClause

    def rows(self, first: int, through: int, limit: int) -> Select[Any]:
        """Those of the ids from `first` through `through`: id, then the columns."""
        content = (_plain(column) for column in self.columns)
        query = select(self.id, *content).select_from(self.source)
        return query.where(self.id >= first, self.id <= through).order_by(self.id).limit(limit)


def _stream(table: Any, *, without: tuple[str, ...] = ()) -> Stream:
    columns = tuple(column for column in table.c if column.name not in without)
    return Stream(table.name, table.c.id, columns, table)


STREAMS: Mapping[str, Stream] = MappingProxyType(
    {
        stream.name: stream
        for stream in (
            _stream(accounts),
            Stream(
                postings.name, postings.c.id, (*postings.c, *journals.c),
                postings.outerjoin(journals, journals.c.id == postings.c.journal_id),
            ),
            _stream(loan_events),
            _stream(staff_actions),
            _stream(callbacks),
            _stream(payments, without=("receipt",)),
        )
    }
)  # fmt: skip


def digest(row: Sequence[Any]) -> bytes:
    """Of everything a row says."""
    content = json.dumps(list(row), separators=(",", ":"), default=repr)
    return hashlib.sha256(content.encode()).digest()[:DIGEST_BYTES]


def packed(rows: Iterable[Sequence[Any]]) -> bytes:
    """The id and digest of each."""
    return b"".join(_PLACE.pack(row[0], digest(row)) for row in rows)


def unpacked(digests: bytes) -> dict[int, bytes]:
    """By id. What is no whole number of them was meddled with: the rest is left out."""
    whole = len(digests) - len(digests) % _PLACE.size
    return dict(_PLACE.iter_unpack(digests[:whole]))


async def newest_id(connection: AsyncConnection, stream: Stream) -> int | None:
    """The highest id that can be seen; None while there is no row."""
    found: int | None = await connection.scalar(select(func.max(stream.id)))
    return found


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """As it is stored, whatever somebody has put there: an unreadable value must not stop a proof."""
    if isinstance(column.type, JSON):
        return cast(column, Text)
    return cast(column, Integer) if isinstance(column.type, Boolean) else column
