"""Other phones that pay, on the phone."""

from flows.known import LinkedLine
from tests.flows.affairs import CODE
from tests.flows.phone import Phone
from tests.flows.town import AMINA

OTHER = "+254711000077"
LINE = LinkedLine("LK4B7KN", OTHER)


def linked(*lines: LinkedLine) -> Phone:
    phone = Phone(AMINA)
    phone.person.affairs.linked = lines
    return phone


class TestLinking:
    def test_takes_the_code_and_the_pin(self) -> None:
        """Nothing is linked before both."""
        phone = linked().dial("*383*8*8*3#").press("1", "0711000077", "1", CODE)
        assert [each.kind for each in phone.operations] == ["line.ask"]

        phone.press("4826")

        assert phone.operations[-1].kind == "line.link"
        assert phone.operations[-1].intent == {"phone": OTHER}

    def test_goes_on_where_a_code_is_on_its_way(self) -> None:
        """Whoever dropped while waiting for the SMS."""
        phone = linked().dial("*383*8*8*3#").press("1", "0711000077", "1").drop()

        assert phone.dial("*383*8*8*3#").place == "linked.code"

    def test_a_line_that_pays_for_somebody_is_taken(self) -> None:
        """Also the own one."""
        assert "already" in linked(LINE).dial("*383*8*8*3#").press("2", "0711000077").screen


class TestPayingFromIt:
    def test_a_deposit_asks_whose_phone(self) -> None:
        """Only where there is another one; the intent names it by its reference, never by its number."""
        phone = linked(LINE).dial("*383*6*1#").press("500", "2", "1")

        assert phone.operations[-1].intent == {"amount_cents": 500_00, "line": "LK4B7KN"}
        assert linked().dial("*383*6*1#").press("500").place == "wallet.stk"

    def test_the_own_phone_is_the_first_choice(self) -> None:
        phone = linked(LINE).dial("*383*6*1#").press("500", "1", "1")

        assert phone.operations[-1].intent == {"amount_cents": 500_00}

    def test_a_repayment_offers_it_after_the_others(self) -> None:
        """No digit moves, whether the wallet covers it or not."""
        phone = linked(LINE)
        phone.person.wallet_cents = 0
        phone.dial("*383*3*1*3#").press("660")
        assert "4 My other phone 0711***077" in phone.screen

        assert phone.press("4", "1").operations[-1].intent["line"] == "LK4B7KN"

    def test_one_that_is_removed_meanwhile_leads_home(self) -> None:
        """Nothing is asked of a phone that pays for them no more."""
        phone = linked(LINE).dial("*383*6*1#").press("500")
        phone.person.affairs.linked = ()

        assert phone.press("2").place == "menu.main"

    def test_the_session_holds_no_number(self) -> None:
        """It goes to Redis."""
        phone = linked(LINE).dial("*383*6*1#").press("500", "2")

        assert "711000077" not in str(phone.session)
