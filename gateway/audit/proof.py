"""Proves the seals: every mark, every row under them, and that nothing is missing that was told outside.

The first finding is about the first bad row, in the order in which things were sealed. Seals are read in small
batches and each compared with its own rows, so memory stays small however long the books are.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import chain, heads
from gateway.audit.chain import UNSIGNED, Seal
from gateway.audit.heads import Head
from gateway.audit.keys import Keys
from gateway.audit.sealer import marks_of
from gateway.audit.streams import START, STREAMS, Stream, digest, newest_id, unpacked
from gateway.books.integrity import Finding, unsound
from gateway.books.tables import postings

SEALS_AT_ONCE = 20
ROWS_AT_ONCE = 500
LAST_ID = (1 << 63) - 1
MOST = 100
"""After so many findings the rest is left unsaid."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a proof goes by: our keys, and what was told outside (None: nowhere)."""

    keys: Keys
    heads_file: Path | None = None


async def proved(connection: AsyncConnection, trust: Trust, since: int = 0) -> list[Finding]:
    """Everything that is wrong, the first bad row first. `since`: leave out what was sealed before this moment."""
    findings: list[Finding] = []
    async for finding in _findings(connection, trust, since):
        findings.append(finding)
        if len(findings) == MOST:
            return [*findings, Finding("and more", "seals", f"only the first {MOST} findings are named")]
    return findings


async def _findings(connection: AsyncConnection, trust: Trust, since: int) -> AsyncIterator[Finding]:
    start = await chain.number_before(connection, since) if since else 0
    told = Told(trust, start)
    links = Links(start, await chain.marked_as(connection, start))
    while batch := await chain.after(connection, links.number, SEALS_AT_ONCE):
        for seal in batch:
            for finding in (*told.against(seal), *links.broken(trust.keys, seal)):
                yield finding
            async for finding in _rows(connection, seal):
                yield finding
    head = told.newest_left()
    if head is not None and await chain.marked_as(connection, head.seal) != head.mark:  # made while we were reading?
        async for finding in _cut(connection, links.number, head):
            yield finding
    async for finding in _unsealed(connection, trust.keys):
        yield finding


class Links:
    """Whether each seal follows on the one before: in number, in mark, and in the ids of its stream."""

    def __init__(self, number: int, mark: str) -> None:
        self.number = number
        self._mark: object = mark
        self._through: dict[str, int] = {}

    def broken(self, keys: Keys, seal: Seal) -> Iterator[Finding]:
        name = f"seals {seal.number}"
        if seal.number != self.number + 1:
            yield Finding("cut", f"seals {self.number + 1}", f"is gone: the next one is {seal.number}")
        elif not seal.is_ours_after(keys, self._mark):
            yield Finding("altered", name, "it, or the one before, is not what was sealed under our key")
        reached = self._through.get(seal.stream)
        if seal.stream != UNSIGNED and reached is not None and seal.first_id != reached + 1:
            yield Finding("altered", name, f"does not follow on {seal.stream} {reached}")
        self.number, self._mark = seal.number, seal.mark
        self._through[seal.stream] = seal.through_id


class Told:
    """What was told outside, held against the seals that are there, one by one."""

    def __init__(self, trust: Trust, start: int) -> None:
        heads_file, keys = trust.heads_file, trust.keys
        every = iter(()) if heads_file is None else heads.standing(heads_file, keys)
        self._heads = (head for head in every if head.seal > start)
        self._next = next(self._heads, None)

    def against(self, seal: Seal) -> Iterator[Finding]:
        while self._next is not None and self._next.seal <= seal.number:
            head, self._next = self._next, next(self._heads, None)
            if head.seal == seal.number and head.mark != seal.mark:
                yield Finding("rewritten", f"seals {seal.number}", "is not the one that was told outside")

    def newest_left(self) -> Head | None:
        """The last that was told, if no seal that was there has answered for it."""
        last = self._next
        for head in self._heads:
            last = head
        return last


async def _rows(connection: AsyncConnection, seal: Seal) -> AsyncIterator[Finding]:
    """What is not any more as this seal has it, in order of id."""
    stream = STREAMS.get(seal.stream)
    if stream is None:
        if seal.stream != UNSIGNED:
            yield Finding("altered", f"seals {seal.number}", f"is of {seal.stream}, which is never sealed")
        return
    sealed = unpacked(seal.digests)
    found = await _digests(connection, stream, seal, max(ROWS_AT_ONCE, 2 * len(sealed)))
    for identity in sorted(sealed.keys() | found.keys()):
        if finding := _compared(f"{stream.name} {identity}", sealed.get(identity), found.get(identity), seal):
            yield finding


async def _digests(
    connection: AsyncConnection, stream: Stream, seal: Seal, most: int
) -> Mapping[int, tuple[bytes, str]]:
    """What is there now of a seal's ids, each with the journal it is of; of many that were put in, the first."""
    rows = await connection.execute(stream.rows(seal.first_id, seal.through_id, most))
    return {row[0]: (digest(row), _journal_of(stream, row)) for row in rows}


def _journal_of(stream: Stream, row: object) -> str:
    return f", or its journal {getattr(row, 'journal_id', '')}," if stream.name == postings.name else ""


def _compared(name: str, sealed: bytes | None, found: tuple[bytes, str] | None, seal: Seal) -> Finding | None:
    if found is None:
        return Finding("removed", name, f"was sealed under {seal.number} and is gone")
    now, journal = found
    if sealed is None:
        return Finding("inserted", name, f"it{journal} was put in after seal {seal.number} was made")
    return None if sealed == now else Finding("altered", name, f"it{journal} is not what seal {seal.number} has")


async def _cut(connection: AsyncConnection, number: int, head: Head) -> AsyncIterator[Finding]:
    """What was sealed and told, and is gone together with its seals."""
    yield Finding("cut", f"seals {number + 1}", f"was told outside and is gone, with all through {head.seal}")
    for name, through in head.through.items():
        last = await newest_id(connection, STREAMS[name]) if name in STREAMS else through
        if last is None or last < through:
            missing = max(0, last or 0) + 1
            yield Finding("removed", f"{name} {missing}", f"it and all through {through} were sealed and are gone")


async def _unsealed(connection: AsyncConnection, keys: Keys) -> AsyncIterator[Finding]:
    """Journals that are not sealed yet and that none of our processes has written."""
    stream, last = STREAMS[postings.name], await chain.through(connection, postings.name)
    excused = await chain.through(connection, UNSIGNED)
    if excused is None:
        return
    first = min(LAST_ID, max(START if last is None else last + 1, excused + 1))
    while rows := (await connection.execute(stream.rows(first, LAST_ID, ROWS_AT_ONCE))).all():
        found = await unsound(connection, {row.journal_id for row in rows}, marks_of(keys))
        for finding in found.values():
            yield finding
        if rows[-1][0] == LAST_ID:
            return
        first = rows[-1][0] + 1
