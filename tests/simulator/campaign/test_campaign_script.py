"""People answer the screen they see, and say so when they would not know what to do."""

import random

import pytest

from simulator.campaign.plan import Person
from simulator.campaign.script import DIGITS, WRONG_PIN, Caller, Goal, UnknownScreen, answer, errand, recognise_last

AMINA = Person("+254712000000", "Amina Wanjiru", "23456789", "4826", True, "1/person/0")

MENU = "Nyota: Amina\n1 Balance\n2 Borrow\n3 Repay\n4 My loans\n8 My account\n9 Help"
AMOUNT = "Quick loan: how much?\nWhole shillings, 500 to 2,000\n0 Back 00 Home"
PART = "LN7K2: how much will you pay?\nWhole shillings, 50 to 250,000\n0 Back 00 Home"
DUE = "LN7K2: how much?\n1 Next payment Ksh 2,160\n2 Pay off Ksh 2,160\n3 Other amount\n0 Back 00 Home"
COST = "Loan Ksh 2,000, you get Ksh 1,980\nFee Ksh 20, interest Ksh 160\nRepay Ksh 2,160 by 4 Sep\n1 Accept"


def amina(goal: Goal = "borrow", seed: int = 1) -> Caller:
    return Caller(AMINA, goal, random.Random(seed))


class TestAnswers:
    @pytest.mark.parametrize(
        ("screen", "name", "typed"),
        [
            ("Karibu Nyota\nChoose language\nChagua lugha\n1 English\n2 Kiswahili", "language", "1"),
            ("Your national ID number?\nDigits only, 6 to 8\n0 Back", "id", "23456789"),
            ("Your two names, as on your ID?\nExample: Amina Wanjiru\n0 Back", "name", "Amina Wanjiru"),
            ("Choose a Nyota PIN, 4 to 6 digits\n0 Back", "new PIN", "4826"),
            ("Enter the same Nyota PIN again\n0 Back", "PIN again", "4826"),
            ("Borrow. Your limit Ksh 2,000\n1 Quick, 30 days\n0 Back 00 Home", "product", "1"),
            ("Wallet Ksh 300\nSavings Ksh 0\nLoans Ksh 0\n0 Back 00 Home", "balance", None),
        ],
    )
    def test_a_screen_gets_the_answer_that_fits_it(self, screen: str, name: str, typed: str | None) -> None:
        """What is asked for is what is typed; a balance is only looked at."""
        assert answer(amina(), screen) == (name, typed)

    @pytest.mark.parametrize("goal", tuple(DIGITS))
    def test_the_menu_leads_to_the_errand(self, goal: Goal) -> None:
        """Each goal has its digit."""
        assert answer(amina(goal), MENU) == ("menu", DIGITS[goal])

    @pytest.mark.parametrize("seed", range(20))
    def test_an_amount_is_one_that_the_screen_allows(self, seed: int) -> None:
        """The range is read from the screen."""
        _, typed = answer(amina(seed=seed), AMOUNT)

        assert typed is not None
        assert 500 <= int(typed) <= 2000

    @pytest.mark.parametrize("seed", range(20))
    def test_who_pays_from_the_wallet_pays_little(self, seed: int) -> None:
        """What an overpayment has left in the wallet is spent in parts."""
        choice = answer(amina("repay from wallet", seed), DUE)
        _, typed = answer(amina("repay from wallet", seed), PART)

        assert choice == ("amount", "3")
        assert typed is not None
        assert 50 <= int(typed) <= 200

    def test_people_sometimes_go_back_at_the_cost(self) -> None:
        """The price is accepted mostly, and sometimes left by 0 or 00."""
        typed = {answer(amina(seed=seed), COST)[1] for seed in range(100)}

        assert typed == {"1", "0", "00"}

    def test_a_pin_is_sometimes_mistyped(self) -> None:
        """Mostly right, now and then wrong."""
        screen = "Borrow Ksh 2,000, repay Ksh 2,160 by 4 Sep.\nEnter Nyota PIN to accept\n0 Back 00 Home"

        assert {answer(amina(seed=seed), screen)[1] for seed in range(300)} == {"4826", WRONG_PIN}

    def test_a_screen_nobody_expects_is_said(self) -> None:
        """Neither guessed at nor passed over."""
        with pytest.raises(UnknownScreen):
            answer(amina(), "Internal error")


class TestLastScreens:
    @pytest.mark.parametrize(
        ("screen", "name"),
        [
            ("Welcome, Amina. Your Nyota account is open", "joined"),
            ("Request LN7K2 received. Ksh 1,980 will go to your M-PESA", "accepted"),
            ("Ksh 100 for loan LN7K2: request PY4T8 received. SMS to follow.", "accepted"),
            ("Nyota is slow now. If you entered your PIN, do not repeat it", "busy"),
        ],
    )
    def test_they_are_recognised(self, screen: str, name: str) -> None:
        """Every way a call may end has a name."""
        assert recognise_last(screen) == name

    def test_one_nobody_expects_is_said(self) -> None:
        """An end without sense is a finding."""
        with pytest.raises(UnknownScreen):
            recognise_last("Goodbye")


class TestErrands:
    def test_the_same_chance_makes_the_same_errands(self) -> None:
        """Everything a person decides comes from their own seed."""
        first, second = random.Random(7), random.Random(7)

        assert [errand(AMINA, first).goal for _ in range(9)] == [errand(AMINA, second).goal for _ in range(9)]
