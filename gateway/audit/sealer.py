"""Seals what is new: a range of ids of one stream at a time, each range in its own unit of work.

Nothing is sealed that nobody of ours has written: a journal without our mark stops its stream where it is. And the
chain does not go on in a database that is older than what was told outside, as after a restore: somebody has to say
that it may (`nyota books accept`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts.audit import Deed, noted
from gateway.audit import chain, heads
from gateway.audit.chain import UNSIGNED, Seal
from gateway.audit.heads import Accepted, Head
from gateway.audit.horizon import Horizon, horizon, writers
from gateway.audit.keys import Keys
from gateway.audit.streams import START, STREAMS, Stream, newest_id, packed
from gateway.books.integrity import Finding, IsOurs, unsound
from gateway.books.journal import Sign
from gateway.books.tables import postings
from gateway.clock import Clock
from gateway.store.engine import Store, is_duplicate

JOURNAL = "journal"
"""What marks of journals are for."""

SEALS_MOST = 200
"""Seals made in one go; what is left is for the next."""

REPLACED = "seals are not replaced"
"""What SQLite's guard says of a number that is taken."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What came of it. `stopped`: why something could not be sealed. `has_more`: there is more to do at once."""

    rows: int = 0
    stopped: str = ""
    has_more: bool = False

    def __add__(self, other: "Sealed") -> "Sealed":
        return Sealed(self.rows + other.rows, self.stopped or other.stopped, self.has_more or other.has_more)


class Sealer:
    """Several may run: of two who seal the same, one finds the number taken and leaves it to the other."""

    def __init__(self, store: Store, keys: Keys, clock: Clock, heads_file: Path | None, *, rows_at_once: int) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._heads_file = heads_file
        self._rows_at_once = rows_at_once
        self._horizons: dict[str, Horizon] = {}
        self._told: Head | None = None

    async def seal(self) -> Sealed:
        """Everything that is new, up to a limit. Raises Unavailable; Misconfigured for a heads file that is no good."""
        if stopped := await self._behind():
            return Sealed(stopped=stopped)
        total = Sealed()
        try:
            await self._excuse_the_past()
            for stream in STREAMS.values():
                total += await self._caught_up(stream, await self._settled_id(stream))
        except IntegrityError as error:
            if not is_duplicate(error) and REPLACED not in str(error.orig):
                raise
            total += Sealed(has_more=True)
        await self._tell()
        return total

    async def newest(self) -> tuple[Head, int] | None:
        """What there is to tell outside, and when it was sealed; None while nothing is."""
        async with self._store.read() as connection:
            seal = await chain.newest(connection)
            through = {name: await chain.through(connection, name) for name in STREAMS}
        head = Head(seal.number, seal.mark, {name: last for name, last in through.items() if last is not None})
        return (head, seal.at) if seal.number else None

    async def _behind(self) -> str:
        """Why the chain may not go on: its end is not ours, or not what was told last."""
        if self._heads_file is not None:
            self._told = await asyncio.to_thread(heads.newest, self._heads_file, self._keys)
        async with self._store.read() as connection:
            last = await chain.newest(connection)
            before = await chain.marked_as(connection, last.number - 1)
            told = self._told is None or await chain.marked_as(connection, self._told.seal) == self._told.mark
        if last.number and not last.is_ours_after(self._keys, before):
            return f"seal {last.number} is not ours; see `nyota books check`"
        return "" if told or self._told is None else f"seal {self._told.seal} is not there as it was told outside"

    async def _excuse_the_past(self) -> None:
        """Where no seal is yet, journals may have been written before there was a key."""
        async with self._store.begin() as connection:
            newest = await chain.newest(connection)
            if newest.number == 0:
                await _excuse(connection, self._keys, newest, "before the first seal", self._clock())

    async def _settled_id(self, stream: Stream) -> int:
        """Up to where no row can come any more. What somebody still writes to is settled the next time."""
        async with self._store.read() as connection:
            earlier = self._horizons.get(stream.name)
            if earlier is None or not earlier.writers & await writers(connection, stream):
                settled = START if earlier is None else earlier.id
                seen = self._horizons[stream.name] = await horizon(connection, stream)
                return settled if seen.writers else seen.id
        return START

    async def _caught_up(self, stream: Stream, settled: int) -> Sealed:
        total = Sealed()
        for _ in range(SEALS_MOST):
            async with self._store.begin() as connection:
                made = await self._sealed(connection, stream, settled)
            total += made
            if not made.has_more:
                break
        return total

    async def _sealed(self, connection: AsyncConnection, stream: Stream, settled: int) -> Sealed:
        """One range. The end of the chain is read first: what is sealed meanwhile takes our number, not our rows."""
        newest = await chain.newest(connection)
        last = await chain.through(connection, stream.name)
        first = START if last is None else last + 1
        rows = (await connection.execute(stream.rows(first, settled, self._rows_at_once))).all()
        is_full = len(rows) == self._rows_at_once
        stopped = ""
        if stream.name == postings.name:
            bad = await self._unsigned(connection, rows)
            stopped = f"journal {bad[1].subject} {bad[1].detail}" if bad else ""
            rows = rows if bad is None else [row for row in rows if row[0] < bad[0]]
        if rows:
            until = rows[-1][0] if is_full or stopped else settled
            sealing = Seal(0, stream.name, first, until, len(rows), packed(rows), at=self._clock())
            await _linked(connection, self._keys, newest, sealing)
        return Sealed(len(rows), stopped, is_full and not stopped)

    async def _unsigned(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> tuple[int, Finding] | None:
        """The first posting that may not be sealed, and why."""
        excused = await chain.through(connection, UNSIGNED)
        checked = [row for row in rows if excused is None or row[0] > excused]
        found = await unsound(connection, {row.journal_id for row in checked}, marks_of(self._keys))
        return next(((row[0], found[row.journal_id]) for row in checked if row.journal_id in found), None)

    async def _tell(self) -> None:
        newest = await self.newest()
        if newest is None or newest[0].seal <= (self._told.seal if self._told else 0):
            return
        if self._heads_file is not None:
            await asyncio.to_thread(heads.told, self._heads_file, *newest)
        self._told = newest[0]


def marks_of(keys: Keys) -> IsOurs:
    """Whether a journal's mark under its content hash is ours."""
    return lambda content_hash, mark: keys.agrees(JOURNAL, content_hash, mark)


def sign_of(keys: Keys | None) -> Sign | None:
    """How the books mark what they write."""
    return None if keys is None else lambda content_hash: keys.mark(JOURNAL, content_hash)


async def accept(store: Store, keys: Keys, heads_file: Path | None, who: Accepted) -> Seal:
    """Let the chain go on from what the database has, after a restore or a key that some process did not have.

    Journals without our mark are excused up to now; rows that were sealed are not. `who.seal` is filled in here.
    """
    async with store.begin() as connection:
        last = await chain.newest(connection)
        made = await _excuse(connection, keys, last, f"{who.by}: {who.reason}", who.at)
        await noted(connection, Deed(who.by, who.by, who.reason, "", who.at), "books.accepted", None)
    if heads_file is not None:
        await asyncio.to_thread(heads.accepted, heads_file, keys, replace(who, seal=last.number))
    return made


async def _excuse(connection: AsyncConnection, keys: Keys, newest: Seal, why: str, now: int) -> Seal:
    """Seal that postings up to now may be without our mark."""
    seen = await newest_id(connection, STREAMS[postings.name])
    excused = Seal(0, UNSIGNED, through_id=START if seen is None else seen, note=why, at=now)
    return await _linked(connection, keys, newest, excused)


async def _linked(connection: AsyncConnection, keys: Keys, newest: Seal, seal: Seal) -> Seal:
    """The seal that follows on the newest."""
    linked = replace(seal, number=newest.number + 1).marked(keys, newest.mark)
    await chain.put(connection, linked)
    return linked
