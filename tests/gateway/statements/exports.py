"""Statements as the portal writes them, made for tests: the classic export and the newer one, as CSV, XLSX and PDF."""

import csv
import io
import textwrap
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter
from reportlab.lib.pagesizes import A3, landscape
from reportlab.pdfgen.canvas import Canvas

CLASSIC = (
    "Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status", "Paid In", "Withdrawn",
    "Balance", "Balance Confirmed", "Reason Type", "Other Party Info", "Linked Transaction ID", "A/C No.",
)  # fmt: skip
NEWER = (
    "Receipt No", "Completion Time", "Details", "Transaction Status", "Paid In (KSHs)", "Withdrawn (KSHs)",
    "Balance (KSHs)",
)  # fmt: skip
Row = Sequence[str]

CHARGE: Row = (
    "UA12BC34DE", "02-01-2026 03:04:31", "02-01-2026 03:04:28", "Pay Bill Charge", "Completed", "", "-10.00",
    "11,740.00", "true", "Pay Utility", "SP", "", "",
)  # fmt: skip
PAYMENT: Row = (
    "UA12BC34DE", "02-01-2026 03:04:31", "02-01-2026 03:04:28",
    "Pay Bill from 25471****600 - AMINA **** TEST Acc. LN00042", "Completed", "1,500.00", "", "11,750.00", "true",
    "Pay Utility", "25471****600 - AMINA **** TEST", "", "LN00042",
)  # fmt: skip
SWEEP: Row = (
    "UA12BC34DF", "01-01-2026 17:20:05", "01-01-2026 17:20:04",
    "Utility Account to Organization Settlement Account", "Completed", "", "-5,000.00", "10,250.00", "true",
    "Settlement", "", "", "",
)  # fmt: skip
PAYOUT: Row = (
    "UA12BC34DG", "01-01-2026 09:00:00", "01-01-2026 09:00:00",
    "Business Payment to Customer via API to 25471****601 - BARAKA TEST", "Completed", "", "-2,000.00", "15,250.00",
    "true", "Business Payment to Customer via API", "25471****601 - BARAKA TEST", "", "",
)  # fmt: skip
ROWS: tuple[Row, ...] = (CHARGE, PAYMENT, SWEEP, PAYOUT)
"""Newest first, and they add up: the balance before them was 17,250.00."""

PREAMBLE: tuple[Row, ...] = (
    ("Account Holder:", "Example Sacco"),
    ("Short Code:", "600999", "", "Account:", "Utility Account"),
    ("Time Period:", "From 01-01-2026 00:00:00 To 02-01-2026 23:59:59"),
    ("Operator:", "jane.doe"),
    ("Opening Balance:", "17,250.00", "", "Closing Balance:", "11,740.00"),
    ("Total Paid In:", "1,500.00", "", "Total Withdrawn:", "-7,010.00"),
    (),
)


def classic(rows: Sequence[Row] = ROWS, preamble: Sequence[Row] = PREAMBLE) -> list[Row]:
    """All rows of a classic export."""
    return [*preamble, CLASSIC, *rows]


def changed(row: Row, **cells: str) -> Row:
    """A classic row with other cells: `paid_in="x"`, by the header's words."""
    names = [head.rstrip(".").replace("/", "").replace(" ", "_").casefold() for head in CLASSIC]
    written = list(row)
    for name, value in cells.items():
        written[names.index(name)] = value
    return tuple(written)


def as_csv(rows: Sequence[Row], separator: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return file.getvalue()


def csv_file(folder: Path, rows: Sequence[Row], encoding: str = "utf-8", separator: str = ",") -> Path:
    path = folder / "statement.csv"
    path.write_bytes(as_csv(rows, separator).encode(encoding))
    return path


def xlsx_file(folder: Path, rows: Sequence[Row], *, numbers: bool = False, streams: bool = False) -> Path:
    """`numbers`: amounts and times as a spreadsheet keeps them; `streams`: texts inside the sheet, not shared."""
    path = folder / "statement.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": streams, "strings_to_numbers": numbers}) as book:
        sheet = book.add_worksheet("transaction")
        for number, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                sheet.write(number, place, cell.replace(",", "") if numbers and place in {5, 6, 7} else cell)
    return path


def pdf_file(folder: Path, rows: Sequence[Row], password: str = "") -> Path:
    """A page of text with the newer export's columns; details wrap as the portal wraps them."""
    path = folder / "statement.pdf"
    canvas = Canvas(str(path), pagesize=landscape(A3), encrypt=password or None)
    canvas.setFont("Helvetica", 8)
    places = (30, 110, 220, 560, 650, 740, 850)
    y = 780
    canvas.drawString(30, 800, "Statements for 600999 from 01/01/2026 to 02/01/2026")
    for cells in (NEWER, *rows):
        details = textwrap.wrap(cells[2], 48)
        for place, cell in zip(places, (*cells[:2], details[0], *cells[3:]), strict=True):
            canvas.drawString(place, y, cell)
        for more in details[1:]:
            y -= 12
            canvas.drawString(places[2], y, more)
        y -= 12
    canvas.save()
    return path


def newer(row: Row) -> Row:
    """A classic row as the newer export writes it."""
    receipt, at, _, details, status, paid_in, withdrawn, balance, *_ = row
    return (receipt, at.replace("-", "/"), details, status, paid_in or "0.00", withdrawn or "0.00", balance)
