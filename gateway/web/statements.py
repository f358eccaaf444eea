"""The organisation's M-PESA statements, for operators.

POST /api/mpesa/statements?preview=true&shortcode=600999&name=january.csv   the file as body, or part `file` of a form
GET  /api/mpesa/statements?page=2
GET  /api/mpesa/statements/{id}
GET  /api/mpesa/statements/{id}/rejected?page=2

The password of an encrypted PDF comes in the header `X-Statement-Password` or the part `password`, never in the
address, where it would be logged. `preview` changes nothing. The same file again answers what it came to before.

{"id": "9f2b...", "state": "done", "shortcode": "600999", "rows": 4, "total": 4, "matched": 1, "gapsFilled": 1,
 "settled": 0, "mismatched": 0, "noted": 2, "rejected": 0, "paidIn": "1500.00", "withdrawn": "7010.00",
 "currency": "KES", "findings": []}
"""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from gateway.books.accounts import CURRENCY
from gateway.clock import iso
from gateway.lending.fields import amount_text
from gateway.reconciling import uploads
from gateway.reconciling.desk import Desk, Handed, Preview
from gateway.reconciling.uploads import Counts, Upload
from gateway.statements.line import Line, Rejected, Unreadable
from gateway.store.engine import Store
from gateway.web.problems import problem

BLOCK_BYTES = 1 << 18
FIELD_BYTES_MAX = 1024
PAGE = 50
UNLOCKING = "X-Statement-Password"


class TooLarge(Exception):
    """More bytes than a statement may have."""


@dataclass(slots=True)
class Form:
    """What came with the file."""

    name: str = ""
    shortcode: str = ""
    password: str = field(default="", repr=False)


class StatementRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, desk: Desk, store: Store, *, file_bytes_max: int) -> None:
        self._desk = desk
        self._store = store
        self._most = file_bytes_max

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.post("/api/mpesa/statements", self.hand_in),
            web.get("/api/mpesa/statements", self.all),
            web.get("/api/mpesa/statements/{id}", self.one),
            web.get("/api/mpesa/statements/{id}/rejected", self.rejected),
        )

    async def hand_in(self, request: web.Request) -> web.Response:
        """Look at it, or keep it and queue its reading: 202, or 200 when it is known."""
        preview = request.query.get("preview", "false")
        if preview not in {"true", "false"}:
            return problem(422, "invalid", "preview: true or false")
        with tempfile.TemporaryDirectory(prefix="nyota-upload-") as folder:
            try:
                handed = await self._received(request, Path(folder) / "statement")
                if preview == "true":
                    return web.json_response(_previewed(await self._desk.preview(handed)))
                upload, is_new = await self._desk.accept(handed)
            except TooLarge:
                return problem(413, "too-large", f"a statement may have {self._most} bytes; export fewer days at once")
            except Unreadable as error:
                return problem(422, "unreadable-statement", str(error))
        return web.json_response(described(upload), status=202 if is_new else 200)

    async def all(self, request: web.Request) -> web.Response:
        page = _page(request)
        if page is None:
            return problem(422, "invalid", "page: a number from 1")
        async with self._store.read() as connection:
            found, count = await uploads.newest(connection, PAGE, (page - 1) * PAGE)
        body = {"statements": [described(each) for each in found], "count": count, "page": page}
        return web.json_response(body)

    async def one(self, request: web.Request) -> web.Response:
        async with self._store.read() as connection:
            upload = await uploads.find(connection, request.match_info["id"])
        if upload is None:
            return problem(404, "not-found", "no such statement")
        return web.json_response(described(upload))

    async def rejected(self, request: web.Request) -> web.Response:
        """Which rows, which column, and why."""
        page = _page(request)
        if page is None:
            return problem(422, "invalid", "page: a number from 1")
        async with self._store.read() as connection:
            upload = await uploads.find(connection, request.match_info["id"])
            found = await uploads.rejections(connection, request.match_info["id"], PAGE, (page - 1) * PAGE)
        if upload is None:
            return problem(404, "not-found", "no such statement")
        return web.json_response({"rejected": _rejected(found), "count": upload.rejected, "page": page})

    async def _received(self, request: web.Request, path: Path) -> Handed:
        """To disk, in blocks, hashed on the way. Raises TooLarge, and Unreadable without a file."""
        form = Form(
            request.query.get("name", ""), request.query.get("shortcode", ""), request.headers.get(UNLOCKING, "")
        )
        blocks = _parts(request, form) if request.content_type.startswith("multipart/") else _body(request)
        digest, count, lines = hashlib.sha256(), 0, 0
        with path.open("wb") as file:
            async for block in blocks:
                count += len(block)
                if count > self._most:
                    raise TooLarge
                digest.update(block)
                lines += block.count(b"\n")
                await asyncio.to_thread(file.write, block)
        return Handed(
            path, form.name, digest.hexdigest(), count, lines, shortcode=form.shortcode.strip(), password=form.password
        )


def described(upload: Upload) -> dict[str, Any]:
    """A statement that was handed in, as the wire has it."""
    return {
        "id": upload.id,
        "name": upload.name,
        "form": upload.form,
        "state": upload.state,
        "reason": upload.reason,
        "shortcode": upload.shortcode,
        "account": upload.account,
        "from": None if upload.since is None else iso(upload.since),
        "to": None if upload.until is None else iso(upload.until),
        "rows": upload.rows_done,
        "rowsAbout": upload.rows_about,
        **_counts(upload.counts),
        "paidIn": amount_text(upload.paid_in_cents),
        "withdrawn": amount_text(upload.withdrawn_cents),
        "currency": CURRENCY,
        "findings": list(upload.findings),
        "createdAt": iso(upload.created_at),
    }


def _previewed(preview: Preview) -> dict[str, Any]:
    statement, seen = preview.statement, preview.seen
    return {
        "preview": True,
        "form": preview.form,
        "shortcode": preview.shortcode,
        "account": statement.head.account,
        "columns": list(statement.columns),
        "from": None if statement.since is None else iso(statement.since),
        "to": None if statement.until is None else iso(statement.until),
        **_counts(preview.counts),
        "paidIn": amount_text(statement.proof.paid_in_cents),
        "withdrawn": amount_text(statement.proof.withdrawn_cents),
        "currency": CURRENCY,
        "kinds": {name: {"count": count, "amount": amount_text(cents)} for name, (count, cents) in seen.kinds.items()},
        "unmapped": dict(seen.unmapped),
        "first": [_line(line) for line in seen.first],
        "rejectedRows": _rejected(seen.rejected),
        "findings": preview.findings,
    }


def _line(line: Line) -> dict[str, Any]:
    """Without names and phones: nobody needs them to see whether columns are read rightly."""
    return {
        "row": line.number,
        "receipt": line.receipt,
        "at": iso(line.at),
        "kind": line.kind,
        "amount": amount_text(line.cents),
        "balance": None if line.balance_cents is None else amount_text(line.balance_cents),
        "account": line.account,
        "reason": line.reason,
        "status": line.status,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "total": counts.total,
        "matched": counts.matched,
        "gapsFilled": counts.gaps_filled,
        "settled": counts.settled,
        "mismatched": counts.mismatched,
        "noted": counts.noted,
        "rejected": counts.rejected,
    }


def _rejected(rows: Sequence[Rejected]) -> list[dict[str, Any]]:
    return [{"row": each.number, "column": each.column, "reason": each.reason} for each in rows]


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    async for block in request.content.iter_chunked(BLOCK_BYTES):
        yield block


async def _parts(request: web.Request, form: Form) -> AsyncIterator[bytes]:
    """The part `file`; the parts before and after it fill the form."""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise Unreadable("a form in a form is not taken")
        if part.name == "file":
            form.name = form.name or part.filename or ""
            while block := await part.read_chunk(BLOCK_BYTES):
                yield block
        elif part.name in {"password", "shortcode", "name"}:
            value = (await part.read_chunk(FIELD_BYTES_MAX)).decode("utf-8", "replace")
            setattr(form, part.name, value.strip() if part.name != "password" else value)


def _page(request: web.Request) -> int | None:
    text = request.query.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000 else None
