"""Files of every kind the portal and spreadsheets make come to the same lines."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.clock import iso
from gateway.statements import pdf
from gateway.statements.files import form_of, opened
from gateway.statements.line import Line, Rejected, Unreadable
from tests.gateway.statements import exports


def lines_of(path: Path, name: str = "") -> list[Line]:
    found = list(opened(path, name))
    assert not [each for each in found if isinstance(each, Rejected)], found
    return [each for each in found if isinstance(each, Line)]


def brief(lines: list[Line]) -> list[tuple[str, str, int, str]]:
    return [(line.receipt, line.kind, line.cents, iso(line.at)) for line in lines]


EXPECTED = [
    ("UA12BC34DE", "charge", 10_00, "2026-01-02T03:04:31+03:00"),
    ("UA12BC34DE", "paid_in", 1_500_00, "2026-01-02T03:04:31+03:00"),
    ("UA12BC34DF", "moved_out", 5_000_00, "2026-01-01T17:20:05+03:00"),
    ("UA12BC34DG", "paid_out", 2_000_00, "2026-01-01T09:00:00+03:00"),
]


class TestForms:
    """What a file is, is told by its first bytes."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    def test_csv_in_every_encoding_and_with_every_separator(
        self, tmp_path: Path, encoding: str, separator: str
    ) -> None:
        """A name with an accent tells UTF-8 and cp1252 apart."""
        row = exports.changed(exports.PAYMENT, other_party_info="25471****600 - JOSÉ TEST")
        path = exports.csv_file(tmp_path, exports.classic([row]), encoding, separator)

        (line,) = lines_of(path)

        assert (line.receipt, line.party, line.account) == ("UA12BC34DE", "25471****600 - JOSÉ TEST", "LN00042")

    @pytest.mark.parametrize(
        "make",
        [
            lambda folder: exports.csv_file(folder, exports.classic()),
            lambda folder: exports.xlsx_file(folder, exports.classic()),
            lambda folder: exports.xlsx_file(folder, exports.classic(), numbers=True),
            lambda folder: exports.xlsx_file(folder, exports.classic(), streams=True),
            lambda folder: exports.csv_file(folder, [exports.NEWER, *map(exports.newer, exports.ROWS)]),
            lambda folder: exports.pdf_file(folder, [exports.newer(row) for row in exports.ROWS]),
        ],
        ids=["csv", "xlsx", "xlsx-numbers", "xlsx-inline", "newer-csv", "pdf"],
    )
    def test_the_same_rows_whatever_they_are_written_in(self, tmp_path: Path, make: Callable[[Path], Path]) -> None:
        """Charge and payment of one receipt, a sweep to the bank, a pay-out."""
        assert brief(lines_of(make(tmp_path))) == EXPECTED

    def test_a_workbook_of_serial_dates(self, tmp_path: Path) -> None:
        """A spreadsheet keeps a time as days since 1899."""
        row = exports.changed(exports.PAYMENT, completion_time="46024.128136574")
        path = exports.xlsx_file(tmp_path, exports.classic([row]), numbers=True)

        assert iso(lines_of(path)[0].at) == "2026-01-02T03:04:31+03:00"

    def test_a_pdf_continues_wrapped_details(self, tmp_path: Path) -> None:
        """The account stands after the last ` Acc.`, wherever the line broke."""
        (line,) = lines_of(exports.pdf_file(tmp_path, [exports.newer(exports.PAYMENT)]))

        assert (line.account, line.party) == ("LN00042", "25471****600 - AMINA **** TEST")

    def test_the_title_of_a_newer_export_names_the_shortcode(self, tmp_path: Path) -> None:
        """It has no preamble; the file's name says it, and a PDF's first line."""
        rows = [exports.NEWER, exports.newer(exports.PAYMENT)]
        named = opened(exports.csv_file(tmp_path, rows), "Statements for 600999 from 01-01-2026 to 02-01-2026.csv")
        printed = opened(exports.pdf_file(tmp_path, rows[1:]))

        assert (named.head.shortcode, printed.head.shortcode) == ("600999", "600999")

    def test_it_is_not_the_name_that_counts(self, tmp_path: Path) -> None:
        """A workbook called .csv is one."""
        path = exports.xlsx_file(tmp_path, exports.classic()).rename(tmp_path / "statement.csv")

        assert form_of(path) == "xlsx"
        assert len(lines_of(path)) == 4


class TestPasswords:
    """An encrypted PDF is opened once, with its password, and read without."""

    def test_without_its_password_nothing_is_read(self, tmp_path: Path) -> None:
        """The refusal says what is missing."""
        path = exports.pdf_file(tmp_path, [exports.newer(exports.PAYMENT)], password="s3cret")

        with pytest.raises(Unreadable, match="its password is needed"):
            list(opened(path))
        with pytest.raises(Unreadable, match="not its password") as refused:
            pdf.decrypted(path, "guess")
        assert "guess" not in str(refused.value)

    def test_with_it_the_same_rows_come_out(self, tmp_path: Path) -> None:
        """What is kept is the file without encryption."""
        path = exports.pdf_file(tmp_path, [exports.newer(row) for row in exports.ROWS], password="s3cret")
        plain = tmp_path / "plain.pdf"

        plain.write_bytes(pdf.decrypted(path, "s3cret"))

        assert brief(lines_of(plain)) == EXPECTED


class TestUnreadable:
    """No statement: said in one sentence, with nothing of the content in it."""

    @pytest.mark.parametrize(
        "content",
        [b"", b"hello,world\r\n1,2\r\n", b"PK\x03\x04garbage", b"%PDF-1.4 garbage",
         b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1x",
         b"\x00" * 500, b'Receipt No.,Completion Time,Details,Transaction Status,Paid In\r\n'],
        ids=["empty", "other", "zip", "pdf", "xls", "zeros", "no-withdrawn"],
    )  # fmt: skip
    def test_what_is_none_is_refused(self, tmp_path: Path, content: bytes) -> None:
        """Whatever its first bytes promise."""
        path = tmp_path / "file"
        path.write_bytes(content)

        with pytest.raises(Unreadable):
            list(opened(path))

    def test_a_workbook_with_entities_is_refused(self, tmp_path: Path) -> None:
        """XML that unfolds is not what spreadsheets write."""
        path = exports.xlsx_file(tmp_path, exports.classic())
        with zipfile.ZipFile(path) as book:
            parts = {name: book.read(name) for name in book.namelist()}
        with zipfile.ZipFile(path, "w") as book:
            for name, content in parts.items():
                book.writestr(name, content.replace(b"?>", b"?><!DOCTYPE x>", 1) if "sheet1.xml" in name else content)

        with pytest.raises(Unreadable, match="spreadsheet"):
            list(opened(path))
