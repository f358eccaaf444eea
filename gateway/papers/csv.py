"""A statement as CSV, line by line: never more of it in memory than one. UTF-8 with the mark that spreadsheets want."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime

from gateway.papers.paper import Cell, Money, Row

START = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def written(row: Row) -> str:
    """One line. Amounts are bare decimals, days ISO 8601."""
    line = io.StringIO()
    csv.writer(line).writerow([_text(cell) for cell in row])
    return line.getvalue()


async def streamed(head: Row, rows: AsyncIterator[Row], last: Iterable[Row] = ()) -> AsyncIterator[bytes]:
    """The file in pieces. `last` is read when the rows are over: totals are known then."""
    yield (START + written(head)).encode()
    async for row in rows:
        yield written(row).encode()
    for row in last:
        yield written(row).encode()


def _text(cell: Cell) -> str:
    if isinstance(cell, Money):
        return cell.bare.replace(",", "")
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else harmless(str(cell))


def harmless(text: str) -> str:
    """A name that begins like a formula must not become one in somebody's spreadsheet."""
    return f"'{text}" if text.startswith(FORMULA) else text
