"""What the rows of a loan book say, and every fault of them."""

import io
import zipfile
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from gateway.lending.offers import DEMO_PRODUCTS, parse_products
from gateway.loanbook import template
from gateway.loanbook.rows import Checked, Fault, checked
from gateway.loanbook.sheet import Sheet, Unreadable, read
from gateway.loanbook.template import COLUMNS, EXTRA

TODAY = date(2026, 9, 1)
PRODUCTS = parse_products(dict(DEMO_PRODUCTS))
GOOD = ("31234567", "Asha Mwangi", "0712000001", "Quick", "2000.00", "8", "1", "2026-08-20", "Active")


def book(*rows: tuple[str, ...], head: tuple[str, ...] = (*COLUMNS, *EXTRA)) -> Checked:
    return checked(Sheet(head, tuple(enumerate(rows, start=2))), PRODUCTS, TODAY, None)


def with_(**cells: str) -> tuple[str, ...]:
    names = [name.replace(" ", "_") for name in (*COLUMNS, *EXTRA)]
    given_ = dict(zip(names, (*GOOD, "", ""), strict=True)) | cells
    return tuple(given_[name] for name in names)


def where(found: Checked) -> list[tuple[int, str]]:
    return [(fault.row, fault.column) for fault in found.faults]


class TestRows:
    def test_a_row_is_a_loan_with_its_dates_and_charges(self) -> None:
        """2,000 at 8 percent for one period of 30 days, not paid yet."""
        (line,) = book(GOOD).lines

        assert (line.phone, line.product.key, line.national_id) == ("+254712000001", "quick", "31234567")
        assert [(row.due_on, row.owed.total) for row in line.loan.rows] == [(date(2026, 9, 19), 2_160_00)]

    def test_every_fault_of_every_row_is_said(self) -> None:
        """Two bad rows have all their columns named; the good one between them has none."""
        bad = ("", "X", "12345", "gold", "-5", "lots", "0", "2027-01-01", "sleeping")

        found = book(bad, GOOD, bad)

        assert where(found) == [(row, column) for row in (2, 4) for column in COLUMNS]

    @pytest.mark.parametrize(
        ("cells", "column"),
        [
            ({"Product": "peer"}, "Product"),
            ({"Principal": "1e3"}, "Principal"),
            ({"Rate": "nan"}, "Rate"),
            ({"Rate": "1001"}, "Rate"),
            ({"Term": "601"}, "Term"),
            ({"Disbursed_Date": "1889-01-01"}, "Disbursed Date"),
            ({"Paid": "5000"}, "Paid"),
            ({"Paid": "2160"}, "Status"),
            ({"Paid": "10", "Paid_On": "2026-08-19"}, "Paid On"),
            ({"Paid": "10", "Paid_On": "2026-09-02"}, "Paid On"),
            ({"Paid_On": "2026-08-25"}, "Paid"),
            ({"Paid": "10", "Status": "Closed"}, "Paid"),
        ],
    )
    def test_a_cell_that_cannot_be_is_named(self, cells: dict[str, str], column: str) -> None:
        """By its column."""
        assert where(book(with_(**cells))) == [(2, column)]

    def test_what_was_paid_lowers_what_is_owed(self) -> None:
        """Interest before principal, as everywhere."""
        (line,) = book(with_(Paid="560", Paid_On="25/08/2026")).lines

        assert (line.loan.outstanding.interest, line.loan.outstanding.principal) == (0, 1_600_00)

    def test_a_closed_loan_was_paid_on_its_days(self) -> None:
        """Nothing is owed, and no penalty ever was."""
        closed = with_(Product="growth", Term="6", Rate="3", Disbursed_Date="2026-01-10", Status="closed")

        (line,) = book(closed).lines

        assert line.loan.outstanding.total == line.loan.owed.penalty == 0
        assert len(line.payments) == 6

    def test_penalties_since_are_owed(self) -> None:
        """One instalment, 71 days late: three months have begun since its grace."""
        (line,) = book(with_(Disbursed_Date="2026-05-23")).lines

        assert line.loan.outstanding.penalty == 150_00

    def test_rows_that_contradict_each_other(self) -> None:
        """The same loan twice; one phone of two customers; one customer with two phones."""
        other = with_(Principal="1000", Customer_ID="41234567")
        third = with_(Principal="900", Phone="0712000002")

        assert where(book(GOOD, GOOD)) == [(3, "Phone")]
        assert where(book(GOOD, other)) == [(3, "Customer ID")]
        assert where(book(GOOD, third)) == [(3, "Phone")]

    @given(st.lists(st.text(max_size=30), min_size=9, max_size=11).map(tuple))
    def test_any_text_is_a_loan_or_a_fault(self, cells: tuple[str, ...]) -> None:
        """Never an exception, and never neither of the two."""
        found = book(cells)

        assert bool(found.lines) != bool(found.faults)


class TestHead:
    def test_missing_strange_and_doubled_columns(self) -> None:
        """All of them at once, before any row is looked at."""
        found = book(GOOD, head=("Phone", "Phone", "Shoe size", *COLUMNS[3:]))

        assert {(fault.column, fault.message) for fault in found.faults} == {
            ("Customer ID", "is missing"), ("Name", "is missing"), ("Phone", "is there twice"),
            ("Shoe size", "is no column of a loan book"),
        }  # fmt: skip

    def test_an_empty_table_is_not_a_loan_book(self) -> None:
        """There is nothing to bring in."""
        assert book().faults == (Fault(2, "Customer ID", "", "there is no row below the head"),)


class TestSheets:
    @pytest.mark.parametrize("content", [template.as_csv(), template.as_xlsx()])
    def test_the_template_has_the_columns(self, content: bytes) -> None:
        """In both forms."""
        assert read(content, rows_most=5) == Sheet(COLUMNS, ())

    def test_a_workbook_keeps_its_kinds(self) -> None:
        """Days, whole numbers and phones that lost their 0 read as in a CSV; empty rows count."""
        file = io.BytesIO()
        with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
            sheet = made.add_worksheet()
            sheet.write_row(0, 0, COLUMNS)
            sheet.write_row(2, 0, [31234567, "Asha Mwangi", 712000001, "quick", 2000.5, 8, 1])
            sheet.write_datetime(2, 7, date(2026, 8, 20), made.add_format({"num_format": "yyyy-mm-dd"}))
            sheet.write(2, 8, "Active")

        found = read(file.getvalue(), rows_most=5)

        expected = ("31234567", "Asha Mwangi", "712000001", "quick", "2000.5", "8", "1", "2026-08-20", "Active")
        assert found.rows == ((3, expected),)
        assert not checked(found, PRODUCTS, TODAY, None).faults

    @pytest.mark.parametrize(
        "content",
        [b"", b"\xff\xfe\x00", b"PK\x03\x04nonsense", b'a,b\n"open', b"a\n" + b"1\n" * 6, b"," * 100 + b"\n"],
    )
    def test_what_is_no_table_is_said_to_be_none(self, content: bytes) -> None:
        """Also one that is too long."""
        with pytest.raises(Unreadable):
            read(content, rows_most=5)

    def test_a_stray_cell_far_out_is_refused(self) -> None:
        """Reading it would fill a rectangle of a million rows."""
        file = io.BytesIO()
        with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
            made.add_worksheet().write(1_000_000, 3, "x")

        with pytest.raises(Unreadable, match="far outside"):
            read(file.getvalue(), rows_most=5)

    def test_an_archive_that_unpacks_without_end_is_refused(self) -> None:
        """It is measured before it is read."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b" " * 61_000_000)

        with pytest.raises(Unreadable, match="too large"):
            read(file.getvalue(), rows_most=5)
