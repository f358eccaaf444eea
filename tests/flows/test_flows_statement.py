from dataclasses import replace
from typing import Any

import pytest

from tests.flows.affairs import CODE, Affairs
from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, Town, amina


def somebody(**affairs: Any) -> Phone:
    """Amina at her statement, behind the PIN."""
    person = replace(amina(), affairs=Affairs(has_mail=True, **affairs))
    return Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383*8*5#").press("4826")


class TestStatement:
    def test_the_pin_comes_before_it(self) -> None:
        """Phones are shared."""
        assert Phone(AMINA).dial("*383*8*5#").place == "view.pin"

    def test_by_e_mail_only_where_it_was_verified(self) -> None:
        """An address alone is not enough."""
        assert "2 By e-mail" not in somebody(email="a***@post.example").lines
        phone = somebody(email="a***@post.example", is_verified=True).press("2", "3")

        assert phone.operations[-1].intent == {"period": "quarter"}
        assert phone.screen == "Your statement goes to a***@post.example now."

    @pytest.mark.parametrize("typed", ["Amina@Post.Example", "amina@post. example", "a.b+c@x-y.co.ke"])
    def test_an_address_is_taken_as_it_is_meant(self, typed: str) -> None:
        """In small letters, without the spaces of a keypad; it is not kept in the session."""
        phone = somebody().press("3", typed)

        assert phone.operations[-1].intent == {"email": typed.replace(" ", "").lower()}
        assert "@" not in str(phone.session.data)

    @pytest.mark.parametrize("typed", ["amina", "amina@", "@post.example", "a@b", "a..b@post.example", "a@-b.example"])
    def test_what_is_no_address_is_asked_again(self, typed: str) -> None:
        """With an example."""
        phone = somebody().press("3", typed)

        assert phone.lines[0] == "That is no e-mail address. Example: amina@post.example"
        assert phone.operations == []

    def test_the_code_is_typed_now_or_later(self) -> None:
        """In the next call its line is there."""
        phone = somebody().press("3", "amina@post.example").drop().dial("*383*8*5#").press("4826", "4", CODE)

        assert [each.kind for each in phone.operations] == ["email.set", "email.verify"]
        assert phone.screen == (
            "Your e-mail address is confirmed. Statements go there when you ask for one;"
            " news and notices may go there too."
        )

    def test_a_link_is_of_some_days_and_a_few_a_day(self) -> None:
        """What is left is asked before the days are."""
        phone = somebody().press("5", "2")
        assert phone.operations[-1].kind == "statement.link"
        assert phone.operations[-1].intent == {"period": "before"}

        assert somebody(links_left=0).press("5").screen == (
            "You have asked for links often enough today. Try again tomorrow."
        )
        assert "5 Link by SMS" not in somebody(has_links=False).lines

    @pytest.mark.parametrize(
        ("language", "line", "asked", "done"),
        [
            ("en", "6 E-mail receipts: off", "Send each receipt to a***@post.example too? Those by SMS stay.",
             "From now on receipts go to a***@post.example too. Those by SMS stay."),
            ("sw", "6 Risiti kwa e-mail: hapana", "Kila risiti itumwe pia kwa a***@post.example? Za SMS zitaendelea.",
             "Kuanzia sasa risiti zitatumwa pia kwa a***@post.example. Za SMS zitaendelea."),
        ],
    )  # fmt: skip
    def test_receipts_go_to_an_address_too(self, language: str, line: str, asked: str, done: str) -> None:
        """Once it is confirmed, and after a yes."""
        person = replace(
            amina(), language=language, affairs=Affairs(has_mail=True, email="a***@post.example", is_verified=True)
        )
        phone = Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383*8*5#").press("4826")
        assert line in phone.lines
        assert phone.press("6").lines[0] == asked
        assert phone.press("1").screen == done
        assert phone.operations[-1].intent == {"on": True, "version": "2026-08", "language": language}

    @pytest.mark.parametrize(
        ("language", "line", "done"),
        [
            ("en", "6 E-mail receipts: on", "No more receipts by e-mail. Those by SMS stay."),
            ("sw", "6 Risiti kwa e-mail: ndiyo", "Risiti hazitatumwa tena kwa e-mail. Za SMS zitaendelea."),
        ],
    )
    def test_receipts_by_e_mail_stop_when_asked(self, language: str, line: str, done: str) -> None:
        """Those by SMS never do; a no changes nothing."""
        affairs = Affairs(has_mail=True, email="a***@post.example", is_verified=True, mail_receipts=True)
        person = replace(amina(), language=language, affairs=affairs)
        phone = Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383*8*5#").press("4826")
        assert line in phone.lines
        assert phone.press("6", "1").screen == done
        assert phone.operations[-1].intent == {"on": False, "version": "2026-08", "language": language}

    def test_a_no_changes_nothing(self) -> None:
        """And goes home."""
        phone = somebody(email="a***@post.example", is_verified=True).press("6", "2")

        assert phone.operations == []
        assert phone.place == "menu.main"

    @pytest.mark.parametrize(
        ("language", "line", "asked", "done", "after"),
        [
            ("en", "7 E-mail reminders: off", "Send each payment reminder to a***@post.example too? Those by SMS stay.",
             "From now on payment reminders go to a***@post.example too. Those by SMS stay.", "7 E-mail reminders: on"),
            ("sw", "7 Vikumbusho kwa e-mail: hapana",
             "Kila kikumbusho cha malipo kitumwe pia kwa a***@post.example? Vya SMS vitaendelea.",
             "Kuanzia sasa vikumbusho vya malipo vitatumwa pia kwa a***@post.example. Vya SMS vitaendelea.",
             "7 Vikumbusho kwa e-mail: ndiyo"),
        ],
    )  # fmt: skip
    def test_reminders_are_a_wish_of_their_own(
        self, language: str, line: str, asked: str, done: str, after: str
    ) -> None:
        """Nobody who wants receipts is taken to want these too."""
        affairs = Affairs(has_mail=True, email="a***@post.example", is_verified=True, mail_receipts=True)
        person = replace(amina(), language=language, affairs=affairs)
        phone = Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383*8*5#").press("4826")
        assert line in phone.lines
        assert phone.press("7").lines[0] == asked
        assert phone.press("1").screen == done
        assert phone.operations[-1].kind == "reminders.mail"
        assert phone.operations[-1].intent == {"on": True, "version": "2026-08", "language": language}
        assert after in phone.drop().dial("*383*8*5#").press("4826").lines

    @pytest.mark.parametrize(
        ("language", "asked", "done"),
        [
            ("en", "Reminders also go to a***@post.example. Stop that? Those by SMS stay.",
             "No more reminders by e-mail. Those by SMS stay."),
            ("sw", "Vikumbusho vinatumwa pia kwa a***@post.example. Usitumiwe tena? Vya SMS vitaendelea.",
             "Vikumbusho havitatumwa tena kwa e-mail. Vya SMS vitaendelea."),
        ],
    )  # fmt: skip
    def test_reminders_by_e_mail_stop_when_asked(self, language: str, asked: str, done: str) -> None:
        """Those by SMS stay."""
        affairs = Affairs(has_mail=True, email="a***@post.example", is_verified=True, mail_reminders=True)
        person = replace(amina(), language=language, affairs=affairs)
        phone = Phone(AMINA, Town(ENGINE, {AMINA: person})).dial("*383*8*5#").press("4826", "7")
        assert phone.lines[0] == asked
        assert phone.press("1").screen == done
        assert phone.operations[-1].intent["on"] is False
