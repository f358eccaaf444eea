"""Payments by schedule on the phone: what is agreed to, and what is refused before it."""

from datetime import timedelta

import pytest

from tests.flows.phone import Phone
from tests.flows.town import AMINA, BARAKA, NOW

PIN = "4826"


def at(*answers: str) -> Phone:
    """Amina's phone, past the PIN that private flows ask for."""
    return Phone(AMINA).dial("*383*6*6#").press(PIN, *answers)


class TestWhatIsAgreedTo:
    def test_names_the_person_and_the_days(self) -> None:
        """As they were shown with the PIN; today is a Wednesday, and it is never paid on the day it is made."""
        phone = at("2", "0711000002", "200", "1", "3", PIN)

        assert phone.operations[-1].kind == "schedule.create"
        assert phone.operations[-1].intent == {
            "kind": "send", "amount_cents": 200_00, "fee_cents": 0, "every": "week", "day": 3, "first": "2026-08-12",
            "to": BARAKA, "person": f"person:{BARAKA}",
        }  # fmt: skip

    def test_the_number_that_was_tried_counts(self) -> None:
        """As for anything that is sent: names are not for collecting."""
        assert [each.kind for each in at("2", "0711000002").operations] == ["number.lookup"]

    @pytest.mark.parametrize(
        ("typed", "first"), [("1 Sep", "2026-09-01"), ("30", "2026-09-04"), ("5/8/2027", "2027-08-05")]
    )
    def test_once_is_on_its_date(self, typed: str, first: str) -> None:
        """At most a year ahead."""
        intent = at("1", "500", "3", typed, PIN).operations[-1].intent

        assert (intent["every"], intent["day"], intent["first"]) == ("once", 0, first)

    @pytest.mark.parametrize("typed", ["5/8/2026", "6/8/2027", "366", "soon"])
    def test_not_today_and_not_in_years(self, typed: str) -> None:
        """Said with an example."""
        assert "1 to 365, or a date like 12 Aug" in at("1", "500", "3", typed).screen

    @pytest.mark.parametrize("typed", ["000", "32", "5th"])
    def test_a_day_of_the_month_is_one(self, typed: str) -> None:
        """A number, and of a month."""
        assert at("1", "500", "2", typed).screen.startswith("A day of the month, 1 to 31")


class TestWhatIsRefused:
    def test_sending_while_no_money_may_leave(self) -> None:
        """Said before a number is asked for; saving goes on."""
        phone = Phone(AMINA)
        phone.person.outgoing_from = NOW + timedelta(days=3)
        phone.dial("*383*6*6#").press(PIN)

        assert phone.press("2").screen.startswith("For your safety")

    def test_saving_where_no_savings_are_taken(self) -> None:
        """The menu of savings says the same."""
        phone = Phone(AMINA)
        phone.person.may_save = False

        assert phone.dial("*383*6*6#").press(PIN, "1").place == "savings.closed"

    def test_repaying_without_a_loan(self) -> None:
        phone = Phone(AMINA)
        phone.person.loans = ()

        assert phone.dial("*383*6*6#").press(PIN, "3").place == "loans.none"

    def test_trying_more_numbers_than_a_day_allows(self) -> None:
        phone = Phone(AMINA)
        phone.person.lookups_left = 0

        assert phone.dial("*383*6*6#").press(PIN, "2").place == "send.enough"

    def test_more_of_them_than_there_may_be(self) -> None:
        """And the list offers no new one."""
        phone = at("1", "500", "1", "1", PIN)
        phone.person.affairs.schedules_most = 1

        assert "New" not in phone.dial("*383*6*6#").press(PIN).screen
        assert phone.dial("*383*7#").press(PIN, "6").place == "schedule.full"

    def test_one_that_has_ended_meanwhile_leads_home(self) -> None:
        """While it was on the screen."""
        phone = at("1", "500", "1", "1", PIN)
        phone.dial("*383*6*6#").press(PIN)
        phone.person.affairs.scheduled = ()

        assert phone.press("1").place == "menu.main"
