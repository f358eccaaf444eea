import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.amounts import up_to_shilling, whole_shillings
from flows.kit import Refusal
from flows.text import (
    INPUT_CHARACTERS_MAX,
    PARTS_MAX,
    amount_cents,
    msisdn,
    national_id,
    parts,
    payment_code,
    person_name,
    plain,
)
from menus.values import Ksh


class TestParts:
    @pytest.mark.parametrize(
        ("text", "answers"),
        [
            ("", ()),
            ("1", ("1",)),
            ("1**2", ("1", "2")),
            ("*1*500", ("1", "500")),
            ("1*500*", ("1", "500")),
            ("7*a*b*****", ("7", "a", "b")),
            ("  2 * 1 ", ("2", "1")),
            ("#", ("#",)),
            ("1#", ("1",)),
            ("##", ()),
            ("٢*٥٠٠", ("2", "500")),
            ("２*１", ("2", "1")),
            ("1\u200b*\x002", ("1", "2")),
            ("🙂", ("🙂",)),
            ("\ud800*1", ("1",)),
        ],
    )
    def test_what_is_typed_becomes_answers(self, text: str, answers: tuple[str, ...]) -> None:
        """Empty parts, stray signs and edges fall away; digits of any script are digits."""
        assert parts(text) == answers

    def test_ten_kilobytes_are_no_more_than_a_long_answer(self) -> None:
        """Nobody types that much: the rest is left out."""
        assert len(parts("1*" * 5_000)) == PARTS_MAX
        assert parts("9" * 10_000) == ("9" * INPUT_CHARACTERS_MAX,)
        assert parts("*" * 10_000) == ()

    @given(st.text(max_size=300))
    def test_no_text_breaks_it_and_none_is_changed_twice(self, text: str) -> None:
        """An answer made plain stays as it is."""
        for part in parts(text):
            assert plain(part) == part
            assert "*" not in part or "*" in plain(part)
            assert 0 < len(part) <= INPUT_CHARACTERS_MAX


class TestAmounts:
    @pytest.mark.parametrize(
        ("typed", "cents"),
        [
            ("500", 500_00), ("1,500", 1_500_00), ("1500/=", 1_500_00), ("1500/-", 1_500_00), ("ksh1500", 1_500_00),
            ("Ksh. 1,500", 1_500_00), ("KES 1500", 1_500_00), ("1.5k", 1_500_00), ("2K", 2_000_00), ("1 500", 1_500_00),
            ("500 bob", 500_00), ("500ksh", 500_00), ("500 kes", 500_00), ("98", 98_00),
            ("1500.50", 1_500_50), ("0.5", 50),
        ],
    )  # fmt: skip
    def test_amounts_are_read_as_people_write_them(self, typed: str, cents: int) -> None:
        """Commas, currency before or after, thousands as k."""
        assert amount_cents(typed) == cents

    @pytest.mark.parametrize(
        "typed", ["", "abc", "-500", "1,5", "15,00", "1.500", "5e3", "ksh", "1500 or so", "1..5", "9" * 13, "½"]
    )
    def test_what_may_mean_two_things_is_no_amount(self, typed: str) -> None:
        """With money nothing is guessed."""
        assert amount_cents(typed) is None

    @given(st.integers(0, 99_999_999_999))
    def test_an_amount_written_with_commas_is_read_back(self, shillings: int) -> None:
        """As the screens write it."""
        assert amount_cents(f"Ksh {shillings:,}") == shillings * 100

    @pytest.mark.parametrize("typed", ["499", "5001", "500.50", "x"])
    def test_a_refusal_says_what_would_be_right(self, typed: str) -> None:
        """Never rounded, never cut to the nearest."""
        refusal = whole_shillings(typed, 500_00, 5_000_00)

        assert isinstance(refusal, Refusal)
        assert refusal.slots == {"min": Ksh(500_00), "max": Ksh(5_000_00)}

    @pytest.mark.parametrize(("cents", "asked"), [(221_610, 221_700), (221_600, 221_600), (1, 100), (0, 0)])
    def test_mpesa_is_asked_whole_shillings(self, cents: int, asked: int) -> None:
        """Rounded up: the excess goes to the wallet."""
        assert up_to_shilling(cents) == asked


class TestPeople:
    @pytest.mark.parametrize(
        "typed", ["0711000001", "711000001", "254711000001", "+254711000001", "+254 711-000 001", "(0711) 000.001"]
    )
    def test_a_phone_number_comes_in_every_form(self, typed: str) -> None:
        """Always the same E.164."""
        assert msisdn(typed) == "+254711000001"

    @pytest.mark.parametrize("typed", ["", "0611000001", "071100000", "07110000011", "+255711000001", "o711000001"])
    def test_other_numbers_are_no_kenyan_mobiles(self, typed: str) -> None:
        """Neither land lines nor neighbours."""
        assert msisdn(typed) is None

    @pytest.mark.parametrize(
        ("typed", "name"),
        [
            ("Amina Wanjiru", "Amina Wanjiru"),
            ("  amina   wanjiru ", "amina wanjiru"),
            ("Ng’ang’a Kamau", "Ng'ang'a Kamau"),
            ("Anne-Marie O'Brien", "Anne-Marie O'Brien"),
            ("Mũthoni Njeri W. Kĩmani", "Mũthoni Njeri W. Kĩmani"),
        ],
    )
    def test_names_are_kept_as_given(self, typed: str, name: str) -> None:
        """Apostrophes, hyphens, initials and Kikuyu vowels belong to names."""
        assert person_name(typed) == name

    @pytest.mark.parametrize(
        "typed", ["Amina", "Amina 2", "a b c d e", "", "'' ''", "阿米娜 万吉鲁", "A" * 40 + " " + "B" * 40]
    )
    def test_what_is_no_name_of_two_words_is_refused(self, typed: str) -> None:
        """Nor one whose letters no phone of ours can show."""
        assert person_name(typed) is None

    @pytest.mark.parametrize(("typed", "number"), [("23456789", "23456789"), ("234 567", "234567"), ("12345", None)])
    def test_an_id_has_six_to_eight_digits(self, typed: str, number: str | None) -> None:
        """Blanks do not matter."""
        assert national_id(typed) == number

    @pytest.mark.parametrize(
        ("typed", "code"),
        [("ua12bc34de", "UA12BC34DE"), ("UA12 BC34 DE", "UA12BC34DE"), ("1234567890", None), ("ABCDEFGHIJ", None)],
    )
    def test_a_payment_code_has_letters_and_digits(self, typed: str, code: str | None) -> None:
        """In capitals, as in the SMS."""
        assert payment_code(typed) == code
