"""A statement as CSV: row by row, whatever encoding and separator it was last saved with.

UTF-8 with or without its mark, UTF-16, and cp1252 as spreadsheets save it; comma, semicolon, tab or bar.
"""

import codecs
import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from gateway.statements.columns import columns_of
from gateway.statements.line import Unreadable
from gateway.statements.statement import HEADER_WITHIN, Cells

SEPARATORS = (",", ";", "\t", "|")
BLOCK_BYTES = 1 << 20
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def rows(path: Path) -> Iterator[Cells]:
    """Raises Unreadable when no separator makes a header row of any of the first rows, or for a quote never closed."""
    encoding = _encoding(path)
    return _rows(path, encoding, _separator(path, encoding))


def _rows(path: Path, encoding: str, separator: str) -> Iterator[Cells]:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        number = 1
        try:
            for cells in reader:
                yield number, cells
                number = reader.line_num + 1
        except csv.Error as error:
            raise Unreadable(f"row {number} cannot be read: a quote is not closed, or the row is too long") from error


def _separator(path: Path, encoding: str) -> str:
    unreadable: Unreadable | None = None
    for separator in SEPARATORS:
        try:
            if any(columns_of(cells) for _, cells in islice(_rows(path, encoding, separator), HEADER_WITHIN)):
                return separator
        except Unreadable as error:
            unreadable = error
    raise unreadable or Unreadable(
        "no row has both Receipt No. and Completion Time: this is not an organisation statement"
    )


def _encoding(path: Path) -> str:
    """By its mark; without one by zero bytes, then UTF-8 if all of it is that, and cp1252 otherwise."""
    with path.open("rb") as file:
        start = file.read(BLOCK_BYTES)
        for mark, name in MARKS:
            if start.startswith(mark):
                return name
        if start[:400].count(0) > len(start[:400]) // 4:
            return "utf-16-be" if start[0] == 0 else "utf-16-le"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while start:
                decoder.decode(start)
                start = file.read(BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"
