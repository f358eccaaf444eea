"""Where statements are handed in: looked at without any effect, or kept and queued to be read.

A file comes as a path; whoever received it has counted and hashed it. Reading is done off the event loop.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from flows.turn import Operation, reference
from gateway.clock import Clock
from gateway.operations.outbox import NAMESPACE, Outbox
from gateway.reconciling import uploads
from gateway.reconciling.taking import Taking
from gateway.reconciling.uploads import PIECE_BYTES, Counts, Upload
from gateway.statements import pdf
from gateway.statements.files import Form, form_of, opened
from gateway.statements.line import Line, Rejected, Unreadable
from gateway.statements.statement import Statement
from gateway.store.engine import Store

KIND = "statement.read"
PREFIX = "ST"
SHOWN = 20
AT_ONCE = 500

Row = Line | Rejected


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as it came. `hash` is the SHA-256 of its bytes; the password of a PDF is in no repr and is not kept."""

    path: Path
    name: str
    hash: str
    bytes: int
    lines: int
    shortcode: str = ""
    password: str = field(default="", repr=False)


class Seen:
    """What a preview shows of rows: the first of them, and count and cents by what they are."""

    def __init__(self) -> None:
        self.kinds: dict[str, tuple[int, int]] = {}
        self.unmapped: Counter[str] = Counter()
        self.first: list[Line] = []
        self.rejected: list[Rejected] = []

    def add(self, rows: list[Row]) -> None:
        for row in rows:
            if isinstance(row, Rejected):
                self.rejected += [row][: SHOWN - len(self.rejected)]
                continue
            self.first += [row][: SHOWN - len(self.first)]
            name = row.kind if row.is_completed else "not_completed"
            count, cents = self.kinds.get(name, (0, 0))
            self.kinds[name] = (count + 1, cents + row.cents)
            if name.startswith("unmapped"):
                self.unmapped[row.reason or row.details[:60]] += 1


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file holds, and what taking it would come to now."""

    form: Form
    shortcode: str
    statement: Statement
    counts: Counts
    seen: Seen
    findings: list[str]


class Desk:
    """Raises Unreadable for what is no statement, or one of a shortcode that is not ours."""

    def __init__(self, store: Store, outbox: Outbox, taking: Taking, clock: Clock) -> None:
        self._store = store
        self._outbox = outbox
        self._taking = taking
        self._clock = clock

    async def preview(self, handed: Handed) -> Preview:
        """Read all of it and change nothing."""
        statement, form = await asyncio.to_thread(_looked_at, handed)
        shortcode = self._shortcode(handed, statement)
        seen, counts = Seen(), Counts()
        rows = iter(statement)
        while chunk := await asyncio.to_thread(_some, rows, AT_ONCE):
            async with self._store.read() as connection:
                counts += await self._taking.foreseen(connection, shortcode, chunk)
            seen.add(chunk)
        return Preview(form, shortcode, statement, counts, seen, statement.findings())

    async def accept(self, handed: Handed) -> tuple[Upload, bool]:
        """Keep it and queue its reading; whether it is new. The same content again answers what it came to before."""
        async with self._store.read() as connection:
            before = await uploads.find(connection, handed.hash)
        if before is not None:
            return before, False
        statement, form = await asyncio.to_thread(_looked_at, handed)
        shortcode = self._shortcode(handed, statement)
        await self._kept(handed)
        return await self._queued(handed, statement, form, shortcode)

    async def _kept(self, handed: Handed) -> None:
        """Piece by piece. Cut off, they are kept again by the next try: they are the same."""
        with handed.path.open("rb") as file:
            number = 0
            while content := await asyncio.to_thread(file.read, PIECE_BYTES):
                async with self._store.begin() as connection:
                    await uploads.piece_kept(connection, handed.hash, number, content)
                number += 1

    async def _queued(self, handed: Handed, statement: Statement, form: Form, shortcode: str) -> tuple[Upload, bool]:
        now = self._clock()
        values = {
            "id": handed.hash, "name": handed.name[:120], "form": form, "shortcode": shortcode,
            "account": statement.head.account, "bytes": handed.bytes,
            "rows_about": handed.lines if form == "csv" else None,
        }  # fmt: skip
        identity = str(uuid.uuid5(NAMESPACE, f"statement:{handed.hash}"))
        operation = Operation(identity, KIND, reference(PREFIX, identity), "", {"file": handed.hash, "of": shortcode})
        async with self._store.begin() as connection:
            is_new = await uploads.accepted(connection, values, now)
            await self._outbox.put(connection, operation, is_ours=True)
            upload = await uploads.find(connection, handed.hash)
        self._outbox.news.set()
        assert upload is not None
        return upload, is_new

    def _shortcode(self, handed: Handed, statement: Statement) -> str:
        """As the sender says, or the file does; both, if both do."""
        said, written = handed.shortcode, statement.head.shortcode
        if said and written and said != written:
            raise Unreadable(f"this is a statement of {written}, not of {said}")
        found = said or written
        if not found:
            raise Unreadable("the file does not say of which shortcode it is: give the shortcode with it")
        if found not in self._taking.shortcodes:
            raise Unreadable(f"{found} is not a shortcode of ours")
        return found


def _looked_at(handed: Handed) -> tuple[Statement, Form]:
    """Its head. An encrypted PDF is replaced by itself without encryption."""
    form = form_of(handed.path)
    if form == "pdf":
        handed.path.write_bytes(pdf.decrypted(handed.path, handed.password))
    return opened(handed.path, handed.name), form


def _some(rows: Iterator[Row], count: int) -> list[Row]:
    return list(islice(rows, count))
