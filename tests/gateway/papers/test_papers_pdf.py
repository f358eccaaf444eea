"""Papers as people get them: read back from the finished file."""

import io
from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from gateway.clock import EAT, milliseconds
from gateway.lending.allocation import Parts
from gateway.papers import pdf
from gateway.papers.days import Days
from gateway.papers.loans import Instalment
from gateway.papers.paper import Paper
from gateway.papers.statement import WHOLE, Choice, Line, balanced, stated
from gateway.papers.writing import Holder, Lent, of_accounts
from tests.gateway.papers.sheets import AMINA, CODE, MADE, lines, voice

AUGUST = Days(date(2026, 8, 1), date(2026, 8, 31))


def wallet(count: int, holder: Holder = AMINA, language: str = "en", choice: Choice = WHOLE) -> Paper:
    statement = stated("wallet", 5_000_00, lines(count), choice)
    return of_accounts(voice(language), MADE, holder, AUGUST, [statement])


def pages(paper: Paper) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf.rendered(paper))).pages]


class TestStatement:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            (
                "en",
                ("Wallet statement", "Account holder", "Opening balance", "Page 1 of 1", "1 Aug 2026 to 31 Aug 2026"),
            ),
            (
                "sw",
                ("Taarifa ya pochi", "Mwenye akaunti", "Salio la mwanzo", "Ukurasa 1 wa 1", "1 Ago 2026 hadi 31 Ago"),
            ),
        ],
    )
    def test_it_says_whose_it_is_and_what_moved(self, language: str, words: tuple[str, ...]) -> None:
        """In the holder's language; the identity number in part, the phone masked."""
        (text,) = pages(wallet(4, language=language))

        assert all(word in text for word in (*words, "AMINA WANJIRU", "*****789", "0711***001", CODE, "UA12BC34DK"))
        assert "23456789" not in text
        assert "KES 5,000.00" in text
        assert "KES 5,884.50" in text

    def test_heads_and_page_numbers_are_on_every_page(self) -> None:
        """However many there are."""
        found = pages(wallet(200))

        assert len(found) > 3
        assert all("Balance" in text and "Money out" in text for text in found)
        assert [f"Page {number} of {len(found)}" in text for number, text in enumerate(found, 1)] == [True] * len(found)

    def test_every_line_is_on_it_once(self) -> None:
        """None is lost between two pages."""
        text = "\n".join(pages(wallet(300)))

        assert [text.count(f"DP{place:05}") for place in range(300)] == [1] * 300

    def test_a_part_says_that_it_is_one(self) -> None:
        """Opening and closing rows belong to the whole."""
        (text,) = pages(wallet(8, choice=Choice(frozenset({"fee"}))))

        assert "Only some kinds of transactions are shown: fee" in text
        assert "DP00000" not in text
        assert "DP00002" in text

    def test_nothing_moved_is_said(self) -> None:
        """An empty table would look like a mistake."""
        (text,) = pages(wallet(0, choice=Choice(frozenset({"fee"}))))

        assert "No transactions in this period" in text


class TestLoans:
    @pytest.mark.parametrize("language", ["en", "sw"])
    def test_no_day_amount_or_reference_is_cut(self, language: str) -> None:
        """However many columns there are: the widest day, amounts of six figures, a receipt of M-PESA."""
        at, parts = milliseconds(datetime(2026, 8, 28, tzinfo=EAT)), Parts(principal=-999_999_99)
        moved = [
            Line(at, "paid_out", 1_999_999_99, 0, reference="LN7K2QD", parts=Parts(principal=1_999_999_99)),
            Line(at, "repaid", -999_999_99, 0, reference="UA12BC34DK", parts=parts),
        ]
        lent = Lent("LN7K2QD", "Growth", "active", 1_999_999_99, date(2026, 8, 28), 1_000_000_00)
        schedule = [Instalment(1, date(2026, 9, 28), Parts(principal=1_999_999_99), 999_999_99)]
        statement = stated("loan", 0, balanced(0, moved))
        (text,) = pages(of_accounts(voice(language), MADE, AMINA, AUGUST, [], [(lent, statement, schedule)]))

        assert "…" not in text
        assert text.count("UA12BC34DK") == 1
        assert "1,000,000.00" in text


class TestLetters:
    def test_a_letter_without_a_shape_loses_its_mark(self) -> None:
        """Names are written with more than Latin-1 has."""
        assert pdf.drawable("Wanjikũ Ŵa Ngũgĩ") == "Wanjiku Wa Ngugi"
        assert pdf.drawable("José Müller") == "José Müller"
        assert pdf.drawable("王") == "?"

    @given(st.text(max_size=30))
    @settings(max_examples=15)
    def test_any_name_can_be_printed(self, name: str) -> None:
        """Also one with signs that mean something to the library."""
        paper = wallet(1, holder=replace(AMINA, name=f"A{name}"))

        assert len(pages(paper)) == 1
