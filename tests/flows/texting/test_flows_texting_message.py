"""A written message as words, and what of it may be kept."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.texting import message

LONE = re.compile(r"(?<![\w.,/+-])\d{4,6}(?![\w/-]|[.,]\d)", re.ASCII)


class TestWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("  Loan\n5000 ", ("Loan", "5000")),
            ('"BAL".', ("BAL",)),
            ("ＬＯＡＮ ٥٠٠", ("LOAN", "500")),
            ("PAY\x00 500", ("PAY", "500")),
            ("\ud800 BAL", ("BAL",)),
        ],
        ids=["lines", "quoted", "full width and Arabic digits", "binary", "half a character"],
    )
    def test_a_message_of_any_phone_is_words(self, text: str, words: tuple[str, ...]) -> None:
        """Without signs around them, digits as 0-9."""
        assert message.words(text) == words

    @pytest.mark.parametrize("text", ["x" * 5000, "a " * 2500, "😀" * 5000], ids=["one word", "many", "emoji"])
    def test_a_letter_is_no_command(self, text: str) -> None:
        """However it begins: it is read by nobody."""
        assert message.words(text) == ()

    def test_the_first_word_counts_in_any_message(self) -> None:
        """Who begins with STOP means it."""
        assert message.first_word("Stop! " + "please " * 1000) == "Stop"

    @given(st.text())
    def test_nothing_that_anybody_sends_breaks_it(self, text: str) -> None:
        """Any characters, any length."""
        message.words(text)
        message.first_word(text)
        message.names_pin(text)
        assert message.hidden(text).encode() is not None


class TestSecrets:
    @pytest.mark.parametrize(
        ("text", "digits"),
        [
            ("482913", "482913"),
            (" 4826. ", "4826"),
            ("code 482913", "482913"),
            ("PIN 4826", "4826"),
            ("123", ""),
            ("1234567", ""),
            ("BAL 4826", ""),
            ("48 29 13", "482913"),
            ("482-913", "482913"),
            ("my code 482 913", ""),
            ("otp 482 913.", "482913"),
            ("1,500", ""),
            ("4829 1300", ""),
        ],
    )
    def test_lone_digits_may_be_a_code_or_a_pin(self, text: str, digits: str) -> None:
        """Four to six of them, as people read them from a screen, and nothing else but the word for it."""
        assert message.lone_digits(text) == digits

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("my pin is 4826", "my pin is ****"),
            ("482913", "****"),
            ("SEND 200 0712345678", "SEND 200 0712345678"),
            ("LOAN 5,000", "LOAN 5,000"),
            ("LN7K2QD", "LN7K2QD"),
            ("٤٨٢٦", "****"),
            ("Amina Wanjiru 25678912", "Amina Wanjiru ****"),
            ("PIN-4826", "PIN-****"),
            ("pin4826", "pin****"),
            ("My pin no.4826", "My pin no.****"),
            ("pin 4826/5678", "pin ****/****"),
            ("pin 4 8 2 6", "pin ****"),
            ("4826pin", "****pin"),
            ("LOAN 5,000 pin/4826", "LOAN 5,000 pin/****"),
            ("SEND 200 0712345678 pin:4826", "SEND 200 0712345678 pin:****"),
            ("482 913", "****"),
            ("4 8 2 6", "****"),
            ("my ID no is 25 678 912", "my ID no is ****"),
            ("Kitambulisho changu: 25-678-912", "Kitambulisho changu: ****"),
            ("I paid 500 on 12/8", "I paid 500 on 12/8"),
        ],
    )
    def test_what_may_be_a_secret_is_not_kept(self, text: str, kept: str) -> None:
        """A number of four to six digits that stands by itself."""
        assert message.hidden(text) == kept

    @given(st.text(), st.integers(1000, 999_999))
    def test_no_pin_survives_among_words(self, text: str, pin: int) -> None:
        """Wherever it stands, with a blank on each side."""
        assert not LONE.search(message.hidden(f"{text} {pin} {text}"))

    @pytest.mark.parametrize("number", ["25678912", "25 678 912", "25-678-912", "256.789", "25,678", "25"])
    def test_of_a_personal_message_no_digits_are_kept(self, number: str) -> None:
        """However an identity number is written."""
        assert message.hidden(f"JOIN {number} Amina", is_personal=True) == "JOIN **** Amina"

    def test_a_pin_is_named_by_its_word(self) -> None:
        """Any other number may be anything."""
        assert message.names_pin("my PIN is 4826")
        assert message.names_pin("PIN-4826")
        assert not message.names_pin("meet me at 4826")
