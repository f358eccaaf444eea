"""Any statement file, by what it is and not by what it is called."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from gateway.statements import csv, pdf, workbook
from gateway.statements.line import Unreadable
from gateway.statements.statement import Cells, Statement

Form = Literal["csv", "xlsx", "xls", "pdf"]

STARTS: tuple[tuple[bytes, Form], ...] = (
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "xlsx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
)


def form_of(path: Path) -> Form:
    """What the first bytes say. Raises Unreadable for an empty file."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise Unreadable("the file is empty")
    return next((form for mark, form in STARTS if start.startswith(mark)), "csv")


def opened(path: Path, name: str = "") -> Statement:
    """The statement in a file; `name` is what its sender calls it. Raises Unreadable, also while it is walked."""
    return Statement(_rows(path, form_of(path)), name)


def _rows(path: Path, form: Form) -> Iterator[Cells]:
    if form == "pdf":
        return pdf.rows(path)
    if form == "xlsx":
        return workbook.rows(path)
    return workbook.old_rows(path) if form == "xls" else csv.rows(path)
