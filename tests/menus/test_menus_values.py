from datetime import UTC, date, datetime

import pytest

from menus.catalogue import load
from menus.values import Clock, Day, Days, FirstName, FullName, Ksh, MaskedPhone, ShortName, written

CATALOGUE = load()
ENGLISH, SWAHILI = CATALOGUE.language("en"), CATALOGUE.language("sw")


class TestMoney:
    @pytest.mark.parametrize(
        ("cents", "text"),
        [(0, "Ksh 0"), (150_000, "Ksh 1,500"), (150_050, "Ksh 1,500.50"), (5, "Ksh 0.05"), (-50_000, "Ksh -500")],
    )
    def test_cents_are_written_only_when_there_are_any(self, cents: int, text: str) -> None:
        """`Ksh 1,500`, but `Ksh 1,500.50`."""
        assert written(Ksh(cents), ENGLISH, "") == text

    def test_the_currency_can_be_left_out(self) -> None:
        """For a second amount beside the first."""
        assert written(Ksh(221_610), SWAHILI, "bare") == "2,216.10"


class TestDays:
    @pytest.mark.parametrize(
        ("day", "english", "swahili"),
        [
            (date(2026, 12, 5), "5 Dec", "5 Des"),
            (date(2027, 3, 31), "31 Mar 2027", "31 Mac 2027"),
            (date(2025, 8, 1), "1 Aug 2025", "1 Ago 2025"),
        ],
    )
    def test_the_year_is_written_when_it_is_another(self, day: date, english: str, swahili: str) -> None:
        """A date of this year needs no year."""
        value = Day(day, today=date(2026, 8, 5))

        assert (written(value, ENGLISH, ""), written(value, SWAHILI, "")) == (english, swahili)

    @pytest.mark.parametrize(("count", "english"), [(1, "1 day"), (4, "4 days"), (0, "0 days")])
    def test_one_day_is_not_days(self, count: int, english: str) -> None:
        """English has a plural; Swahili says siku either way."""
        assert written(Days(count), ENGLISH, "") == english
        assert written(Days(count), SWAHILI, "") == f"siku {count}"

    def test_a_time_has_24_hours_and_may_name_its_day(self) -> None:
        """Never with `saa`: by the Swahili clock that is another hour."""
        moment = Clock(datetime(2026, 8, 5, 14, 5, tzinfo=UTC))

        assert written(moment, SWAHILI, "") == "14:05"
        assert written(moment, SWAHILI, "day") == "5 Ago 14:05"


class TestNames:
    @pytest.mark.parametrize(
        ("name", "greeting"),
        [
            ("Amina Wanjiru", "Amina"),
            ("AMINA WANJIRU", "Amina"),
            ("ng'ang'a kamau", "Ng'ang'a"),
            ("McOtieno Oduor", "McOtieno"),
            ("Maximillianusbartholomew Otieno", "Maximillianusba"),
            ("", ""),
        ],
    )
    def test_a_greeting_is_the_first_name(self, name: str, greeting: str) -> None:
        """As its owner writes it, tidied only when typed without care for capitals."""
        assert written(FirstName(name), ENGLISH, "") == greeting

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("Baraka Juma Otieno", "BARAKA O."),
            ("Baraka O", "BARAKA O."),
            ("zawadi", "ZAWADI"),
            ("Wwwwwwwwwwwwwwwwwww Xyz", "WWWWWWWWWWWW X."),
            ("", ""),
        ],
    )
    def test_others_see_a_first_name_and_an_initial(self, name: str, said: str) -> None:
        """At most 15 letters; shortened once more it stays as it is."""
        assert written(ShortName(name), ENGLISH, "") == said

    def test_a_full_name_is_in_capitals_and_short_enough(self) -> None:
        """As on the card, at most 20 letters."""
        assert written(FullName("Amina  wa Wanjiru Njoroge"), ENGLISH, "") == "AMINA WA WANJIRU NJO"

    @pytest.mark.parametrize(("msisdn", "text"), [("+254711000001", "0711***001"), ("+255754000123", "+255***123")])
    def test_a_phone_is_masked(self, msisdn: str, text: str) -> None:
        """Enough to know one's own, too little to call."""
        assert written(MaskedPhone(msisdn), ENGLISH, "") == text
