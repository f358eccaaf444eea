import pytest

from tests.flows.phone import Phone
from tests.flows.town import AMINA


class TestCases:
    @pytest.mark.parametrize(
        ("answers", "topic", "said", "answer"),
        [
            (("1", "ua12bc34de"), "payment not shown", "UA12BC34DE", "Do not pay again."),
            (("2", "1"), "call back", "yes", "We call you from 0711000009 by 6 Aug 10:42."),
            (("3", "23456789"), "forgotten PIN", "23456789", "We never ask for your PIN."),
            (("4", "somebody asked my PIN"), "fraud", "somebody asked my PIN", "We will answer by SMS by 6 Aug 10:42."),
            (("5", "nobody answers"), "complaint", "nobody answers", "We will answer by SMS by 6 Aug 10:42."),
        ],
    )
    def test_every_line_opens_a_case_with_a_number_and_a_day(
        self, answers: tuple[str, ...], topic: str, said: str, answer: str
    ) -> None:
        """What was typed is its first evidence."""
        phone = Phone(AMINA)
        phone.person.affairs.forgot_left = 0
        phone.dial("*383#").press("9", *answers)

        (operation,) = phone.operations
        assert operation.kind == "case.open"
        assert operation.intent == {"topic": topic, "said": said}
        assert phone.screen.startswith(f"Case {operation.reference} received.")
        assert answer in phone.screen

    @pytest.mark.parametrize(
        ("answers", "reason"),
        [
            (("1", "hello"), "The code has letters and digits, about 10."),
            (("3", "12"), "An ID number is 6 to 8 digits."),
            (("4", "?"), "A few words are enough."),
        ],
    )
    def test_what_cannot_be_used_is_asked_again(self, answers: tuple[str, ...], reason: str) -> None:
        """With what would do."""
        phone = Phone(AMINA).dial("*383#").press("9", *answers)

        assert phone.lines[0] == reason
        assert phone.operations == []

    def test_who_does_not_want_a_call_is_home(self) -> None:
        """No case."""
        phone = Phone(AMINA).dial("*383#").press("9", "2", "2")

        assert phone.place == "menu.main"
        assert phone.operations == []


class TestAgents:
    def test_the_nearest_are_named_a_line_each(self) -> None:
        """As the organisation wrote them."""
        phone = Phone(AMINA).dial("*383#").press("9", "6")

        assert phone.lines == [
            "Nearest agents:",
            "Mama Njeri Shop, Githurai 44",
            "Kibera Agent 17, Olympic",
            "0 Back 00 Home",
        ]
