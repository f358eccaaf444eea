"""A paper as a workbook: one sheet per table, numbers as numbers, days as days, and text never as a formula."""

import io
import re
from datetime import date, datetime
from typing import Any

import xlsxwriter

from gateway.papers.paper import Cell, Money, Paper, Table

AMOUNT = "#,##0.00;[Red]-#,##0.00"
DAY, MOMENT = "d mmm yyyy", "d mmm yyyy hh:mm"
SHEET_CHARACTERS_MAX = 31
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")


def rendered(paper: Paper) -> bytes:
    """The file. What stands above the first table is the paper's facts."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": paper.title, "author": paper.letterhead.name, "comments": paper.code})
        styles = _Styles(book)
        for number, table in enumerate(paper.tables, start=1):
            sheet = book.add_worksheet(_name(table.title, number))
            row = _facts(sheet, paper, styles) if number == 1 else 0
            _table(sheet, table, row, styles)
    return file.getvalue()


class _Styles:
    """The workbook's formats, plain and for what is set apart."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.label = book.add_format({"font_color": "#555555"})
        self.head = book.add_format(
            {"bold": True, "bg_color": "#0B3D5C", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"}
        )
        self._formats = {
            (form, is_last): book.add_format({"num_format": form, "bold": is_last, "top": int(is_last)})
            for form in (AMOUNT, DAY, MOMENT, "@")
            for is_last in (False, True)
        }

    def of(self, form: str, *, is_last: bool) -> Any:
        return self._formats[form, is_last]


def _facts(sheet: Any, paper: Paper, styles: _Styles) -> int:
    """The first lines of a sheet; the row after them."""
    sheet.write_string(0, 0, f"{paper.letterhead.name}: {paper.title}", styles.title)
    row = 1
    for fact in (*paper.facts, *paper.boxes):
        row += 1
        sheet.write_string(row, 0, fact.label, styles.label)
        sheet.write_string(row, 1, fact.value)
    return row + 2


def _table(sheet: Any, table: Table, row: int, styles: _Styles) -> None:
    head = row
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, max(10, round(column.width * 110)))
        sheet.write_string(head, place, column.head, styles.head)
    for values, is_last in [*((each, False) for each in table.rows), *((each, True) for each in table.last)]:
        row += 1
        for place, cell in enumerate(values):
            _cell(sheet, row, place, cell, styles, is_last=is_last)
    if not table.rows and table.empty:
        sheet.write_string(row + 1, 0, table.empty)
    sheet.freeze_panes(head + 1, 0)
    sheet.repeat_rows(head)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _cell(sheet: Any, row: int, place: int, cell: Cell, styles: _Styles, *, is_last: bool) -> None:
    if isinstance(cell, Money):
        sheet.write_number(row, place, cell.cents / 100, styles.of(AMOUNT, is_last=is_last))
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, place, cell.replace(tzinfo=None), styles.of(MOMENT, is_last=is_last))
    elif isinstance(cell, date):
        sheet.write_datetime(row, place, cell, styles.of(DAY, is_last=is_last))
    elif isinstance(cell, int):
        sheet.write_number(row, place, cell)
    elif cell:
        sheet.write_string(row, place, cell, styles.of("@", is_last=is_last))


def _name(title: str, number: int) -> str:
    """A sheet's name: short, and different for each."""
    return f"{number} {_NOT_IN_A_NAME.sub(' ', title)}"[:SHEET_CHARACTERS_MAX].strip()
