"""The empty table that a loan book is brought in: nine columns, two more for who knows what was paid."""

import io

import xlsxwriter

from gateway.papers.csv import START, written

COLUMNS = (
    "Customer ID", "Name", "Phone", "Product", "Principal", "Rate", "Term", "Disbursed Date", "Status",
)  # fmt: skip
EXTRA = ("Paid", "Paid On")
"""May be left out: nothing was paid then, or, where the status is Closed, everything."""
AS_TEXT = frozenset({"Customer ID", "Phone"})
"""Numbers in these would lose their first 0."""
ROWS_AS_TEXT = 5_000


def as_csv() -> bytes:
    return (START + written(COLUMNS)).encode()


def as_xlsx() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Loan book")
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for place, name in enumerate(COLUMNS):
            form = text if name in AS_TEXT else day if name == "Disbursed Date" else None
            sheet.set_column(place, place, max(14, len(name) + 2), form)
            sheet.write_string(0, place, name, bold)
        sheet.data_validation(1, COLUMNS.index("Status"), ROWS_AS_TEXT, COLUMNS.index("Status"), {
            "validate": "list", "source": ["Active", "Closed", "Written off"],
        })  # fmt: skip
        sheet.freeze_panes(1, 0)
    return file.getvalue()
