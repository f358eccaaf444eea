from tests.flows.affairs import CODE
from tests.flows.phone import Phone
from tests.flows.town import AMINA

NEW = "+254711000066"


class TestChangingThePhone:
    def test_both_codes_then_the_pin(self) -> None:
        """Only then the account moves."""
        phone = Phone(AMINA).dial("*383*8*6#").press("0711000066", "1", CODE, CODE)
        assert [each.kind for each in phone.operations] == ["line.codes"]

        phone.press("4826")
        assert [each.kind for each in phone.operations] == ["line.codes", "line.change"]
        assert phone.operations[-1].intent == {"phone": NEW}
        assert NEW in phone.town.people

    def test_without_a_yes_nothing_is_sent(self) -> None:
        """Somebody else's phone stays quiet."""
        phone = Phone(AMINA).dial("*383*8*6#").press("0711000066", "2")

        assert phone.place == "menu.main"
        assert phone.operations == []

    def test_wrong_digits_are_asked_again_and_a_dead_code_ends_it(self) -> None:
        """With the tries that are left."""
        phone = Phone(AMINA).dial("*383*8*6#").press("0711000066", "1", "111111")
        assert phone.lines[0] == "Wrong code. 2 tries left."

        assert not phone.press("000000").is_open
        assert [each.kind for each in phone.operations] == ["line.codes"]

    def test_a_dropped_call_finds_the_codes_again(self) -> None:
        """Waiting for an SMS takes longer than a session."""
        phone = Phone(AMINA).dial("*383*8*6#").press("0711000066", "1").drop().dial("*383*8*6#")

        assert phone.place == "phonechange.old"
        phone.press(CODE, CODE, "4826")
        assert phone.operations[-1].intent == {"phone": NEW}

    def test_no_code_is_in_the_session(self) -> None:
        """It is a secret like a PIN."""
        phone = Phone(AMINA).dial("*383*8*6#").press("0711000066", "1", CODE)

        assert CODE not in str(phone.session)

    def test_a_code_cannot_be_dialled_ahead(self) -> None:
        """It stops at the question that sends them."""
        assert Phone(AMINA).dial(f"*383*8*6*0711000066*1*{CODE}#").place == "phonechange.codes"


class TestWhoseAccountChanged:
    def test_a_paused_one_is_told_so(self) -> None:
        """At once, whatever was dialled ahead."""
        phone = Phone(AMINA)
        phone.person.affairs.is_paused = True

        assert phone.dial("*383*1#").screen.startswith("Your Nyota account is paused.")
        assert not phone.is_open

    def test_a_pin_that_was_reset_is_chosen_first(self) -> None:
        """Once; the menu is one 00 away."""
        phone = Phone(AMINA)
        phone.person.pin, phone.person.affairs.chooses_pin = "", True

        assert phone.dial("*383*1#").place == "newpin.new"
        assert phone.press("00").place == "menu.main"
        assert phone.dial("*383#").press("7786", "7786").screen.startswith("Your new Nyota PIN is set.")
        assert phone.dial("*383*1#").press("7786").place == "balance.show"
