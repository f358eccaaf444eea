from dataclasses import replace

import pytest

from tests.flows.affairs import JANE
from tests.flows.phone import Phone
from tests.flows.town import AMINA, BARAKA


class TestChangingThePin:
    def test_the_old_one_then_the_new_one_twice(self) -> None:
        """From then on the new one counts."""
        phone = Phone(AMINA).dial("*383#").press("8", "1", "4826", "7788", "7788")

        assert phone.screen == "Your Nyota PIN is changed. If this was not you, call 0711000009 now."
        assert [operation.kind for operation in phone.operations] == ["pin.change"]
        assert phone.operations[0].intent == {}
        assert phone.dial("*383#").press("1", "7788").place == "balance.show"

    def test_without_the_old_one_nothing_changes(self) -> None:
        """It is asked again."""
        phone = Phone(AMINA).dial("*383#").press("8", "1", "1111")

        assert phone.place == "account.old"
        assert phone.operations == []

    def test_two_that_differ_change_nothing(self) -> None:
        """The pair begins again, behind the same old PIN."""
        phone = Phone(AMINA).dial("*383#").press("8", "1", "4826", "7788", "7789")

        assert phone.place == "account.new"
        assert phone.operations == []

    def test_a_dropped_change_is_not_offered_again(self) -> None:
        """Nothing of a PIN is taken up."""
        assert Phone(AMINA).dial("*383#").press("8", "1", "4826", "7788").drop().dial("*383#").place == "menu.main"


class TestLanguage:
    def test_the_answer_comes_in_the_new_language(self) -> None:
        """And so does everything after it."""
        phone = Phone(AMINA).dial("*383#").press("8", "2", "2")

        assert phone.screen == "Nyota itatumia Kiswahili, hata kwa SMS. Kubadilisha: *383# kisha 8."
        assert phone.operations[0].intent == {"language": "sw"}
        assert "1 Salio" in phone.dial("*383#").screen

    def test_it_changes_back(self) -> None:
        """From Swahili to English."""
        phone = Phone(BARAKA).dial("*383#").press("8", "2", "1")

        assert phone.screen == "Nyota will use English, also in SMS. To change: *383# then 8."


class TestOffers:
    def test_they_are_off_until_somebody_says_yes(self) -> None:
        """The yes is kept with its wording and language; a no needs no reason."""
        phone = Phone(AMINA).dial("*383*8#")
        assert "4 SMS offers: off" in phone.lines
        phone.press("4", "1")
        assert phone.operations[-1].intent == {"on": True, "version": "2026-08", "language": "en"}

        phone.dial("*383*8*4#").press("1")
        assert phone.operations[-1].intent == {"on": False, "version": "2026-08", "language": "en"}

    def test_saying_no_changes_nothing(self) -> None:
        """Either way."""
        assert Phone(AMINA).dial("*383*8*4#").press("2").operations == []


class TestClosing:
    def test_what_stands_in_the_way_is_named(self) -> None:
        """A loan before the money."""
        phone = Phone(AMINA).dial("*383*8*7#")

        assert phone.screen.startswith("We cannot close it yet: a loan is not finished.")
        assert Phone(BARAKA).dial("*383*8*7#").screen.startswith("Hatuwezi kuifunga bado: kuna pesa")

    @pytest.mark.parametrize(("line", "words"), [(AMINA, "you owe Nyota"), (BARAKA, "unadaiwa na Nyota")])
    def test_a_debt_beside_any_loan_is_named_as_one(self, line: str, words: str) -> None:
        """Not as a loan that could be repaid on the phone."""
        phone = Phone(line)
        affairs = replace(phone.person.affairs, closing="owed")
        phone.town.people[line] = replace(phone.person, affairs=affairs)

        assert words in phone.dial("*383*8*7#").screen
        assert phone.operations == []

    def test_the_pin_is_the_yes(self) -> None:
        """Nothing before it."""
        phone = Phone(JANE).dial("*383*8*7#")
        assert phone.operations == []

        assert [each.kind for each in phone.press("6058").operations] == ["account.close"]


class TestMyData:
    def test_what_was_agreed_to_is_listed_with_its_day(self) -> None:
        """In the words of the language."""
        phone = Phone(AMINA).dial("*383*8*8*1#")

        assert phone.lines[:3] == ["You agreed to:", "Terms 2026-08, 1 Aug", "Data notice 2026-08, 1 Aug"]

    def test_a_copy_opens_a_case(self) -> None:
        """Somebody puts it together."""
        phone = Phone(AMINA).dial("*383*8*8*2#").press("1")

        assert phone.operations[-1].intent == {"topic": "data export", "said": "all"}
