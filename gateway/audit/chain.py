"""The chain of seals: each stands for one range of ids of one stream, and its mark for all seals before it.

    7  postings  first 1201  through 1500  count 300  digests ...  mark 3f2a91c0:9d1e...

Ranges of a stream follow on each other without a gap. A seal of the stream `unsigned` covers no row: it says that
postings through an id may be without our mark, and why.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit.keys import Keys
from gateway.audit.streams import START
from gateway.audit.tables import seals

UNSIGNED = "unsigned"
PURPOSE = "seal"

columns = seals.c


@dataclass(frozen=True, slots=True)
class Seal:
    """`number` 0 with an empty mark is where the chain begins. The digests are in no repr of a log."""

    number: int = 0
    stream: str = ""
    first_id: int = START
    through_id: int = START
    count: int = 0
    digests: bytes = b""
    note: str = ""
    mark: str = ""
    at: int = 0

    def content_after(self, previous_mark: object) -> str:
        """What its mark stands for."""
        digest = hashlib.sha256(self.digests).hexdigest()
        said = [self.number, self.stream, self.first_id, self.through_id, self.count, digest, self.note, self.at]
        return json.dumps([previous_mark, *said], separators=(",", ":"), default=repr)

    def marked(self, keys: Keys, previous_mark: str) -> "Seal":
        return replace(self, mark=keys.mark(PURPOSE, self.content_after(previous_mark)))

    def is_ours_after(self, keys: Keys, previous_mark: object) -> bool:
        return keys.agrees(PURPOSE, self.content_after(previous_mark), self.mark)


async def newest(connection: AsyncConnection) -> Seal:
    """The last of the chain."""
    found = (await connection.execute(select(seals).order_by(columns.number.desc()).limit(1))).one_or_none()
    return _seal(found) if found else Seal()


async def after(connection: AsyncConnection, number: int, limit: int) -> list[Seal]:
    """The next ones, in order."""
    rows = await connection.execute(select(seals).where(columns.number > number).order_by(columns.number).limit(limit))
    return [_seal(row) for row in rows]


async def number_before(connection: AsyncConnection, at: int) -> int:
    """The last seal that was made before a moment; 0 for none."""
    return await connection.scalar(select(func.max(columns.number)).where(columns.at < at)) or 0


async def marked_as(connection: AsyncConnection, number: int) -> str:
    """A seal's mark; empty for none."""
    return await connection.scalar(select(columns.mark).where(columns.number == number)) or ""


async def through(connection: AsyncConnection, stream: str) -> int | None:
    """The highest id of a stream that is sealed, or, of `unsigned`, that is excused; None for none."""
    found: int | None = await connection.scalar(select(func.max(columns.through_id)).where(columns.stream == stream))
    return found


async def put(connection: AsyncConnection, seal: Seal) -> None:
    """A number that is taken raises IntegrityError: somebody else has sealed meanwhile."""
    await connection.execute(insert(seals).values({name: getattr(seal, name) for name in Seal.__slots__}))


def _seal(row: Row[Any]) -> Seal:
    return Seal(**{name: getattr(row, name) for name in Seal.__slots__})
