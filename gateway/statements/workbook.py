"""A statement as a workbook: `.xlsx` row by row without holding the sheet, `.xls` as the small file it can only be.

An `.xlsx` is XML in a zip. Its shared strings go to a file of their own, so that a million receipts are not in memory.
"""

import io
import re
import tempfile
import zipfile
from array import array
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

import python_calamine

from gateway.statements.line import Unreadable
from gateway.statements.statement import Cells

XML_BYTES_MAX = 4 << 30
"""A zip of some kilobytes can unfold to more than any machine has."""

COLUMNS_MAX = 100
STRINGS_IN_MEMORY = 1 << 20
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SHEET_NAME = "transaction"
_PLACE = re.compile(r"([A-Z]{1,3})\d+", re.ASCII)


def rows(path: Path) -> Iterator[Cells]:
    """The rows of the sheet `transaction`, else of the first. Raises Unreadable."""
    try:
        with zipfile.ZipFile(path) as book:
            if sum(item.file_size for item in book.infolist()) > XML_BYTES_MAX:
                raise Unreadable("the workbook is too large when unpacked")
            sheet = _sheet(book)
            with _strings(book) as strings, book.open(sheet) as file:
                yield from _rows(file, strings)
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unreadable("the workbook is damaged, encrypted or of another kind") from error


def old_rows(path: Path) -> Iterator[Cells]:
    """The first sheet of an `.xls`, which has 65,536 rows at most."""
    try:
        sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    except python_calamine.CalamineError as error:
        raise Unreadable("the workbook is damaged, encrypted or of another kind") from error
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield number, [_old(cell) for cell in cells]


class _Strings:
    """Texts by number, in a file that spills to disk."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(STRINGS_IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._ends = array("Q")
        self._end = 0
        self.get = lru_cache(maxsize=4096)(self._get)

    def __enter__(self) -> "_Strings":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, text: str) -> None:
        written = text.encode("utf-8", "replace")
        self._file.write(written)
        self._end += len(written)
        self._ends.append(self._end)

    def _get(self, number: int) -> str:
        start = self._ends[number - 1] if number else 0
        self._file.seek(start)
        return self._file.read(self._ends[number] - start).decode()


def _strings(book: zipfile.ZipFile) -> _Strings:
    strings = _Strings()
    if "xl/sharedStrings.xml" in book.namelist():
        with book.open("xl/sharedStrings.xml") as file:
            for element in _ended(file, f"{MAIN}si"):
                strings.add("".join(text.text or "" for text in element.iter(f"{MAIN}t")))
    return strings


def _sheet(book: zipfile.ZipFile) -> str:
    with book.open("xl/workbook.xml") as file:
        sheets = {each.get("name", ""): each.get(RELATION) for each in _ended(file, f"{MAIN}sheet", keep=True)}
    if not sheets:
        raise Unreadable("the workbook has no sheet")
    wanted = next((sheets[name] for name in sheets if name.casefold() == SHEET_NAME), next(iter(sheets.values())))
    with book.open("xl/_rels/workbook.xml.rels") as file:
        targets = {each.get("Id"): each.get("Target", "") for _, each in _events(file) if each.get("Target")}
    return _inside(targets[wanted])


def _inside(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _rows(file: IO[bytes], strings: _Strings) -> Iterator[Cells]:
    number = 0
    for element in _ended(file, f"{MAIN}row"):
        number = int(element.get("r") or number + 1)
        cells: list[str] = []
        for cell in element:
            place = _place(cell.get("r", ""), len(cells))
            if place < COLUMNS_MAX:
                cells.extend([""] * (place - len(cells)))
                cells[place:] = [_text(cell, strings)]
        yield number, cells


def _place(name: str, following: int) -> int:
    found = _PLACE.fullmatch(name)
    if found is None:
        return following
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _text(cell: ElementTree.Element, strings: _Strings) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
    value = cell.findtext(f"{MAIN}v") or ""
    if kind == "s":
        try:
            return strings.get(int(value))
        except (ValueError, IndexError):
            return ""
    return value.removesuffix(".0") if kind == "n" else value


def _ended(file: IO[bytes], tag: str, *, keep: bool = False) -> Iterator[ElementTree.Element]:
    """Each element of this tag when it is complete; what was read before is let go."""
    parents: list[ElementTree.Element] = []
    for event, element in _events(file):
        if event == "start":
            parents.append(element)
            continue
        parents.pop()
        if element.tag == tag:
            yield element
            if parents and not keep:
                parents[-1].remove(element)


def _events(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    start = file.read(1024)
    if b"<!DOCTYPE" in start:
        raise Unreadable("the workbook is not one that a spreadsheet has written")
    return ElementTree.iterparse(_Rejoined(start, file), ("start", "end"))  # noqa: S314 - without a DOCTYPE no entities


class _Rejoined(io.RawIOBase):
    """What was looked at, and the rest."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        taken, self._start = self._start, b""
        return taken or self._rest.read(size)


def _old(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
