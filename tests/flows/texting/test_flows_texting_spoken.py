"""Screens told by SMS."""

import pytest

from flows.texting.spoken import fits, question_of, words_of


class TestWordsOf:
    def test_choices_are_not_said(self) -> None:
        """They can only be pressed."""
        text = "Loan Ksh 1,000, you get Ksh 990\nFee Ksh 10\n1 Accept\n2 Terms by SMS\n0 Back 00 Home"

        assert words_of(text, ("1=accept", "2=terms")) == "Loan Ksh 1,000, you get Ksh 990. Fee Ksh 10"

    def test_a_line_that_begins_with_another_number_is_said(self) -> None:
        """Only what was on offer is a choice."""
        assert words_of("3 months to go\n1 Yes", ("1=yes",)) == "3 months to go"

    def test_sentences_stay_as_they_are(self) -> None:
        """No second full stop."""
        assert words_of("How much?\nWhole shillings", ()) == "How much? Whole shillings"


class TestQuestionOf:
    @pytest.mark.parametrize("foot", ["", "\n0 Back 00 Home"])
    def test_the_line_that_asks_for_the_pin_is_left_out(self, foot: str) -> None:
        """And so is the way back."""
        text = f"Send Ksh 200 to BARAKA O. 0711000002. Fee Ksh 0\nEnter Nyota PIN{foot}"

        assert question_of(text) == "Send Ksh 200 to BARAKA O. 0711000002. Fee Ksh 0"


class TestFits:
    @pytest.mark.parametrize(("length", "is_one"), [(160, True), (161, False)])
    def test_one_sms_has_160_septets(self, length: int, is_one: bool) -> None:
        """No more."""
        assert fits("N" * length) is is_one
