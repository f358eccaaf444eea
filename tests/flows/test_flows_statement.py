from dataclasses import replace

import pytest

from tests.flows.affairs import CODE, Affairs
from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, Town, amina


def somebody(**affairs: object) -> Phone:
    """Amina at her statement, behind the PIN."""
    person = replace(amina(), affairs=Affairs(has_mail=True, **affairs))  # type: ignore[arg-type]
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
        assert phone.screen == "Your e-mail address is confirmed. Statements go there when you ask for one."
