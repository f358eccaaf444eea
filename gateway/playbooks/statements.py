"""`statement.read`: a statement that was handed in is read to its end, a part in each unit of work.

The row reached is kept with what the rows came to, so that whoever goes on after a crash goes on exactly there. A part
that takes longer than its share comes back later, so that a claim never runs out under it.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.clock import Clock
from gateway.operations.outcome import Done, Later, Outcome, Refused
from gateway.operations.playbook import Playbook, Work
from gateway.reconciling import uploads
from gateway.reconciling.desk import KIND, Row
from gateway.reconciling.taking import Source, Taking
from gateway.reconciling.uploads import Overtaken, Upload
from gateway.statements.files import opened
from gateway.statements.line import Unreadable
from gateway.statements.statement import Statement
from gateway.store.engine import Store

SLICE_MS = 20_000
"""Less than a claim lasts, with room for the longest part."""


class ReadStep:
    """The one step."""

    name = "read"

    def __init__(
        self, store: Store, taking: Taking, clock: Clock, *, rows_at_once: int, rejections_kept: int,
        slice_ms: int = SLICE_MS,
    ) -> None:  # fmt: skip
        self._store = store
        self._taking = taking
        self._clock = clock
        self._at_once = rows_at_once
        self._rejections_kept = rejections_kept
        self._slice_ms = slice_ms

    async def attempt(self, work: Work) -> Outcome:
        """Go on where it stands."""
        async with self._store.read() as connection:
            upload = await uploads.find(connection, work.intent["file"])
        if upload is None:
            return Refused("gone", "nothing of it is kept")
        if upload.state != "reading":
            return Done(reason="read before")
        with tempfile.TemporaryDirectory(prefix="nyota-statement-") as folder:
            path = await self._unpacked(upload, Path(folder))
            try:
                return await self._read(work, upload, path)
            except Unreadable as error:
                await self._ended(upload, {"state": "failed", "reason": str(error)[:200]})
                return Refused("unreadable", str(error))
            except Overtaken:
                return Later(0, "another worker goes on")

    async def reconsider(self, connection: AsyncConnection, work: Work, outcome: Outcome, now: int) -> Outcome:
        """Nobody else says what became of it."""
        return outcome

    async def _unpacked(self, upload: Upload, folder: Path) -> Path:
        path = folder / "statement"
        with path.open("wb") as file:
            async for content in uploads.pieces(self._store, upload.id):
                await asyncio.to_thread(file.write, content)
        return path

    async def _read(self, work: Work, upload: Upload, path: Path) -> Outcome:
        """Rows taken before are walked over: sums and balances are of the whole."""
        statement = await asyncio.to_thread(opened, path, upload.name)
        rows, row, until = iter(statement), upload.rows_done, self._clock() + self._slice_ms
        await asyncio.to_thread(_skipped, rows, row)
        kept = upload.rejected
        while chunk := await asyncio.to_thread(_some, rows, self._at_once):
            kept = await self._taken(work, upload, chunk, row, kept)
            row += len(chunk)
            if self._clock() >= until:
                return Later(0, f"{row} rows")
        return await self._finished(upload, statement)

    async def _taken(self, work: Work, upload: Upload, chunk: list[Row], row: int, kept: int) -> int:
        """One part; how many rejections there are by now."""
        source = Source(upload.id, upload.shortcode, work.id, str(row))
        async with self._store.begin() as connection:
            now = self._clock()
            counts, rejected = await self._taking.taken(connection, source, chunk, now)
            await uploads.rejections_kept(connection, upload.id, rejected[: max(0, self._rejections_kept - kept)])
            await uploads.went_on(connection, upload.id, since_row=row, to_row=row + len(chunk), counts=counts, now=now)
        return kept + len(rejected)

    async def _finished(self, upload: Upload, statement: Statement) -> Outcome:
        findings = statement.findings()
        values = {
            "state": "done", "findings": findings, "since": statement.since, "until": _covered_until(statement, upload),
            "paid_in_cents": statement.proof.paid_in_cents, "withdrawn_cents": statement.proof.withdrawn_cents,
        }  # fmt: skip
        await self._ended(upload, values)
        return Done({"findings": len(findings)})

    async def _ended(self, upload: Upload, values: Mapping[str, object]) -> None:
        async with self._store.begin() as connection:
            await uploads.ended(connection, upload.id, values, self._clock())


def playbook(step: ReadStep) -> Playbook:
    """Statements of a shortcode are read one after another."""
    return Playbook(kind=KIND, steps=(step,), lane=lambda _, intent: f"statement:{intent['of']}", priority=8)


def _covered_until(statement: Statement, upload: Upload) -> int | None:
    """Nothing that happened after it was handed in is on it, whatever period it names."""
    return None if statement.until is None else min(statement.until, upload.created_at)


def _skipped(rows: Iterator[Row], count: int) -> None:
    for _ in islice(rows, count):
        continue


def _some(rows: Iterator[Row], count: int) -> list[Row]:
    return list(islice(rows, count))
