"""Loan books brought by operators: an empty table, what a file comes to, and its import, whole or not at all.

GET  /api/loans/template?format=xlsx
POST /api/loans/uploads?name=githurai.csv&by=jane      the file as it is, or a form with `file` and `by`
201  {"id": "0d9c...", "state": "checked", "loans": 240, "customers": {"known": 12, "new": 180}, "errors": [], ...}
POST /api/loans/uploads/0d9c.../import {"by": "omar"}
GET  /api/loans/uploads/0d9c...                        and its errors alone: ?format=csv
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from aiohttp import BodyPartReader, web
from pydantic import BaseModel, ConfigDict, Field

from gateway.books.accounts import CURRENCY
from gateway.clock import iso
from gateway.config import LoanBook
from gateway.errors import Rejected
from gateway.lending.fields import amount_text
from gateway.loanbook import template
from gateway.loanbook.rows import Line
from gateway.loanbook.uploads import Upload, Uploads
from gateway.papers.csv import START, written
from gateway.papers.desk import MIME
from gateway.papers.paper import Row
from gateway.web.problems import problem, validated

FIRST_ROWS = 10
PIECE = 65_536
BY_CHARACTERS_MAX = 36
STATUS_OF = {"not-found": 404, "refused": 409}
NOT_FOUND = "There is no such upload."


class By(BaseModel):
    """Who says so, as the record shall name them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    by: str = Field(min_length=2, max_length=BY_CHARACTERS_MAX)


class TooLarge(Exception):
    """More bytes than a loan book may have."""


class LoanUploadRoutes:
    """The composition root puts them behind the operators' token."""

    def __init__(self, uploads: Uploads, settings: LoanBook) -> None:
        self._uploads = uploads
        self._settings = settings
        self._done: dict[str, tuple[int, int]] = {}

    def table(self) -> Iterable[web.RouteDef]:
        return (
            web.get("/api/loans/template", self.template),
            web.post("/api/loans/uploads", self.bring),
            web.get("/api/loans/uploads/{id}", self.show),
            web.post("/api/loans/uploads/{id}/import", self.bring_in),
        )

    async def template(self, request: web.Request) -> web.Response:
        form = request.query.get("format", "csv")
        if form not in ("csv", "xlsx"):
            return problem(422, "invalid", "format: csv or xlsx")
        content = template.as_csv() if form == "csv" else template.as_xlsx()
        headers = {"Content-Disposition": f'attachment; filename="loan-book.{form}"'}
        return web.Response(body=content, content_type=MIME[form], headers=headers)

    async def bring(self, request: web.Request) -> web.StreamResponse:
        """What a file comes to. Nothing is done but keeping it."""
        try:
            content, name, by = await self._taken(request)
        except TooLarge:
            return problem(413, "too-large", f"At most {self._settings.upload_bytes_most} bytes: bring it in parts.")
        except ValueError as error:
            return problem(400, "unreadable", f"Not a readable form: {error}")
        if not 2 <= len(by) <= BY_CHARACTERS_MAX:
            return problem(422, "invalid", f"by: who brings it, in 2 to {BY_CHARACTERS_MAX} characters")
        try:
            upload = await self._uploads.brought(content, name, by)
        except Rejected as error:
            return problem(422, error.code, f"Refused: {error}.")
        return web.json_response(self._described(upload), status=201)

    async def show(self, request: web.Request) -> web.StreamResponse:
        upload = await self._uploads.find(request.match_info["id"])
        if upload is None:
            return problem(404, "not-found", NOT_FOUND)
        if request.query.get("format") == "csv":
            return web.Response(text=errors_as_csv(upload), content_type="text/csv")
        return web.json_response(self._described(upload))

    async def bring_in(self, request: web.Request) -> web.StreamResponse:
        """All of it, in one unit of work. Asking again answers the same."""
        identity = request.match_info["id"]

        def progress(done: int, of: int) -> None:
            self._done[identity] = done, of

        async def handle(body: By) -> web.StreamResponse:
            try:
                upload = await self._uploads.imported(identity, body.by, progress)
            except Rejected as error:
                return problem(STATUS_OF.get(error.code, 422), error.code, f"Refused: {error}.")
            finally:
                self._done.pop(identity, None)
            return web.json_response(self._described(upload))

        return await validated(request, By, handle)

    async def _taken(self, request: web.Request) -> tuple[bytes, str, str]:
        """The file, its name, and who brings it. Raises TooLarge, ValueError."""
        name, by = request.query.get("name", "loan book"), request.query.get("by", "").strip()
        if not request.content_type.startswith("multipart/"):
            return await self._whole(request.content.iter_chunked(PIECE)), name, by
        content = b""
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            held = await self._whole(_pieces(part))
            if part.name == "file":
                content, name = held, part.filename or name
            elif part.name == "by":
                by = held.decode().strip()
        return content, name, by

    async def _whole(self, pieces: AsyncIterator[bytes]) -> bytes:
        content = bytearray()
        async for piece in pieces:
            content += piece
            if len(content) > self._settings.upload_bytes_most:
                raise TooLarge
        return bytes(content)

    def _described(self, upload: Upload) -> dict[str, Any]:
        body = described(upload)
        if upload.id in self._done:
            done, of = self._done[upload.id]
            body |= {"state": "importing", "done": done, "of": of}
        return body


def described(upload: Upload) -> dict[str, Any]:
    """Counts, totals as of today or of the import, the first rows, and every error."""
    lines = upload.lines
    phones = {line.phone for line in lines}
    return {
        "id": upload.id,
        "sha256": upload.sha256,
        "name": upload.name,
        "state": upload.state,
        "uploadedBy": upload.uploaded_by,
        "uploadedAt": iso(upload.created_at),
        "importedBy": upload.imported_by,
        "importedAt": iso(upload.imported_at) if upload.imported_at else None,
        "currency": CURRENCY,
        "loans": len(lines),
        "byStatus": {status: sum(line.status == status for line in lines) for status in sorted(_statuses(lines))},
        "customers": {"known": len(phones - upload.new_people), "new": len(upload.new_people)},
        "totals": {
            "principal": amount_text(sum(line.principal_cents for line in lines)),
            "paid": amount_text(sum(payment.amount_cents for line in lines for payment in line.payments)),
            "openingPrincipal": amount_text(sum(_opens(line) and line.loan.outstanding.principal for line in lines)),
            "openingInterest": amount_text(sum(_opens(line) and line.loan.outstanding.interest for line in lines)),
            "penalties": amount_text(sum(line.loan.outstanding.penalty for line in lines)),
        },
        "rows": [_row(line) for line in lines[:FIRST_ROWS]],
        "errors": [
            {"row": fault.row, "column": fault.column, "value": fault.value, "message": fault.message}
            for fault in upload.faults
        ],
    }


def errors_as_csv(upload: Upload) -> str:
    """A list to work through in a spreadsheet. What came from the file never becomes a formula."""
    rows: list[Row] = [(fault.row, fault.column, fault.value, fault.message) for fault in upload.faults]
    return START + "".join(written(row) for row in [("row", "column", "value", "message"), *rows])


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(PIECE):
        yield piece


def _statuses(lines: Iterable[Line]) -> set[str]:
    return {line.status for line in lines}


def _opens(line: Line) -> bool:
    """Whether its balance is in our books: what was written off is counted as lost already."""
    return line.status != "written_off"


def _row(line: Line) -> dict[str, Any]:
    return {
        "row": line.row,
        "customer": line.customer,
        "name": line.name,
        "phone": line.phone,
        "product": line.product.key,
        "status": line.status,
        "principal": amount_text(line.principal_cents),
        "disbursedOn": line.terms.disbursed_on.isoformat(),
        "instalments": [
            {"dueOn": row.due_on.isoformat(), "amount": amount_text(row.owed.total)} for row in line.loan.rows
        ],
        "owed": amount_text(line.loan.outstanding.total),
        "daysLate": line.loan.days_late,
    }
