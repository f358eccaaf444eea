import pytest

from tests.flows.phone import Phone
from tests.flows.town import NOBODY, Person

ID, PIN = "34567890", "7786"


def joining(language: str = "1") -> Phone:
    """A newcomer who has agreed to terms and data."""
    return Phone(NOBODY).dial("*383#").press(language, "1", "1")


def on_the_members_list() -> Phone:
    phone = Phone(NOBODY)
    phone.town.people[NOBODY] = Person(NOBODY, "Zawadi Achieng", ID)
    return phone.dial("*383#")


class TestJoining:
    @pytest.mark.parametrize(
        ("language", "code", "welcome"),
        [
            ("1", "en", "Welcome, Neema. Your Nyota account is open, wallet Ksh 0."),
            ("2", "sw", "Karibu, Neema. Akaunti yako ya Nyota iko tayari, pochi Ksh 0."),
        ],
    )
    def test_a_newcomer_joins_in_their_language(self, language: str, code: str, welcome: str) -> None:
        """One operation, once the same new PIN came twice; the text in the language chosen first."""
        phone = joining(language).press(ID, "neema otieno", "1", PIN, PIN)

        assert phone.screen.startswith(welcome)
        assert not phone.is_open
        assert [(operation.kind, operation.intent) for operation in phone.operations] == [
            (
                "customer.register",
                {"language": code, "name": "neema otieno", "id": ID, "terms_version": "2026-08"},
            )
        ]

    def test_every_language_is_offered(self) -> None:
        """By the name it calls itself."""
        phone = Phone(NOBODY).dial("*383#")

        assert phone.lines == ["Karibu Nyota", "Choose language", "Chagua lugha", "1 English", "2 Kiswahili"]

    @pytest.mark.parametrize("answers", [("1", "3"), ("1", "1", "3")])
    def test_who_declines_leaves_nothing_behind(self, answers: tuple[str, ...]) -> None:
        """Two consents, two refusals."""
        phone = Phone(NOBODY).dial("*383#").press(*answers)

        assert phone.screen == "Nothing was saved. To join another day, dial *383#."
        assert phone.operations == []
        assert phone.session.data == {}

    def test_terms_come_by_sms_and_keep_the_place(self) -> None:
        """Once, however often they are asked for."""
        phone = Phone(NOBODY).dial("*383#").press("2", "2")
        assert phone.lines[0] == "Utapata SMS."

        phone.press("2", "2")

        assert phone.place == "register.terms"
        assert [operation.intent for operation in phone.operations] == [
            {"template": "register.terms", "language": "sw"}
        ]

    def test_name_and_id_can_be_put_right(self) -> None:
        """Before the PIN, each by itself."""
        phone = joining().press(ID, "Nema Otieno", "2", "Neema Otieno")
        assert phone.lines[0] == f"NEEMA OTIENO, ID {ID}"

        phone.press("3", "34567891")

        assert phone.lines[0] == "NEEMA OTIENO, ID 34567891"

    def test_an_id_on_another_line_opens_a_case(self) -> None:
        """Nothing of the other person is shown, and nobody can go on trying numbers."""
        phone = joining().press("23456789")

        assert not phone.is_open
        assert phone.screen.startswith("We need to see your ID before you join.")
        assert [operation.kind for operation in phone.operations] == ["case.open"]
        assert "Amina" not in phone.screen


class TestNewPin:
    def test_a_weak_pin_is_refused(self) -> None:
        """With what would be right."""
        phone = joining().press(ID, "Neema Otieno", "1", "1234")

        assert phone.place == "register.pin"
        assert phone.lines[0] == "That PIN is easy to guess. Choose another Nyota PIN, 4 to 6 digits"

    def test_two_pins_that_differ_start_the_pair_again(self) -> None:
        """Nobody knows which of them was meant."""
        phone = joining().press(ID, "Neema Otieno", "1", PIN, "7787")

        assert phone.place == "register.pin"
        assert phone.lines[0].startswith("The two PINs were not the same.")
        assert phone.press(PIN, PIN).screen.startswith("Welcome, Neema.")

    def test_the_second_entry_alone_is_not_enough(self) -> None:
        """Back from it goes to the check, and the PIN is asked twice again."""
        phone = joining().press(ID, "Neema Otieno", "1", PIN, "0")

        assert phone.place == "register.check"
        assert phone.press("1", PIN).place == "register.again"


class TestListedMembers:
    def test_the_id_is_asked_before_any_name_is_shown(self) -> None:
        """Lines are given to strangers again."""
        phone = on_the_members_list().press("1")

        assert phone.place == "register.known"
        assert "Zawadi" not in phone.screen

    def test_the_right_id_leads_to_the_consents_and_the_pin(self) -> None:
        """Name and ID are known already."""
        phone = on_the_members_list().press("1", ID, "1", "1")
        assert phone.place == "register.pin"

        phone.press(PIN, PIN)

        assert phone.screen.startswith("Welcome, Zawadi.")

    def test_three_wrong_ids_end_with_a_visit_to_an_agent(self) -> None:
        """And with nothing shown."""
        phone = on_the_members_list().press("1", "11111111", "22222222", "33333333")

        assert not phone.is_open
        assert phone.screen.startswith("That is not the ID number we have. Nothing was changed. Visit an agent")


class TestComingBack:
    def test_all_but_the_pin_is_kept_after_a_drop(self) -> None:
        """The check is shown again, and the PIN is chosen afresh."""
        phone = joining("2").press(ID, "Neema Otieno", "1", PIN).drop().dial("*383#")
        assert phone.lines[0] == "Usajili wako haukukamilika. Endelea ulipoachia?"

        phone.press("1")

        assert phone.place == "register.check"
        assert phone.lines[0] == f"NEEMA OTIENO, ID {ID}"
        assert phone.press("1").place == "register.pin"

    def test_starting_again_starts_at_the_language(self) -> None:
        """With nothing kept, and a way back that leads nowhere strange."""
        phone = joining("2").drop().dial("*383#").press("2")
        assert phone.place == "register.language"
        assert phone.session.data == {}

        assert phone.press("0").place == "register.language"

    def test_a_first_screen_is_not_worth_coming_back_to(self) -> None:
        """Nothing was answered."""
        phone = Phone(NOBODY).dial("*383#").drop().dial("*383#")

        assert phone.place == "register.language"
