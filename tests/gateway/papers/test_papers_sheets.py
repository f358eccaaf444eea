"""CSV and XLSX: numbers that a spreadsheet can add up, and text that it cannot run."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from gateway.papers import csv as sheet
from gateway.papers import xlsx
from gateway.papers.days import Days
from gateway.papers.paper import Money, Row
from gateway.papers.statement import stated
from gateway.papers.writing import Holder, ends, head, of_accounts, row
from tests.gateway.papers.sheets import AMINA, MADE, lines, voice

AUGUST = Days(date(2026, 8, 1), date(2026, 8, 31))
EVIL = ["=1+1", "+254711", "-1", "@SUM(A1)", "\tx", '=HYPERLINK("http://x","y")']


async def rows_of(count: int) -> AsyncIterator[Row]:
    for line in lines(count):
        yield row(voice(), line)


class TestCsv:
    async def test_money_adds_up(self) -> None:
        """In, out and the balances, read back as decimals."""
        pieces = [piece async for piece in sheet.streamed(head(voice()), rows_of(20))]
        text = b"".join(pieces).decode("utf-8-sig")
        found = list(csv.DictReader(io.StringIO(text)))

        moved = sum(Decimal(each["Money in"] or 0) - Decimal(each["Money out"] or 0) for each in found)
        assert Decimal(found[-1]["Balance"]) == Decimal(5000) + moved
        assert found[0]["Date and time"] == "2026-08-01T08:00:00+03:00"

    async def test_it_comes_line_by_line(self) -> None:
        """Never more than one in memory: each is there before the next is asked for."""
        asked = 0

        async def rows() -> AsyncIterator[Row]:
            nonlocal asked
            for line in lines(10):
                asked += 1
                yield row(voice(), line)

        pieces = sheet.streamed(head(voice()), rows())
        await anext(pieces)
        await anext(pieces)

        assert asked == 1

    @pytest.mark.parametrize("text", EVIL)
    def test_text_is_no_formula(self, text: str) -> None:
        """It begins with a mark that spreadsheets take for text."""
        (cells,) = csv.reader(io.StringIO(sheet.written((text, Money(-5)))))

        assert cells == [f"'{text}", "-0.05"]

    def test_the_ends_are_opening_and_closing(self) -> None:
        """What was there before, what is there after."""
        totals = stated("wallet", 5_000_00, lines(4)).totals
        first, last = (sheet.written(each) for each in ends(voice(), AUGUST, totals))

        assert first.startswith("2026-08-01,,,opening,Opening balance")
        assert last.strip().endswith(",5884.50")


class TestXlsx:
    def test_numbers_are_numbers_and_days_are_days(self) -> None:
        """So that they can be added up and sorted."""
        statement = stated("wallet", 5_000_00, lines(4))
        book = open_book(xlsx.rendered(of_accounts(voice(), MADE, AMINA, AUGUST, [statement])))
        rows = book.get_sheet_by_index(0).to_python()
        first = next(each for each in rows if "DP00000" in each)

        assert first[0] == datetime(2026, 8, 1, 8)  # noqa: DTZ001 - a workbook knows no zones
        assert first[5:7] == [1500.0, 6500.0]
        assert rows[-1][-1] == 5884.5

    @given(st.sampled_from(EVIL))
    def test_text_is_no_formula(self, name: str) -> None:
        """Written as text, whatever it begins with."""
        holder = Holder(name, AMINA.msisdn, AMINA.national_id, "en")
        content = xlsx.rendered(of_accounts(voice(), MADE, holder, AUGUST, [stated("wallet", 0, [])]))

        assert " ".join(name.split()).upper() in str(open_book(content).get_sheet_by_index(0).to_python())
        assert b"<f>" not in content


def open_book(content: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(content))
