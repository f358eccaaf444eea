"""Savings as a pure conversation: what is offered, refused and asked for."""

import pytest

from tests.flows.phone import Phone
from tests.flows.town import AMINA


@pytest.fixture
def phone() -> Phone:
    return Phone(AMINA)


def opened(phone: Phone, *answers: str) -> str:
    """The screen after `7`, the PIN, and `answers`."""
    phone.dial("*383#")
    for answer in ("7", "4826", *answers):
        phone.press(answer)
    return phone.screen


class TestBalance:
    """What is there."""

    def test_it_names_only_what_there_is(self, phone: Phone) -> None:
        """Nothing held and no goal are not named."""
        assert opened(phone, "1").startswith("Savings Ksh 1,200\nInterest this month Ksh 4.20\n0 Back")

    def test_it_says_what_secures_a_loan(self, phone: Phone) -> None:
        """And what is free."""
        phone.town.people[AMINA].pledged_cents = 200_00

        assert "Free Ksh 1,000, secures loans Ksh 200" in opened(phone, "1")

    def test_a_goal_is_never_more_than_reached(self, phone: Phone) -> None:
        """Though more was saved."""
        phone.town.people[AMINA].goal_cents = 600_00

        assert "Goal Ksh 600: 100% there" in opened(phone, "1")


class TestMovingOut:
    """Savings to wallet."""

    def test_what_secures_a_loan_stays(self, phone: Phone) -> None:
        """More than is free but less than is there is refused as that, and asked again."""
        phone.town.people[AMINA].pledged_cents = 200_00
        screen = opened(phone, "3", "1100")

        assert screen.startswith("Too much: part of your savings secures a loan.\nEnter less")
        assert phone.press("1000").screen.startswith("Move Ksh 1,000 from savings")

    def test_more_than_there_is_is_refused_with_what_is_free(self, phone: Phone) -> None:
        """Not with what secures a loan."""
        phone.town.people[AMINA].pledged_cents = 200_00

        assert opened(phone, "3", "5000").startswith("Whole shillings only, 10 to 1,000")

    def test_nothing_free_is_nothing_to_move(self, phone: Phone) -> None:
        """Said at once."""
        phone.town.people[AMINA].pledged_cents = 1_200_00

        assert opened(phone, "3").startswith("You have no free savings to move.")


class TestSaving:
    """Wallet to savings."""

    def test_an_empty_wallet_saves_nothing(self, phone: Phone) -> None:
        """The way to deposit is said."""
        phone.town.people[AMINA].wallet_cents = 9_99

        assert opened(phone, "2").startswith("Your wallet has too little to save.")

    def test_an_organisation_without_the_licence_takes_none(self, phone: Phone) -> None:
        """What is there is shown and may leave, under the digits it always had; there is no goal to save for."""
        phone.town.people[AMINA].may_save = False

        assert opened(phone).split("\n")[1:4] == ["1 Balance", "3 Move to wallet", "4 Mini-statement"]
        assert opened(phone, "3").startswith("Move to wallet: how much?")
        for digit in ("2", "5"):
            assert opened(phone, digit).startswith("Choose 1, 3 or 4")

    @pytest.mark.parametrize(("language", "said"), [("en", "We do not take savings."), ("sw", "Hatupokei akiba.")])
    def test_and_tells_whoever_has_none(self, phone: Phone, language: str, said: str) -> None:
        """Kindly, and it is the end."""
        person = phone.town.people[AMINA]
        person.may_save, person.savings_cents, person.language = False, 0, language

        assert opened(phone).startswith(said)
        assert not phone.is_open

    def test_what_was_offered_before_is_not_taken_any_more(self, phone: Phone) -> None:
        """The menu was shown while savings were still taken."""
        for digit in ("2", "5"):
            phone.town.people[AMINA].may_save = True
            opened(phone)
            phone.town.people[AMINA].may_save = False

            assert phone.press(digit).screen.startswith("We do not take savings.")

    def test_a_goal_can_be_dropped(self, phone: Phone) -> None:
        """With what was reached beside it."""
        phone.town.people[AMINA].goal_cents = 2_400_00

        assert opened(phone, "5").startswith("Goal Ksh 2,400: 50% there")
        assert phone.press("2").screen.startswith("You have no savings goal now.")
        assert phone.person.goal_cents == 0
