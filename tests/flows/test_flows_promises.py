"""Asking for time: a late loan on the phone, a day promised, and what the law stops, in both languages."""

from dataclasses import replace
from typing import Any

import pytest

from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, Town, amina, quick_loan

LATE = quick_loan("LN7K2QD", 2_000_00, days_late=4)


def phone_of(language: str, **changes: Any) -> Phone:
    person = replace(amina(), language=language, loans=(replace(LATE, **changes),))
    return Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383#").press("4", "4826", "1")


class TestLateLoan:
    def test_it_says_what_to_pay_now(self) -> None:
        """As the reference dialogue has it."""
        english, swahili = phone_of("en"), phone_of("sw")

        assert english.screen.splitlines() == [
            "LN7K2QD Quick, 4 days late", "Pay now Ksh 2,210 (penalty 50)", "1 Pay", "2 Schedule", "3 Ask for time",
            "0 Back 00 Home",
        ]  # fmt: skip
        assert "umechelewa siku 4" in swahili.screen
        assert "3 Omba muda" in swahili.screen

    @pytest.mark.parametrize(
        ("language", "words"), [("en", "You promised to pay Ksh 2,210"), ("sw", "Umeahidi kulipa")]
    )
    def test_a_day_is_promised_once(self, language: str, words: str) -> None:
        """From tomorrow to a week from now; whoever asks again is shown the day."""
        phone = phone_of(language).press("3")
        assert phone.screen.splitlines()[1].startswith("1 6 A")

        promised = phone.press("2")

        assert words in promised.screen
        [operation] = [each for each in phone.operations if each.kind == "loan.promise"]
        assert operation.intent == {"loan": "LN7K2QD", "pay_on": "2026-08-07"}
        again = Phone(AMINA, phone.town).dial("*383#").press("4", "4826", "1", "3")
        assert again.place == "loans.promised_before"
        assert "7 A" in again.screen

    @pytest.mark.parametrize(("language", "words"), [("en", "Legal limit reached"), ("sw", "Kiwango cha sheria")])
    def test_a_capped_loan_says_that_nothing_more_is_charged(self, language: str, words: str) -> None:
        """It can be paid, and time be asked for."""
        phone = phone_of(language, is_capped=True, days_late=800)

        assert words in phone.screen
        assert phone.press("2").place == "loans.time"
