from dataclasses import replace
from typing import Any

import pytest

from flows.known import LineRequest
from tests.flows.affairs import JANE, Affairs
from tests.flows.phone import ENGINE, Phone
from tests.flows.town import AMINA, BARAKA, Town, amina, baraka, jane, quick_loan

LOST = LineRequest("asked", "LLB2C3D", "Amina Wanjiru", AMINA, "+254711000066", "Tom Odhiambo", "789")


def at_work(**affairs: Any) -> Phone:
    """Jane behind the staff's line, with Amina and Baraka as customers."""
    people = {
        JANE: replace(jane(), affairs=Affairs(role="officer", **affairs)),
        AMINA: amina(),
        BARAKA: baraka(),
    }
    return Phone(JANE, Town(ENGINE, people)).dial("*383#").press("10", "6058")


class TestTheLine:
    def test_it_is_there_for_officers_only(self) -> None:
        """Others neither see it nor find it by its digits."""
        assert "10 Staff" in Phone(JANE).dial("*383#").lines
        customer = Phone(AMINA).dial("*383#")
        assert not any(line.startswith("10") for line in customer.lines)
        assert customer.press("10").place == "menu.main"
        assert Phone(AMINA).dial("*383*10#").place == "menu.main"

    def test_the_officers_own_pin_opens_it(self) -> None:
        """Also dialled ahead."""
        assert Phone(JANE).dial("*383*10*1#").place == "view.pin"


class TestLookingUp:
    @pytest.mark.parametrize(
        ("typed", "reason"),
        [
            ("12345", "Not a Kenyan mobile number."),
            ("0711000009", "Not your own account"),
            ("0711000098", "Nobody has an account there."),
        ],
    )
    def test_only_somebody_else_who_is_there(self, typed: str, reason: str) -> None:
        """And nothing is recorded of a slip."""
        phone = at_work().press("1", typed)

        assert phone.lines[0].startswith(reason)
        assert phone.operations == []

    def test_it_is_recorded_and_shows_no_money_of_their_own(self) -> None:
        """Whom, not what they own."""
        phone = at_work().press("1", "0711 000 001")

        assert [(each.kind, each.intent) for each in phone.operations] == [
            ("staff.look_up", {"customer": f"person:{AMINA}"})
        ]
        assert "5,000" not in phone.screen
        assert "23456789" not in phone.screen

    def test_a_day_has_an_end(self) -> None:
        """Look-ups are counted."""
        assert at_work(look_ups=0).press("1").place == "officer.enough"


class TestActs:
    @pytest.mark.parametrize(
        ("answers", "kind", "more"),
        [
            (("3", "23456789"), "staff.reset_pin", {"reason": "forgotten, ID named"}),
            (("5", "2"), "staff.deactivate", {"reason": "lost"}),
            (("1", "1", "500"), "staff.prompt", {"about": "LN7K2QD", "amount_cents": 500_00}),
            (("1", "2", "500"), "staff.prompt", {"about": "wallet", "amount_cents": 500_00}),
        ],
    )
    def test_each_is_behind_the_officers_pin(
        self, answers: tuple[str, ...], kind: str, more: dict[str, object]
    ) -> None:
        """A wrong one does nothing; the right one does it once."""
        phone = at_work().press("1", "0711000001", *answers, "1111")
        assert [each.kind for each in phone.operations] == ["staff.look_up"]

        phone.press("6058")
        assert not phone.is_open
        assert phone.operations[-1].kind == kind
        assert phone.operations[-1].intent == {"customer": f"person:{AMINA}", **more}

    def test_a_reset_needs_the_right_identity_number(self) -> None:
        """The officer never sees what it should be; the third wrong one ends it."""
        phone = at_work().press("1", "0711000001", "3", "11111111", "22222222", "33333333")

        assert not phone.is_open
        assert [each.kind for each in phone.operations] == ["staff.look_up"]

    def test_no_more_than_is_owed_can_be_asked(self) -> None:
        """Whole shillings, from one to the debt."""
        phone = at_work().press("1", "0711000001", "1", "1", "2161")

        assert phone.lines[0] == "Whole shillings only, 1 to 2,160"

    def test_nobody_is_asked_twice_for_the_same_nor_too_often(self) -> None:
        """One payment at a time, so many a day."""
        phone = at_work()
        phone.town.people[AMINA].affairs.paying = ("LN7K2QD",)
        assert phone.press("1", "0711000001", "1", "1").place == "officer.paying"

        phone = at_work()
        phone.town.people[AMINA].affairs.prompts_left = 0
        assert phone.press("1", "0711000001", "1", "1").place == "officer.enough"

    def test_the_reference_is_the_customers_own(self) -> None:
        """What the officer reads out is what the SMS says."""
        phone = at_work().press("1", "0711000001", "1", "1", "500", "6058")

        letters = phone.operations[-1].reference[2:]
        assert f"Ref PP{letters}." in phone.screen
        assert phone.dial("*383#").press("10", "6058", "2").lines[1] == f"PP{letters} AMINA W. 500 not sent yet"

    def test_a_loan_paid_off_meanwhile_is_asked_for_no_more(self) -> None:
        """It leads home, with nothing sent."""
        phone = at_work().press("1", "0711000001", "1", "1")
        phone.town.people[AMINA].loans = (quick_loan("LN5G8CX", 1_000_00),)

        assert phone.press("500").place == "menu.main"

    def test_a_paused_account_can_only_be_opened(self) -> None:
        """Nothing else is offered."""
        phone = at_work()
        phone.town.people[AMINA].affairs.is_paused = True

        assert phone.press("1", "0711000001").lines[2:] == ["6 Open account", "0 Back 00 Home"]


class TestLostLines:
    def test_the_number_of_an_identity_is_kept_nowhere(self) -> None:
        """Only whose it is."""
        phone = at_work().press("3", "23456789", "0711000066")

        assert "23456789" not in str(phone.session.data)
        phone.press("6058")
        assert phone.operations[-1].intent == {"customer": f"person:{AMINA}", "phone": "+254711000066"}

    def test_the_second_officer_sees_who_asked_and_says_yes_or_no(self) -> None:
        """With the PIN both times."""
        agreed = at_work(lines_waiting=(LOST,)).press("4", "1", "1", "6058")
        refused = at_work(lines_waiting=(LOST,)).press("4", "1", "2", "6058")

        assert agreed.operations[-1].intent == {"approval": "asked", "state": "approved"}
        assert refused.operations[-1].intent == {"approval": "asked", "state": "declined"}
        assert agreed.screen.startswith("LLB2C3D confirmed.")
        assert refused.screen.startswith("LLB2C3D refused.")

    def test_one_answered_meanwhile_leads_home(self) -> None:
        """The first answer counts."""
        phone = at_work(lines_waiting=(LOST,)).press("4", "1", "1")
        phone.town.people[JANE].affairs.lines_waiting = ()

        assert phone.press("6058").place == "menu.main"
