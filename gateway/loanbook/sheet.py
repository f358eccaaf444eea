"""A table that somebody brings, CSV or XLSX, as rows of text. Whatever a file claims, memory stays bounded."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

ZIP = b"PK\x03\x04"
COLUMNS_MAX = 60
UNPACKED_MAX = 60_000_000
CELL_CHARACTERS_MAX = 200
CELL_MOST = 2000
"""What is wrong with a row says in which column and quotes it: a thousand times whatever stands there."""
DELIMITERS = (",", ";", "\t")
_CELL = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")


class Unreadable(Exception):
    """The file is no table we can read; the message says why."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` without the empty ones, each with its number as spreadsheets count: the head is row 1."""

    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(content: bytes, *, rows_most: int) -> Sheet:
    """The first sheet of a workbook, or a CSV. Raises Unreadable, also for more rows than `rows_most`."""
    found = _workbook(content, rows_most) if content.startswith(ZIP) else _csv(content)
    head: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in enumerate(found, start=1):
        texts = tuple(_text(cell) for cell in cells)
        if len(texts) > COLUMNS_MAX:
            raise Unreadable(f"row {number} has more than {COLUMNS_MAX} columns")
        if max(map(len, texts), default=0) > CELL_MOST:
            raise Unreadable(f"row {number} has a cell of more than {CELL_MOST} characters")
        if number == 1:
            head = texts
        elif any(texts):
            rows.append((number, texts))
        if len(rows) > rows_most:
            raise Unreadable(f"more than {rows_most} rows: bring it in parts")
    if not any(head):
        raise Unreadable("the first row has to name the columns")
    return Sheet(head, tuple(rows))


def _csv(content: bytes) -> Iterable[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("neither a workbook (XLSX) nor text in UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise Unreadable(f"not a readable CSV: {error}") from error


def _workbook(content: bytes, rows_most: int) -> list[list[Any]]:
    """Read only once it is known how large it becomes: a small archive can hold a table of any size."""
    try:
        _check_size(content, rows_most)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise Unreadable(f"not a readable workbook: {error}"[:CELL_CHARACTERS_MAX]) from error


def _check_size(content: bytes, rows_most: int) -> None:
    left = UNPACKED_MAX
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                unpacked = member.read(left + 1)
            left -= len(unpacked)
            if left < 0:
                raise Unreadable("the workbook is too large: bring it in parts, or as CSV")
            if name.startswith("xl/worksheets/"):
                _check_reach(unpacked, rows_most)


def _check_reach(sheet: bytes, rows_most: int) -> None:
    """A reader fills the rectangle up to the farthest cell, so one stray cell far out costs gigabytes."""
    for column, row in _CELL.findall(sheet):
        if len(column) > 2 or int(row) > 10 * rows_most + 1:
            where = f"{column.decode()}{row.decode()}"
            raise Unreadable(f"a cell at {where} is far outside of the table")


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else " ".join(str(cell).replace("\0", "").split())
